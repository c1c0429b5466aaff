"""A file on its way in: under a name of ours, hashed while it is written."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from inference.reading.content_type import HEAD_BYTES
from service.blobs.disk import sweep_old_files, telling_full_disk, write_folder
from service.blobs.errors import DiskFullError

PART_SUFFIX = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedFile:
    """A file that has arrived whole and lies in `incoming/`, to be moved into the blobs.

    Attributes:
        path: Where it lies, not yet surely on the disk: `put_file` sees to that.
        head: Its first HEAD_BYTES bytes, which tell its kind.
        digests: Others that were asked for, by hashlib's name.
    """

    path: Path
    sha256: str
    byte_count: int
    head: bytes
    digests: Mapping[str, bytes]


class PartFile:
    """A file that is being written. It is removed unless `finish` was reached.

    Writes may happen in another thread: `discard` waits for one that goes on, and one that comes
    after it does nothing.
    """

    def __init__(self, folder: Path, *, algorithms: Iterable[str] = ()) -> None:
        """Make an empty file.

        Args:
            folder: Where; need not exist.
            algorithms: Of hashlib, beside SHA-256.

        Raises:
            DiskFullError: There is no room.
        """
        write_folder(folder)
        self.path = folder / f"{uuid.uuid4().hex}{PART_SUFFIX}"
        self.byte_count = 0
        self.head = b""
        self._hashes = {name: hashlib.new(name) for name in {"sha256", *algorithms}}
        self._lock = Lock()
        with telling_full_disk(folder):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            DiskFullError: There is no room.
        """
        with self._lock, telling_full_disk(self.path.parent):
            if self._file.closed:
                return
            for digest in self._hashes.values():
                digest.update(data)
            if len(self.head) < HEAD_BYTES:
                self.head += data[: HEAD_BYTES - len(self.head)]
            self.byte_count += len(data)
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]

    def finish(self) -> ArrivedFile:
        """Close the file and return it; it stays."""
        with self._lock, telling_full_disk(self.path.parent):
            self._file.close()
        digests = {name: digest.digest() for name, digest in self._hashes.items()}
        return ArrivedFile(
            path=self.path,
            sha256=digests["sha256"].hex(),
            byte_count=self.byte_count,
            head=self.head,
            digests=digests,
        )

    def discard(self) -> None:
        """Close and remove the file."""
        with self._lock:
            self._file.close()
            self.path.unlink(missing_ok=True)


def check_room(folder: Path, *, byte_count: int, reserve_bytes: int) -> None:
    """Find out whether so many bytes fit, with a reserve left for the store.

    Raises:
        DiskFullError: They don't.
    """
    write_folder(folder)
    free = shutil.disk_usage(folder).free
    if free - byte_count < reserve_bytes:
        raise DiskFullError(f"{byte_count} bytes do not fit into {folder}: {free} are free")


def sweep_parts(folder: Path, *, now: datetime, max_age: timedelta) -> int:
    """Remove parts that nobody has written to for so long; return how many."""
    return sweep_old_files(folder, pattern=f"*{PART_SUFFIX}", now=now, max_age=max_age)
