"""How far an upload is, how fast it goes, and how long it will still take."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from service.upload.errors import Message

# Long enough that one cut does not make the time left jump, short enough to notice a new place.
_WINDOW_S = 30.0
_STEP_S = 0.5
_STILL_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A moment of an upload.

    Attributes:
        files: That are to be on the server.
        files_there: Of these.
        byte_count: Of the files.
        bytes_there: Of these, those under way as far as they are.
        sent_bytes: That went out in this run, those that were lost and sent again included.
        rate: Bytes a second that went out lately; None where nothing did.
        troubled: Files that were given up.
        waiting: Why nothing is sent right now; None where something is.
    """

    files: int
    files_there: int
    byte_count: int
    bytes_there: int
    sent_bytes: int
    rate: float | None
    troubled: int
    waiting: Message | None = None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate; None where that cannot be said."""
        left = self.byte_count - self.bytes_there
        if left <= 0:
            return 0.0
        return left / self.rate if self.rate else None


class Meter:
    """Counts; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at nothing.

        Args:
            clock: Seconds that never go back.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._there: set[str] = set()
        self._under_way: dict[str, int] = {}
        self._bytes_there = 0
        self._sent_bytes = 0
        self._troubled = 0
        self._waiting: dict[object, Message] = {}
        self._rate = _Rate()
        self._last_sent_s = clock()

    def expect(self, name: str, byte_count: int) -> None:
        """A file is to be sent; a second word on it counts in place of the first."""
        with self._lock:
            self._sizes[name] = byte_count

    def sent(self, name: str, byte_count: int) -> None:
        """Bytes of a file went out."""
        with self._lock:
            self._under_way[name] = self._under_way.get(name, 0) + byte_count
            self._sent_bytes += byte_count
            self._last_sent_s = self._clock()
            self._rate.note(self._last_sent_s, self._sent_bytes)

    def is_at(self, name: str, byte_count: int) -> None:
        """So many bytes of a file are kept by the server; the others that went out are lost."""
        with self._lock:
            self._under_way[name] = byte_count

    def arrived(self, name: str) -> None:
        """A file is on the server."""
        with self._lock:
            self._under_way.pop(name, None)
            if name not in self._there:
                self._there.add(name)
                self._bytes_there += self._sizes.get(name, 0)

    def gave_up(self, name: str) -> None:
        """A file will not be sent."""
        with self._lock:
            self._under_way.pop(name, None)
            self._sizes.pop(name, None)
            self._troubled += 1

    def waits(self, who: object, why: Message | None) -> None:
        """Somebody waits, or does so no more."""
        with self._lock:
            if why is None:
                self._waiting.pop(who, None)
            else:
                self._waiting[who] = why

    def read(self) -> Progress:
        """Return how far it is; where bytes still go out nothing waits."""
        with self._lock:
            waiting = list(self._waiting.values())
            is_still = self._clock() - self._last_sent_s > _STILL_S
            return Progress(
                files=len(self._sizes),
                files_there=len(self._there),
                byte_count=sum(self._sizes.values()),
                bytes_there=self._bytes_there + sum(self._under_way.values()),
                sent_bytes=self._sent_bytes,
                rate=self._rate.read(self._clock(), self._sent_bytes),
                troubled=self._troubled,
                waiting=waiting[-1] if waiting and is_still else None,
            )


@dataclass
class _Rate:
    """Bytes a second over the last half minute."""

    _points: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, now_s: float, total: int) -> None:
        if not self._points or now_s - self._points[-1][0] >= _STEP_S:
            self._points.append((now_s, total))
        while len(self._points) > 2 and now_s - self._points[0][0] > _WINDOW_S:
            self._points.popleft()

    def read(self, now_s: float, total: int) -> float | None:
        if not self._points:
            return None
        began_s, before = self._points[0]
        passed_s = now_s - began_s
        return (total - before) / passed_s if passed_s >= _STEP_S and total > before else None
