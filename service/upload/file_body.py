"""The bytes of a file as they are sent: watched, so that a file that changes is never sent half."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from service.upload.errors import FileChangedError, HaltedError
from service.upload.state import KnownFile

PIECE_BYTES = 256 << 10


class FileBody:
    """A file opened once for sending, which must be what was hashed."""

    def __init__(self, path: Path, known: KnownFile) -> None:
        """Open it.

        Raises:
            FileChangedError: Size or time are not what they were.
            OSError: It cannot be read.
        """
        self._known = known
        self._file = path.open("rb", buffering=0)
        try:
            self._check()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def pieces(
        self,
        start: int,
        byte_count: int,
        *,
        note_sent: Callable[[int], None],
        halted: Callable[[], bool],
    ) -> Iterator[bytes]:
        """Yield the bytes; the last piece comes only if the file is still what it was.

        Args:
            start: Of the first byte.
            byte_count: How many.
            note_sent: Is told how many bytes of ours the network has taken.
            halted: Tells whether to stop.

        Raises:
            FileChangedError: It has changed.
            HaltedError: It was told to stop.
            OSError: It cannot be read.
        """
        self._file.seek(start)
        left = byte_count
        while left:
            if halted():
                raise HaltedError
            piece = self._file.read(min(PIECE_BYTES, left))
            if not piece:
                raise FileChangedError
            left -= len(piece)
            if not left:
                self._check()
            yield piece
            note_sent(len(piece))

    def _check(self) -> None:
        status = os.fstat(self._file.fileno())
        known = self._known
        if (status.st_size, status.st_mtime_ns) != (known.byte_count, known.modified_ns):
            raise FileChangedError
