"""Files of a flight: announced, then sent one by one, each in one request."""

from collections.abc import Collection, Sequence
from typing import Annotated, TypeAlias
from urllib.parse import unquote_to_bytes

import anyio.to_thread
from fastapi import APIRouter, Path, Request, Response

from service.access.roles import Caller, Permission
from service.api.arrivals import Arrival, find_known, parse_arrival, take_in
from service.api.flight_access import find_flight
from service.api.flight_models import (
    AnnouncedAnswer,
    AnnouncedLine,
    Announcement,
    AnnouncementAnswer,
    FlightId,
    LineProblem,
    ReceiptLine,
)
from service.api.flights import Writer
from service.api.parts import ApiParts, Clock, DeploymentPart, PartsPart
from service.api.problem_answers import also, problems
from service.api.receipt_lines import AnswerLanguage, receipt_line
from service.printable import printable_text
from service.receiving.errors import UnsafeNameError
from service.receiving.file_names import MAX_NAME_BYTES, safe_name
from service.store.engine import reading, writing
from service.store.files import AnnouncedFile, FlightFile, announce_files, find_other_bytes

_CheckedLine: TypeAlias = AnnouncedFile | LineProblem

FILE_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}

router = APIRouter(prefix="/v1/flights/{flight_id}/files", tags=["files"])


@router.post("", responses=problems(404, 409))
def announce(
    flight_id: FlightId,
    announcement: Announcement,
    caller: Writer,
    deployment: DeploymentPart,
    now: Clock,
) -> AnnouncementAnswer:
    """Say which files will be sent; learn which need not be, and which cannot be."""
    limits = deployment.settings.limits
    lines = check_lines(announcement.files, max_bytes=limits.max_file_bytes)
    with writing(deployment.engine) as session:
        find_flight(session, caller, Permission.WRITE_FLIGHTS, flight_id)
        asked = [line for line in lines if isinstance(line, AnnouncedFile)]
        other = find_other_bytes(session, flight_id, asked)
        lines = [_without_conflict(line, other) for line in lines]
        files = {line.name: line for line in lines if isinstance(line, AnnouncedFile)}
        there = announce_files(session, flight_id, list(files.values()), now=now)
    answers = [
        _answer(line, given=given, there=there)
        for line, given in zip(lines, announcement.files, strict=True)
    ]
    return AnnouncementAnswer(files=answers)


@router.put(
    "/{name:path}",
    status_code=201,
    openapi_extra={"requestBody": FILE_BODY},
    responses=also(200, ReceiptLine, "These bytes are there already.")
    | problems(400, 404, 409, 411, 413, 415, 507),
)
async def send_file(
    request: Request,
    response: Response,
    flight_id: FlightId,
    name: Annotated[str, Path(description="Percent-encoded; slashes stay.")],
    caller: Writer,
    parts: PartsPart,
    language: AnswerLanguage,
) -> ReceiptLine:
    """Send a file's bytes. Nothing of it counts before all of them are kept and checked."""
    limits = parts.deployment.settings.limits
    kept_as = safe_name(_raw_name(request, flight_id) or name)
    arrival = parse_arrival(request.headers, max_bytes=limits.max_file_bytes)
    file = await anyio.to_thread.run_sync(_find_sent, parts, caller, flight_id, kept_as, arrival)
    if file is None:
        file = await take_in(request, parts, caller, flight_id, name=kept_as, arrival=arrival)
    else:
        response.status_code = 200
    return receipt_line(file, language)


def check_lines(lines: Sequence[AnnouncedLine], *, max_bytes: int) -> list[_CheckedLine]:
    """Return each announced file under its safe name, or what is wrong with its line alone."""
    seen = dict[str, AnnouncedFile]()
    checked = list[_CheckedLine]()
    for line in lines:
        try:
            name = safe_name(line.name)
        except UnsafeNameError as error:
            checked.append(LineProblem(code="unsafe_name", detail=str(error)))
            continue
        file = AnnouncedFile(name=name, byte_count=line.bytes, sha256=line.sha256)
        if line.bytes > max_bytes:
            detail = f"{line.bytes} bytes; at most {max_bytes} are taken"
            checked.append(LineProblem(code="too_large", detail=detail))
        elif seen.setdefault(name, file) != file:
            detail = "the name stands twice in the list, with different bytes"
            checked.append(LineProblem(code="conflict", detail=detail))
        else:
            checked.append(file)
    return checked


def _without_conflict(line: _CheckedLine, other: Collection[str]) -> _CheckedLine:
    if isinstance(line, LineProblem) or line.name not in other:
        return line
    return LineProblem(code="conflict", detail="a file of this name has arrived with other bytes")


def _answer(line: _CheckedLine, *, given: AnnouncedLine, there: Collection[str]) -> AnnouncedAnswer:
    if isinstance(line, LineProblem):
        shown = printable_text(given.name[:MAX_NAME_BYTES])
        return AnnouncedAnswer(name=shown, state="refused", problem=line)
    return AnnouncedAnswer(name=line.name, state="arrived" if line.name in there else "missing")


def _find_sent(
    parts: ApiParts, caller: Caller, flight_id: str, name: str, arrival: Arrival
) -> FlightFile | None:
    """Return the file where it is there already, having found out whether it may be sent."""
    with reading(parts.deployment.engine) as session:
        find_flight(session, caller, Permission.WRITE_FLIGHTS, flight_id)
    if arrival.sha256 is None:
        return None
    return find_known(
        parts, flight_id, name=name, byte_count=arrival.byte_count, sha256=arrival.sha256
    )


def _raw_name(request: Request, flight_id: str) -> str:
    """Return the name as it was sent; empty where the path is not as clients write it.

    The server below us would put U+FFFD for every byte that is no UTF-8, and two names would
    become one.
    """
    raw_path = request.scope.get("raw_path") or b""
    _, _, raw_name = raw_path.partition(f"/{flight_id}/files/".encode())
    return unquote_to_bytes(raw_name).decode(errors="surrogateescape")
