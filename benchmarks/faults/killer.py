"""Processes of a running server ended by SIGKILL at random moments."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from benchmarks.running_server import RunningServer


class Killer(threading.Thread):
    """Ends the API, a worker, or all at once as a power cut does, again and again.

    Attributes:
        left: Kills still to be done.
        trouble: Why it gave up: the server did not come back.
    """

    def __init__(
        self, server: RunningServer, *, kills: int, seed: int, on_trouble: Callable[[str], None]
    ) -> None:
        super().__init__(daemon=True)
        self._on_trouble = on_trouble
        self._server = server
        self._random = np.random.default_rng(seed)
        self._ended = threading.Event()
        self.left = kills
        self.trouble: str | None = None

    def run(self) -> None:
        """Kill so often as asked for."""
        while self.left and not self._ended.wait(self._choose_pause_s()):
            children = self._server.list_children()
            if children and self._random.random() < 0.5:
                with suppress(ProcessLookupError):
                    os.kill(int(self._random.choice(children)), signal.SIGKILL)
            else:
                # The supervisor waits longer and longer for one that ends again and again.
                try:
                    self._server.kill()
                    self._server.start()
                except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                    self.trouble = str(error)
                    self._on_trouble(self.trouble)
                    return
            self.left -= 1

    def _choose_pause_s(self) -> float:
        # Some so long that a worker has started and inspects, most so short that it has not.
        most_s = 9.0 if self._random.random() < 0.3 else 2.5
        return float(self._random.uniform(0.2, most_s))

    def end(self) -> None:
        """Kill no more."""
        self._ended.set()
        self.join()

    @property
    def is_done(self) -> bool:
        """Whether nothing more is killed."""
        return self.left == 0 or self.trouble is not None


def wait_for_end(killer: Killer) -> None:
    """Return when nothing more is killed."""
    while not killer.is_done:
        time.sleep(0.1)
    killer.join()
