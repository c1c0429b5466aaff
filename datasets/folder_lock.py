"""One process at a time writes in the folder of a picture set."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets.errors import DatasetError


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Make a folder where it is absent, and hold it; killed or not, the system lets go of it.

    What is held is the folder itself, so that no file of a lock is left in it. A folder in which
    nothing was written is removed again.

    Raises:
        DatasetError: Another process holds it, or it is no folder.
        OSError: It cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder} is no folder; name another one")
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatasetError(f"{folder}: another process is writing there") from error
        yield
    finally:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        os.close(handle)
