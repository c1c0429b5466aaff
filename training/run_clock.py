"""How long a run has trained, over all its parts."""

import time
from pathlib import Path

from training.errors import TrainingError
from training.whole_file import write_whole

CLOCK_FILE = "seconds.txt"
NOTE_EVERY_S = 20.0


class RunClock:
    """Seconds of training; noted in the run's folder, so that a killed part counts, too."""

    def __init__(self, folder: Path, *, at_least_s: float = 0.0) -> None:
        """Go on from what is noted in the folder; from zero where nothing is.

        Args:
            folder: Of the run.
            at_least_s: What else is known, for a note may be older than the run's state.

        Raises:
            TrainingError: The note cannot be read.
        """
        self._path = folder / CLOCK_FILE
        self._before_s = self._noted_s = max(read_noted_seconds(self._path), at_least_s)
        self._began: float | None = None

    def start(self) -> None:
        """Let the clock run."""
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds of training so far."""
        return self._before_s + (0.0 if self._began is None else time.monotonic() - self._began)

    def note(self) -> None:
        """Write the time down, if the last note is old."""
        if self.seconds() - self._noted_s >= NOTE_EVERY_S:
            self._noted_s = self.seconds()
            write_whole(self._path, f"{self._noted_s:.1f}\n".encode())


def read_noted_seconds(path: Path) -> float:
    """Return the noted seconds, or 0 where there is no note.

    Raises:
        TrainingError: It is no number of seconds.
    """
    try:
        seconds = float(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: {error}; --fresh begins anew") from error
    if not 0 <= seconds < 1e9:
        raise TrainingError(f"{path}: {seconds} is no time; --fresh begins anew")
    return seconds
