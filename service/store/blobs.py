"""Which bytes are kept, since when, for what, and which may go.

Whoever stores bytes first calls `reserve_blob`, then writes them, then `confirm_blob`. So a purge
at the same moment either sees that they are needed, or is over before they are written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from service.errors import UnknownRecordError
from service.store.engine import reading, writing
from service.store.tables import BlobRow, BlobUseRow
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


def release_blobs(session: Session, *, used_by: str) -> None:
    """Note that this user needs no bytes any more."""
    session.execute(delete(BlobUseRow).where(BlobUseRow.used_by == used_by))


def list_purgeable(
    session: Session, *, keep_days: Mapping[BlobKind, int], now: datetime, limit: int = 1000
) -> list[Blob]:
    """Return bytes that nobody uses and that were last needed too long ago, the oldest first.

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
            .where(
                BlobRow.kind == kind.value,
                BlobRow.last_needed_at < now - timedelta(days=days),
                ~_is_used(),
            )
            .order_by(BlobRow.last_needed_at, BlobRow.sha256)
            .limit(limit)
        )
        found += [_blob(row) for row in session.scalars(statement)]
    return found


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


def _take_out(session: Session, blob: Blob) -> bool:
    """Mark bytes as on their way out, unless somebody has needed them meanwhile."""
    marked = (
        update(BlobRow)
        .where(*_is_unchanged(blob), ~_is_used())
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
