"""Server-sent events: lines to events, and a stream that is taken up again after each cut."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.upload.connection import Connection
from service.upload.errors import LineDownError, ServerBusyError
from service.upload.tries import Tries


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightEvent:
    """Something that happened to a flight.

    Attributes:
        seq: Its number; None where the server gave none.
    """

    seq: int | None
    kind: str
    data: Mapping[str, object]


def parse_events(lines: Iterable[str]) -> Iterator[FlightEvent]:
    """Yield the events of a stream (HTML standard, 9.2.6); one that is cut is left out."""
    kind, identity, data = "", "", list[str]()
    for line in lines:
        if not line:
            if data:
                yield _event(kind, identity, "\n".join(data))
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "id":
            identity = value
        elif name == "data":
            data.append(value)


def _event(kind: str, identity: str, text: str) -> FlightEvent:
    try:
        data = json.loads(text)
    except ValueError:
        data = {}
    return FlightEvent(
        seq=int(identity) if identity.isdecimal() else None,
        kind=kind,
        data=data if isinstance(data, dict) else {},
    )


def follow_events(
    connection: Connection,
    flight_id: str,
    *,
    after: int,
    tries: Tries,
    halt: threading.Event,
    tell: Callable[[FlightEvent], None],
) -> None:
    """Tell each event of a flight once, as it comes, until it is told to stop.

    Args:
        connection: To the server.
        flight_id: Whose events.
        after: Number of the last event that is known.
        tries: Waits after cuts.
        halt: Ends it, at the next event or heartbeat.
        tell: Is told.

    Raises:
        HaltedError: It was told to stop while it waited.
        UploadStoppedError: The server does not let us.
    """
    while not halt.is_set():
        path = f"/v1/flights/{flight_id}/events?after={after}"
        try:
            with connection.stream(path, headers={"Accept": "text/event-stream"}) as lines:
                tries.worked()
                for event in parse_events(_until(lines, halt)):
                    if event.seq is not None:
                        if event.seq <= after:
                            continue
                        after = event.seq
                    tell(event)
        except (LineDownError, ServerBusyError) as error:
            tries.wait(error)


def _until(lines: Iterable[str], halt: threading.Event) -> Iterator[str]:
    for line in lines:
        if halt.is_set():
            return
        yield line
