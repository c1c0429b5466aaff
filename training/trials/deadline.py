"""Until when a series of runs may go on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from training.errors import TrainingError

Clock = Callable[[], datetime]  # timezone-aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The moment at which all has to be done; None for no limit."""

    at: datetime | None = None

    def allows(self, minutes: float, *, now: datetime) -> bool:
        """Return whether work of so many minutes ends in time."""
        return self.at is None or now + timedelta(minutes=minutes) <= self.at


def plan_deadline(now: datetime, *, until: str | None, budget_min: float | None) -> Deadline:
    """Return the earlier of a time of day and a budget.

    Args:
        now: Timezone-aware; its zone is that of `until`.
        until: `HH:MM`, its next occurrence.
        budget_min: Minutes from now.

    Raises:
        TrainingError: `until` is no time of day, or the budget is negative.
    """
    ends = []
    if until is not None:
        ends.append(_next_occurrence(until, now))
    if budget_min is not None:
        if budget_min < 0:
            raise TrainingError(f"a budget of {budget_min} minutes is no budget")
        ends.append(now + timedelta(minutes=budget_min))
    return Deadline(at=min(ends, default=None))


def _next_occurrence(until: str, now: datetime) -> datetime:
    try:
        hour, minute = until.split(":")
        wanted = time(int(hour), int(minute))
    except ValueError as error:
        raise TrainingError(f"{until!r} is no time of day such as 17:30") from error
    today = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
