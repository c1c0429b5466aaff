"""What is left to do: jobs that workers claim with a lease.

A job may be done twice, when a worker was taken for dead; only the one that still holds its
claim can finish it, in the same transaction as the job's effects. Attempts are counted when a
job is claimed: one that kills its worker each time comes to an end too, see `end_lost`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from service.errors import ConflictError, LeaseLostError, UnknownRecordError
from service.store.json_text import Json, parse_object, to_json
from service.store.tables import JobRow
from service.store.upsert import insert_if_absent

MAX_ATTEMPTS = 5  # a power cut or two during one job prove nothing against it
WORKER_LOST = "worker_lost"  # code of a job whose workers died on it


class JobKind(StrEnum):
    """What there is to do."""

    RECEIVE = "receive"  # look at a file that has arrived
    UNPACK = "unpack"  # take an archive or a video apart
    INSPECT = "inspect"  # search a photo
    CONCLUDE = "conclude"  # merge a flight's detections into findings
    DEPICT = "depict"  # cut pictures of findings out of a photo


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Something to do.

    Attributes:
        key: What it is about; there is never a second job of a kind with the same key.
        payload: What the worker needs to know.
    """

    kind: JobKind
    key: str
    flight_id: str | None = None
    payload: Mapping[str, Json] = field(default_factory=dict)
    max_attempts: int = MAX_ATTEMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it was when it was read.

    Attributes:
        attempt: Counted from 1 when it is claimed; together with the worker it is the claim.
        due_at: When it may be claimed; of a claimed job the end of its lease.
        code, detail: Why the last attempt failed.
    """

    id: int
    kind: JobKind
    key: str
    flight_id: str | None
    payload: Mapping[str, Json]
    state: JobState
    attempt: int
    max_attempts: int
    due_at: datetime
    worker: str | None
    code: str | None
    detail: str | None

    @property
    def is_last_attempt(self) -> bool:
        """Whether no attempt is left after this one."""
        return self.attempt >= self.max_attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """How full the queue is.

    Attributes:
        by_state: Count by kind and state; what is not there is 0.
        oldest_due: Since when the longest waiting job could have been claimed; None: none waits.
    """

    by_state: Mapping[tuple[JobKind, JobState], int]
    oldest_due: datetime | None


def enqueue(
    session: Session,
    job: NewJob,
    *,
    now: datetime,
    due_at: datetime | None = None,
    again: bool = False,
) -> None:
    """Add a job; one with the same kind and key that is there stays as it is.

    Args:
        session: An open transaction that writes: the one in which the need for the job arises.
        job: What is to be done.
        now: Aware.
        due_at: Not before this time; None: at once.
        again: A job that has ended is done anew, with all its attempts; one that is being done
            is done once more afterwards.
    """
    values = {
        "kind": job.kind.value,
        "key": job.key,
        "flight_id": job.flight_id,
        "payload_json": to_json(job.payload),
        "state": JobState.WAITING.value,
        "is_wanted_again": False,
        "attempts": 0,
        "max_attempts": job.max_attempts,
        "created_at": now,
        "due_at": due_at or now,
    }
    if not insert_if_absent(session, JobRow, values) and again:
        _ask_again(session, job, due_at=due_at or now)


def claim(
    session: Session,
    *,
    worker: str,
    kinds: Collection[JobKind],
    lease: timedelta,
    now: datetime,
    limit: int = 1,
    tried: bool | None = None,
) -> list[Job]:
    """Give jobs to a worker, the oldest first: waiting ones, and those whose lease ran out.

    The transaction should end at once: the claim counts for others from then on.

    Args:
        session: An open transaction that writes.
        worker: Its name, another one for each process.
        kinds: Only these.
        lease: How long nobody else gets them; `heartbeat` prolongs it.
        now: Aware.
        limit: At most so many.
        tried: Only those of which an earlier attempt did not end well; False: only others.
    """
    rows = session.scalars(
        select(JobRow)
        .where(*_is_due(kinds, tried=tried, now=now))
        .order_by(JobRow.due_at, JobRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.state, row.worker = JobState.CLAIMED.value, worker
        row.attempts += 1
        row.due_at = now + lease
        row.is_wanted_again = False
    session.flush()
    return [_job(row) for row in rows]


def is_any_due(
    session: Session, *, kinds: Collection[JobKind], now: datetime, tried: bool | None = None
) -> bool:
    """Tell whether `claim` would give any: on SQLite asking so keeps nobody from writing."""
    statement = select(JobRow.id).where(*_is_due(kinds, tried=tried, now=now)).limit(1)
    return session.scalar(statement) is not None


def heartbeat(session: Session, job: Job, *, lease: timedelta, now: datetime) -> None:
    """Prolong the lease of a claimed job.

    Raises:
        LeaseLostError: Somebody else has it.
    """
    _change(session, job, {"due_at": now + lease})


def finish(session: Session, job: Job, *, now: datetime) -> None:
    """End a claimed job well; asked for again meanwhile, it waits anew.

    Raises:
        LeaseLostError: Somebody else has it; leave the transaction by this error, so that
            nothing of what this worker did counts.
    """
    again = _lock_claim(session, job).is_wanted_again
    done = {"state": JobState.DONE.value, "ended_at": now, "code": None, "detail": None}
    _change(session, job, _waits_anew(now) if again else done)


def fail(
    session: Session,
    job: Job,
    *,
    code: str,
    now: datetime,
    detail: str | None = None,
    retry_at: datetime | None = None,
) -> bool:
    """End an attempt badly; return whether there will be another one.

    There is also one for a job that was asked for again while it was being done.

    Args:
        session: An open transaction that writes.
        job: As claimed.
        code: Machine-readable reason.
        now: Aware.
        detail: The facts.
        retry_at: When to try again; None: never. After its last attempt a job fails anyway.

    Raises:
        LeaseLostError: Somebody else has it.
    """
    reason: dict[str, object] = {"code": code, "detail": detail}
    if retry_at is not None and not job.is_last_attempt:
        waits = {"state": JobState.WAITING.value, "due_at": retry_at, "worker": None}
        _change(session, job, reason | waits)
        return True
    if _lock_claim(session, job).is_wanted_again:
        _change(session, job, reason | _waits_anew(now))
        return True
    _change(session, job, reason | {"state": JobState.FAILED.value, "ended_at": now})
    return False


def release(session: Session, job: Job, *, now: datetime) -> None:
    """Give a claimed job back untried, as a worker does that is asked to stop.

    Raises:
        LeaseLostError: Somebody else has it already.
    """
    back = {"state": JobState.WAITING.value, "due_at": now, "worker": None}
    _change(session, job, back | {"attempts": job.attempt - 1})


def postpone(session: Session, job: Job, *, until: datetime, code: str, detail: str) -> None:
    """Give a claimed job back untried, not to be claimed before a time.

    For what is not the job's fault, such as a full disk: it may happen any number of times.

    Raises:
        LeaseLostError: Somebody else has it already.
    """
    back = {"state": JobState.WAITING.value, "due_at": until, "worker": None}
    reason = {"code": code, "detail": detail}
    _change(session, job, back | reason | {"attempts": job.attempt - 1})


def expire_claims(session: Session, *, worker: str, now: datetime) -> int:
    """End the leases of a worker that is known to be dead; return how many.

    Its attempts stay counted.
    """
    expired = (
        update(JobRow)
        .where(JobRow.worker == worker, JobRow.state == JobState.CLAIMED.value, JobRow.due_at > now)
        .values(due_at=now)
        .returning(JobRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(expired).all())


def retry_job(session: Session, job_id: int, *, now: datetime) -> Job:
    """Let a failed job be done anew with all its attempts, and return it.

    Raises:
        UnknownRecordError: There is no such job.
        ConflictError: It has not failed.
    """
    row = session.get(JobRow, job_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownRecordError(f"there is no job {job_id}")
    if row.state != JobState.FAILED.value:
        raise ConflictError(f"job {job_id} has not failed")
    _set(row, _waits_anew(now) | {"ended_at": None})
    session.flush()
    return _job(row)


def end_lost(session: Session, *, now: datetime, limit: int = 100) -> list[Job]:
    """Fail the jobs whose last attempt was never ended, and return them.

    Their workers died or hung. Whoever calls this tells in the same transaction what became of
    the files, as after `fail`.
    """
    rows = session.scalars(
        select(JobRow)
        .where(*_is_lost(now))
        .order_by(JobRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    ended = []
    for row in rows:
        row.code = WORKER_LOST
        row.detail = f"{row.attempts} attempts, the last by {row.worker}"
        if row.is_wanted_again:
            _set(row, _waits_anew(now))
        else:
            row.state, row.ended_at = JobState.FAILED.value, now
            ended.append(_job(row))
    session.flush()
    return ended


def read_job(session: Session, kind: JobKind, key: str) -> Job | None:
    """Return the job about this, or None where there never was one."""
    statement = select(JobRow).where(JobRow.kind == kind.value, JobRow.key == key)
    row = session.scalars(statement.execution_options(populate_existing=True)).first()
    return None if row is None else _job(row)


def list_jobs(
    session: Session, *, state: JobState, before: int | None = None, limit: int = 100
) -> list[Job]:
    """Return the jobs of a state, those that were asked for last first.

    Args:
        session: An open transaction.
        state: How far they are.
        before: Id of the last job of the page before; None for the first page.
        limit: At most so many.
    """
    statement = select(JobRow).where(JobRow.state == state.value)
    if before is not None:
        statement = statement.where(JobRow.id < before)
    return [_job(row) for row in session.scalars(statement.order_by(JobRow.id.desc()).limit(limit))]


def count_jobs(session: Session, *, now: datetime, flight_id: str | None = None) -> JobCounts:
    """Return how many jobs there are, of one flight or of all, and since when the oldest waits."""
    of_flight = () if flight_id is None else (JobRow.flight_id == flight_id,)
    counted = session.execute(
        select(JobRow.kind, JobRow.state, func.count())
        .where(*of_flight)
        .group_by(JobRow.kind, JobRow.state)
    )
    oldest = session.scalar(
        select(func.min(JobRow.due_at)).where(
            JobRow.state == JobState.WAITING.value, JobRow.due_at <= now, *of_flight
        )
    )
    return JobCounts(
        by_state={(JobKind(kind), JobState(state)): count for kind, state, count in counted},
        oldest_due=oldest,
    )


def _is_due(
    kinds: Collection[JobKind], *, tried: bool | None, now: datetime
) -> tuple[ColumnElement[bool], ...]:
    due = (
        JobRow.kind.in_([kind.value for kind in kinds]),
        JobRow.state.in_([JobState.WAITING.value, JobState.CLAIMED.value]),
        JobRow.due_at <= now,
        JobRow.attempts < JobRow.max_attempts,
    )
    if tried is None:
        return due
    return (*due, JobRow.attempts > 0 if tried else JobRow.attempts == 0)


def _is_lost(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        JobRow.state == JobState.CLAIMED.value,
        JobRow.due_at <= now,
        JobRow.attempts >= JobRow.max_attempts,
    )


def _ask_again(session: Session, job: NewJob, *, due_at: datetime) -> None:
    row = session.scalars(
        select(JobRow)
        .where(JobRow.kind == job.kind.value, JobRow.key == job.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.state == JobState.CLAIMED.value:
        row.is_wanted_again = True
    elif row.state in (JobState.DONE.value, JobState.FAILED.value):
        row.state, row.attempts, row.due_at = JobState.WAITING.value, 0, due_at
        row.payload_json, row.ended_at, row.worker = to_json(job.payload), None, None
        row.code, row.detail = None, None
    session.flush()


def _is_claim(job: Job) -> ColumnElement[bool]:
    return and_(
        JobRow.id == job.id,
        JobRow.state == JobState.CLAIMED.value,
        JobRow.worker == job.worker,
        JobRow.attempts == job.attempt,
    )


def _lock_claim(session: Session, job: Job) -> JobRow:
    statement = select(JobRow).where(_is_claim(job)).with_for_update()
    row = session.scalars(statement.execution_options(populate_existing=True)).first()
    if row is None:
        raise LeaseLostError(f"{job.kind} {job.key} is not {job.worker}'s any more")
    return row


def _change(session: Session, job: Job, values: Mapping[str, object]) -> None:
    _set(_lock_claim(session, job), values)
    session.flush()


def _set(row: JobRow, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _waits_anew(now: datetime) -> dict[str, object]:
    return {
        "state": JobState.WAITING.value,
        "attempts": 0,
        "due_at": now,
        "worker": None,
        "is_wanted_again": False,
    }


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        key=row.key,
        flight_id=row.flight_id,
        payload=parse_object(row.payload_json),
        state=JobState(row.state),
        attempt=row.attempts,
        max_attempts=row.max_attempts,
        due_at=row.due_at,
        worker=row.worker,
        code=row.code,
        detail=row.detail,
    )
