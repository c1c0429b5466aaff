from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.access.roles import Role
from service.deployment import Deployment
from service.store.access_log import read_access_log
from service.store.engine import reading
from tests.service.api.conftest import NewKey, TestClock

JsonObject = dict[str, Any]


@pytest.fixture
def database_url(url: str) -> str:
    return url


@pytest.fixture
def admin(new_key: NewKey) -> dict[str, str]:
    return new_key(Role.ADMIN, name="admin")


def bearer(created: JsonObject) -> dict[str, str]:
    return {"Authorization": f"Bearer {created['key']}"}


def create(client: TestClient, admin: dict[str, str], **wanted: object) -> JsonObject:
    body = {"name": "laptop 7", "roles": ["operator"]} | wanted
    answer = client.post("/v1/keys", headers=admin, json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/v1/keys/{answer.json()['facts']['id']}"
    found: JsonObject = answer.json()
    return found


def test_a_new_key_opens_what_it_was_made_for(
    client: TestClient, admin: dict[str, str], clock: TestClock
) -> None:
    created = create(client, admin, expires_in_days=1, units=["west"])

    assert client.get("/v1/flights", headers=bearer(created)).status_code == 200
    assert client.get("/v1/keys", headers=bearer(created)).status_code == 403
    clock.advance(days=1)
    assert client.get("/v1/flights", headers=bearer(created)).status_code == 401


def test_a_key_is_shown_once(client: TestClient, admin: dict[str, str]) -> None:
    created = create(client, admin)
    secret = created["key"].rpartition("_")[2]

    listed = client.get("/v1/keys", headers=admin)
    read = client.get(f"/v1/keys/{created['facts']['id']}", headers=admin)

    assert {key["name"] for key in listed.json()["keys"]} == {"admin", "laptop 7"}
    assert read.json() == created["facts"]
    assert secret not in listed.text + read.text
    assert [
        key["name"]
        for key in client.get("/v1/keys", params={"name": "admin"}, headers=admin).json()["keys"]
    ] == ["admin"]


def test_a_key_is_changed_without_downtime(client: TestClient, admin: dict[str, str]) -> None:
    first = create(client, admin, units=["west"])
    place = f"/v1/keys/{first['facts']['id']}"

    second = client.post(f"{place}/successor", headers=admin).json()

    assert second["facts"]["name"] == "laptop 7"
    assert (second["facts"]["roles"], second["facts"]["units"]) == (["operator"], ["west"])
    for key in (first, second):
        assert client.get("/v1/flights", headers=bearer(key)).status_code == 200
    third = client.post(f"{place}/successor", headers=admin)
    assert (third.status_code, third.json()["code"]) == (409, "conflict")

    assert client.delete(place, headers=admin).json()["live"] is False
    assert client.get("/v1/flights", headers=bearer(first)).status_code == 401
    assert client.get("/v1/flights", headers=bearer(second)).status_code == 200


def test_revoking_twice_changes_nothing(
    client: TestClient, admin: dict[str, str], clock: TestClock
) -> None:
    place = f"/v1/keys/{create(client, admin)['facts']['id']}"
    first = client.delete(place, headers=admin).json()
    clock.advance(hours=1)

    assert client.delete(place, headers=admin).json() == first
    assert client.post(f"{place}/successor", headers=admin).status_code == 409


def test_changes_are_in_the_access_log(
    client: TestClient, admin: dict[str, str], deployment: Deployment
) -> None:
    key_id = create(client, admin)["facts"]["id"]
    client.delete(f"/v1/keys/{key_id}", headers=admin)
    client.delete(f"/v1/keys/{key_id}", headers=admin)

    with reading(deployment.engine) as session:
        lines = [line for _, line in read_access_log(session, object=f"key/{key_id}")]
    admin_id = admin["Authorization"].split("_")[1]
    assert [line.action for line in lines] == ["create_key", "revoke_key"]
    assert {line.who for line in lines} == {f"key:{admin_id}"}


def test_an_admin_of_a_unit_gives_what_is_theirs_and_sees_no_more(
    client: TestClient, admin: dict[str, str], new_key: NewKey
) -> None:
    city = create(client, admin, name="city")
    west_admin = new_key(Role.ADMIN, units=["west"], name="west admin")

    theirs = create(client, west_admin, units=["west"])
    for units in (None, ["east"], ["west", "east"]):
        body = {"name": "x", "roles": ["operator"]} | ({} if units is None else {"units": units})
        assert client.post("/v1/keys", headers=west_admin, json=body).status_code == 403

    names = {key["name"] for key in client.get("/v1/keys", headers=west_admin).json()["keys"]}
    assert names == {"west admin", "laptop 7"}
    for method, place in (
        ("GET", f"/v1/keys/{city['facts']['id']}"),
        ("DELETE", f"/v1/keys/{city['facts']['id']}"),
        ("POST", f"/v1/keys/{city['facts']['id']}/successor"),
    ):
        assert client.request(method, place, headers=west_admin).status_code == 404
    assert client.delete(f"/v1/keys/{theirs['facts']['id']}", headers=west_admin).status_code == 200


def test_a_successor_never_has_the_rights_of_a_namesake(
    client: TestClient, admin: dict[str, str], new_key: NewKey
) -> None:
    create(client, admin, name="patrol", roles=["admin"])
    west_admin = new_key(Role.ADMIN, units=["west"], name="west admin")
    theirs = create(client, west_admin, name="patrol", units=["west"])
    place = f"/v1/keys/{theirs['facts']['id']}"

    successor = client.post(f"{place}/successor", headers=west_admin)
    assert successor.json()["facts"]["units"] == ["west"]
    client.delete(place, headers=west_admin)
    client.delete(f"/v1/keys/{successor.json()['facts']['id']}", headers=west_admin)

    assert client.post(f"{place}/successor", headers=west_admin).status_code == 409


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "a\nb"},
        {"name": "a\0b"},
        {"name": "a" * 201},
        {"roles": []},
        {"roles": ["emperor"]},
        {"units": []},
        {"units": [""]},
        {"units": ["a\0b"]},
        {"expires_in_days": 0},
        {"expires_in_days": 10**12},
        {"surprise": 1},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    client: TestClient, admin: dict[str, str], wanted: JsonObject
) -> None:
    body = {"name": "laptop 7", "roles": ["operator"]} | wanted
    answer = client.post("/v1/keys", headers=admin, json=body)

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_a_key_that_is_not_there_is_not_found(client: TestClient, admin: dict[str, str]) -> None:
    assert client.get("/v1/keys/0011223344556677", headers=admin).status_code == 404
    assert client.get("/v1/keys/xyz", headers=admin).status_code == 422


def test_who_may_look_may_not_change(client: TestClient, new_key: NewKey) -> None:
    auditor = new_key(Role.AUDITOR)

    assert client.get("/v1/keys", headers=auditor).status_code == 200
    body = {"name": "x", "roles": ["admin"]}
    assert client.post("/v1/keys", headers=auditor, json=body).status_code == 403
