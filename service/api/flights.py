"""Flights: declared, listed, looked at, completed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from service.access.roles import Caller, Permission, require
from service.api.caller import needs
from service.api.flight_access import find_flight
from service.api.flight_models import (
    Completion,
    FileCounts,
    FlightDetails,
    FlightId,
    FlightPage,
    ListedFlight,
    NewFlight,
    ShownFlight,
)
from service.api.pages import Cursor, Limit, link_next, parse_cursor
from service.api.parts import Clock, DeploymentPart
from service.api.problem_answers import also, problems
from service.api.problems import INVALID, ProblemError
from service.errors import ConflictError
from service.store.conclusions import want_conclusion
from service.store.engine import reading, writing
from service.store.events import read_last_numbers
from service.store.files import count_files, list_announced
from service.store.flights import (
    Flight,
    FlightState,
    create_flight,
    list_flights,
    lock_flight,
    set_flight_state,
)
from service.store.ids import uuid7
from service.store.jobs import JobState, count_jobs
from service.store.json_text import Json

MOST_MISSING = 1000
Reader = Annotated[Caller, needs(Permission.READ_FLIGHTS)]
Writer = Annotated[Caller, needs(Permission.WRITE_FLIGHTS)]

router = APIRouter(prefix="/v1/flights", tags=["flights"])


@router.post(
    "",
    status_code=201,
    responses=also(200, ShownFlight, "It is there already.") | problems(409),
)
def declare_flight(
    new: NewFlight, response: Response, caller: Writer, deployment: DeploymentPart, now: Clock
) -> ShownFlight:
    """Declare a flight. With an id of the client's, asking twice makes one flight."""
    unit = choose_unit(caller, new.unit)
    require(caller, Permission.WRITE_FLIGHTS, unit=unit)
    flight = Flight(
        id=new.id or uuid7(now),
        name=new.name,
        created_at=now,
        unit=unit,
        created_by=caller.id,
        details=flight_details(new.kind, new.details),
    )
    with writing(deployment.engine) as session:
        kept = create_flight(session, flight)
        if kept.details != flight.details:
            raise ConflictError(f"another flight has the id {flight.id}")
        shown = _show(session, kept, now=now)
    response.status_code = 201 if kept is flight else 200
    response.headers["Location"] = f"/v1/flights/{kept.id}"
    return shown


@router.get("")
def list_all_flights(
    request: Request,
    response: Response,
    caller: Reader,
    deployment: DeploymentPart,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> FlightPage:
    """List the flights that the caller may see, the newest first."""
    before = parse_cursor(cursor)
    with reading(deployment.engine) as session:
        found = list_flights(session, units=caller.units, before=before, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    return FlightPage(
        flights=[ListedFlight.model_validate(_listed(flight)) for flight in page],
        next=link_next(request, response, last=page[-1].id) if more else None,
    )


@router.get("/{flight_id}", responses=problems(404))
def show_flight(
    flight_id: FlightId, caller: Reader, deployment: DeploymentPart, now: Clock
) -> ShownFlight:
    """Show a flight and how far it is."""
    with reading(deployment.engine) as session:
        flight = find_flight(session, caller, Permission.READ_FLIGHTS, flight_id)
        return _show(session, flight, now=now)


@router.post("/{flight_id}/complete", responses=problems(404))
def complete_flight(
    flight_id: FlightId,
    caller: Writer,
    deployment: DeploymentPart,
    now: Clock,
    anyway: Annotated[bool, Query(description="Conclude without the files that miss.")] = False,
) -> Completion:
    """Say that all files have been sent. Those that miss are listed; then it stays open."""
    with writing(deployment.engine) as session:
        find_flight(session, caller, Permission.WRITE_FLIGHTS, flight_id)
        flight = lock_flight(session, flight_id)
        missing = list_announced(session, flight_id, limit=MOST_MISSING)
        count = count_files(session, flight_id)["announced"]
        if flight.state is FlightState.OPEN and (anyway or not missing):
            flight = set_flight_state(session, flight_id, FlightState.UPLOADED, now=now)
            want_conclusion(session, flight_id, now=now)
    return Completion(state=flight.state, missing=missing, missing_count=count)


def choose_unit(caller: Caller, asked: str | None) -> str | None:
    """Return whose a new flight is, where a caller of one unit need not say so.

    Raises:
        ProblemError: The caller has several units and names none.
    """
    if asked is not None or caller.units is None:
        return asked
    if len(caller.units) > 1:
        raise ProblemError(INVALID, "unit: name one, since you may write for several")
    return next(iter(caller.units), None)


def flight_details(kind: str, details: FlightDetails) -> dict[str, Json]:
    """Return what is kept of a flight beside its name."""
    return {"kind": kind, **details.model_dump()}


def _show(session: Session, flight: Flight, *, now: datetime) -> ShownFlight:
    jobs = count_jobs(session, now=now, flight_id=flight.id).by_state
    left = (JobState.WAITING, JobState.CLAIMED)
    more = {
        "files": FileCounts(**count_files(session, flight.id)),
        "jobs_left": sum(count for (_, state), count in jobs.items() if state in left),
        "last_event": read_last_numbers(session, [flight.id]).get(flight.id, 0),
    }
    return ShownFlight.model_validate({**_listed(flight), **more})


def _listed(flight: Flight) -> Mapping[str, object]:
    known = {name: flight.details.get(name) for name in FlightDetails.model_fields}
    return {
        "id": flight.id,
        "name": flight.name,
        "kind": flight.details.get("kind", "drone"),
        "unit": flight.unit,
        "state": flight.state,
        "created_at": flight.created_at,
        "created_by": flight.created_by,
        "details": FlightDetails.model_validate(known),
    }
