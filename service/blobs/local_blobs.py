"""Bytes kept in a folder of this machine."""

import errno
import hashlib
import os
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from service.blobs.blob_store import (
    CHUNK_BYTES,
    ListedBytes,
    blob_key,
    checked_pieces,
    clip_range,
    hash_of_key,
    read_pieces,
)
from service.blobs.disk import (
    sweep_old_files,
    telling_full_disk,
    write_contents,
    write_folder,
    write_folder_names,
)
from service.blobs.errors import BlobNotFoundError, BlobsUnavailableError, DiskFullError

WRITING = "writing"  # below the root; no two hexadecimal digits, so no folder of bytes


class LocalBlobs:
    """A folder with bytes as `ab/abcdef…`, readable by the service's user alone.

    A name appears by a rename of a file that is on the disk already: what has a name is whole.
    """

    def __init__(self, root: Path) -> None:
        """Keep bytes below this folder, which need not exist."""
        self._root = root.absolute()
        self._writing = self._root / WRITING

    def put_file(self, path: Path, *, sha256: str, move: bool = False) -> None:
        """Keep the bytes of a file; see BlobStore."""
        target = self._path(sha256)
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ValueError(f"not a regular file: {path}")
        if not target.is_file() and not (move and self._moved(path, target)):
            self._write(read_pieces(path), target, sha256=sha256)
        if move:
            path.unlink(missing_ok=True)
        # Also where it was there: whoever put it may be dead before this step.
        write_folder_names(target.parent)

    def put_bytes(self, data: bytes) -> str:
        """Keep bytes and return their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        target = self._path(sha256)
        if not target.is_file():
            self._write([data], target, sha256=sha256)
        write_folder_names(target.parent)
        return sha256

    def size(self, sha256: str) -> int | None:
        """Return how many bytes are kept under this SHA-256, or None where none are."""
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def exists(self, sha256: str) -> bool:
        """Tell whether bytes are kept under this SHA-256."""
        return self.size(sha256) is not None

    def stream(self, sha256: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return kept bytes piece by piece; see BlobStore."""
        file = self._open(sha256)
        try:
            start, end = clip_range(start, end, size=os.fstat(file.fileno()).st_size)
        except ValueError:
            file.close()
            raise
        return _pieces(file, start, end)

    def read(self, sha256: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return kept bytes at once."""
        return b"".join(self.stream(sha256, start=start, end=end))

    def delete(self, sha256: str) -> None:
        """Remove bytes; those that are not there are no error."""
        path = self._path(sha256)
        try:
            path.unlink()
        except FileNotFoundError:
            return
        write_folder_names(path.parent)

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """Lend the file itself."""
        if not self.exists(sha256):
            raise BlobNotFoundError(f"no bytes are kept under {sha256}")
        yield self._path(sha256)

    def check(self) -> None:
        """Find out whether the folder can be written to."""
        try:
            write_folder(self._writing)
            probe = self._writing / uuid.uuid4().hex
            probe.touch(mode=0o600)
            probe.unlink()
        except (OSError, DiskFullError) as error:
            raise BlobsUnavailableError(f"{self._root}: {error}") from error

    def list_all(self) -> Iterator[ListedBytes]:
        """Return all that is kept; see BlobStore."""
        for path in self._root.glob("[0-9a-f][0-9a-f]/*"):
            sha256 = hash_of_key(f"{path.parent.name}/{path.name}")
            try:
                status = path.lstat()
            except FileNotFoundError:  # removed meanwhile
                continue
            if sha256 is not None and stat.S_ISREG(status.st_mode):
                changed_at = datetime.fromtimestamp(status.st_mtime, tz=UTC)
                yield ListedBytes(sha256=sha256, byte_count=status.st_size, changed_at=changed_at)

    def sweep(self, *, now: datetime, max_age: timedelta) -> int:
        """Remove what killed processes left half written so long ago; return how many files."""
        return sweep_old_files(self._writing, pattern="*", now=now, max_age=max_age)

    def _path(self, sha256: str) -> Path:
        return self._root / blob_key(sha256)

    def _open(self, sha256: str) -> BinaryIO:
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise BlobNotFoundError(f"no bytes are kept under {sha256}") from error

    def _moved(self, path: Path, target: Path) -> bool:
        """Give a file its final name; False where it lies on another disk."""
        write_contents(path)
        write_folder(target.parent)
        try:
            with telling_full_disk(self._root):
                path.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return False
        return True

    def _write(self, pieces: Iterable[bytes], target: Path, *, sha256: str) -> None:
        write_folder(self._writing)
        write_folder(target.parent)
        part = self._writing / uuid.uuid4().hex
        try:
            with telling_full_disk(self._root):
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.writelines(checked_pieces(pieces, sha256=sha256))
                    file.flush()
                    os.fsync(file.fileno())
                part.rename(target)
        finally:
            part.unlink(missing_ok=True)


def _pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left > 0 and (piece := file.read(min(CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece
