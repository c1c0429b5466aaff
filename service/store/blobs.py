"""Which bytes are kept, since when, for what, and which may go.

Whoever stores bytes first calls `reserve_blob`, then writes them, then `confirm_blob`. So a purge
at the same moment either sees that they are needed, or is over before they are written.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from service.errors import UnknownRecordError
from service.store.engine import reading, writing
from service.store.jobs import JobState
from service.store.tables import BlobRow, BlobUseRow, FileRow, JobRow
from service.store.upsert import insert_if_absent, insert_or_update


class BlobKind(StrEnum):
    """What bytes are for; each kind is kept for a time of its own."""

    ORIGINAL = "original"
    EVIDENCE = "evidence"
    CROP = "crop"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes kept for one purpose.

    Attributes:
        stored_at: None while they are on their way in or out.
    """

    sha256: str
    kind: BlobKind
    byte_count: int
    created_at: datetime
    last_needed_at: datetime
    stored_at: datetime | None


def reserve_blob(
    session: Session, sha256: str, kind: BlobKind, *, byte_count: int, now: datetime
) -> None:
    """Note that bytes are about to be stored, or are needed again; no purge takes them now."""
    _lock_bytes(session, sha256)
    values = {
        "sha256": sha256,
        "kind": kind.value,
        "byte_count": byte_count,
        "created_at": now,
        "last_needed_at": now,
    }
    insert_or_update(session, BlobRow, values, update=["last_needed_at"])


