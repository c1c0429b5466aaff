"""One training at a time writes in a run's folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import TrainingError

LOCK_FILE = "lock"


@contextmanager
def lock_run(folder: Path) -> Iterator[None]:
    """Hold the run in a folder; the system lets go of it when the process ends, killed or not.

    Raises:
        TrainingError: Another process holds it.
    """
    with (folder / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TrainingError(f"{folder}: another training is at work there") from error
        yield
