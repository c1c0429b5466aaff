"""The ZIP of an SD card, taken apart file by file in constant memory.

Nothing is ever written under a name of the archive: files lie in `incoming/` under names of ours
until they are moved into the blobs, and their own names are only labels.
"""

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from inference.errors import PhotoRejectedError, rejected
from inference.reading.content_type import HEAD_BYTES, ContentType, detect_content_type
from inference.receipt import Reason, ReasonCode
from service.receiving.incoming import STANDARD_RESERVE_BYTES
from service.receiving.part_file import ArrivedFile, PartFile, check_room
from service.receiving.unpack_plan import (
    STANDARD_LIMITS,
    STORED,
    ArchiveLimits,
    PlannedEntry,
    plan_unpacking,
)
from service.receiving.zip_directory import ZipEntry, read_directory

PACKED_PIECE_BYTES = 256 << 10
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAnswer:
    """What became of one file of an archive: it is there, or there is a reason.

    Attributes:
        name: A relative path that is safe and that no other file of the archive has.
        byte_count: As the archive says.
        arrived: The file; None where there is a reason.
    """

    name: str
    byte_count: int
    arrived: ArrivedFile | None = None
    reason: Reason | None = None


def read_plan(path: Path, *, limits: ArchiveLimits = STANDARD_LIMITS) -> list[PlannedEntry]:
    """Return every file of an archive with what will become of it; nothing is unpacked.

    Raises:
        PhotoRejectedError: It is no whole ZIP file, or has too many files; its receipt says why.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return _plan(file, path.stat().st_size, limits)


def unpack_archive(
    path: Path,
    folder: Path,
    *,
    is_done: Callable[[str], bool] = lambda _: False,
    limits: ArchiveLimits = STANDARD_LIMITS,
    reserve_bytes: int = STANDARD_RESERVE_BYTES,
) -> Iterator[EntryAnswer]:
    """Yield an answer for every file of an archive, in its order.

    A file lies in the folder until the next answer is asked for: move it into the blobs before.

    Args:
        path: The archive.
        folder: `incoming/`; need not exist.
        is_done: Tells by its name whether a file was answered before; it is passed over then.
        limits: Bounds.
        reserve_bytes: Room that must stay free on the disk.

    Raises:
        PhotoRejectedError: It is no whole ZIP file, or has too many files; its receipt says why.
        DiskFullError: There is no room for the next file; the same call goes on from there.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        for planned in _plan(file, path.stat().st_size, limits):
            if is_done(planned.name):
                continue
            if planned.refusal is not None:
                yield _answer(planned, reason=planned.refusal)
                continue
            check_room(folder, byte_count=planned.entry.byte_count, reserve_bytes=reserve_bytes)
            try:
                arrived = _unpack(file, planned.entry, folder)
            except PhotoRejectedError as error:
                yield _answer(planned, reason=error.reason)
                continue
            try:
                yield _answer(planned, arrived=arrived)
            finally:
                arrived.path.unlink(missing_ok=True)


def _plan(file: BinaryIO, archive_bytes: int, limits: ArchiveLimits) -> list[PlannedEntry]:
    entries = read_directory(
        file, max_entries=limits.max_entries, max_directory_bytes=limits.max_directory_bytes
    )
    return plan_unpacking(entries, archive_bytes=archive_bytes, limits=limits)


def _answer(
    planned: PlannedEntry, *, arrived: ArrivedFile | None = None, reason: Reason | None = None
) -> EntryAnswer:
    return EntryAnswer(
        name=planned.name, byte_count=planned.entry.byte_count, arrived=arrived, reason=reason
    )


def _unpack(file: BinaryIO, entry: ZipEntry, folder: Path) -> ArrivedFile:
    """Write one entry to a file of its own.

    Raises:
        PhotoRejectedError: It is not what the archive says, or an archive itself.
    """
    part, arrived = PartFile(folder), None
    try:
        with closing(_read_pieces(file, entry)) as pieces:
            for piece in pieces:
                knew_head = len(part.head) == HEAD_BYTES
                part.write(piece)
                if not knew_head and len(part.head) == HEAD_BYTES:
                    _refuse_archive(part.head)
        _refuse_archive(part.head)
        arrived = part.finish()
    finally:
        if arrived is None:
            part.discard()
    return arrived


def _refuse_archive(head: bytes) -> None:
    if detect_content_type(head) is ContentType.ARCHIVE:
        raise rejected(ReasonCode.ARCHIVE_NESTED)


def _read_pieces(file: BinaryIO, entry: ZipEntry) -> Generator[bytes, None, None]:
    """Yield the unpacked bytes of an entry; the end comes only where they are as announced."""
    unpacked = _read_packed(file, entry)
    if entry.method != STORED:
        unpacked = _inflate(unpacked)
    checksum, count = 0, 0
    for piece in unpacked:
        checksum, count = zlib.crc32(piece, checksum), count + len(piece)
        if count > entry.byte_count:
            raise _damaged(f"more than the {entry.byte_count} bytes that it says")
        yield piece
    if count < entry.byte_count:
        raise _damaged(f"{count} bytes in place of {entry.byte_count}")
    if checksum != entry.crc32:
        raise _damaged("its checksum is wrong")


def _read_packed(file: BinaryIO, entry: ZipEntry) -> Iterator[bytes]:
    position, end = entry.data_offset, entry.end_offset
    while position < end:
        # Somebody else may have moved on in the file between two pieces.
        file.seek(position)
        piece = file.read(min(PACKED_PIECE_BYTES, end - position))
        if not piece:
            raise _damaged("the archive ends before it")
        position += len(piece)
        yield piece


def _inflate(packed: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in packed:
        left = piece
        while True:
            try:
                unpacked = inflater.decompress(left, PIECE_BYTES)
            except zlib.error as error:
                raise _damaged("it cannot be unpacked") from error
            left = inflater.unconsumed_tail
            yield unpacked
            if not left and len(unpacked) < PIECE_BYTES:
                break
        if inflater.unused_data:
            raise _damaged("there are bytes behind its end")
    if not inflater.eof:
        raise _damaged("its end is missing")


def _damaged(detail: str) -> PhotoRejectedError:
    return rejected(ReasonCode.ARCHIVE_ENTRY_DAMAGED, detail)
