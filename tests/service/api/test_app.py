import logging
from dataclasses import replace
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from service.access.roles import Caller, Permission, Role
from service.access.secrets import RedactingFilter
from service.api.app import create_app
from service.api.authentication import OPEN_PATHS
from service.api.body_limit import MAX_BODY_BYTES
from service.api.caller import Needs, needs
from service.api.pages import Cursor, link_next, parse_cursor
from service.blobs.errors import DiskFullError
from service.deployment import Deployment
from service.errors import UnknownRecordError
from service.store.engine import reading
from service.store.keys import list_keys
from tests.service.api.conftest import NewKey, TestClock

router = APIRouter(prefix="/v1/trial")


@router.get("/who")
def who(caller: Annotated[Caller, needs(Permission.READ_KEYS)]) -> dict[str, str]:
    return {"caller": caller.id}


@router.get("/fault")
def fault(caller: Annotated[Caller, needs(None)]) -> None:
    raise RuntimeError("the password=hunter2 of the store")


@router.get("/full")
def full(caller: Annotated[Caller, needs(None)]) -> None:
    raise DiskFullError("no room left in /srv/secret/place")


@router.get("/missing")
def missing(caller: Annotated[Caller, needs(None)]) -> None:
    raise UnknownRecordError("there is no flight 7")


@router.post("/count")
def count(caller: Annotated[Caller, needs(None)], body: dict[str, int]) -> int:
    return len(body)


@router.get("/page")
def page(
    caller: Annotated[Caller, needs(None)],
    request: Request,
    response: Response,
    cursor: Cursor = None,
) -> str | None:
    link_next(request, response, last="b/ü")
    return parse_cursor(cursor)


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    app.include_router(router)
    return app


def test_nothing_is_open_but_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    for path in ("/", "/v1/trial/who", "/v1/nothing", "/docs", "/openapi.json", "/healthz/"):
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_route_says_what_its_callers_need(app: FastAPI) -> None:
    seen = set()
    for route in iter_route_contexts(app.routes):
        seen.add(route.path)
        if route.path not in OPEN_PATHS:
            asked = [isinstance(one.call, Needs) for one in route.dependant.dependencies]
            assert any(asked), f"{route.path} is open to all who have any key"
    assert {"/healthz", "/v1/keys", "/v1/flights/{flight_id}"} <= seen


def test_a_slash_too_many_leads_nowhere(client: TestClient, new_key: NewKey) -> None:
    headers = {**new_key(Role.ADMIN), "Host": "elsewhere.example"}
    answer = client.get("/v1/flights/", headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


def test_a_key_opens_what_its_roles_say(client: TestClient, new_key: NewKey) -> None:
    assert client.get("/v1/trial/who", headers=new_key(Role.AUDITOR)).status_code == 200

    answer = client.get("/v1/trial/who", headers=new_key(Role.OPERATOR))

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/not_allowed",
        "title": "Not allowed",
        "status": 403,
        "detail": "keys:read is not allowed to this caller",
        "code": "not_allowed",
        "instance": f"/requests/{answer.headers['X-Request-Id']}",
    }


