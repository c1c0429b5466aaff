"""Writing that survives a power cut, and a full disk that is told as such."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from service.blobs.errors import DiskFullError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def telling_full_disk(folder: Path) -> Iterator[None]:
    """Turn what the system says of a full disk or a used-up quota into an error of its own.

    Raises:
        DiskFullError: There is no room left for what the block writes.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFullError(f"no room left in {folder}") from error
        raise


def write_folder(folder: Path) -> None:
    """Make a folder, and those around it, for the service's user alone."""
    if folder.is_dir():
        return
    write_folder(folder.parent)
    with telling_full_disk(folder.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    write_folder_names(folder.parent)


def write_folder_names(folder: Path) -> None:
    """Wait until new, changed and removed names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with telling_full_disk(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_contents(path: Path) -> None:
    """Wait until a file's bytes are on the disk; a link is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        with telling_full_disk(path.parent):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_old_files(folder: Path, *, pattern: str, now: datetime, max_age: timedelta) -> int:
    """Remove files that nobody has written to for so long; return how many.

    Only files right in the folder whose name fits the pattern; links themselves, never what they
    lead to.
    """
    swept = 0
    for path in folder.glob(pattern):
        try:
            status = path.lstat()
        except FileNotFoundError:  # its owner was faster
            continue
        if path.is_dir() and not path.is_symlink():
            continue
        if status.st_mtime < (now - max_age).timestamp():
            path.unlink(missing_ok=True)
            swept += 1
    return swept
