"""One flight as a caller may see it: those of other units are as if there were none."""

from sqlalchemy.orm import Session

from service.access.roles import Caller, Permission, may
from service.errors import UnknownRecordError
from service.store.flights import Flight, read_flight


def find_flight(session: Session, caller: Caller, permission: Permission, flight_id: str) -> Flight:
    """Return a flight that the caller may do this with.

    Raises:
        UnknownRecordError: There is none, or it belongs to a unit that is not the caller's: the
            answer is the same, so that nobody learns which flights others have.
    """
    flight = read_flight(session, flight_id)
    if not may(caller, permission, unit=flight.unit):
        raise UnknownRecordError(f"there is no flight {flight_id}")
    return flight
