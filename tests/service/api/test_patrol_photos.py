"""Photos from phones: one request each, into the flight of caller, person and day."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from service.access.roles import Role
from service.deployment import Deployment
from service.server_settings import ServerSettings
from service.store.conclusions import quiet_time
from service.store.engine import reading
from service.store.flights import read_flight
from tests.service.api.conftest import NewKey, TestClock
from tests.service.api.sending import digest_of, sha256_of


@pytest.fixture
def server_settings(server_settings: ServerSettings) -> ServerSettings:
    """Return settings of a service in China, where a day begins at 16:00 UTC."""
    return replace(server_settings, timezone=ZoneInfo("Asia/Shanghai"))


def take(
    client: TestClient, key: dict[str, str], data: bytes = b"photo", **params: str
) -> Response:
    headers = key | digest_of(data) | {"Content-Type": "application/octet-stream"}
    params = {"taken_by": "Li"} | params
    return client.post("/v1/patrol-photos", params=params, content=data, headers=headers)


def test_a_photo_makes_its_flight(
    client: TestClient, new_key: NewKey, deployment: Deployment
) -> None:
    key = new_key(Role.OPERATOR, units=["west"])

    answer = take(client, key)

    assert answer.status_code == 201
    assert answer.json()["file"]["name"] == f"{sha256_of(b'photo')[:16]}.jpg"
    assert answer.json()["file"]["state"] == "received"
    flight = client.get(f"/v1/flights/{answer.json()['flight']}", headers=key).json()
    assert (flight["name"], flight["kind"], flight["unit"]) == ("2026-12-01 Li", "patrol", "west")
    assert flight["details"]["operator"] == "Li"
    with reading(deployment.engine) as session:
        quiet = quiet_time(read_flight(session, flight["id"]))
    assert quiet is not None
    assert quiet.total_seconds() == 60


def test_the_same_photo_twice_is_one(client: TestClient, new_key: NewKey) -> None:
    key = new_key(Role.OPERATOR)
    first, second = take(client, key, name="a.jpg"), take(client, key, name="a.jpg")

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    other = take(client, key, b"another", name="a.jpg")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_each_caller_person_and_day_has_a_flight(
    client: TestClient, new_key: NewKey, clock: TestClock
) -> None:
    key, other = new_key(Role.OPERATOR), new_key(Role.OPERATOR)
    first = take(client, key, b"1").json()["flight"]
    clock.advance(hours=7, minutes=59)  # 15:59 UTC: the day is not over in Shanghai
    assert take(client, key, b"2").json()["flight"] == first
    assert take(client, key, b"3", taken_by="Wang").json()["flight"] != first
    assert take(client, other, b"4").json()["flight"] != first
    clock.advance(minutes=1)
    following = take(client, key, b"5").json()["flight"]
    assert following != first
    assert following > first  # ids sort by day


def test_whose_flight_it_is_must_be_clear_and_allowed(client: TestClient, new_key: NewKey) -> None:
    several = new_key(Role.OPERATOR, units=["west", "east"])
    assert take(client, several).status_code == 422
    assert take(client, several, unit="west").status_code == 201
    assert take(client, several, unit="north").status_code == 403
    city = new_key(Role.OPERATOR)
    assert take(client, city).json()["flight"] != take(client, city, unit="west").json()["flight"]


@pytest.mark.parametrize("taken_by", ["", " ", "a\nb", "x" * 101])
def test_who_took_it_is_one_line(client: TestClient, new_key: NewKey, taken_by: str) -> None:
    assert take(client, new_key(Role.OPERATOR), taken_by=taken_by).status_code == 422


def test_what_is_no_photo_from_a_phone_is_refused(
    client: TestClient, new_key: NewKey, deployment: Deployment
) -> None:
    key = new_key(Role.OPERATOR)
    headers = key | {"Content-Type": "application/octet-stream"}
    place = "/v1/patrol-photos?taken_by=Li"
    bare = client.post(place, content=b"x", headers=headers)
    assert (bare.status_code, bare.json()["code"]) == (400, "bad_digest")
    wrong = client.post(place, content=b"y", headers=headers | digest_of(b"x"))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "digest_mismatch")
    away = take(client, key, name="../a.jpg")
    assert (away.status_code, away.json()["code"]) == (400, "unsafe_name")
    length = str(deployment.settings.limits.max_photo_bytes + 1)
    large = client.post(
        place, content=b"x", headers=headers | digest_of(b"x") | {"Content-Length": length}
    )
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert take(client, new_key(Role.REVIEWER)).status_code == 403
