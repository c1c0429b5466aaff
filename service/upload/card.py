"""What of a card is to be sent, told by each file's first bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.reading.content_type import HEAD_BYTES
from inference.receipt import Reason, ReasonCode
from service.inspecting.found_files import FoundFile
from service.inspecting.video_pairs import SMALL_COPY_SUFFIXES
from service.receiving.errors import UnsafeNameError
from service.receiving.file_names import safe_name
from service.receiving.kinds import FileKind, find_kind, reason_to_refuse

# Nothing is lost with these, and they may be large. Photos that are lost (empty, or zeros in place
# of a picture) are sent: the city's receipt must tell them.
_NOT_WORTH_SENDING = frozenset(
    {
        ReasonCode.NOT_A_PHOTO,
        ReasonCode.UNSUPPORTED_FORMAT,
        ReasonCode.ARCHIVE_NOT_SUPPORTED,
        ReasonCode.NO_TELEMETRY,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFile:
    """A file that is to be sent.

    Attributes:
        name: On the server.
        bulky: It is a video or an archive.
    """

    path: Path
    name: str
    byte_count: int
    modified_ns: int
    bulky: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that is not sent, and why."""

    name: str
    reason: Reason

    @property
    def matters(self) -> bool:
        """Whether somebody should do something about it: it may be a photo."""
        return self.reason.code not in _NOT_WORTH_SENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All files under the folders given: each is in one of the two, in the order of names."""

    files: tuple[CardFile, ...]
    left_out: tuple[LeftOut, ...]


def read_card(found: Sequence[FoundFile], *, send_all: bool = False) -> Card:
    """Look at each file's size and first bytes.

    Args:
        found: As `find_files` returns them.
        send_all: Send also what the server will surely refuse, such as logs.
    """
    files, left_out = dict[str, CardFile](), list[LeftOut]()
    for file in found:
        looked_at = _look_at(file, send_all=send_all)
        if isinstance(looked_at, CardFile) and looked_at.name in files:
            looked_at = LeftOut(name=file.name, reason=Reason(code=ReasonCode.DUPLICATE_NAME))
        if isinstance(looked_at, LeftOut):
            left_out.append(looked_at)
        else:
            files[looked_at.name] = looked_at
    return Card(files=tuple(files.values()), left_out=tuple(left_out))


def _look_at(found: FoundFile, *, send_all: bool) -> CardFile | LeftOut:
    if found.problem is not None:
        return LeftOut(name=found.name, reason=found.problem)
    try:
        name = safe_name(found.name)
        with found.path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        status = found.path.stat()
    except UnsafeNameError as error:
        reason = Reason(code=ReasonCode.UNSAFE_NAME, detail=str(error))
        return LeftOut(name=found.name, reason=reason)
    except OSError as error:
        reason = Reason(code=ReasonCode.UNREADABLE_FILE, detail=error.strerror)
        return LeftOut(name=found.name, reason=reason)
    known = find_kind(head)
    refusal = None if send_all else _reason_to_keep(found, known.kind, head)
    if refusal is not None:
        return LeftOut(name=found.name, reason=refusal)
    return CardFile(
        path=found.path,
        name=name,
        byte_count=status.st_size,
        modified_ns=status.st_mtime_ns,
        bulky=known.kind in (FileKind.VIDEO, FileKind.ZIP),
    )


def _reason_to_keep(found: FoundFile, kind: FileKind, head: bytes) -> Reason | None:
    """Return why a file is not worth the line; None where it is."""
    if kind is FileKind.VIDEO:
        if found.path.suffix.lower() in SMALL_COPY_SUFFIXES:
            return Reason(code=ReasonCode.NOT_A_PHOTO, detail="the camera's own small copy")
        if found.partner is None:
            return Reason(
                code=ReasonCode.NO_TELEMETRY, detail=f"no {found.path.stem}.SRT beside it"
            )
    reason = reason_to_refuse(find_kind(head), name=found.name, head=head)
    return reason if reason is not None and reason.code in _NOT_WORTH_SENDING else None
