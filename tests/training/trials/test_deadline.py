"""A series ends in time."""

from datetime import UTC, datetime, timedelta

import pytest

from training.errors import TrainingError
from training.trials.deadline import Deadline, plan_deadline

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_time_of_day_is_its_next_occurrence() -> None:
    assert plan_deadline(NOON, until="17:30", budget_min=None).at == NOON.replace(
        hour=17, minute=30
    )
    assert plan_deadline(NOON, until="09:00", budget_min=None).at == NOON + timedelta(hours=21)


def test_the_earlier_of_time_and_budget_counts() -> None:
    assert plan_deadline(NOON, until="17:30", budget_min=60).at == NOON + timedelta(hours=1)


def test_only_what_ends_in_time_is_allowed() -> None:
    deadline = Deadline(at=NOON + timedelta(minutes=10))
    assert deadline.allows(10, now=NOON)
    assert not deadline.allows(10.1, now=NOON)
    assert Deadline().allows(1e6, now=NOON)


@pytest.mark.parametrize("until", ["noon", "25:00", "12", "12:60", ""])
def test_what_is_no_time_of_day_is_refused(until: str) -> None:
    with pytest.raises(TrainingError, match="no time of day"):
        plan_deadline(NOON, until=until, budget_min=None)
