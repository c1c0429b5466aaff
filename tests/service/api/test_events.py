"""Events of a flight as a client follows them."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.access.roles import Role
from service.api.event_hub import MAX_STREAMS_A_CALLER
from service.deployment import Deployment
from service.store.engine import open_engine, writing
from service.store.flights import note_conclusion
from service.store.keys import revoke_key
from tests.service.api.conftest import NewKey, TestClock
from tests.service.api.live_api import LiveApi
from tests.service.api.sending import FLIGHT, declare, send

PLACE = f"/v1/flights/{FLIGHT}/events"


@pytest.fixture
def key(
    client: TestClient, new_key: NewKey, deployment: Deployment, clock: TestClock
) -> dict[str, str]:
    """Return the headers of an operator, whose flight holds two files and is concluded."""
    key = new_key(Role.OPERATOR)
    declare(client, key)
    for name in ("a.jpg", "照片.jpg"):
        send(client, key, name, name.encode())
    with writing(deployment.engine) as session:
        note_conclusion(session, FLIGHT, run_id="run", data={"findings": 3}, now=clock.now)
    return key


def parse_events(text: str) -> list[dict[str, object]]:
    """Return what events hold; each has its number and kind outside of its data too."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if fields:
            data = json.loads(fields["data"])
            assert (fields["id"], fields["event"]) == (str(data["seq"]), data["kind"])
            found.append(data)
    return found


def test_what_has_happened_comes_first_and_the_conclusion_may_end_it(
    client: TestClient, key: dict[str, str]
) -> None:
    send(client, key, "late.jpg", b"late")

    answer = client.get(f"{PLACE}?until=concluded", headers=key)

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    events = parse_events(answer.text)
    assert [(one["seq"], one["kind"]) for one in events] == [
        (1, "created"),
        (2, "file_received"),
        (3, "file_received"),
        (4, "concluded"),
    ]
    assert (events[2]["name"], events[3]["findings"]) == ("照片.jpg", 3)
    assert events[2]["at"] == "2026-12-01T08:00:00Z"


@pytest.mark.parametrize(
    ("query", "headers", "numbers"),
    [
        ("&after=2", {}, [3, 4]),
        ("", {"Last-Event-ID": "1"}, [2, 3, 4]),
        # Browsers connect again to the same URL: what they saw last counts more than the URL.
        ("&after=1", {"Last-Event-ID": "3"}, [4]),
    ],
)
def test_a_client_goes_on_behind_what_it_saw(
    client: TestClient,
    key: dict[str, str],
    query: str,
    headers: dict[str, str],
    numbers: list[int],
) -> None:
    answer = client.get(f"{PLACE}?until=concluded{query}", headers=key | headers)
    assert [one["seq"] for one in parse_events(answer.text)] == numbers


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?after=-1", {}),
        ("?after=x", {}),
        ("?until=noon", {}),
        ("", {"Last-Event-ID": "x"}),
        ("", {"Last-Event-ID": "9" * 30}),
    ],
)
def test_what_is_no_number_is_refused(
    client: TestClient, key: dict[str, str], query: str, headers: dict[str, str]
) -> None:
    assert client.get(PLACE + query, headers=key | headers).status_code == 422


def test_events_of_other_units_are_nobodys(
    client: TestClient, key: dict[str, str], new_key: NewKey
) -> None:
    other = new_key(Role.OPERATOR, units=["north"])
    assert client.get(PLACE, headers=other).status_code == 404


def test_many_streams_of_one_caller_leave_room_for_others(
    client: TestClient, app: FastAPI, key: dict[str, str], new_key: NewKey
) -> None:
    place = f"{PLACE}?until=concluded"
    caller = client.get(f"/v1/flights/{FLIGHT}", headers=key).json()["created_by"]
    with ExitStack() as streams:
        for _ in range(MAX_STREAMS_A_CALLER):
            streams.enter_context(app.state.event_hub.counting(caller))
        refused = client.get(place, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_much")
        assert refused.headers["Retry-After"] == "5"
        assert client.get(place, headers=new_key(Role.OPERATOR)).status_code == 200
    assert client.get(place, headers=key).status_code == 200


def next_event(lines: Iterator[str]) -> dict[str, object]:
    """Return the next event of a stream that goes on."""
    block: list[str] = []
    while True:
        line = next(lines)
        block.append(line)
        if not line and (events := parse_events("\n".join(block))):
            return events[0]


@pytest.mark.slow
def test_a_key_that_is_revoked_sees_no_further_event(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    api = LiveApi(tmp_path, url, {})
    try:
        api.start()
        watching, sending = api.new_key(Role.OPERATOR), api.new_key(Role.OPERATOR)
        with api.client(sending) as client:
            declare(client, sending)
            with client.stream("GET", PLACE, headers=watching) as stream:
                lines = stream.iter_lines()
                assert next_event(lines)["kind"] == "created"
                secret = watching["Authorization"].removeprefix("Bearer ")
                engine = open_engine(url)
                with writing(engine) as session:
                    revoke_key(session, secret.split("_")[1], now=datetime.now(UTC))
                engine.dispose()
                send(client, sending, "a.jpg", b"a")
                with pytest.raises(StopIteration):
                    next_event(lines)
    finally:
        api.close()


@pytest.mark.slow
def test_what_happens_is_told_while_it_happens(tmp_path: Path) -> None:
    api = LiveApi(tmp_path, f"sqlite:///{tmp_path / 'store.sqlite'}", {})
    try:
        api.start()
        key = api.new_key(Role.OPERATOR)
        with api.client(key) as client:
            declare(client, key)
            with client.stream("GET", PLACE) as stream:
                lines = stream.iter_lines()
                assert next_event(lines)["kind"] == "created"
                send(client, key, "a.jpg", b"a")
                assert next_event(lines)["name"] == "a.jpg"
                send(client, key, "b.jpg", b"b")
                api.kill()
                with suppress(httpx.TransportError, StopIteration):
                    while True:
                        next_event(lines)
            api.start()
            send(client, key, "c.jpg", b"c")
            with client.stream("GET", PLACE, headers={"Last-Event-ID": "2"}) as stream:
                lines = stream.iter_lines()
                assert [next_event(lines)["name"] for _ in range(2)] == ["b.jpg", "c.jpg"]
    finally:
        api.close()