@pytest.mark.parametrize("header", ["Bearer sp_0011223344556677_" + "a" * 43, "Basic YTpi", "x"])
def test_wrong_credentials_learn_nothing(client: TestClient, header: str) -> None:
    answer = client.get("/v1/trial/who", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["detail"] == "the credential is missing or not valid"


def test_two_credentials_are_none(client: TestClient, new_key: NewKey) -> None:
    key = new_key()["Authorization"]
    headers = [("Authorization", key), ("Authorization", key)]

    assert client.get("/v1/trial/who", headers=headers).status_code == 401


def test_an_error_nobody_foresaw_tells_the_requests_id_and_no_more(
    client: TestClient, new_key: NewKey, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answer = client.get("/v1/trial/fault", headers=new_key())

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    request_id = answer.headers["X-Request-Id"]
    assert answer.json()["instance"] == f"/requests/{request_id}"
    told = [record for record in caplog.records if record.exc_info]
    assert len(told) == 1
    assert request_id in told[0].getMessage()
    RedactingFilter().filter(told[0])
    assert "hunter2" not in str(told[0].exc_text)


def test_errors_of_the_rooms_below_have_their_status(client: TestClient, new_key: NewKey) -> None:
    full = client.get("/v1/trial/full", headers=new_key())
    missing = client.get("/v1/trial/missing", headers=new_key())

    assert (full.status_code, full.json()["detail"]) == (507, "No room")
    assert full.headers["Retry-After"] == "5"
    assert (missing.status_code, missing.json()["detail"]) == (404, "there is no flight 7")


def test_unknown_paths_and_methods_are_problems_too(client: TestClient, new_key: NewKey) -> None:
    unknown = client.get("/v1/nothing", headers=new_key())
    wrong = client.delete("/v1/trial/who", headers=new_key())

    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "GET"


def test_a_body_that_is_not_valid_is_told_without_its_values(
    client: TestClient, new_key: NewKey
) -> None:
    answer = client.post("/v1/trial/count", headers=new_key(), json={"a": "hunter2"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == "body.a"
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    ("query", "at"), [("?limt=5", "query.limt"), ("?limit=5&limit=6", "query.limit")]
)
def test_a_slip_in_a_query_is_told(
    client: TestClient, new_key: NewKey, query: str, at: str
) -> None:
    answer = client.get(f"/v1/flights{query}", headers=new_key())

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["at"] == at


def test_pages_of_other_servers_get_no_answer_of_ours(client: TestClient, new_key: NewKey) -> None:
    asks = {"Origin": "https://map.example", "Access-Control-Request-Method": "GET"}
    assert client.options("/v1/flights", headers=asks).status_code == 401
    answers = [
        client.get("/v1/keys", headers=new_key() | asks),
        client.get("/healthz", headers=asks),
    ]
    assert not [name for one in answers for name in one.headers if "access-control" in name]


def test_pages_that_the_settings_name_may_call(deployment: Deployment, new_key: NewKey) -> None:
    settings = replace(deployment.settings, cors_origins=("https://map.city.example",))
    with TestClient(create_app(replace(deployment, settings=settings))) as client:
        for origin, allowed in (("https://map.city.example",) * 2, ("https://map.example", None)):
            asks = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            for answer in (
                client.options("/v1/flights", headers=asks),
                client.get("/v1/flights", headers=new_key() | {"Origin": origin}),
            ):
                assert answer.headers.get("Access-Control-Allow-Origin") == allowed
                assert "Access-Control-Allow-Credentials" not in answer.headers
                assert answer.headers["X-Frame-Options"] == "DENY"


def test_bodies_have_an_end(client: TestClient, new_key: NewKey) -> None:
    blank = b" " * (MAX_BODY_BYTES + 1)
    headers = new_key() | {"Content-Type": "application/json"}

    announced = client.post("/v1/trial/count", headers=headers, content=blank)
    chunked = client.post("/v1/trial/count", headers=headers, content=iter([blank]))
    fitting = client.post("/v1/trial/count", headers=headers, content=b"{}" + blank[:-3])

    assert (announced.status_code, announced.json()["code"]) == (413, "too_large")
    assert (chunked.status_code, chunked.json()["code"]) == (413, "too_large")
    assert (fitting.status_code, fitting.json()) == (200, 0)


def test_a_body_that_is_no_json_of_nobody_known_is_not_looked_at(client: TestClient) -> None:
    assert client.post("/v1/trial/count", content=b"{" * 100).status_code == 401


def test_answers_carry_security_headers_errors_too(client: TestClient, new_key: NewKey) -> None:
    key = new_key()
    paths = {"/healthz": 200, "/v1/trial/fault": 500, "/v1/trial/full": 507, "/v1/nothing": 404}
    answers = [(client.get(path, headers=key), status) for path, status in paths.items()]
    answers.append((client.get("/v1/trial/who"), 401))
    answers.append((client.post("/v1/trial/count", headers=key, json=[]), 422))
    answers.append((client.put("/v1/trial/who", headers=key), 405))
    for answer, status in answers:
        assert answer.status_code == status
        headers = answer.headers
        assert len(headers["X-Request-Id"]) == 32
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers


def test_over_tls_browsers_are_told_to_stay_there(app: FastAPI) -> None:
    client = TestClient(app, base_url="https://sky.city.example")

    assert "max-age" in client.get("/healthz").headers["Strict-Transport-Security"]


def test_a_callers_request_id_is_kept_if_it_is_harmless(client: TestClient) -> None:
    kept = client.get("/healthz", headers={"X-Request-Id": "trace-0001"})
    other = client.get("/healthz", headers={"X-Request-Id": "a b\tc<script>"})

    assert kept.headers["X-Request-Id"] == "trace-0001"
    assert len(other.headers["X-Request-Id"]) == 32


def test_the_log_has_a_line_for_each_request_and_no_query(
    client: TestClient, new_key: NewKey, caplog: pytest.LogCaptureFixture
) -> None:
    key = new_key()
    with caplog.at_level(logging.INFO, logger="service.api.access"):
        client.get("/v1/trial/who?why=private", headers=key)

    (line,) = [record for record in caplog.records if record.name == "service.api.access"]
    fields = line.__dict__
    assert line.getMessage() == "GET /v1/trial/who 200"
    assert fields["caller"].startswith("key:")
    assert fields["sent_bytes"] > 0
    secret = key["Authorization"].rpartition("_")[2]
    assert not any(secret in str(value) or "private" in str(value) for value in fields.values())


def test_pages_follow_each_other(client: TestClient, new_key: NewKey) -> None:
    first = client.get("/v1/trial/page?limit=2", headers=new_key())
    link = first.headers["Link"]
    assert link.endswith('>; rel="next"')
    following = client.get(link[1 : link.index(">")], headers=new_key())

    assert first.json() is None
    assert following.json() == "b/ü"
    assert "limit=2" in link


@pytest.mark.parametrize("cursor", ["", "%00", "a", "_w", "YQ==", "YQ=", "AGEA", "é", "Y Q"])
def test_a_cursor_that_is_none_of_ours_is_refused(
    client: TestClient, new_key: NewKey, cursor: str
) -> None:
    answer = client.get("/v1/trial/page", params={"cursor": cursor}, headers=new_key())

    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or answer.json() == ""


def test_who_asks_too_often_has_to_wait(
    client: TestClient, new_key: NewKey, clock: TestClock
) -> None:
    key = new_key()
    for _ in range(200):  # the standard burst
        assert client.get("/v1/trial/who", headers=key).status_code == 200

    refused = client.get("/v1/trial/who", headers=key)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_much")
    assert refused.headers["Retry-After"] == "1"
    assert client.get("/v1/trial/who", headers=new_key(Role.AUDITOR)).status_code == 200
    clock.advance(seconds=1)
    assert client.get("/v1/trial/who", headers=key).status_code == 200


def test_guessing_closes_the_door_soon(client: TestClient, new_key: NewKey) -> None:
    wrong = {"Authorization": "Bearer sp_0011223344556677_" + "a" * 43}
    statuses = [client.get("/v1/trial/who", headers=wrong).status_code for _ in range(41)]

    assert statuses == [401] * 40 + [429]  # a burst of 800, 20 each


def test_a_last_used_time_is_noted_once_a_minute(
    client: TestClient, new_key: NewKey, clock: TestClock, app: FastAPI
) -> None:
    key = new_key()
    times = []
    for seconds in (0, 30, 31):
        clock.advance(seconds=seconds)
        client.get("/v1/trial/who", headers=key)
        with reading(app.state.parts.deployment.engine) as session:
            times.append(list_keys(session)[0].last_used_at)

    assert times[0] == times[1]
    assert times[2] == clock.now
