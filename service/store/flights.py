"""Flights as operators declare them. All functions take an open transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import ConflictError, UnknownRecordError
from service.store.events import append_event
from service.store.json_text import Json, JsonObject, parse_object, to_json
from service.store.tables import FlightRow
from service.store.upsert import insert_if_absent


class FlightState(StrEnum):
    """How far a flight is."""

    OPEN = "open"  # files may come
    UPLOADED = "uploaded"  # the client says that all are there
    CONCLUDED = "concluded"  # its findings are written


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A card or a patrol that somebody uploads.

    Attributes:
        id: See `service.store.ids.uuid7`.
        unit: The responsible unit whose flight it is; None for the whole city's.
        created_by: Whose key or account; None where nobody had to say.
        details: What else was declared, such as the time zone.
        run_id: That its findings are of; None before it was concluded.
    """

    id: str
    name: str
    created_at: datetime | None
    unit: str | None = None
    created_by: str | None = None
    state: FlightState = FlightState.OPEN
    details: Mapping[str, Json] = field(default_factory=dict)
    run_id: str | None = None


def create_flight(session: Session, flight: Flight) -> Flight:
    """Keep a new flight and return it; asked twice, the one that is there is returned.

    Raises:
        ConflictError: Another flight has this id.
        ValueError: `created_at` is missing.
    """
    if flight.created_at is None:
        raise ValueError("a flight that is declared has a time")
    values = {
        "id": flight.id,
        "name": flight.name,
        "unit": flight.unit,
        "state": flight.state.value,
        "created_at": flight.created_at,
        "created_by": flight.created_by,
        "details_json": to_json(flight.details),
        "last_event": 0,
    }
    if insert_if_absent(session, FlightRow, values):
        append_event(
            session, flight.id, kind="created", data={"name": flight.name}, now=flight.created_at
        )
        return flight
    there = read_flight(session, flight.id)
    if (there.name, there.unit, there.created_by) != (flight.name, flight.unit, flight.created_by):
        raise ConflictError(f"another flight has the id {flight.id}")
    return there


def read_flight(session: Session, flight_id: str) -> Flight:
    """Return a flight.

    Raises:
        UnknownRecordError: There is none with this id.
    """
    row = session.get(FlightRow, flight_id, populate_existing=True)
    if row is None:
        raise UnknownRecordError(f"there is no flight {flight_id}")
    return _flight(row)


def list_flights(
    session: Session,
    *,
    units: Collection[str] | None = None,
    before: str | None = None,
    limit: int = 100,
) -> list[Flight]:
    """Return flights, the newest first.

    Args:
        session: An open transaction.
        units: Only flights of these; None for all, those of no unit included.
        before: Id of the last flight of the page before; None for the first page.
        limit: At most so many.
    """
    statement = select(FlightRow).order_by(FlightRow.id.desc()).limit(limit)
    if units is not None:
        statement = statement.where(FlightRow.unit.in_(list(units)))
    if before is not None:
        statement = statement.where(FlightRow.id < before)
    return [_flight(row) for row in session.scalars(statement)]


def set_flight_state(
    session: Session, flight_id: str, state: FlightState, *, now: datetime
) -> Flight:
    """Move a flight on; an event tells it, unless it is there already.

    Raises:
        UnknownRecordError: There is none with this id.
    """
    row = _lock_row(session, flight_id)
    if row.state != state.value:
        row.state = state.value
        session.flush()
        append_event(session, flight_id, kind=state.value, data={}, now=now)
    return _flight(row)


def lock_flight(session: Session, flight_id: str) -> Flight:
    """Return a flight that nobody else changes until the transaction ends.

    Transactions that change several things lock files first (by name), then the flight, then
    jobs: so no two wait for each other.

    Raises:
        UnknownRecordError: There is none with this id.
    """
    row = _lock_row(session, flight_id)
    return _flight(row)


def note_conclusion(
    session: Session, flight_id: str, *, run_id: str, data: JsonObject, now: datetime
) -> None:
    """Let a flight be concluded by a run, once more where it was; an event tells it each time.

    Raises:
        UnknownRecordError: There is none with this id.
    """
    row = _lock_row(session, flight_id)
    row.run_id, row.state = run_id, FlightState.CONCLUDED.value
    session.flush()
    append_event(
        session, flight_id, kind=FlightState.CONCLUDED.value, data={**data, "run": run_id}, now=now
    )


def _lock_row(session: Session, flight_id: str) -> FlightRow:
    # Not so strong a lock that it waits for those who add files or jobs: PostgreSQL lets these
    # hold a flight by its key, and they go on to its events, for which they would wait for us.
    lock = {"key_share": True}
    row = session.get(FlightRow, flight_id, with_for_update=lock, populate_existing=True)
    if row is None:
        raise UnknownRecordError(f"there is no flight {flight_id}")
    return row


def _flight(row: FlightRow) -> Flight:
    return Flight(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        unit=row.unit,
        created_by=row.created_by,
        state=FlightState(row.state),
        details=parse_object(row.details_json),
        run_id=row.run_id,
    )
