"""Files hashed and announced while others are being sent already."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from service.file_hash import hash_file
from service.upload.card import CardFile
from service.upload.errors import HaltedError, LineDownError, Message, ServerBusyError
from service.upload.flight_api import ANNOUNCED_AT_ONCE, Announced, AnnouncedState
from service.upload.send_file import Sending
from service.upload.state import KnownFile
from service.upload.tries import Tries

# So far hashing runs ahead of sending: far enough that senders never wait, and not so far that
# a large file has left the system's memory of files again when it is sent.
_AHEAD_BYTES = 512 << 20
# A page goes out so long after its first file, full or not.
_PAGE_WAIT_S = 0.5
_LOOK_S = 0.2

Trouble = Callable[[str, Message], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A file that the server has not, hashed and announced."""

    file: CardFile
    known: KnownFile


class Ahead:
    """Counts the bytes that are hashed and not sent yet; waits where they are many."""

    def __init__(self, halt: threading.Event) -> None:
        self._halt = halt
        self._changed = threading.Condition()
        self._bytes = 0

    def wait_for_room(self) -> None:
        """Return as soon as hashing may go on.

        Raises:
            HaltedError: The upload is over.
        """
        with self._changed:
            while self._bytes >= _AHEAD_BYTES:
                self._changed.wait(_LOOK_S)
                if self._halt.is_set():
                    raise HaltedError

    def add(self, byte_count: int) -> None:
        """Note bytes that were hashed, or negative ones that need no more sending."""
        with self._changed:
            self._bytes += byte_count
            self._changed.notify_all()


def hash_files(
    files: Iterable[CardFile],
    before: Mapping[str, KnownFile],
    *,
    flight_id: str,
    shared: Sending,
    ahead: Ahead,
    trouble: Trouble,
    hashed: "queue.Queue[Ready | None]",
) -> None:
    """Put each file with its hash into the queue, and None behind the last.

    Args:
        files: To be sent.
        before: What earlier runs knew, by name: such files are not read again.
        flight_id: Where they go.
        shared: Of the upload.
        ahead: Slows this down.
        trouble: Is told of files that cannot be read.
        hashed: Where they go.

    Raises:
        HaltedError: The upload is over.
    """
    for file in files:
        if shared.halt.is_set():
            raise HaltedError
        known = before.get(file.name)
        if known is None or not known.is_same(file) or known.flight_id != flight_id:
            ahead.wait_for_room()
            known = _hash(file, flight_id, trouble)
            if known is None:
                continue
            shared.state.keep(known)
            shared.meter.expect(known.name, known.byte_count)
        ahead.add(known.byte_count)
        hashed.put(Ready(file=file, known=known))
    hashed.put(None)


def _hash(file: CardFile, flight_id: str, trouble: Trouble) -> KnownFile | None:
    try:
        # Before it is read: what changes later is then seen to have changed.
        modified_ns = file.path.stat().st_mtime_ns
        sha256, byte_count = hash_file(file.path)
    except OSError as error:
        trouble(file.name, Message("file_unreadable", {"detail": error.strerror or str(error)}))
        return None
    return KnownFile(
        name=file.name,
        byte_count=byte_count,
        modified_ns=modified_ns,
        sha256=sha256,
        flight_id=flight_id,
    )


def announce_files(
    hashed: "queue.Queue[Ready | None]",
    ready: "queue.Queue[Ready | None]",
    *,
    shared: Sending,
    ahead: Ahead,
    trouble: Trouble,
) -> None:
    """Tell the server of hashed files, page by page, and pass on those that it has not.

    Behind the last one comes a None for each sender.

    Raises:
        HaltedError: The upload is over.
        UploadStoppedError: The server takes nothing.
    """
    tries = Tries(shared.meter, shared.halt)
    ended = False
    while not ended:
        page, ended = _next_page(hashed, shared.halt)
        if page:
            said = _announce(page, shared, tries)
            _pass_on(page, said, ready, shared=shared, ahead=ahead, trouble=trouble)
    for _ in range(shared.senders):
        ready.put(None)


def _next_page(
    hashed: "queue.Queue[Ready | None]", halt: threading.Event
) -> tuple[list[Ready], bool]:
    """Return the files of the next page and whether the last file is behind us."""
    page, until_s = list[Ready](), 0.0
    while len(page) < ANNOUNCED_AT_ONCE:
        left_s = until_s - time.monotonic() if page else _LOOK_S
        try:
            item = hashed.get(timeout=max(0.0, left_s))
        except queue.Empty:
            if halt.is_set():
                raise HaltedError from None
            if page:
                break
            continue
        if item is None:
            return page, True
        if not page:
            until_s = time.monotonic() + _PAGE_WAIT_S
        page.append(item)
    return page, False


def _announce(page: list[Ready], shared: Sending, tries: Tries) -> Mapping[str, Announced]:
    while True:
        try:
            said = shared.api.announce(page[0].known.flight_id, [item.known for item in page])
        except (LineDownError, ServerBusyError) as error:
            tries.wait(error)
        else:
            tries.worked()
            return said


def _pass_on(
    page: list[Ready],
    said: Mapping[str, Announced],
    ready: "queue.Queue[Ready | None]",
    *,
    shared: Sending,
    ahead: Ahead,
    trouble: Trouble,
) -> None:
    there = list[KnownFile]()
    for item in page:
        answer = said[item.known.name]
        if answer.state is AnnouncedState.MISSING:
            ready.put(item)
            continue
        ahead.add(-item.known.byte_count)
        if answer.state is AnnouncedState.ARRIVED:
            there.append(item.known)
            shared.meter.arrived(item.known.name)
        else:
            key = "name_taken" if answer.code == "conflict" else "refused"
            trouble(item.known.name, Message(key, {"detail": answer.problem or ""}))
    if there:
        shared.state.keep_arrived(there)
