"""The API's description of itself (OpenAPI), with what all operations have in common.

Routes say what is theirs; who may call, which problems any call may meet, and a command to paste
are put in here, so that no route can forget them.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from service.access.roles import Permission
from service.api.caller import Needs
from service.api.code_samples import write_sample
from service.api.described_headers import PIECES, describe_headers
from service.api.problems import PROBLEM_MEDIA_TYPE, ProblemBody
from service.server_settings import ServerSettings

JsonObject = dict[str, Any]

_ABOUT = """Flights in, candidate issues out. Guides are in docs/api.md and docs/access.md.

The commands below run in a shell in which `SERVER` is this service's address and `KEY` a key.
"""
_METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options"})
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
# Any operation may meet these; those for callers who are known, these too; those with a body.
_ALWAYS = (500, 503)
_WITH_CALLER = (401, 429)
_WITH_BODY = (400, 413)


def install_description(app: FastAPI, settings: ServerSettings) -> None:
    """Let an app describe itself in our way."""

    def describe() -> JsonObject:
        if app.openapi_schema is None:
            app.openapi_schema = describe_api(app, settings)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # as FastAPI's guide has it


def describe_api(app: FastAPI, settings: ServerSettings) -> JsonObject:
    """Return the OpenAPI document of an app."""
    document = get_openapi(
        title=app.title, version=app.version, description=_ABOUT, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = ProblemBody.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components["securitySchemes"] = _security_schemes(settings)
    needed = _find_needs(app)
    # The same as without the slash: the library has both.
    document["paths"].pop(f"{PIECES}/", None)
    for path, method, operation in _operations(document):
        _complete(operation, path=path, method=method, needs=needed.get((path, method)),
                  names=list(components["securitySchemes"]), schemas=schemas)  # fmt: skip
    return document


def _complete(
    operation: JsonObject,
    *,
    path: str,
    method: str,
    needs: Needs | None,
    names: list[str],
    schemas: JsonObject,
) -> None:
    """Put into an operation what it has in common with others."""
    describe_headers(operation, method=method, path=path)
    operation["security"] = [] if needs is None else [{name: []} for name in names]
    if needs is not None and needs.permission is not None:
        about = operation.get("description", "")
        operation["description"] = f"{about}\n\nNeeds `{needs.permission}`.".strip()
    answers = operation.setdefault("responses", {})
    for status in _statuses(operation, needs):
        answers.setdefault(str(status), {"description": HTTPStatus(status).phrase})
    for status, answer in answers.items():
        if int(status) >= 400 and not _has_own_form(answer):
            answer["content"] = {PROBLEM_MEDIA_TYPE: {"schema": _PROBLEM}}
    sample = write_sample(method, path, operation, schemas=schemas, is_open=needs is None)
    operation["x-codeSamples"] = [{"lang": "sh", "label": "curl", "source": sample}]


def _statuses(operation: JsonObject, needs: Needs | None) -> Iterator[int]:
    yield from _ALWAYS
    if needs is not None:
        yield from _WITH_CALLER
        yield 422  # what the query must not hold; and bodies and parameters
        if needs.permission is not None:
            yield 403
    if "requestBody" in operation:
        yield from _WITH_BODY


def _has_own_form(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer that is no success is described as something else than a problem."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return bool(schema) and not str(schema.get("$ref", "")).endswith("/HTTPValidationError")


def _operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                yield path, method, operation


def _find_needs(app: FastAPI) -> dict[tuple[str, str], Needs]:
    """Return what callers need, by path and method."""
    found = {}
    for route in iter_route_contexts(app.routes):
        calls = [one.call for one in route.dependant.dependencies]
        for needs in (call for call in calls if isinstance(call, Needs)):
            for method in route.methods or ():
                found[str(route.path_format), method.lower()] = needs
    return found


def _security_schemes(settings: ServerSettings) -> JsonObject:
    roles = ", ".join(sorted(permission.value for permission in Permission))
    key = {
        "type": "http",
        "scheme": "bearer",
        "description": f"An API key: `sp_...`. What keys may open: {roles}.",
    }
    if settings.oidc is None:
        return {"key": key}
    place = f"{settings.oidc.issuer.rstrip('/')}/.well-known/openid-configuration"
    return {"key": key, "token": {"type": "openIdConnect", "openIdConnectUrl": place}}
