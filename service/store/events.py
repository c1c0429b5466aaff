"""What happened to a flight, numbered from 1 without gaps: clients that follow ask for the rest."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.errors import UnknownRecordError
from service.store.json_text import JsonObject, parse_object, to_json
from service.store.tables import FlightEventRow, FlightRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightEvent:
    """One thing that happened to a flight.

    Attributes:
        seq: From 1, without gaps within the flight.
    """

    flight_id: str
    seq: int
    at: datetime
    kind: str
    data: JsonObject


def append_event(
    session: Session, flight_id: str, *, kind: str, data: JsonObject, now: datetime
) -> FlightEvent:
    """Add an event; who reads number n has been able to read all before it.

    The flight's row is locked until the transaction ends. So numbers are never given back, and
    none becomes visible before a lower one.

    Raises:
        UnknownRecordError: There is no such flight.
    """
    seq = session.scalar(
        update(FlightRow)
        .where(FlightRow.id == flight_id)
        .values(last_event=FlightRow.last_event + 1)
        .returning(FlightRow.last_event)
        .execution_options(synchronize_session=False)
    )
    if seq is None:
        raise UnknownRecordError(f"there is no flight {flight_id}")
    row = FlightEventRow(flight_id=flight_id, seq=seq, at=now, kind=kind, data_json=to_json(data))
    session.add(row)
    session.flush()
    return FlightEvent(flight_id=flight_id, seq=seq, at=now, kind=kind, data=data)


def read_last_numbers(session: Session, flight_ids: Collection[str]) -> dict[str, int]:
    """Return the number of the latest event by flight; a flight that is gone is left out.

    One short statement for a few hundred flights: whoever follows them asks this again and again.
    """
    statement = select(FlightRow.id, FlightRow.last_event).where(FlightRow.id.in_(list(flight_ids)))
    return {row.id: row.last_event for row in session.execute(statement)}


def read_events(
    session: Session, flight_id: str, *, after: int = 0, limit: int = 1000
) -> list[FlightEvent]:
    """Return the events with a higher number than `after`, in order."""
    statement = (
        select(FlightEventRow)
        .where(FlightEventRow.flight_id == flight_id, FlightEventRow.seq > after)
        .order_by(FlightEventRow.seq)
        .limit(limit)
    )
    return [_event(row) for row in session.scalars(statement)]


def read_latest_event(session: Session, flight_id: str, *, kind: str) -> FlightEvent | None:
    """Return the last event of a kind, or None where there was none."""
    statement = (
        select(FlightEventRow)
        .where(FlightEventRow.flight_id == flight_id, FlightEventRow.kind == kind)
        .order_by(FlightEventRow.seq.desc())
        .limit(1)
    )
    row = session.scalar(statement)
    return None if row is None else _event(row)


def _event(row: FlightEventRow) -> FlightEvent:
    return FlightEvent(
        flight_id=row.flight_id,
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        data=parse_object(row.data_json),
    )
