"""A card uploaded: from its files to the receipt."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from service.access.secrets import Secret
from service.client_settings import STANDARD_ANSWERS_S
from service.inspecting.found_files import find_files
from service.printable import printable_text
from service.store.ids import uuid7
from service.upload.card import Card, CardFile, LeftOut, read_card
from service.upload.connection import Connection
from service.upload.errors import (
    LineDownError,
    Message,
    RefusedError,
    ServerBusyError,
    UploadStoppedError,
)
from service.upload.flight_api import FlightApi
from service.upload.flight_choice import choose_flight, files_of_flight
from service.upload.line_record import LineRecord
from service.upload.meter import Meter
from service.upload.passes import PassResult, send_all
from service.upload.receipt import ReceiptFigures, summarise_receipt
from service.upload.screen import Screen
from service.upload.send_file import Sending
from service.upload.state import KnownFile, KnownFlight, UploadState, state_path
from service.upload.threads import run_beside
from service.upload.tries import Tries

Value = TypeVar("Value")

# A file that is still being copied onto the card gets so many chances, so far apart.
_PASSES = 3
_PASS_PAUSE_S = 2.0
_POLL_S = 1.0
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    """What is to be uploaded where.

    Attributes:
        server: As `parse_server_address` returns it.
        kind: `drone` or `patrol`.
        details: Of the flight, see docs/api.md.
        senders: Files that are under way at a time.
        state_folder: Where the state of uploads is kept.
        send_all: Send also what the server will surely refuse.
        new_flight: Do not go on with the flight of an earlier upload.
        answers_s: How long to wait for the next answer on a file that has arrived.
    """

    paths: tuple[Path, ...]
    server: str
    key: Secret = field(repr=False)
    state_folder: Path
    name: str | None = None
    kind: str = "drone"
    unit: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    senders: int = 3
    ca_file: Path | None = None
    language: str = "en"
    send_all: bool = False
    new_flight: bool = False
    answers_s: float = STANDARD_ANSWERS_S


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadResult:
    """What came of it.

    Attributes:
        files: On the card that belong to the flight.
        arrived: Of these, on the server now.
        sent_bytes: That went over the line in this run.
        earlier: Files on the card that went to earlier flights.
        troubles: By name, why a file is not on the server.
        receipt: Of the whole flight.
    """

    flight_id: str
    flight_name: str
    files: int
    arrived: int
    byte_count: int
    sent_bytes: int
    earlier: int
    left_out: tuple[LeftOut, ...]
    troubles: Mapping[str, Message]
    receipt: ReceiptFigures

    @property
    def exit_code(self) -> int:
        """0: all accepted; 2: some are not, or have no answer; 1: nothing is on the server."""
        if self.arrived == 0 and self.earlier == 0:
            return 1
        receipt = self.receipt
        is_short = receipt.held or receipt.rejected or receipt.unanswered or receipt.absent
        left_out = any(file.matters for file in self.left_out)
        return 2 if is_short or self.troubles or left_out else 0


class Upload:
    """One run of the command; use it once and close it."""

    def __init__(self, options: UploadOptions, screen: Screen) -> None:
        """Read the card and the state of earlier runs.

        Raises:
            CannotStartError: A path does not exist, the state is in use, ...
        """
        self._options = options
        self._screen = screen
        found = find_files(options.paths, output=None)
        self._card: Card = read_card(found, send_all=options.send_all)
        roots = [path.resolve() for path in options.paths]
        self._state = UploadState(
            state_path(options.state_folder, server=options.server, roots=roots)
        )
        self._connection = Connection(
            options.server, options.key, ca_file=options.ca_file, language=options.language
        )
        self._meter = Meter()
        self._halt = threading.Event()
        self._api = FlightApi(self._connection)
        self._tries = Tries(self._meter, self._halt)

    def close(self) -> None:
        """End it; what was sent and known stays."""
        self._halt.set()
        self._connection.close()
        self._state.close()

    @property
    def card(self) -> Card:
        """What is to be sent, and what is not."""
        return self._card

    @property
    def connection(self) -> Connection:
        """To the server."""
        return self._connection

    def declare(self) -> KnownFlight:
        """Return the flight, which the server knows now.

        Raises:
            UploadStoppedError: Nothing goes on.
        """
        flight = self._choose_flight()
        if not files_of_flight(flight, self._state.files(), self._card.files)[0]:
            raise UploadStoppedError("nothing_new")
        self._state.add_flight(flight)
        self._patiently(lambda: self._make_known(flight), first=True)
        return flight

    def last_event(self, flight: KnownFlight) -> int:
        """Return the number of the flight's latest event."""
        number = self._patiently(lambda: self._api.flight(flight.id)).get("last_event")
        return number if isinstance(number, int) else 0

    def run(self, flight: KnownFlight) -> UploadResult:
        """Send all that is not there, tell that all is there, and return the receipt.

        Raises:
            UploadStoppedError: Nothing goes on.
        """
        known = self._state.files()
        files, earlier = files_of_flight(flight, known, self._card.files)
        if earlier:
            self._screen.note(Message("earlier_files", {"count": earlier}))
        for file in files:
            self._meter.expect(file.name, file.byte_count)
        troubles = self._send(files, flight)
        progress = self._meter.read()
        if files and progress.sent_bytes == 0 and not troubles:
            key = "all_there_before" if flight.completed else "all_there"
            self._screen.note(Message(key, {"count": len(files)}))
        if progress.files_there:
            troubles |= self._complete(flight, troubles)
        return UploadResult(
            flight_id=flight.id,
            flight_name=str(flight.declared["name"]),
            files=len(files),
            arrived=progress.files_there,
            byte_count=progress.byte_count,
            sent_bytes=progress.sent_bytes,
            earlier=earlier,
            left_out=self._card.left_out,
            troubles=troubles,
            receipt=self._await_answers(flight) if progress.files_there else ReceiptFigures(),
        )

    def wait_until_concluded(self, flight: KnownFlight) -> None:
        """Return when the findings are written, however long it takes."""
        while True:
            said = self._patiently(lambda: self._api.flight(flight.id))
            if said.get("state") == "concluded":
                return
            self._pause(2 * _POLL_S)

    def findings(self, flight: KnownFlight) -> list[Mapping[str, object]]:
        """Return the features of the flight's findings."""
        return self._patiently(lambda: self._api.findings(flight.id))

    def _choose_flight(self) -> KnownFlight:
        flights = self._state.flights()
        chosen = None
        if not self._options.new_flight:
            chosen = choose_flight(flights, self._state.files(), self._card.files)
        if chosen is not None:
            self._check_same(chosen)
            self._screen.note(Message("goes_on", {"name": chosen.declared["name"]}))
            return chosen
        if flights and not self._options.new_flight:
            self._screen.note(Message("another_card"))
        now = datetime.now(UTC)
        return KnownFlight(id=uuid7(now), declared=self._declared(now))

    def _declared(self, now: datetime) -> dict[str, object]:
        declared: dict[str, object] = {
            "name": self._options.name or self._standard_name(now),
            "kind": self._options.kind,
        }
        if self._options.unit is not None:
            declared["unit"] = self._options.unit
        if self._options.details:
            declared["details"] = dict(self._options.details)
        return declared

    def _standard_name(self, now: datetime) -> str:
        root = self._options.paths[0].resolve()
        folder = root if root.is_dir() else root.parent
        day = f"{now.astimezone():%Y-%m-%d}"
        return f"{printable_text(folder.name)[: _LONGEST_NAME - 20]} {day}".strip()

    def _check_same(self, flight: KnownFlight) -> None:
        """See that options do not say something else than what the flight was declared with."""
        for option, given in (("name", self._options.name), ("unit", self._options.unit)):
            declared = flight.declared.get(option)
            if given is not None and given != declared:
                raise UploadStoppedError(
                    "declared_otherwise", option=f"--{option}", declared=declared or "-"
                )

    def _make_known(self, flight: KnownFlight) -> None:
        """Declare the flight unless the server has it.

        Asked for first, since another key of the same person may have declared it.
        """
        try:
            self._api.flight(flight.id)
        except RefusedError as error:
            if error.status != 404:
                raise
            self._api.declare(flight)

    def _send(self, files: Sequence[CardFile], flight: KnownFlight) -> dict[str, Message]:
        """Send files, those that change meanwhile once more later; return those given up."""
        shared = Sending(
            api=self._api,
            state=self._state,
            meter=self._meter,
            line=LineRecord(),
            halt=self._halt,
            senders=self._options.senders,
        )
        troubles, left = dict[str, Message](), list(files)
        for number in range(_PASSES):
            if number:
                self._pause(_PASS_PAUSE_S * number)
            # Files that have changed are hashed anew.
            before = {} if number else self._state.files()
            done = self._send_once(left, before, flight, shared)
            troubles |= done.troubles
            left = done.changed
            if not left:
                break
        for file in left:
            self._meter.gave_up(file.name)
            troubles[file.name] = Message("file_changes")
        return troubles

    def _send_once(
        self,
        files: Sequence[CardFile],
        before: Mapping[str, KnownFile],
        flight: KnownFlight,
        shared: Sending,
    ) -> PassResult:
        return _stopping(
            lambda: send_all(files, before, flight_id=flight.id, shared=shared, tick=self._tick)
        )

    def _complete(self, flight: KnownFlight, troubles: Mapping[str, Message]) -> dict[str, Message]:
        """Tell that all is there; return files that only the server misses."""
        missing = self._patiently(lambda: self._api.complete(flight.id, anyway=False))
        if missing:
            self._patiently(lambda: self._api.complete(flight.id, anyway=True))
        self._state.set_completed(flight.id, completed=True)
        return {name: Message("not_on_card") for name in missing if name not in troubles}

    def _await_answers(self, flight: KnownFlight) -> ReceiptFigures:
        """Return the receipt when each file has its answer, or none has come for long."""
        waiting, since_s, told = -1, time.monotonic(), False
        while True:
            files = self._patiently(lambda: self._api.flight(flight.id)).get("files")
            counts = files if isinstance(files, Mapping) else {}
            left = int(str(counts.get("received", 0)))
            if left != waiting:
                waiting, since_s = left, time.monotonic()
            if left == 0 or time.monotonic() - since_s > self._options.answers_s:
                break
            if not told:
                self._screen.note(Message("awaits_answers"))
                told = True
            self._pause(_POLL_S)
        return self._patiently(lambda: summarise_receipt(self._api.receipt(flight.id)))

    def _patiently(self, ask: Callable[[], Value], *, first: bool = False) -> Value:
        """Return an answer of the server, however long the line is down."""

        def try_on() -> Value:
            while True:
                try:
                    value = ask()
                except (LineDownError, ServerBusyError) as error:
                    if first and error.message.key == "no_such_host":
                        raise UploadStoppedError(
                            error.message.key, **error.message.facts
                        ) from error
                    self._tries.wait(error)
                else:
                    self._tries.worked()
                    return value

        return _stopping(lambda: run_beside(try_on, halt=self._halt, tick=self._tick))

    def _tick(self) -> None:
        self._screen.show(self._meter.read())

    def _pause(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._tick()
            self._halt.wait(0.2)


def _stopping(work: Callable[[], Value]) -> Value:
    """Return what `work` returns; what the server refuses there ends the upload."""
    try:
        return work()
    except RefusedError as error:
        raise UploadStoppedError("refused_all", **error.message.facts) from error
