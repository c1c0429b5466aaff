from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine

from service.errors import ConflictError, UnknownRecordError
from service.store.engine import open_engine, reading, writing
from service.store.events import append_event, read_events
from service.store.flights import (
    Flight,
    FlightState,
    create_flight,
    list_flights,
    lock_flight,
    read_flight,
    set_flight_state,
)
from service.store.jobs import JobKind, NewJob, enqueue

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def make_flight(flight_id: str = "a", **changes: object) -> Flight:
    return replace(Flight(id=flight_id, name="card", created_at=NOW), **changes)  # type: ignore[arg-type]


def test_a_flight_comes_back_as_it_was_declared(engine: Engine) -> None:
    flight = make_flight(
        name="余杭 航线", unit="城管", created_by="key-1", details={"zone": "+08:00", "n": None}
    )
    with writing(engine) as session:
        create_flight(session, flight)
    with reading(engine) as session:
        assert read_flight(session, "a") == flight


def test_declaring_a_flight_again_changes_nothing(engine: Engine) -> None:
    for later in (timedelta(0), timedelta(hours=1)):
        with writing(engine) as session:
            assert create_flight(session, make_flight(created_at=NOW + later)) == make_flight()
    with reading(engine) as session:
        assert [event.kind for event in read_events(session, "a")] == ["created"]


def test_another_flight_with_the_same_id_is_refused(engine: Engine) -> None:
    with writing(engine) as session:
        create_flight(session, make_flight())
    with writing(engine) as session, pytest.raises(ConflictError):
        create_flight(session, make_flight(unit="somebody else's"))


def test_flights_are_listed_page_by_page_the_newest_first(engine: Engine) -> None:
    with writing(engine) as session:
        for flight_id, unit in (("1", "x"), ("2", "y"), ("3", "x"), ("4", None)):
            create_flight(session, make_flight(flight_id, unit=unit))
    with reading(engine) as session:
        first = list_flights(session, limit=3)
        assert [flight.id for flight in first] == ["4", "3", "2"]
        assert [flight.id for flight in list_flights(session, before="2", limit=3)] == ["1"]
        assert [flight.id for flight in list_flights(session, units=["x"])] == ["3", "1"]
        assert list_flights(session, units=[]) == []


def test_moving_a_flight_on_is_told_once(engine: Engine) -> None:
    with writing(engine) as session:
        create_flight(session, make_flight())
        for _ in range(2):
            moved = set_flight_state(session, "a", FlightState.UPLOADED, now=NOW)
        assert moved.state is FlightState.UPLOADED
        assert [event.kind for event in read_events(session, "a")] == ["created", "uploaded"]


def test_events_are_numbered_without_gaps_also_after_an_error(engine: Engine) -> None:
    with writing(engine) as session:
        create_flight(session, make_flight())
        append_event(session, "a", kind="x", data={"n": 1}, now=NOW)

    def append_in_vain() -> None:
        with writing(engine) as session:
            append_event(session, "a", kind="lost", data={}, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        append_in_vain()
    with writing(engine) as session:
        append_event(session, "a", kind="y", data={"n": 2}, now=NOW)
    with reading(engine) as session:
        events = read_events(session, "a", after=1)
    assert [(event.seq, event.kind, event.data) for event in events] == [
        (2, "x", {"n": 1}),
        (3, "y", {"n": 2}),
    ]


def test_events_that_are_appended_at_once_each_get_a_number(engine: Engine) -> None:
    with writing(engine) as session:
        create_flight(session, make_flight())

    def append() -> None:
        for _ in range(10):
            with writing(engine) as session:
                append_event(session, "a", kind="x", data={}, now=NOW)

    threads = [Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as session:
        assert [event.seq for event in read_events(session, "a")] == list(range(1, 42))


def test_what_is_not_there_is_named(engine: Engine) -> None:
    with writing(engine) as session:
        with pytest.raises(UnknownRecordError, match="nowhere"):
            append_event(session, "nowhere", kind="x", data={}, now=NOW)
        with pytest.raises(UnknownRecordError, match="nowhere"):
            set_flight_state(session, "nowhere", FlightState.OPEN, now=NOW)


def test_who_adds_files_or_jobs_to_a_flight_does_not_hold_up_who_moves_it_on(url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("on SQLite there is one writer anyway")
    patient, hasty = open_engine(url), open_engine(f"{url}?options=-c%20lock_timeout%3D2000")
    with writing(patient) as session:
        create_flight(session, make_flight())
    with writing(patient) as adds:
        enqueue(adds, NewJob(kind=JobKind.CONCLUDE, key="f", flight_id="a"), now=NOW)
        with writing(hasty) as moves_on:
            lock_flight(moves_on, "a")
            set_flight_state(moves_on, "a", FlightState.UPLOADED, now=NOW)
        append_event(adds, "a", kind="file_received", data={}, now=NOW)
    with reading(patient) as session:
        assert [event.seq for event in read_events(session, "a")] == [1, 2, 3]
    patient.dispose()
    hasty.dispose()
