"""Copies of far bytes on this machine, within a bound."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from service.blobs.disk import sweep_old_files, write_folder
from service.blobs.errors import DiskFullError

KEPT = "kept"
IN_USE = "in-use"


class BlobCache:
    """A folder with the copies that were used last; several processes may share it.

    Who uses a copy holds a name of his own for it (a hard link), so that nobody takes it away:
    dropping a copy only removes the name by which others would find it.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        """Keep copies below this folder, which need not exist.

        Args:
            folder: For the copies alone, on one disk.
            max_bytes: Of the copies that nobody uses.
        """
        self._kept = folder.absolute() / KEPT
        self._in_use = folder.absolute() / IN_USE
        self._max_bytes = max_bytes

    @contextmanager
    def lend(self, sha256: str, download: Callable[[Path], None]) -> Iterator[Path]:
        """Lend a copy within the `with` block.

        Args:
            sha256: Of the bytes.
            download: Writes the bytes to a new file, to the disk itself, or raises.
        """
        write_folder(self._kept)
        write_folder(self._in_use)
        mine, kept = self._in_use / uuid.uuid4().hex, self._kept / sha256
        try:
            try:
                os.link(kept, mine)
                os.utime(mine)  # the copy used longest ago goes first
            except FileNotFoundError:
                self._fetch(mine, kept, download)
            yield mine
        finally:
            mine.unlink(missing_ok=True)

    def drop(self, sha256: str) -> None:
        """Forget a copy; who uses it keeps it until he is done."""
        (self._kept / sha256).unlink(missing_ok=True)

    def sweep(self, *, now: datetime, max_age: timedelta) -> int:
        """Remove what killed processes held so long ago; return how many files."""
        return sweep_old_files(self._in_use, pattern="*", now=now, max_age=max_age)

    def _fetch(self, mine: Path, kept: Path, download: Callable[[Path], None]) -> None:
        try:
            download(mine)
        except DiskFullError:
            self._shrink(0)  # room for the next try
            raise
        try:
            os.link(mine, kept)
        except FileExistsError:  # another process was faster
            return
        self._shrink(self._max_bytes)

    def _shrink(self, max_bytes: int) -> None:
        copies = []
        for path in self._kept.iterdir():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            copies.append((status.st_mtime_ns, path, status.st_size))
        total = sum(size for _, _, size in copies)
        for _, path, size in sorted(copies):
            if total <= max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size
