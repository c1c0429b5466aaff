"""Bytes kept under their own SHA-256: what every place to keep them can do."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from service.blobs.errors import BlobDamagedError

CHUNK_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBytes:
    """Bytes as a listing of the place shows them.

    Attributes:
        changed_at: When they were written; of a moved file, before it was moved. Aware.
    """

    sha256: str
    byte_count: int
    changed_at: datetime


class BlobStore(Protocol):
    """Keeps bytes under their SHA-256. Bytes are there whole or not at all.

    Every method may be called again after a crash, and from several processes at once. All but
    `local_path` of a file that is here raise BlobsUnavailableError where the place cannot be
    reached.
    """

    def put_file(self, path: Path, *, sha256: str, move: bool = False) -> None:
        """Keep the bytes of a file; on return they survive a power cut.

        Args:
            path: A regular file; a link is not followed.
            sha256: Of its bytes.
            move: The file was hashed by the caller and is not needed under its path any more. It
                may be taken as it is, without reading it again, and is gone on return.

        Raises:
            BlobDamagedError: Its bytes have another SHA-256.
            DiskFullError: There is no room.
        """

    def put_bytes(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256.

        Raises:
            DiskFullError: There is no room.
        """

    def size(self, sha256: str) -> int | None:
        """Return how many bytes are kept under this SHA-256, or None where none are."""

    def exists(self, sha256: str) -> bool:
        """Tell whether bytes are kept under this SHA-256."""

    def stream(self, sha256: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return kept bytes, from `start` up to and without `end`, piece by piece.

        What lies past their end is left out.

        Raises:
            BlobNotFoundError: None are kept; raised at once, not by the first piece.
            ValueError: The range is none.
        """

    def read(self, sha256: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return kept bytes at once, else as `stream`."""

    def delete(self, sha256: str) -> None:
        """Remove bytes; those that are not there are no error."""

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """Lend the bytes as a file on this machine, to be read only within the `with` block.

        Raises:
            BlobNotFoundError: None are kept.
            BlobDamagedError: What arrived from far has another SHA-256.
            DiskFullError: There is no room for a copy.
        """

    def check(self) -> None:
        """Find out whether bytes can be reached, for a readiness check.

        Raises:
            BlobsUnavailableError: They cannot; the message says why.
        """

    def list_all(self) -> Iterator[ListedBytes]:
        """Return all that is kept, in no order; what has no SHA-256 for its name is left out."""

    def sweep(self, *, now: datetime, max_age: timedelta) -> int:
        """Remove what killed processes left half written so long ago; return how many files."""


def blob_key(sha256: str) -> str:
    """Return where bytes lie below the root, such as `ab/abcdef…`.

    Raises:
        ValueError: That is no SHA-256 in lower-case hexadecimal digits.
    """
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"no SHA-256: {sha256[:80]!r}")
    return f"{sha256[:2]}/{sha256}"


def hash_of_key(key: str) -> str | None:
    """Return the SHA-256 whose bytes lie at this place, or None where it is no place of ours."""
    folder, _, name = key.rpartition("/")
    fits = _SHA256.fullmatch(name) is not None and folder.rpartition("/")[2] == name[:2]
    return name if fits else None


def clip_range(start: int, end: int | None, *, size: int) -> tuple[int, int]:
    """Return the part of a range that lies within so many bytes.

    Raises:
        ValueError: The range begins before the first byte, or ends before it begins.
    """
    if start < 0 or (end is not None and end < start):
        raise ValueError(f"no range of bytes: {start} to {end}")
    stop = size if end is None else min(end, size)
    return min(start, stop), stop


def checked_pieces(pieces: Iterable[bytes], *, sha256: str) -> Iterator[bytes]:
    """Pass pieces on; the end comes only where all of them together have this SHA-256.

    Raises:
        BlobDamagedError: They have another, in place of the end.
    """
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != sha256:
        raise BlobDamagedError(f"SHA-256 is {digest.hexdigest()} in place of {sha256}")


def read_pieces(path: Path) -> Iterator[bytes]:
    """Return the bytes of a file piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece
