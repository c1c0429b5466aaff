import importlib
import pkgutil
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import service.api
from service.access.oidc import OidcSettings
from service.access.roles import Role
from service.api.authentication import OPEN_PATHS
from service.api.code_samples import write_sample
from service.api.description import describe_api
from service.api.problems import TABLE, ProblemKind
from service.server_settings import ServerSettings
from tests.service.api.conftest import NewKey


def test_an_example_that_is_missing_is_told() -> None:
    parameter = {"name": "colour", "in": "query", "required": True, "schema": {"type": "string"}}
    with pytest.raises(LookupError, match="colour"):
        write_sample("get", "/v1/x", {"parameters": [parameter]}, schemas={}, is_open=True)
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    operation = {"operationId": "make_x", "requestBody": body}
    with pytest.raises(LookupError, match="make_x"):
        write_sample("post", "/v1/x", operation, schemas={}, is_open=True)


def test_quotes_in_examples_are_for_the_shell() -> None:
    body = {"content": {"application/json": {"schema": {}, "example": {"name": "it's"}}}}
    operation: dict[str, Any] = {"operationId": "make_x", "requestBody": body}
    sample = write_sample("post", "/v1/x", operation, schemas={}, is_open=True)

    assert '{"name": "it\'s"}' in shlex.split(sample)


def test_all_problems_are_described(app: FastAPI) -> None:
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            answers = operation["responses"]
            assert {"500", "503"} <= set(answers), place
            for status, answer in answers.items():
                if status >= "400" and path != "/readyz":
                    assert list(answer["content"]) == ["application/problem+json"], place
            if operation["security"]:
                assert {"401", "429"} <= set(answers), place
            else:
                assert path in OPEN_PATHS


def test_tokens_are_described_where_there_is_an_issuer(
    app: FastAPI, server_settings: ServerSettings
) -> None:
    oidc = OidcSettings(issuer="https://login.city.example/realm", audience="skypatrol")
    document = describe_api(app, replace(server_settings, oidc=oidc))

    schemes = document["components"]["securitySchemes"]
    assert schemes["token"] == {
        "type": "openIdConnect",
        "openIdConnectUrl": "https://login.city.example/realm/.well-known/openid-configuration",
    }
    assert document["paths"]["/v1/keys"]["get"]["security"] == [{"key": []}, {"token": []}]
    assert "token" not in app.openapi()["components"]["securitySchemes"]


def test_browsers_open_the_page_with_the_key_as_password(
    client: TestClient, new_key: NewKey
) -> None:
    key = new_key(Role.TRACKER)["Authorization"].partition(" ")[2]

    closed = client.get("/v1/docs")
    page = client.get("/v1/docs", auth=("me", key))

    assert closed.status_code == 401
    assert "Basic" in closed.headers["WWW-Authenticate"]
    assert page.status_code == 200
    assert "/v1/flights/{flight_id}" in page.text
    assert "<script" not in page.text
    assert "http" not in page.text.replace("http-equiv", "").partition("<body>")[0]
    assert client.get("/v1/openapi.json", auth=("me", key)).status_code == 401
    assert client.get("/v1/docs", auth=("me", "wrong")).status_code == 401


def find_problem_kinds() -> set[tuple[int, str]]:
    """Return status and code of every kind of problem that a module of the API has."""
    kinds = [kind for _, kind in TABLE]
    for one in pkgutil.iter_modules(service.api.__path__):
        module = importlib.import_module(f"service.api.{one.name}")
        kinds += [value for value in vars(module).values() if isinstance(value, ProblemKind)]
    return {(kind.status, kind.code) for kind in kinds}


def test_the_guide_tells_of_every_problem() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d{3}) \| (`.*?`) \|", guide, re.MULTILINE)
    told = {(int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    # Of URLs that are registered: no route takes any yet.
    assert find_problem_kinds() - {(422, "url_refused")} == told
