"""A job belongs to one worker at a time; who has lost it writes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inference.receipt import Outcome, ReasonCode
from service.blobs.errors import DiskFullError
from service.deployment import Deployment
from service.store.engine import reading
from service.store.events import read_events
from service.store.jobs import JobKind, JobState, list_jobs
from service.worker.claims import LEASE, LONGEST, Claims
from service.worker.endings import Effect, Ending, do_job
from service.worker.receive import receive
from service.worker.workshop import Workshop
from tests.service.worker.stand_in_worker import open_data, open_shop
from tests.service.worker.taken_in import declare, events, receipt, send

LATER = LEASE + timedelta(seconds=1)


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    opened = open_data(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def shop(deployment: Deployment, clock: Clock, tmp_path: Path) -> Workshop:
    """Return a workshop whose clock stands, with one file to be looked at."""
    note = tmp_path / "notes.txt"
    note.write_text("a note")
    send(deployment, declare(deployment, "f"), note, "notes.txt")
    clock.now = datetime.now(UTC)
    return replace(open_shop(deployment), now=clock)


def told(deployment: Deployment) -> int:
    with reading(deployment.engine) as session:
        return len(read_events(session, "f"))


def test_nobody_else_gets_a_job_before_its_lease_has_ended(shop: Workshop, clock: Clock) -> None:
    first, second = (Claims(shop, worker=name, lease=LEASE) for name in ("first", "second"))
    assert len(first.take([JobKind.RECEIVE], tried=False)) == 1
    assert second.take([JobKind.RECEIVE], tried=False) == []
    clock.now += LEASE * 0.9
    first.beat()
    clock.now += LEASE * 0.9
    assert second.take([JobKind.RECEIVE], tried=True) == []
    clock.now += LATER
    assert len(second.take([JobKind.RECEIVE], tried=True)) == 1


def test_a_worker_that_has_lost_its_lease_writes_nothing(
    shop: Workshop, deployment: Deployment, clock: Clock
) -> None:
    slow, fast = (Claims(shop, worker=name, lease=LEASE) for name in ("slow", "fast"))
    (of_slow,) = slow.take([JobKind.RECEIVE], tried=False)
    clock.now += LATER
    (of_fast,) = fast.take([JobKind.RECEIVE], tried=True)
    before = told(deployment)
    assert do_job(shop, of_slow, lambda: receive(shop, of_slow)) is Ending.LOST
    assert told(deployment) == before
    assert do_job(shop, of_fast, lambda: receive(shop, of_fast)) is Ending.DONE
    assert do_job(shop, of_slow, lambda: receive(shop, of_slow)) is Ending.LOST
    assert len(events(deployment, "f", "file_settled")) == 1


def test_a_full_disk_is_no_jobs_fault_however_often_it_is_full(
    shop: Workshop, deployment: Deployment, clock: Clock
) -> None:
    def compute() -> Effect:
        raise DiskFullError("no room")

    claims = Claims(shop, worker="w", lease=LEASE)
    for _ in range(20):
        (job,) = claims.take([JobKind.RECEIVE], tried=False)
        assert do_job(shop, job, compute) is Ending.PUT_OFF
        clock.now += timedelta(minutes=6)
    (job,) = claims.take([JobKind.RECEIVE], tried=False)
    assert job.code == "disk_full"
    assert do_job(shop, job, lambda: receive(shop, job)) is Ending.DONE


def test_a_job_that_fails_by_a_fault_of_ours_is_told_and_not_tried_again(
    shop: Workshop, deployment: Deployment
) -> None:
    def compute() -> Effect:
        raise ZeroDivisionError

    (job,) = Claims(shop, worker="w").take([JobKind.RECEIVE], tried=False)
    assert do_job(shop, job, compute) is Ending.GIVEN_UP
    line = receipt(deployment, "f")["notes.txt"]
    assert line.outcome is Outcome.REJECTED
    assert [reason.code for reason in line.reasons] == [ReasonCode.INSPECTION_FAILED]
    with reading(deployment.engine) as session:
        (failed,) = list_jobs(session, state=JobState.FAILED)
    assert (failed.code, failed.detail) == ("unexpected", "ZeroDivisionError")


def test_a_job_that_takes_longer_than_any_sound_one_hangs(shop: Workshop, clock: Clock) -> None:
    claims = Claims(shop, worker="w")
    (job,) = claims.take([JobKind.RECEIVE], tried=False)
    clock.now += LONGEST[JobKind.RECEIVE]
    assert claims.find_hanging() == []
    clock.now += timedelta(seconds=1)
    assert claims.find_hanging() == [job]
