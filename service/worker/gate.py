"""Threads that work side by side, or one of them alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Gate:
    """Lets many in together, or one alone.

    A job that may have killed its worker before is done alone: if it does so again, it takes no
    other job with it, and only its own attempts are used up.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside = 0
        self._waiting_alone = 0

    @property
    def is_wanted_alone(self) -> bool:
        """Whether somebody waits for the others to leave."""
        return self._waiting_alone > 0

    @contextmanager
    def together(self) -> Iterator[None]:
        """Be inside with others; who wants to be alone goes first."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside >= 0 and not self._waiting_alone)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be inside alone."""
        with self._changed:
            self._waiting_alone += 1
            try:
                self._changed.wait_for(lambda: self._inside == 0)
                self._inside = -1
            finally:
                self._waiting_alone -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._inside = 0
                self._changed.notify_all()
