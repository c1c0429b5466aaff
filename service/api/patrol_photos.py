"""Photos from phones on patrol: one request each, no flight to be declared before."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response

from service.access.roles import Permission, require
from service.api.arrivals import Arrival, find_known, parse_arrival, take_in
from service.api.files import FILE_BODY
from service.api.flight_models import FlightDetails, Line, PatrolPhotoAnswer, UnitName
from service.api.flights import Writer, choose_unit, flight_details
from service.api.parts import ApiParts, PartsPart
from service.api.problem_answers import also, problems
from service.api.receipt_lines import AnswerLanguage, receipt_line
from service.receiving.errors import BadDigestError
from service.receiving.file_names import safe_name
from service.store.conclusions import QUIET_S
from service.store.engine import writing
from service.store.files import FlightFile
from service.store.flights import Flight, create_flight
from service.store.ids import uuid7
from service.store.json_text import to_json

QUIET_TIME_S = 60
_ID_BITS = 74  # of a UUIDv7 beside its time

router = APIRouter(prefix="/v1/patrol-photos", tags=["files"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Patrol:
    """Whose photos of one day belong together."""

    caller_id: str
    taken_by: str
    unit: str | None
    day: date


@router.post(
    "",
    status_code=201,
    openapi_extra={"requestBody": FILE_BODY},
    responses=also(200, PatrolPhotoAnswer, "This photo is there already.")
    | problems(400, 409, 411, 413, 415, 507),
)
async def send_patrol_photo(
    request: Request,
    response: Response,
    caller: Writer,
    parts: PartsPart,
    language: AnswerLanguage,
    taken_by: Annotated[str, Query(min_length=1, max_length=100, description="Who patrols."), Line],
    unit: Annotated[UnitName | None, Query(description="Whose flight it is.")] = None,
    name: Annotated[str | None, Query(max_length=4000, description="Of the photo.")] = None,
) -> PatrolPhotoAnswer:
    """Send one photo. It goes into the flight of caller, person and day, which concludes itself."""
    settings = parts.deployment.settings
    arrival = parse_arrival(request.headers, max_bytes=settings.limits.max_photo_bytes)
    if arrival.sha256 is None:
        raise BadDigestError("Content-Digest: sha-256=:base64: is needed")
    kept_as = safe_name(name or f"{arrival.sha256[:16]}.jpg")
    whose = choose_unit(caller, unit)
    require(caller, Permission.WRITE_FLIGHTS, unit=whose)
    now = parts.clock()
    zone = settings.timezone or UTC
    patrol = Patrol(
        caller_id=caller.id, taken_by=taken_by, unit=whose, day=now.astimezone(zone).date()
    )
    flight = patrol_flight(patrol, zone=zone, now=now)
    file = await anyio.to_thread.run_sync(_find_sent, parts, flight, kept_as, arrival)
    if file is None:
        file = await take_in(request, parts, caller, flight.id, name=kept_as, arrival=arrival)
    else:
        response.status_code = 200
    return PatrolPhotoAnswer(flight=flight.id, file=receipt_line(file, language))


def patrol_flight(patrol: Patrol, *, zone: tzinfo, now: datetime) -> Flight:
    """Return the flight of a patrol: always with the same id, which sorts by its day.

    Args:
        patrol: Whose, and of which day.
        zone: In which the day begins.
        now: When the flight is made, if it is not there.
    """
    parts = [patrol.caller_id, patrol.taken_by, patrol.unit or "", patrol.day.isoformat()]
    parts.append("unit" if patrol.unit is not None else "city")
    digest = hashlib.sha256(to_json(parts).encode()).digest()
    bits = int.from_bytes(digest) >> (len(digest) * 8 - _ID_BITS)
    begin = datetime.combine(patrol.day, time(), tzinfo=zone)
    return Flight(
        id=uuid7(begin, random_bits=bits),
        name=f"{patrol.day.isoformat()} {patrol.taken_by}",
        created_at=now,
        unit=patrol.unit,
        created_by=patrol.caller_id,
        details={
            **flight_details("patrol", FlightDetails(operator=patrol.taken_by)),
            QUIET_S: QUIET_TIME_S,
        },
    )


def _find_sent(parts: ApiParts, flight: Flight, name: str, arrival: Arrival) -> FlightFile | None:
    """Make the flight unless it is there; return the photo where it is there already."""
    with writing(parts.deployment.engine) as session:
        create_flight(session, flight)
    return find_known(
        parts,
        flight.id,
        name=name,
        byte_count=arrival.byte_count,
        sha256=arrival.sha256 or "",
    )
