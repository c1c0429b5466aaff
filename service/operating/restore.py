"""A backup given back to a new place: bytes first, the store last, so that it can be repeated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from service.blobs.blob_store import BlobStore
from service.blobs.errors import BlobDamagedError, BlobNotFoundError
from service.blobs.local_blobs import LocalBlobs
from service.errors import CannotStartError, StoppedError
from service.file_hash import hash_file
from service.operating.snapshot import (
    BYTES_FOLDER,
    Snapshot,
    check_file,
    read_blob_list,
    read_snapshot,
)
from service.operating.store_copy import database_of, refuse_used, restore_store
from service.store.access_log import Access, log_access
from service.store.engine import writing
from service.store.migrate import is_current, is_known

LOGGED_AS = "restore"
_NAMED = 5  # damaged bytes that a message names
Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What was given back.

    Attributes:
        needs_upgrade: The store is of an earlier version than this skypatrol works with.
    """

    snapshot: Snapshot
    needs_upgrade: bool


def restore(
    engine: Engine,
    blobs: BlobStore,
    source: Path,
    *,
    name: str | None = None,
    now: datetime,
    who: str,
    tell: Tell = lambda _: None,
) -> RestoreReport:
    """Give a snapshot back to an empty store; all hashes are checked on the way.

    Args:
        engine: An empty database, or a SQLite file that need not exist.
        blobs: Where the bytes go; what is there already stays.
        source: Folder of the backup.
        name: Of the snapshot; None for the newest.
        now: Aware.
        who: For the access log.
        tell: Is called with how many bytes' files are done, now and then.

    Raises:
        CannotStartError: The target is in use, or the backup is not for it or damaged.
        StoppedError: Bytes of the backup are damaged or missing; of the store nothing was written.
        DiskFullError: There is no room.
    """
    snapshot = read_snapshot(source, name)
    manifest = snapshot.manifest
    if manifest.database is not database_of(engine):
        raise CannotStartError(
            f"{snapshot.folder} is of {manifest.database}, the store here is {database_of(engine)}"
        )
    if not is_known(manifest.revision):
        raise CannotStartError(
            f"{snapshot.folder} was made by skypatrol {manifest.made_by}, which is later than this"
        )
    refuse_used(engine)
    store = check_file(snapshot.folder, manifest.store)
    _put_bytes(snapshot, source, blobs, tell)
    restore_store(engine, store, revision=manifest.revision)
    needs_upgrade = not is_current(engine)
    if not needs_upgrade:
        _log_restore(engine, snapshot, now=now, who=who)
    return RestoreReport(snapshot=snapshot, needs_upgrade=needs_upgrade)


def check_backup(source: Path, name: str | None = None, tell: Tell = lambda _: None) -> Snapshot:
    """Read a whole snapshot, compare all hashes and return it; nothing is written.

    Raises:
        CannotStartError: There is none, or its own files are damaged.
        StoppedError: Bytes are damaged or missing.
    """
    snapshot = read_snapshot(source, name)
    check_file(snapshot.folder, snapshot.manifest.store)
    kept, damaged = LocalBlobs(source / BYTES_FOLDER), []
    for number, sha256 in enumerate(_wanted(snapshot), start=1):
        try:
            with kept.local_path(sha256) as path:
                if hash_file(path)[0] != sha256:
                    damaged.append(sha256)
        except BlobNotFoundError:
            damaged.append(sha256)
        tell(number)
    _refuse_damaged(snapshot, damaged)
    return snapshot


def _put_bytes(snapshot: Snapshot, source: Path, blobs: BlobStore, tell: Tell) -> None:
    kept, damaged = LocalBlobs(source / BYTES_FOLDER), []
    for number, sha256 in enumerate(_wanted(snapshot), start=1):
        try:
            with kept.local_path(sha256) as path:
                blobs.put_file(path, sha256=sha256)
        except (BlobNotFoundError, BlobDamagedError):
            damaged.append(sha256)
        tell(number)
    _refuse_damaged(snapshot, damaged)


def _wanted(snapshot: Snapshot) -> Iterator[str]:
    """Yield the hashes that the backup has: those lost before it was made are told by it."""
    listed = check_file(snapshot.folder, snapshot.manifest.blobs)
    lost = set(snapshot.manifest.lost)
    return (sha256 for sha256, _ in read_blob_list(listed) if sha256 not in lost)


def _refuse_damaged(snapshot: Snapshot, damaged: list[str]) -> None:
    if damaged:
        raise StoppedError(
            f"{snapshot.folder}: {len(damaged)} files are missing or damaged: "
            f"{', '.join(damaged[:_NAMED])}{', …' if len(damaged) > _NAMED else ''}"
        )


def _log_restore(engine: Engine, snapshot: Snapshot, *, now: datetime, who: str) -> None:
    detail = snapshot.folder.name
    access = Access(at=now, who=who, action=LOGGED_AS, object=LOGGED_AS, detail=detail)
    with writing(engine) as session:
        log_access(session, access)
