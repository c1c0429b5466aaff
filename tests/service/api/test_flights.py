"""Flights over HTTP: declared once, listed page by page, completed."""

import uuid
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from service.access.roles import Role
from service.deployment import Deployment
from service.store.engine import reading
from service.store.ids import uuid7
from service.store.jobs import JobKind, read_job
from tests.service.api.conftest import NewKey

ID = "0198c7a0-0000-7000-8000-000000000001"
SHA256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


@pytest.fixture
def database_url(url: str) -> str:
    """Return the address of both kinds of stores in turn."""
    return url


@pytest.fixture
def operator(new_key: NewKey) -> dict[str, str]:
    """Return the headers of an operator of the whole city."""
    return new_key(Role.OPERATOR)


def test_a_flight_is_declared_and_shown(client: TestClient, operator: dict[str, str]) -> None:
    body = {"id": ID, "name": " Friday ", "details": {"aircraft": "M3E", "note": "river　bank"}}

    answer = client.post("/v1/flights", json=body, headers=operator)

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/flights/{ID}"
    shown = answer.json()
    assert (shown["id"], shown["name"]) == (ID, "Friday")
    assert (shown["kind"], shown["unit"]) == ("drone", None)
    assert shown["details"] == {"aircraft": "M3E", "operator": None, "note": "river　bank"}
    assert shown["state"] == "open"
    assert shown["created_at"] == "2026-12-01T08:00:00Z"
    assert set(shown["files"].values()) == {0}
    assert client.get(f"/v1/flights/{ID}", headers=operator).json() == shown


def test_asked_twice_it_is_one_flight(client: TestClient, operator: dict[str, str]) -> None:
    body = {"id": ID, "name": "Friday"}
    first = client.post("/v1/flights", json=body, headers=operator)
    again = client.post("/v1/flights", json=body, headers=operator)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert len(client.get("/v1/flights", headers=operator).json()["flights"]) == 1


