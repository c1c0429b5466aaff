"""All files of a card sent: hashed, announced and sent at the same time, in several threads."""

import queue
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from service.upload.card import CardFile
from service.upload.errors import FileChangedError, HaltedError, Message
from service.upload.prepare import Ahead, Ready, announce_files, hash_files
from service.upload.send_file import FileSender, Sending
from service.upload.state import KnownFile
from service.upload.threads import run_together

_LOOK_S = 0.2


@dataclass(slots=True)
class PassResult:
    """What one pass over the files left.

    Attributes:
        troubles: By name, why a file is not on the server and will not be.
        changed: Files that were changed meanwhile.
    """

    troubles: dict[str, Message] = field(default_factory=dict)
    changed: list[CardFile] = field(default_factory=list)


def send_all(
    files: Sequence[CardFile],
    before: Mapping[str, KnownFile],
    *,
    flight_id: str,
    shared: Sending,
    tick: Callable[[], None],
) -> PassResult:
    """Send the files that the server has not.

    Args:
        files: Of the card.
        before: What earlier runs knew of them, by name.
        flight_id: Where they go.
        shared: Of the upload; its `halt` is set where this raises.
        tick: Called several times a second in this thread.

    Raises:
        UploadStoppedError: Nothing goes on.
        KeyboardInterrupt: The person has had enough.
    """
    result = PassResult()
    hashed: queue.Queue[Ready | None] = queue.Queue()
    ready: queue.Queue[Ready | None] = queue.Queue()
    ahead = Ahead(shared.halt)

    def trouble(name: str, message: Message) -> None:
        shared.meter.gave_up(name)
        result.troubles[name] = message

    works: list[Callable[[], None]] = [
        lambda: hash_files(
            files,
            before,
            flight_id=flight_id,
            shared=shared,
            ahead=ahead,
            trouble=trouble,
            hashed=hashed,
        ),
        lambda: announce_files(hashed, ready, shared=shared, ahead=ahead, trouble=trouble),
    ]
    works += [
        lambda: _send_ready(ready, shared=shared, ahead=ahead, trouble=trouble, result=result)
    ] * shared.senders
    run_together(works, halt=shared.halt, tick=tick)
    return result


def _send_ready(
    ready: "queue.Queue[Ready | None]",
    *,
    shared: Sending,
    ahead: Ahead,
    trouble: Callable[[str, Message], None],
    result: PassResult,
) -> None:
    sender = FileSender(shared)
    while True:
        try:
            item = ready.get(timeout=_LOOK_S)
        except queue.Empty:
            if shared.halt.is_set():
                raise HaltedError from None
            continue
        if item is None:
            return
        try:
            message = sender.send(item.file, item.known)
        except FileChangedError:
            shared.meter.is_at(item.known.name, 0)
            result.changed.append(item.file)
        else:
            if message is None:
                shared.meter.arrived(item.known.name)
            else:
                trouble(item.known.name, message)
        ahead.add(-item.known.byte_count)