def confirm_blob(session: Session, sha256: str, kind: BlobKind, *, now: datetime) -> None:
    """Note that reserved bytes are stored.

    Raises:
        UnknownRecordError: They were not reserved.
    """
    confirmed = (
        update(BlobRow)
        .where(BlobRow.sha256 == sha256, BlobRow.kind == kind.value)
        .values(stored_at=func.coalesce(BlobRow.stored_at, now), last_needed_at=now)
        .returning(BlobRow.sha256)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(confirmed) is None:
        raise UnknownRecordError(f"no bytes {sha256} were reserved as {kind}")


def renew_blobs(session: Session, hashes: Collection[str], *, now: datetime) -> set[str]:
    """Note that stored bytes are needed again; return the hashes of those that still are stored.

    A purge at the same moment has either taken them before, or leaves them alone.
    """
    wanted, renewed = sorted(hashes), set()
    for start in range(0, len(wanted), 500):  # a statement takes a limited number
        statement = (
            select(BlobRow)
            .where(BlobRow.sha256.in_(wanted[start : start + 500]), BlobRow.stored_at.is_not(None))
            .order_by(BlobRow.sha256, BlobRow.kind)  # locked in one order: no deadlock
            .with_for_update()
        )
        for row in session.scalars(statement.execution_options(populate_existing=True)):
            row.last_needed_at = max(row.last_needed_at, now)
            renewed.add(row.sha256)
    session.flush()
    return renewed


def read_blob(session: Session, sha256: str, kind: BlobKind) -> Blob | None:
    """Return what is known of bytes, or None where they are not kept for this."""
    row = session.get(BlobRow, (sha256, kind.value), populate_existing=True)
    return None if row is None else _blob(row)


def use_blob(session: Session, sha256: str, kind: BlobKind, *, used_by: str) -> None:
    """Keep bytes for as long as this user, such as `issue:…`, needs them.

    Raises:
        UnknownRecordError: They are not kept, or on their way out.
    """
    row = session.get(BlobRow, (sha256, kind.value), with_for_update=True, populate_existing=True)
    if row is None or row.stored_at is None:
        raise UnknownRecordError(f"no bytes {sha256} are kept as {kind}")
    insert_if_absent(
        session, BlobUseRow, {"sha256": sha256, "kind": kind.value, "used_by": used_by}
    )


def list_blob_users(session: Session, sha256: str, kinds: Collection[BlobKind]) -> list[str]:
    """Return what needs these bytes as one of these kinds and finds them there, sorted."""
    statement = (
        select(BlobUseRow.used_by)
        .join(BlobRow, (BlobRow.sha256 == BlobUseRow.sha256) & (BlobRow.kind == BlobUseRow.kind))
        .where(
            BlobUseRow.sha256 == sha256,
            BlobUseRow.kind.in_([kind.value for kind in kinds]),
            BlobRow.stored_at.is_not(None),
        )
        .distinct()
        .order_by(BlobUseRow.used_by)
    )
    return list(session.scalars(statement))


def release_blobs(session: Session, *, used_by: str) -> None:
    """Note that this user needs no bytes any more."""
    session.execute(delete(BlobUseRow).where(BlobUseRow.used_by == used_by))


def list_purgeable(
    session: Session, *, keep_days: Mapping[BlobKind, int], now: datetime, limit: int = 1000
) -> list[Blob]:
    """Return bytes that nobody uses and that were last needed too long ago, the oldest first.

    Those of flights with jobs left to do are still needed, however old they are.

    Args:
        session: An open transaction.
        keep_days: By kind; a kind that is not there is kept for ever.
        now: Aware.
        limit: At most so many of each kind.
    """
    found = []
    for kind, days in keep_days.items():
        statement = (
            select(BlobRow)
            .where(*_is_over(kind, now - timedelta(days=days)))
            .order_by(BlobRow.last_needed_at, BlobRow.sha256)
            .limit(limit)
        )
        found += [_blob(row) for row in session.scalars(statement)]
    return found


def count_purgeable(
    session: Session, *, keep_days: Mapping[BlobKind, int], now: datetime
) -> dict[BlobKind, tuple[int, int]]:
    """Return by kind how many would go, and how many bytes they are; see `list_purgeable`."""
    counted = {}
    for kind, days in keep_days.items():
        count, byte_count = session.execute(
            select(func.count(), func.coalesce(func.sum(BlobRow.byte_count), 0)).where(
                *_is_over(kind, now - timedelta(days=days))
            )
        ).one()
        counted[kind] = (int(count), int(byte_count))
    return counted


def purge_blobs(
    engine: Engine,
    *,
    keep_days: Mapping[BlobKind, int],
    now: datetime,
    delete_bytes: Callable[[str], None],
    limit: int = 1000,
) -> list[Blob]:
    """Forget bytes as `list_purgeable` finds them; return those that are gone.

    A kill in between leaves a row that says that nothing is stored, which the next purge removes.

    Args:
        engine: The store.
        keep_days: By kind; a kind that is not there is kept for ever.
        now: Aware.
        delete_bytes: Removes the bytes with this SHA-256; bytes that are not there are no error.
        limit: At most so many of each kind.
    """
    with reading(engine) as session:
        candidates = list_purgeable(session, keep_days=keep_days, now=now, limit=limit)
    gone = []
    for blob in candidates:
        with writing(engine) as session:
            if not _take_out(session, blob):
                continue
        with writing(engine) as session:
            if _forget(session, blob, delete_bytes):
                gone.append(blob)
    return gone


def list_unfinished(session: Session, *, before: datetime, limit: int = 1000) -> list[Blob]:
    """Return bytes that were on their way in or out at that time and still are.

    Whoever brought or removed them was killed; nobody takes them for stored.
    """
    statement = (
        select(BlobRow)
        .where(BlobRow.stored_at.is_(None), BlobRow.last_needed_at < before)
        .order_by(BlobRow.last_needed_at, BlobRow.sha256)
        .limit(limit)
    )
    return [_blob(row) for row in session.scalars(statement)]


def forget_unfinished(
    engine: Engine, blobs: Iterable[Blob], *, delete_bytes: Callable[[str], None]
) -> list[Blob]:
    """Forget bytes as `list_unfinished` found them, unless they are needed again; return those."""
    gone = []
    for blob in blobs:
        with writing(engine) as session:
            if _forget(session, blob, delete_bytes):
                gone.append(blob)
    return gone


def known_bytes(session: Session, hashes: Collection[str]) -> set[str]:
    """Return those of at most 500 hashes that there is a row for, whatever its kind and state."""
    statement = select(BlobRow.sha256).where(BlobRow.sha256.in_(list(hashes)))
    return set(session.scalars(statement))


def delete_unknown(engine: Engine, sha256: str, *, delete_bytes: Callable[[str], None]) -> bool:
    """Remove bytes that no row knows, while nobody can reserve them; return whether it was so."""
    with writing(engine) as session:
        _lock_bytes(session, sha256)
        if known_bytes(session, [sha256]):
            return False
        delete_bytes(sha256)
    return True


def list_stored(session: Session) -> Iterator[tuple[str, int]]:
    """Yield hash and size of all bytes that are stored, each hash once and in order."""
    statement = (
        select(BlobRow.sha256, func.max(BlobRow.byte_count))
        .where(BlobRow.stored_at.is_not(None))
        .group_by(BlobRow.sha256)
        .order_by(BlobRow.sha256)
        .execution_options(yield_per=1000)
    )
    for sha256, byte_count in session.execute(statement):
        yield sha256, int(byte_count)


def _take_out(session: Session, blob: Blob) -> bool:
    """Mark bytes as on their way out, unless somebody has needed them meanwhile."""
    marked = (
        update(BlobRow)
        .where(*_is_unchanged(blob), ~_is_used(), ~_is_worked_on())
        .values(stored_at=None)
        .returning(BlobRow.sha256)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(marked) is not None


def _forget(session: Session, blob: Blob, delete_bytes: Callable[[str], None]) -> bool:
    """Remove row and bytes while nobody can reserve them."""
    _lock_bytes(session, blob.sha256)
    kinds = session.scalars(select(BlobRow.kind).where(BlobRow.sha256 == blob.sha256)).all()
    removed = (
        delete(BlobRow)
        .where(*_is_unchanged(blob), BlobRow.stored_at.is_(None))
        .returning(BlobRow.sha256)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(removed) is None:
        return False
    if set(kinds) == {blob.kind.value}:
        delete_bytes(blob.sha256)
    return True


def _lock_bytes(session: Session, sha256: str) -> None:
    """Let nobody reserve or remove these bytes for any purpose until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # on SQLite there is one writer anyway
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))


def _is_unchanged(blob: Blob) -> tuple[ColumnElement[bool], ...]:
    return (
        BlobRow.sha256 == blob.sha256,
        BlobRow.kind == blob.kind.value,
        BlobRow.last_needed_at == blob.last_needed_at,
    )


def _is_over(kind: BlobKind, last_day: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        BlobRow.kind == kind.value,
        BlobRow.last_needed_at < last_day,
        ~_is_used(),
        ~_is_worked_on(),
    )


def _is_worked_on() -> ColumnElement[bool]:
    """Whether a flight that has a file with these bytes has jobs left to do."""
    open_states = (JobState.WAITING.value, JobState.CLAIMED.value)
    return (
        select(JobRow.id)
        .join(FileRow, FileRow.flight_id == JobRow.flight_id)
        .where(FileRow.sha256 == BlobRow.sha256, JobRow.state.in_(open_states))
        .exists()
    )


def _is_used() -> ColumnElement[bool]:
    return (
        select(BlobUseRow.used_by)
        .where(BlobUseRow.sha256 == BlobRow.sha256, BlobUseRow.kind == BlobRow.kind)
        .exists()
    )


def _blob(row: BlobRow) -> Blob:
    return Blob(
        sha256=row.sha256,
        kind=BlobKind(row.kind),
        byte_count=row.byte_count,
        created_at=row.created_at,
        last_needed_at=row.last_needed_at,
        stored_at=row.stored_at,
    )
