"""One file on its way: tried until the server has it, or until it is sure that it will not."""

import threading
from dataclasses import dataclass, field, replace

from service.upload.card import CardFile
from service.upload.errors import (
    PATIENT_STATUSES,
    FileChangedError,
    LineDownError,
    Message,
    RefusedError,
    ServerBusyError,
)
from service.upload.file_body import FileBody
from service.upload.flight_api import AnnouncedState, FlightApi
from service.upload.line_record import (
    SMALLEST_PIECE,
    LineRecord,
    goes_in_pieces,
    next_piece_bytes,
)
from service.upload.meter import Meter
from service.upload.state import KnownFile, UploadState
from service.upload.tries import Tries

# A server that fails on one file again and again must not hold up the others.
_MOST_SERVER_FAILURES = 8
_MOST_STARTS = 4
_GONE = frozenset({404, 410, 460})  # an upload in pieces that ended, one way or another
_DAMAGED = frozenset({("digest_mismatch", 422), ("incomplete", 400)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What all senders of an upload share."""

    api: FlightApi
    state: UploadState
    meter: Meter
    line: LineRecord
    halt: threading.Event
    senders: int


@dataclass(slots=True)
class _Attempts:
    """What has happened to one file."""

    cuts: int = 0
    server_failures: int = 0
    starts: int = 0
    damaged: int = 0
    put_too_large: bool = False
    piece_bytes: int | None = None
    sent: int = 0  # in the last request
    before: int = 0  # offset of the last request in pieces
    unsure: bool = False  # the server may have it though no answer came
    url: str | None = field(default=None)


class FileSender:
    """Sends one file after the other over the connection that all share."""

    def __init__(self, shared: Sending) -> None:
        self._shared = shared
        self._tries = Tries(shared.meter, shared.halt)

    def send(self, file: CardFile, known: KnownFile) -> Message | None:
        """Send a file; return None when the server has it, or why it never will.

        Raises:
            FileChangedError: It is not what was hashed.
            HaltedError: The upload was ended.
            UploadStoppedError: Nothing at all goes on.
        """
        attempts = _Attempts(url=known.upload_url)
        try:
            while True:
                try:
                    trouble = self._attempt(file, known, attempts)
                except LineDownError as error:
                    self._note_cut(attempts)
                    self._tries.wait(error)
                except ServerBusyError as error:
                    if self._is_hopeless(error, attempts):
                        return error.message
                    self._tries.wait(error)
                else:
                    self._tries.worked()
                    if trouble is None:
                        self._shared.state.keep_arrived([known])
                    return trouble
        except OSError as error:
            return Message("file_unreadable", {"detail": error.strerror or str(error)})
        finally:
            self._shared.meter.waits(self._tries, None)

    def _attempt(self, file: CardFile, known: KnownFile, attempts: _Attempts) -> Message | None:
        """Try once, from what the server has.

        Raises:
            LineDownError: It was cut.
            ServerBusyError: To be tried later.
        """
        while True:
            if attempts.unsure:
                said = self._shared.api.announce(known.flight_id, [known])[known.name]
                attempts.unsure = False
                if said.state is not AnnouncedState.MISSING:
                    return _trouble_of(said.problem)
            try:
                if self._in_pieces(file, attempts):
                    self._send_pieces(file, known, attempts)
                else:
                    self._send_whole(file, known, attempts)
            except RefusedError as error:
                trouble = self._after_refusal(error, known, attempts)
                if trouble is not None:
                    return trouble
                continue
            return None

    def _in_pieces(self, file: CardFile, attempts: _Attempts) -> bool:
        if attempts.url is not None or attempts.put_too_large:
            return True
        return goes_in_pieces(
            file.byte_count,
            cuts=attempts.cuts,
            senders=self._shared.senders,
            run_bytes=self._shared.line.run_bytes(),
            bulky=file.bulky,
        )

    def _send_whole(self, file: CardFile, known: KnownFile, attempts: _Attempts) -> None:
        attempts.sent = 0
        self._shared.meter.is_at(known.name, 0)
        with FileBody(file.path, known) as body:
            pieces = body.pieces(
                0,
                known.byte_count,
                note_sent=lambda count: self._note_sent(known, attempts, count),
                halted=self._shared.halt.is_set,
            )
            self._shared.api.put_file(known.flight_id, known, pieces)

    def _send_pieces(self, file: CardFile, known: KnownFile, attempts: _Attempts) -> None:
        with FileBody(file.path, known) as body:
            if attempts.url is None:
                attempts.url = self._shared.api.create_upload(known.flight_id, known)
                self._shared.state.keep(replace(known, upload_url=attempts.url))
                offset = 0
            else:
                offset = self._shared.api.upload_offset(attempts.url)
                self._note_offset(offset, attempts)
            self._shared.meter.is_at(known.name, offset)
            while offset < known.byte_count:
                left = known.byte_count - offset
                count = min(left, attempts.piece_bytes or left)
                attempts.before, attempts.sent = offset, 0
                pieces = body.pieces(
                    offset,
                    count,
                    note_sent=lambda count: self._note_sent(known, attempts, count),
                    halted=self._shared.halt.is_set,
                )
                offset = self._shared.api.patch_upload(attempts.url, offset, count, pieces)
                attempts.sent = 0
                self._shared.meter.is_at(known.name, offset)
                self._tries.worked()

    def _note_sent(self, known: KnownFile, attempts: _Attempts, count: int) -> None:
        attempts.sent += count
        attempts.unsure = attempts.url is None and attempts.sent >= known.byte_count
        self._shared.line.sent(count)
        self._shared.meter.sent(known.name, count)

    def _note_offset(self, offset: int, attempts: _Attempts) -> None:
        """Learn from what the server kept of the request before."""
        if offset > attempts.before:
            self._tries.worked()
        if attempts.sent:
            attempts.piece_bytes = next_piece_bytes(
                attempts.piece_bytes, sent=attempts.sent, kept=offset - attempts.before
            )
        attempts.before, attempts.sent = offset, 0

    def _note_cut(self, attempts: _Attempts) -> None:
        if attempts.sent:
            attempts.cuts += 1
            self._shared.line.cut()

    def _is_hopeless(self, error: ServerBusyError, attempts: _Attempts) -> bool:
        if error.status in PATIENT_STATUSES:
            return False
        attempts.server_failures += 1
        return attempts.server_failures >= _MOST_SERVER_FAILURES

    def _after_refusal(
        self, error: RefusedError, known: KnownFile, attempts: _Attempts
    ) -> Message | None:
        """Return why a file is given up; None where another way may work.

        Raises:
            FileChangedError: It was damaged on the way or on the disk: it is hashed once more.
        """
        if error.code == "already_arrived":
            attempts.unsure = True
        elif (error.code, error.status) in _DAMAGED or error.status == 460:
            self._forget_upload(known, attempts)
            raise FileChangedError from error
        elif error.status == 413 and not error.code and self._make_smaller(known, attempts):
            pass  # it was a proxy on the way that found it too large
        elif attempts.url is not None and error.status in _GONE:
            # Finished before its answer was lost, or expired: the flight's files tell which.
            self._forget_upload(known, attempts)
            attempts.unsure = True
        elif not (attempts.url is not None and error.status == 409):
            return error.message
        attempts.starts += 1
        return error.message if attempts.starts > _MOST_STARTS else None

    def _make_smaller(self, known: KnownFile, attempts: _Attempts) -> bool:
        if attempts.url is None:
            attempts.put_too_large = True
            attempts.piece_bytes = max(SMALLEST_PIECE, min(known.byte_count // 2, 16 << 20))
            return True
        piece = attempts.piece_bytes or known.byte_count
        attempts.piece_bytes = max(SMALLEST_PIECE, piece // 4)
        return piece > SMALLEST_PIECE

    def _forget_upload(self, known: KnownFile, attempts: _Attempts) -> None:
        attempts.url = None
        attempts.before = attempts.sent = 0
        self._shared.state.keep(replace(known, upload_url=None))


def _trouble_of(problem: str | None) -> Message | None:
    return None if problem is None else Message("refused", {"detail": problem})