@pytest.mark.parametrize(
    "other",
    [{"name": "Saturday"}, {"kind": "patrol"}, {"details": {"note": "x"}}, {"unit": "North"}],
)
def test_an_id_with_other_content_is_refused(
    client: TestClient, operator: dict[str, str], other: dict[str, object]
) -> None:
    body = {"id": ID, "name": "Friday"}
    client.post("/v1/flights", json=body, headers=operator)
    answer = client.post("/v1/flights", json=body | other, headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_without_an_id_the_server_chooses_one(client: TestClient, operator: dict[str, str]) -> None:
    shown = client.post("/v1/flights", json={"name": "Friday"}, headers=operator).json()
    assert uuid.UUID(shown["id"]).version == 7


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"name": "a\nb"},
        {"name": "a\0b"},
        {"name": "x", "id": "0198c7a0-0000-4000-8000-000000000001"},
        {"name": "x", "id": "../x"},
        {"name": "x", "kind": "balloon"},
        {"name": "x", "unit": "a\0"},
        {"name": "x", "details": {"aircraft": "a\0"}},
        {"name": "x", "details": {"height": "50"}},
        {"name": "x", "colour": "red"},
        {"name": 5},
        [],
        "x",
    ],
)
def test_what_is_not_as_described_is_refused(
    client: TestClient, operator: dict[str, str], body: object
) -> None:
    answer = client.post("/v1/flights", json=body, headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_half_a_character_is_refused(client: TestClient, operator: dict[str, str]) -> None:
    headers = operator | {"Content-Type": "application/json"}
    answer = client.post("/v1/flights", content=b'{"name": "\\ud800"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_flights_come_page_by_page_the_newest_first(
    client: TestClient, operator: dict[str, str]
) -> None:
    ids = [uuid7(datetime(2026, 12, 1, hour, tzinfo=UTC)) for hour in range(5)]
    for number, flight_id in enumerate(ids):
        client.post("/v1/flights", json={"id": flight_id, "name": str(number)}, headers=operator)

    found, link = [], "/v1/flights?limit=2"
    while link:
        answer = client.get(link, headers=operator)
        found.append([flight["id"] for flight in answer.json()["flights"]])
        link = answer.links.get("next", {}).get("url", "")

    assert found == [ids[4:2:-1], ids[2:0:-1], ids[:1]]


def test_a_cursor_of_somebody_else_is_refused(client: TestClient, operator: dict[str, str]) -> None:
    for cursor in ("!", "AA", "%00", "zz"):
        answer = client.get(f"/v1/flights?cursor={cursor}", headers=operator)
        assert answer.status_code in (200, 422)


def test_a_flight_that_is_not_there_is_not_found(
    client: TestClient, operator: dict[str, str]
) -> None:
    assert client.get(f"/v1/flights/{ID}", headers=operator).status_code == 404
    assert client.post(f"/v1/flights/{ID}/complete", headers=operator).status_code == 404
    assert client.get("/v1/flights/%00", headers=operator).status_code == 422


def test_a_flight_with_missing_files_stays_open_unless_told_otherwise(
    client: TestClient, operator: dict[str, str], deployment: Deployment
) -> None:
    client.post("/v1/flights", json={"id": ID, "name": "Friday"}, headers=operator)
    file = {"name": "a.jpg", "bytes": 6, "sha256": SHA256}
    client.post(f"/v1/flights/{ID}/files", json={"files": [file]}, headers=operator)

    waits = client.post(f"/v1/flights/{ID}/complete", headers=operator).json()
    with reading(deployment.engine) as session:
        assert read_job(session, JobKind.CONCLUDE, ID) is None
    goes = client.post(f"/v1/flights/{ID}/complete?anyway=true", headers=operator).json()

    assert waits == {"state": "open", "missing": ["a.jpg"], "missing_count": 1}
    assert goes == {"state": "uploaded", "missing": ["a.jpg"], "missing_count": 1}
    with reading(deployment.engine) as session:
        assert read_job(session, JobKind.CONCLUDE, ID) is not None


def test_completed_twice_changes_nothing(client: TestClient, operator: dict[str, str]) -> None:
    client.post("/v1/flights", json={"id": ID, "name": "Friday"}, headers=operator)
    client.post(f"/v1/flights/{ID}/complete", headers=operator)
    before = client.get(f"/v1/flights/{ID}", headers=operator).json()
    assert client.post(f"/v1/flights/{ID}/complete", headers=operator).json()["state"] == "uploaded"
    assert client.get(f"/v1/flights/{ID}", headers=operator).json() == before
    assert before["jobs_left"] == 1


def test_a_caller_of_one_unit_need_not_name_it(client: TestClient, new_key: NewKey) -> None:
    north = new_key(Role.OPERATOR, units=["North"])
    shown = client.post("/v1/flights", json={"name": "Friday"}, headers=north).json()
    assert shown["unit"] == "North"


def test_a_caller_of_two_units_names_one_of_them(client: TestClient, new_key: NewKey) -> None:
    both = new_key(Role.OPERATOR, units=["North", "South"])
    statuses = [
        client.post("/v1/flights", json={"name": "x"} | unit, headers=both).status_code
        for unit in ({}, {"unit": "South"}, {"unit": "East"})
    ]
    assert statuses == [422, 201, 403]


def test_a_list_shows_the_caller_s_units_only(client: TestClient, new_key: NewKey) -> None:
    for unit in ("North", "South", None):
        body = {"name": str(unit), "unit": unit}
        client.post("/v1/flights", json=body, headers=new_key(Role.OPERATOR, name=str(unit)))
    north = client.get("/v1/flights", headers=new_key(Role.AUDITOR, units=["North"])).json()
    everybody = client.get("/v1/flights", headers=new_key(Role.AUDITOR)).json()
    assert [flight["name"] for flight in north["flights"]] == ["North"]
    assert {flight["name"] for flight in everybody["flights"]} == {"North", "South", "None"}
