"""How many bytes a caller may bring in a day (UTC).

The book is in memory, for one process. A service of several processes, or one that is started
anew, fills it with `QuotaBook.restore` from what the store says was received today.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from service.access.errors import LimitReachedError

# Callers beyond the bound share one entry under this name; no caller's id is empty.
_EVERYBODY_ELSE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Bytes of one day."""

    day: date
    byte_count: int


def add_usage(before: Usage | None, *, byte_count: int, limit: int, now: datetime) -> Usage:
    """Return the usage with these bytes.

    Raises:
        LimitReachedError: They would go past the limit; nothing of them counts.
        ValueError: Less than no bytes.
    """
    if byte_count < 0:
        raise ValueError(f"{byte_count} bytes")
    today = now.astimezone(UTC).date()
    # A clock that went back over midnight does not empty the new day.
    if before is not None and before.day > today:
        today = before.day
    used = before.byte_count if before is not None and before.day == today else 0
    if used + byte_count > limit:
        raise LimitReachedError(
            f"the quota of {limit} bytes a day has {max(0, limit - used)} left, {byte_count} asked",
            retry_after_s=seconds_to_midnight(now),
        )
    return Usage(day=today, byte_count=used + byte_count)


def seconds_to_midnight(now: datetime) -> float:
    """Return how long it is until the next day begins in UTC."""
    utc = now.astimezone(UTC)
    midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - utc).total_seconds()


class QuotaBook:
    """Bytes of many callers today, in bounded memory; threads may share it.

    An upload reserves what it announces before its first byte and gives back what did not come:
    so ten uploads at once cannot each believe that the rest of the day is theirs.
    """

    def __init__(self, *, limit: int, max_callers: int = 10_000) -> None:
        """Start an empty day."""
        self._limit = limit
        self._max_callers = max_callers
        self._day = date.min
        self._usage: dict[str, Usage] = {}
        self._lock = threading.Lock()

    def restore(self, byte_counts: Mapping[str, int], *, now: datetime) -> None:
        """Take over what callers have used today, as the store knows it, in place of all else."""
        with self._lock:
            self._usage.clear()
            self._begin_day(now)
            for caller_id, byte_count in byte_counts.items():
                name = self._name(caller_id)
                sum_before = self._usage[name].byte_count if name in self._usage else 0
                self._usage[name] = Usage(day=self._day, byte_count=sum_before + byte_count)

    def reserve(self, caller_id: str, byte_count: int, *, now: datetime) -> None:
        """Count bytes that will come.

        Raises:
            LimitReachedError: They would go past the limit; nothing of them counts.
        """
        with self._lock:
            self._begin_day(now)
            name = self._name(caller_id)
            self._usage[name] = add_usage(
                self._usage.get(name), byte_count=byte_count, limit=self._limit, now=now
            )

    def give_back(self, caller_id: str, byte_count: int, *, reserved_at: datetime) -> None:
        """Take back bytes that did not come after all; those of an earlier day are gone."""
        if byte_count < 0:
            raise ValueError(f"{byte_count} bytes")
        with self._lock:
            name = self._name(caller_id)
            before = self._usage.get(name)
            if before is None or before.day != reserved_at.astimezone(UTC).date():
                return
            rest = max(0, before.byte_count - byte_count)
            self._usage[name] = Usage(day=before.day, byte_count=rest)

    def used(self, caller_id: str, *, now: datetime) -> int:
        """Return how many bytes count for a caller today."""
        with self._lock:
            usage = self._usage.get(self._name(caller_id))
            today = now.astimezone(UTC).date()
            return usage.byte_count if usage is not None and usage.day >= today else 0

    def _begin_day(self, now: datetime) -> None:
        """Forget yesterday; a clock that goes back does not bring it again."""
        today = now.astimezone(UTC).date()
        if today > self._day:
            self._day = today
            self._usage.clear()

    def _name(self, caller_id: str) -> str:
        known = caller_id in self._usage or len(self._usage) < self._max_callers
        return caller_id if known else _EVERYBODY_ELSE
