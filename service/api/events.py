"""Events of a flight as they happen: server-sent events (WHATWG HTML, section 9.2)."""

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine

from service.access.keys import is_live
from service.access.roles import Caller, Permission
from service.api.event_hub import EventHub
from service.api.flight_access import find_flight
from service.api.flight_models import FlightId
from service.api.flights import Reader
from service.api.parts import DeploymentPart, PartsPart
from service.api.problem_answers import as_media, problems
from service.errors import UnknownRecordError
from service.store.engine import reading
from service.store.events import FlightEvent, read_events
from service.store.keys import read_key

EVENT_STREAM = "text/event-stream"
HEARTBEAT_S = 15.0
# A stream then ends, and the client connects again: with a key that may have been revoked.
LONGEST_S = 900.0
_PAGE = 500

router = APIRouter(prefix="/v1/flights/{flight_id}/events", tags=["events"])


@router.get("", response_class=Response, responses=as_media(200, EVENT_STREAM) | problems(404))
async def follow_flight(
    request: Request,
    flight_id: FlightId,
    caller: Reader,
    deployment: DeploymentPart,
    parts: PartsPart,
    after: Annotated[int, Query(ge=0, le=2**62, description="Only events behind this one.")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=2**62)] = None,
    until: Annotated[
        Literal["concluded"] | None, Query(description="End behind the next such event.")
    ] = None,
) -> Response:
    """Follow a flight: first what has happened, then what happens."""
    hub: EventHub = request.app.state.event_hub
    hub.require_room(caller.id)
    start = after if last_event_id is None else last_event_id
    read = partial(_read_page, deployment.engine, parts.clock, caller, flight_id)
    await anyio.to_thread.run_sync(read, start)  # whether the caller may: told before any stream
    return StreamingResponse(
        _follow(hub, caller, flight_id, read, start=start, until=until),
        media_type=EVENT_STREAM,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _follow(
    hub: EventHub,
    caller: Caller,
    flight_id: str,
    read: Callable[[int], Sequence[FlightEvent]],
    *,
    start: int,
    until: str | None,
) -> AsyncIterator[bytes]:
    """Yield the events behind `start` as they come, and comments while none do."""
    number, ends_s = start, time.monotonic() + LONGEST_S
    with hub.counting(caller.id):
        while time.monotonic() < ends_s and not hub.is_closed:
            try:
                events = await anyio.to_thread.run_sync(read, number)
            except UnknownRecordError:  # the flight is gone
                return
            for event in events:
                yield render_event(event)
                if event.kind == until:
                    return
            number = events[-1].seq if events else number
            if len(events) == _PAGE:
                continue
            while not await hub.wait_beyond(flight_id, number, timeout_s=HEARTBEAT_S):
                yield b":\n\n"
                if hub.is_closed or time.monotonic() >= ends_s:
                    return


def render_event(event: FlightEvent) -> bytes:
    """Return an event as a stream has it."""
    known = {"seq": event.seq, "at": event.at.isoformat().replace("+00:00", "Z")}
    data = json.dumps({**known, "kind": event.kind, **event.data}, ensure_ascii=False)
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {data}\n\n".encode()


def _read_page(
    engine: Engine, clock: Callable[[], datetime], caller: Caller, flight_id: str, after: int
) -> list[FlightEvent]:
    """Return the next events; a key that has ended meanwhile gets none.

    Raises:
        UnknownRecordError: There is no such flight for this caller, or not any more.
    """
    with reading(engine) as session:
        kind, _, key_id = caller.id.partition(":")
        key = read_key(session, key_id) if kind == "key" else None
        if key is not None and not is_live(key, now=clock()):
            raise UnknownRecordError("the key has ended")
        find_flight(session, caller, Permission.READ_FLIGHTS, flight_id)
        return read_events(session, flight_id, after=after, limit=_PAGE)
