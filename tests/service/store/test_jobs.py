import multiprocessing
import os
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection

import pytest
from sqlalchemy import Engine

from service.errors import LeaseLostError
from service.store.engine import open_engine, reading, writing
from service.store.flights import Flight, create_flight, list_flights
from service.store.jobs import (
    Job,
    JobKind,
    JobState,
    NewJob,
    claim,
    count_jobs,
    end_lost,
    enqueue,
    fail,
    finish,
    heartbeat,
    read_job,
    release,
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LEASE = timedelta(minutes=1)
# Forked, so that a child need not load everything anew; it opens the database for itself.
FORK = multiprocessing.get_context("fork")


def add(engine: Engine, *keys: str, again: bool = False, max_attempts: int = 3) -> None:
    with writing(engine) as session:
        for key in keys:
            job = NewJob(kind=JobKind.INSPECT, key=key, max_attempts=max_attempts)
            enqueue(session, job, now=NOW, again=again)


def take(engine: Engine, worker: str = "w", *, now: datetime = NOW, limit: int = 1) -> list[Job]:
    kinds = [JobKind.INSPECT]
    with writing(engine) as session:
        return claim(session, worker=worker, kinds=kinds, lease=LEASE, now=now, limit=limit)


def read(engine: Engine, key: str) -> Job:
    with reading(engine) as session:
        job = read_job(session, JobKind.INSPECT, key)
    assert job is not None
    return job


def test_a_job_is_there_once_however_often_it_is_asked_for(engine: Engine) -> None:
    add(engine, "a")
    add(engine, "a")
    assert [job.key for job in take(engine, limit=10)] == ["a"]
    with writing(engine) as session:
        finish(session, read(engine, "a"), now=NOW)
    add(engine, "a")
    assert take(engine) == []


def test_jobs_are_given_in_the_order_they_came_and_to_one_worker(engine: Engine) -> None:
    add(engine, "b", "a", "c")
    assert [job.key for job in take(engine, "first", limit=2)] == ["b", "a"]
    assert [job.key for job in take(engine, "second", limit=2)] == ["c"]
    assert take(engine, "third") == []


def test_only_kinds_that_were_asked_for_are_given_and_none_before_its_time(
    engine: Engine,
) -> None:
    with writing(engine) as session:
        enqueue(session, NewJob(kind=JobKind.CONCLUDE, key="f"), now=NOW)
        later = NOW + timedelta(seconds=1)
        enqueue(session, NewJob(kind=JobKind.INSPECT, key="a"), now=NOW, due_at=later)
    assert take(engine) == []
    assert [job.key for job in take(engine, now=later)] == ["a"]


def test_a_lease_that_ran_out_goes_to_another_and_the_first_can_do_no_more(
    engine: Engine,
) -> None:
    add(engine, "a")
    (slow,) = take(engine, "slow")
    assert take(engine, "other", now=NOW + LEASE - timedelta(seconds=1)) == []
    (job,) = take(engine, "other", now=NOW + LEASE)
    assert job.attempt == 2

    def finish_late() -> None:
        with writing(engine) as session:
            create_flight(session, Flight(id="effect", name="x", created_at=NOW))
            finish(session, slow, now=NOW + LEASE)

    with pytest.raises(LeaseLostError):
        finish_late()
    for act in (
        lambda session: heartbeat(session, slow, lease=LEASE, now=NOW),
        lambda session: fail(session, slow, code="x", now=NOW),
        lambda session: release(session, slow, now=NOW),
    ):
        with pytest.raises(LeaseLostError), writing(engine) as session:
            act(session)
    with reading(engine) as session:
        assert list_flights(session) == []  # the effect went with the claim
    with writing(engine) as session:
        finish(session, job, now=NOW + LEASE)
    assert read(engine, "a").state is JobState.DONE


def test_a_heartbeat_keeps_a_job(engine: Engine) -> None:
    add(engine, "a")
    (job,) = take(engine)
    with writing(engine) as session:
        heartbeat(session, job, lease=LEASE, now=NOW + timedelta(seconds=50))
    assert take(engine, "other", now=NOW + timedelta(seconds=100)) == []
    with writing(engine) as session:
        finish(session, job, now=NOW + timedelta(seconds=105))


def test_a_job_that_fails_is_tried_again_until_its_attempts_are_used_up(engine: Engine) -> None:
    add(engine, "a", max_attempts=2)
    retry_at = NOW + timedelta(seconds=5)
    (job,) = take(engine)
    with writing(engine) as session:
        assert fail(session, job, code="busy", detail="d", now=NOW, retry_at=retry_at)
    assert take(engine) == []
    (job,) = take(engine, now=retry_at)
    assert (job.is_last_attempt, job.code) == (True, "busy")
    with writing(engine) as session:
        assert not fail(session, job, code="busy", now=NOW, retry_at=retry_at)
    assert read(engine, "a").state is JobState.FAILED


def test_a_job_that_fails_for_good_is_not_tried_again(engine: Engine) -> None:
    add(engine, "a")
    (job,) = take(engine)
    with writing(engine) as session:
        assert not fail(session, job, code="cannot_decode", detail="row 3", now=NOW)
    ended = read(engine, "a")
    assert (ended.state, ended.code, ended.detail) == ("failed", "cannot_decode", "row 3")
    assert take(engine, now=NOW + 10 * LEASE) == []


def test_a_job_that_kills_its_worker_each_time_comes_to_an_end(engine: Engine) -> None:
    add(engine, "a", max_attempts=2)
    now = NOW
    for _ in range(2):
        assert len(take(engine, now=now)) == 1
        with writing(engine) as session:
            assert end_lost(session, now=now) == []
        now += LEASE
    assert take(engine, now=now) == []
    with writing(engine) as session:
        (lost,) = end_lost(session, now=now)
    assert (lost.key, lost.state, lost.code) == ("a", JobState.FAILED, "worker_lost")
    with writing(engine) as session:
        assert end_lost(session, now=now) == []


def test_a_job_given_back_costs_no_attempt(engine: Engine) -> None:
    add(engine, "a")
    (job,) = take(engine)
    with writing(engine) as session:
        release(session, job, now=NOW)
    (again,) = take(engine, "other")
    assert again.attempt == 1


@pytest.mark.parametrize("how", ["finish", "fail", "die"])
def test_a_job_asked_for_again_while_it_is_done_is_done_once_more(engine: Engine, how: str) -> None:
    add(engine, "a", max_attempts=1)
    (job,) = take(engine)
    add(engine, "a", again=True)
    with writing(engine) as session:
        if how == "finish":
            finish(session, job, now=NOW)
        elif how == "fail":
            assert fail(session, job, code="x", now=NOW)
        else:
            assert end_lost(session, now=NOW + LEASE) == []
    (job,) = take(engine, now=NOW + LEASE)
    with writing(engine) as session:
        finish(session, job, now=NOW)
    assert take(engine, now=NOW + 2 * LEASE) == []


def test_a_job_that_has_ended_can_be_asked_for_anew(engine: Engine) -> None:
    add(engine, "a", max_attempts=1)
    (job,) = take(engine)
    with writing(engine) as session:
        fail(session, job, code="x", now=NOW)
    add(engine, "a", again=True)
    (job,) = take(engine)
    assert (job.attempt, job.code) == (1, None)


def test_jobs_are_counted_and_the_oldest_that_waits_is_known(engine: Engine) -> None:
    add(engine, "a", "b", "c")
    take(engine)
    with writing(engine) as session:
        later = NOW + timedelta(seconds=9)
        enqueue(session, NewJob(kind=JobKind.CONCLUDE, key="f"), now=later)
        counts = count_jobs(session, now=later)
        assert count_jobs(session, now=NOW - LEASE).oldest_due is None
    assert counts.by_state == {
        (JobKind.INSPECT, JobState.CLAIMED): 1,
        (JobKind.INSPECT, JobState.WAITING): 2,
        (JobKind.CONCLUDE, JobState.WAITING): 1,
    }
    assert counts.oldest_due == NOW


def _claim_all(url: str, worker: str, answers: Connection) -> None:
    engine = open_engine(url, durable=False)
    keys = []
    while jobs := take(engine, worker, limit=5):
        keys += [job.key for job in jobs]
        with writing(engine) as session:
            for job in jobs:
                finish(session, job, now=NOW)
    answers.send(keys)


@pytest.mark.slow
def test_four_processes_share_a_thousand_jobs_and_do_none_twice(url: str) -> None:
    engine = open_engine(url, durable=False)
    keys = [f"{number:04}" for number in range(1000)]
    add(engine, *keys)
    engine.dispose()
    pipes = [FORK.Pipe(duplex=False) for _ in range(4)]
    workers = [
        FORK.Process(target=_claim_all, args=(url, f"w{number}", answers))
        for number, (_, answers) in enumerate(pipes)
    ]
    for worker in workers:
        worker.start()
    claimed = [key for results, _ in pipes for key in results.recv()]
    for worker in workers:
        worker.join()
    assert Counter(claimed) == Counter(keys)
    engine = open_engine(url)
    with reading(engine) as session:
        assert count_jobs(session, now=NOW).by_state == {(JobKind.INSPECT, JobState.DONE): 1000}
    engine.dispose()


def _claim_and_hang(url: str, answers: Connection) -> None:
    engine = open_engine(url, durable=False)
    answers.send([job.key for job in take(engine, "doomed")])
    with writing(engine) as session:  # dies in the middle of its effects
        create_flight(session, Flight(id="half", name="x", created_at=NOW))
        answers.send([])
        signal.pause()


@pytest.mark.slow
def test_what_a_killed_worker_had_goes_to_another_after_the_lease(url: str) -> None:
    engine = open_engine(url, durable=False)
    add(engine, "a")
    engine.dispose()
    results, answers = FORK.Pipe(duplex=False)
    doomed = FORK.Process(target=_claim_and_hang, args=(url, answers))
    doomed.start()
    assert results.recv() == ["a"]
    results.recv()
    assert doomed.pid is not None
    os.kill(doomed.pid, signal.SIGKILL)
    doomed.join()
    assert take(engine, "other") == []
    assert [job.key for job in take(engine, "other", now=NOW + LEASE)] == ["a"]
    with reading(engine) as session:
        assert list_flights(session) == []
    engine.dispose()
