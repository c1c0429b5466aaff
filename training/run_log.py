"""What ultralytics says goes to a file."""

import models.tame_ultralytics  # noqa: F401  # isort: skip  # before ultralytics

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from ultralytics.utils import LOGGER

LOG_FILE = "log.txt"
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Runs a call with the terminal as it was.
Outside = Callable[[Callable[[], None]], None]


class PlainFormatter(logging.Formatter):
    """Time and message, without colours."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one entry of the log."""
        return TERMINAL_COLOURS.sub("", super().format(record))


@contextmanager
def log_ultralytics(folder: Path) -> Iterator[Outside]:
    """Send all that is logged to the run's log, drop progress bars; give a way to the terminal."""
    stdout, stderr, handlers = sys.stdout, sys.stderr, LOGGER.handlers[:]

    def outside(call: Callable[[], None]) -> None:
        with redirect_stdout(stdout), redirect_stderr(stderr):
            call()

    with (folder / LOG_FILE).open("a", encoding="utf-8") as log, Path(os.devnull).open("w") as bars:
        handler = logging.StreamHandler(log)
        handler.setFormatter(PlainFormatter("%(asctime)s %(message)s"))
        LOGGER.handlers[:] = [handler]
        try:
            with redirect_stdout(bars), redirect_stderr(log):
                yield outside
        finally:
            LOGGER.handlers[:] = handlers
