"""Backups: the store and all bytes that it counts on, as they belong together.

First the store is copied as it is at one moment, then the bytes that this copy names; nothing is
purged meanwhile. Bytes that an earlier backup has are not copied again.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Engine

from service.blobs.blob_store import BlobStore
from service.blobs.disk import write_contents, write_folder, write_folder_names
from service.blobs.errors import BlobDamagedError, BlobNotFoundError
from service.blobs.local_blobs import LocalBlobs
from service.errors import CannotStartError
from service.operating.snapshot import (
    BLOB_LIST,
    BYTES_FOLDER,
    FORMAT,
    MANIFEST,
    Manifest,
    Snapshot,
    describe_file,
    list_snapshot_names,
    read_blob_list,
    snapshot_name,
    write_manifest,
)
from service.operating.store_copy import copy_store, database_of
from service.operating.turn import turn
from service.receiving.part_file import PartFile
from service.store.access_log import Access, log_access
from service.store.engine import writing

LOGGED_AS = "backup"  # object and action in the access log
WRITING = "writing"  # folder of what is not whole yet
Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """What a backup did.

    Attributes:
        copied: How many bytes were new to it.
        dropped: Older snapshots that were removed.
    """

    snapshot: Snapshot
    copied: int
    dropped: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all bytes that the store counts on were to be had."""
        return not self.snapshot.manifest.lost


def back_up(
    engine: Engine,
    blobs: BlobStore,
    destination: Path,
    *,
    now: datetime,
    who: str,
    tell: Tell = lambda _: None,
) -> BackupReport:
    """Add a snapshot to a backup and return what was done; killed, it leaves no snapshot.

    Args:
        engine: The store; others may go on writing to it.
        blobs: Where its bytes are.
        destination: Folder of the backup, which need not exist; on another disk, one hopes.
        now: Aware.
        who: For the access log.
        tell: Is called with how many bytes' files are done, now and then.

    Raises:
        CannotStartError: There is a snapshot of this second, or the store cannot be copied.
        TurnTakenError: A purge or another backup is going on.
        DiskFullError: There is no room.
        BlobsUnavailableError: The place of the bytes does not answer.
    """
    name = snapshot_name(now)
    if name in list_snapshot_names(destination):
        raise CannotStartError(f"{destination} has a backup of this second: {name}")
    part = destination / WRITING
    with turn(engine):
        write_folder(destination)
        shutil.rmtree(part, ignore_errors=True)  # of one that was killed
        write_folder(part)
        copy = copy_store(engine, part)
        kept = LocalBlobs(destination / BYTES_FOLDER)
        copied, lost = _copy_bytes(blobs, kept, copy.blobs, part, tell)
        manifest = Manifest(
            format=FORMAT,
            made_at=now,
            made_by=version("skypatrol"),
            database=database_of(engine),
            revision=copy.revision,
            store=describe_file(copy.store),
            blobs=describe_file(copy.blobs),
            blob_count=copy.blob_count,
            blob_bytes=copy.blob_bytes,
            lost=lost,
        )
        _publish(part, destination / name, manifest)
        _log_backup(engine, name, now=now, who=who)
    return BackupReport(
        snapshot=Snapshot(folder=destination / name, manifest=manifest), copied=copied
    )


def drop_old_snapshots(destination: Path, *, keep: int) -> tuple[str, ...]:
    """Remove all but the newest snapshots, and the bytes that none of these lists; return names.

    Raises:
        ValueError: None would be kept.
        CannotStartError: A list of bytes is damaged; nothing was removed.
    """
    if keep < 1:
        raise ValueError("a backup keeps one snapshot at least")
    names = list_snapshot_names(destination)
    old, young = names[:-keep], names[-keep:]
    needed: set[bytes] = set()
    for name in young:
        listed = read_blob_list(destination / name / BLOB_LIST)
        needed.update(bytes.fromhex(sha256) for sha256, _ in listed)
    for name in old:
        shutil.rmtree(destination / name)
    kept = LocalBlobs(destination / BYTES_FOLDER)
    for found in kept.list_all():
        if bytes.fromhex(found.sha256) not in needed:
            kept.delete(found.sha256)
    return tuple(old)


def _copy_bytes(
    blobs: BlobStore, kept: LocalBlobs, listed: Path, part: Path, tell: Tell
) -> tuple[int, tuple[str, ...]]:
    """Copy what the backup lacks; return how many, and the hashes that are not to be had."""
    copied, lost = 0, []
    for number, (sha256, byte_count) in enumerate(read_blob_list(listed), start=1):
        if kept.size(sha256) != byte_count:
            try:
                _copy_one(blobs, kept, sha256, part)
                copied += 1
            except (BlobNotFoundError, BlobDamagedError):
                # The rest is worth all the more.
                lost.append(sha256)
        tell(number)
    return copied, tuple(lost)


def _copy_one(blobs: BlobStore, kept: LocalBlobs, sha256: str, folder: Path) -> None:
    pieces = blobs.stream(sha256)
    part = PartFile(folder)
    try:
        for piece in pieces:
            part.write(piece)
        arrived = part.finish()
        if arrived.sha256 != sha256:
            raise BlobDamagedError(f"SHA-256 is {arrived.sha256} in place of {sha256}")
        kept.delete(sha256)  # of another size: it is damaged
        kept.put_file(arrived.path, sha256=sha256, move=True)
    finally:
        part.discard()


def _publish(part: Path, final: Path, manifest: Manifest) -> None:
    write_manifest(part, manifest)
    write_contents(part / MANIFEST)
    write_folder_names(part)
    os.rename(part, final)  # noqa: PTH104  # a folder, onto no other
    write_folder_names(final.parent)


def _log_backup(engine: Engine, name: str, *, now: datetime, who: str) -> None:
    access = Access(at=now, who=who, action=LOGGED_AS, object=LOGGED_AS, detail=name)
    with writing(engine) as session:
        log_access(session, access)
