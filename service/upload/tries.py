"""Patience: what follows from an error that may pass, for one sender."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.upload.backoff import PATIENCE_S, pause_s
from service.upload.errors import (
    PATIENT_STATUSES,
    HaltedError,
    LineDownError,
    ServerBusyError,
    UploadStoppedError,
)
from service.upload.meter import Meter

_MOST_SERVER_FAILURES = 12


class Tries:
    """Waits after each failure, longer and longer, until something works."""

    def __init__(
        self,
        meter: Meter,
        halt: threading.Event,
        *,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Begin without a failure.

        Args:
            meter: Is told why nothing is sent.
            halt: Ends the waiting.
            draw: Gives numbers from 0 to 1.
        """
        self._meter = meter
        self._halt = halt
        self._draw = draw
        self._failures = 0
        self._server_failures = 0

    def worked(self) -> None:
        """Note that something got through."""
        self._failures = self._server_failures = 0
        self._meter.waits(self, None)

    def wait(self, error: LineDownError | ServerBusyError) -> None:
        """Wait until the next try.

        Raises:
            HaltedError: The upload is over.
            UploadStoppedError: The server asks for more patience than a person has, or fails
                again and again.
        """
        self._failures += 1
        asked_s = None
        if isinstance(error, ServerBusyError):
            asked_s = error.wait_s
            self._count_server_failure(error)
        if asked_s is not None and asked_s > PATIENCE_S:
            until = datetime.now(UTC).astimezone() + timedelta(seconds=asked_s)
            raise UploadStoppedError(
                "come_back_later",
                detail=error.message.facts.get("detail", ""),
                time=f"{until:%Y-%m-%d %H:%M}",
            ) from error
        # One cut that is mended at once is nothing to tell.
        if self._failures > 1 or asked_s is not None:
            self._meter.waits(self, error.message)
        pause = pause_s(self._failures, asked_s=asked_s, random=self._draw)
        if self._halt.wait(pause):
            raise HaltedError from error

    def _count_server_failure(self, error: ServerBusyError) -> None:
        if error.status not in PATIENT_STATUSES:
            self._server_failures += 1
            if self._server_failures >= _MOST_SERVER_FAILURES:
                raise UploadStoppedError("server_fails", **error.message.facts) from error
