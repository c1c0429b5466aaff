"""When a flight is to be concluded: whenever something of it has ended and no file is awaited."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.store.flights import Flight, FlightState, lock_flight
from service.store.jobs import JobKind, NewJob, enqueue

QUIET_S = "conclude_when_quiet_s"  # in a flight's details: nobody will say that all files are there
SOON = timedelta(seconds=1)  # many jobs of a flight end one after the other


def want_conclusion(
    session: Session, flight_id: str, *, now: datetime, delay: timedelta = timedelta(0)
) -> None:
    """Let a flight be concluded once no other job of it is left, unless its files still come.

    The flight is locked before its state is read. So of a job that ends and a client that says at
    the same moment that all files are there, at least one sees what the other did.

    Args:
        session: An open transaction that writes; files that it changes are locked by now.
        flight_id: Of the flight.
        now: Aware.
        delay: Wait so long: the jobs that end meanwhile are concluded by the same.

    Raises:
        UnknownRecordError: There is no such flight.
    """
    flight = lock_flight(session, flight_id)
    if flight.state is FlightState.OPEN and quiet_time(flight) is None:
        return
    job = NewJob(kind=JobKind.CONCLUDE, key=flight_id, flight_id=flight_id)
    enqueue(session, job, now=now, due_at=now + delay, again=True)


def quiet_time(flight: Flight) -> timedelta | None:
    """Return after how long without a new file a flight concludes itself; None: it never does."""
    seconds = flight.details.get(QUIET_S)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return timedelta(seconds=seconds)
