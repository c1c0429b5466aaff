"""Counts for whoever watches the service: read from the tables, so that no restart loses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from inference.receipt import Outcome
from service.store.access_log import read_last_access
from service.store.blobs import BlobKind
from service.store.files import FileState
from service.store.jobs import JobKind, JobState
from service.store.reasons_text import parse_reasons
from service.store.tables import BlobRow, FileRow, FlightRow, InspectionRow, JobRow
from service.store.workers import list_workers

WORKER_SILENCE = timedelta(minutes=2)  # one that says nothing for so long is taken for dead
UPKEEP = ("backup", "purge")  # objects in the access log


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBytes:
    """How much is kept of one kind."""

    count: int
    byte_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatistics:
    """What the store holds at one moment; what is not in a mapping is 0.

    Attributes:
        jobs: By kind and state.
        oldest_due: By kind, since when its longest waiting job could have been claimed.
        flights: By state.
        files: By answer (`accepted`, …), or by state where there is none yet.
        reasons: Of held and rejected files, by outcome and reason code.
        uploaded_bytes: Of all files that arrived, parts of archives left out.
        inspected: Photos by the outcome of their inspection.
        kept: Stored bytes by kind.
        workers: Seen within WORKER_SILENCE.
        last_done: When something was last logged about an object such as `backup`; by object.
    """

    jobs: Mapping[tuple[JobKind, JobState], int]
    oldest_due: Mapping[JobKind, datetime]
    flights: Mapping[str, int]
    files: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    uploaded_bytes: int
    inspected: Mapping[str, int]
    kept: Mapping[BlobKind, KeptBytes]
    workers: int
    last_done: Mapping[str, datetime]


def read_statistics(session: Session, *, now: datetime) -> StoreStatistics:
    """Return counts of everything; it walks through whole tables, so not at each request."""
    return StoreStatistics(
        jobs=_count_jobs(session),
        oldest_due=_find_oldest(session, now=now),
        flights=_count(session, select(FlightRow.state, func.count()).group_by(FlightRow.state)),
        files=_count_files(session),
        reasons=_count_reasons(session),
        uploaded_bytes=_count_uploaded(session),
        inspected=_count(
            session, select(InspectionRow.outcome, func.count()).group_by(InspectionRow.outcome)
        ),
        kept=_count_kept(session),
        workers=len(list_workers(session, seen_since=now - WORKER_SILENCE)),
        last_done=_find_last_done(session),
    )


def _count(session: Session, statement: "Select[str, int]") -> dict[str, int]:
    return {str(name): int(count) for name, count in session.execute(statement)}


def _count_jobs(session: Session) -> dict[tuple[JobKind, JobState], int]:
    statement = select(JobRow.kind, JobRow.state, func.count()).group_by(JobRow.kind, JobRow.state)
    return {
        (JobKind(kind), JobState(state)): count for kind, state, count in session.execute(statement)
    }


def _find_oldest(session: Session, *, now: datetime) -> dict[JobKind, datetime]:
    statement = (
        select(JobRow.kind, func.min(JobRow.due_at))
        .where(JobRow.state == JobState.WAITING.value, JobRow.due_at <= now)
        .group_by(JobRow.kind)
    )
    return {JobKind(kind): due_at for kind, due_at in session.execute(statement)}


def _count_files(session: Session) -> dict[str, int]:
    answer = func.coalesce(FileRow.outcome, FileRow.state).label("answer")
    return _count(session, select(answer, func.count()).group_by(answer))


def _count_reasons(session: Session) -> dict[tuple[str, str], int]:
    """Count files by the codes of their reasons; a file with two counts for both."""
    refused = (Outcome.HELD.value, Outcome.REJECTED.value)
    statement = (
        select(FileRow.outcome, FileRow.reasons_json, func.count())
        .where(FileRow.outcome.in_(refused))
        .group_by(FileRow.outcome, FileRow.reasons_json)
    )
    found: dict[tuple[str, str], int] = {}
    for outcome, text, count in session.execute(statement):
        for code in {reason.code.value for reason in parse_reasons(text)}:
            key = (str(outcome), code)
            found[key] = found.get(key, 0) + count
    return found


def _count_uploaded(session: Session) -> int:
    statement = select(func.coalesce(func.sum(FileRow.byte_count), 0)).where(
        FileRow.state != FileState.ANNOUNCED.value, FileRow.part_of.is_(None)
    )
    return int(session.scalar(statement) or 0)  # PostgreSQL sums 64 bits into a decimal number


def _count_kept(session: Session) -> dict[BlobKind, KeptBytes]:
    statement = (
        select(BlobRow.kind, func.count(), func.sum(BlobRow.byte_count))
        .where(BlobRow.stored_at.is_not(None))
        .group_by(BlobRow.kind)
    )
    return {
        BlobKind(kind): KeptBytes(count=count, byte_count=int(byte_count))
        for kind, count, byte_count in session.execute(statement)
    }


def _find_last_done(session: Session) -> dict[str, datetime]:
    found = {name: read_last_access(session, object=name) for name in UPKEEP}
    return {name: access.at for name, access in found.items() if access is not None}
