"""Every route of the app, and who may call it: docs/access.md as a table.

A route that is not in the table fails the test.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx import Response

from service.access.roles import Role
from service.api.authentication import OPEN_PATHS
from service.deployment import Deployment
from service.store.engine import writing
from service.store.flights import note_conclusion
from tests.service.api.conftest import NewKey, TestClock
from tests.service.api.sending import FLIGHT, declare, digest_of, send, sha256_of

HELLO = b"hello\n"
ALL = frozenset(Role)
SEES = ALL - {Role.TRACKER}
SENDS = frozenset({Role.OPERATOR, Role.ADMIN})
LOOKS = frozenset({Role.REVIEWER})
OVERRIDES = frozenset({Role.REVIEWER, Role.ADMIN})
READS_KEYS = frozenset({Role.AUDITOR, Role.ADMIN})
RUNS = frozenset({Role.ADMIN})
AUDITS = frozenset({Role.AUDITOR, Role.ADMIN})

# Of a caller limited to another unit than the flight's: not found, seen as if there were nothing,
# or not theirs to do.
HIDDEN, FILTERED, THE_CITYS, THEIRS, NOTHING_OF_ANYBODYS = 404, 200, 403, 201, 204

# Method and path: the roles that may, and what a caller of the unit north meets who has the role.
TABLE = {
    "POST /v1/flights": (SENDS, THEIRS),
    "GET /v1/flights": (SEES, FILTERED),
    "GET /v1/flights/{flight_id}": (SEES, HIDDEN),
    "POST /v1/flights/{flight_id}/complete": (SENDS, HIDDEN),
    "POST /v1/flights/{flight_id}/files": (SENDS, HIDDEN),
    "PUT /v1/flights/{flight_id}/files/{name}": (SENDS, HIDDEN),
    "GET /v1/flights/{flight_id}/receipt": (SEES, HIDDEN),
    "POST /v1/flights/{flight_id}/overrides": (OVERRIDES, HIDDEN),
    "GET /v1/flights/{flight_id}/events": (SEES, HIDDEN),
    "GET /v1/flights/{flight_id}/findings": (SEES, HIDDEN),
    "GET /v1/flights/{flight_id}/originals/{sha256}": (LOOKS, HIDDEN),
    "GET /v1/pictures/{sha256}": (SEES, HIDDEN),
    "POST /v1/patrol-photos": (SENDS, THEIRS),
    "POST /v1/uploads": (SENDS, HIDDEN),
    "POST /v1/uploads/": (SENDS, HIDDEN),
    "OPTIONS /v1/uploads": (SENDS, NOTHING_OF_ANYBODYS),
    "OPTIONS /v1/uploads/": (SENDS, NOTHING_OF_ANYBODYS),
    "HEAD /v1/uploads/{uuid}": (SENDS, HIDDEN),
    "PATCH /v1/uploads/{uuid}": (SENDS, HIDDEN),
    "DELETE /v1/uploads/{uuid}": (SENDS, HIDDEN),
    "GET /v1/keys": (READS_KEYS, FILTERED),
    "POST /v1/keys": (RUNS, THE_CITYS),
    "GET /v1/keys/{key_id}": (READS_KEYS, HIDDEN),
    "DELETE /v1/keys/{key_id}": (RUNS, HIDDEN),
    "POST /v1/keys/{key_id}/successor": (RUNS, HIDDEN),
    "GET /v1/grids": (ALL, FILTERED),
    "PUT /v1/grids": (RUNS, THE_CITYS),
    "GET /v1/access-log": (AUDITS, THE_CITYS),
    "GET /v1/jobs": (RUNS, THE_CITYS),
    "POST /v1/jobs/{job_id}/retry": (RUNS, THE_CITYS),
    "GET /metrics": (RUNS, THE_CITYS),
    "GET /v1/openapi.json": (ALL, FILTERED),
    "GET /v1/docs": (ALL, FILTERED),
}
# What a call needs beside its path.
METADATA = {"flight": FLIGHT, "name": "b.zip", "sha256": sha256_of(HELLO)}
TUS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "6",
    "Upload-Metadata": ",".join(
        f"{name} {b64encode(value.encode()).decode()}" for name, value in METADATA.items()
    ),
}
BODIES: dict[str, dict[str, object]] = {
    "POST /v1/flights": {"json": {"name": "x"}},
    "POST /v1/flights/{flight_id}/files": {
        "json": {"files": [{"name": "b.jpg", "bytes": 6, "sha256": sha256_of(HELLO)}]}
    },
    "POST /v1/flights/{flight_id}/overrides": {"json": {"name": "none.jpg", "why": "x"}},
    "PUT /v1/flights/{flight_id}/files/{name}": {"content": HELLO},
    "POST /v1/patrol-photos": {"content": HELLO},
    "POST /v1/keys": {"json": {"name": "x", "roles": ["operator"]}},
    "PUT /v1/grids": {"content": b"none"},
}
QUERIES = {
    "GET /v1/flights/{flight_id}/events": "?until=concluded",
    "GET /v1/flights/{flight_id}/originals/{sha256}": "?why=x",
    "POST /v1/patrol-photos": "?taken_by=li",
}
# Allowed, and all the same no success: what the path names is not there, or the body is nonsense.
ENDS_OTHERWISE = {
    "POST /v1/flights/{flight_id}/overrides": 404,
    "GET /v1/pictures/{sha256}": 404,
    "HEAD /v1/uploads/{uuid}": 404,
    "PATCH /v1/uploads/{uuid}": 404,
    "DELETE /v1/uploads/{uuid}": 404,
    "POST /v1/jobs/{job_id}/retry": 404,
    "PUT /v1/grids": 422,
}


@pytest.fixture
def parts(
    client: TestClient, new_key: NewKey, deployment: Deployment, clock: TestClock
) -> dict[str, str]:
    """Return what stands for the parts of paths: of things of the unit west."""
    admin = new_key(Role.ADMIN)
    declare(client, admin, unit="west")
    send(client, admin, "a.jpg", HELLO)
    with writing(deployment.engine) as session:  # so that a stream of events ends
        note_conclusion(session, FLIGHT, run_id="run", data={}, now=clock.now)
    return {
        "{flight_id}": FLIGHT,
        "{name}": "a.jpg",
        "{sha256}": sha256_of(HELLO),
        "{uuid}": "0" * 32,
        "{key_id}": client.get("/v1/keys", headers=admin).json()["keys"][0]["id"],
        "{job_id}": "4711",
    }


def routes_of(app: FastAPI) -> Iterator[str]:
    """Yield method and path of every route."""
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            yield f"{method} {route.path_format}"


def call(
    client: TestClient, route: str, parts: Mapping[str, str], key: Mapping[str, str]
) -> Response:
    method, path = route.split(" ")
    for name, value in parts.items():
        path = path.replace(name, value)
    headers = {**key, **(TUS if "/uploads" in path else digest_of(HELLO))}
    return client.request(
        method, path + QUERIES.get(route, ""), headers=headers, **BODIES.get(route, {})
    )  # type: ignore[arg-type]  # what bodies are differs


def test_the_table_has_every_route(app: FastAPI) -> None:
    assert {one for one in routes_of(app) if one.split(" ")[1] not in OPEN_PATHS} == set(TABLE)


def test_health_alone_is_open(client: TestClient, parts: dict[str, str], clock: TestClock) -> None:
    for route in TABLE:
        clock.advance(seconds=1)  # so many strangers at once would be sent away
        answer = call(client, route, parts, {})
        assert answer.status_code == 401, route
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), route
    for path in OPEN_PATHS:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says(
    client: TestClient, new_key: NewKey, parts: dict[str, str], role: Role
) -> None:
    key = new_key(role)
    for route, (roles, _) in TABLE.items():
        status = call(client, route, parts, key).status_code
        if role in roles:
            assert status == ENDS_OTHERWISE.get(route, status), route
            assert status < 300 or route in ENDS_OTHERWISE, (route, status)
        else:
            assert status == 403, route


@pytest.mark.parametrize("role", Role)
def test_callers_of_another_unit_meet_what_the_table_says(
    client: TestClient, new_key: NewKey, parts: dict[str, str], role: Role
) -> None:
    key = new_key(role, units=["north"])
    for route, (roles, met) in TABLE.items():
        answer = call(client, route, parts, key)
        assert answer.status_code == (met if role in roles else 403), route
        assert '"unit":"west"' not in answer.text, route
