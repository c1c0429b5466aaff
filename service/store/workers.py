"""Processes that do jobs: each keeps a row as long as it lives. An open transaction is given."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.store.tables import WorkerRow
from service.store.upsert import insert_or_update


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNote:
    """A worker as it was when it was last seen.

    Attributes:
        id: As in the claims of its jobs; another one for each process.
        host: The machine and its list of processes: within one of them a `pid` tells processes
            apart.
        run_id: That it inspects for.
    """

    id: str
    host: str
    pid: int
    run_id: str
    started_at: datetime
    seen_at: datetime


def note_worker(session: Session, worker: WorkerNote) -> None:
    """Keep that a worker lives."""
    values = {name: getattr(worker, name) for name in WorkerNote.__dataclass_fields__}
    insert_or_update(session, WorkerRow, values)


def list_workers(
    session: Session, *, seen_since: datetime | None = None, host: str | None = None
) -> list[WorkerNote]:
    """Return the workers that were seen since then, or ever, on one host or on all, by id."""
    statement = select(WorkerRow).order_by(WorkerRow.id)
    if seen_since is not None:
        statement = statement.where(WorkerRow.seen_at >= seen_since)
    if host is not None:
        statement = statement.where(WorkerRow.host == host)
    return [
        WorkerNote(**{name: getattr(row, name) for name in WorkerNote.__dataclass_fields__})
        for row in session.scalars(statement)
    ]


def forget_worker(session: Session, worker_id: str) -> None:
    """Note that a worker is no more; one that is not there is no error."""
    session.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))
