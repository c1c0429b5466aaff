"""The looks of `skypatrol doctor`, one for each part of a deployment."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from models.openvino_detector import read_openvino_detector
from models.registry import Registry, read_model
from service.blobs.blob_store import BlobStore
from service.blobs.local_blobs import LocalBlobs
from service.errors import ServiceError
from service.operating.postgres_programs import find_program
from service.operating.store_state import read_revision_of
from service.privacy.privacy_filter import read_privacy_filter
from service.server_settings import ServerSettings
from service.store.engine import reading
from service.store.schema import HEAD
from service.store.statistics import WORKER_SILENCE, read_statistics
from service.store.tables import AccessRow, BlobRow, FlightEventRow

LOOKED_AT = 20  # kept bytes that are read and compared
MAX_CLOCK_ERROR = timedelta(seconds=30)  # tokens bear a minute
OLD_BACKUP = timedelta(days=2)


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"
    UNKNOWN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is looked at; nothing is made that is not there."""

    settings: ServerSettings
    registry: Registry
    engine: Engine
    blobs: BlobStore


def _look_at_store(patient: Patient, now: datetime) -> tuple[Level, str]:
    del now
    address = patient.engine.url.render_as_string(hide_password=True)
    revision = read_revision_of(patient.engine)
    if revision == HEAD:
        return Level.OK, f"{address} at version {HEAD}"
    if revision is None:
        return Level.FAILED, f"{address} holds no store: run skypatrol store upgrade"
    return Level.FAILED, f"{address} is at version {revision}, not {HEAD}: skypatrol store status"


def _look_at_blobs(patient: Patient, now: datetime) -> tuple[Level, str]:
    """Write, read and remove a few bytes."""
    del now
    where = patient.settings.blobs_url
    if isinstance(patient.blobs, LocalBlobs) and not Path(where).exists():
        return _look_at_missing_folder(Path(where).absolute())
    blobs, data = patient.blobs, b"skypatrol doctor " + secrets.token_bytes(32)
    blobs.check()
    sha256 = blobs.put_bytes(data)
    same = blobs.read(sha256) == data
    blobs.delete(sha256)
    if not same:
        return Level.FAILED, f"{where} gives back other bytes than it was given"
    return Level.OK, f"{where} can be written and read"


def _look_at_missing_folder(folder: Path) -> tuple[Level, str]:
    there = _first_that_exists(folder)
    if not os.access(there, os.W_OK | os.X_OK):
        return Level.FAILED, f"{folder} cannot be made: this account may not write to {there}"
    return Level.WARNING, f"{folder} is not there yet; it is made when something is to be kept"


def _look_at_kept_bytes(patient: Patient, now: datetime) -> tuple[Level, str]:
    """Compare some kept bytes with their hashes, other ones each time."""
    del now
    _require_current(patient)
    first = secrets.token_hex(32)
    with reading(patient.engine) as session:
        stored = select(BlobRow.sha256).where(BlobRow.stored_at.is_not(None)).distinct()
        above = stored.where(BlobRow.sha256 >= first).order_by(BlobRow.sha256).limit(LOOKED_AT)
        below = stored.where(BlobRow.sha256 < first).order_by(BlobRow.sha256).limit(LOOKED_AT)
        hashes = [*session.scalars(above), *session.scalars(below)][:LOOKED_AT]
    bad = [sha256 for sha256 in hashes if not _is_sound(patient.blobs, sha256)]
    if bad:
        return Level.FAILED, (
            f"{len(bad)} of {len(hashes)} are missing or damaged, such as {bad[0]}: copy them from "
            "the folder `blobs` of a backup"
        )
    return Level.OK, f"{len(hashes)} looked at, all as they were"


def _is_sound(blobs: BlobStore, sha256: str) -> bool:
    if not blobs.exists(sha256):
        return False
    digest = hashlib.sha256()
    for piece in blobs.stream(sha256):
        digest.update(piece)
    return digest.hexdigest() == sha256


def _look_at_disk(patient: Patient, now: datetime) -> tuple[Level, str]:
    del now
    settings = patient.settings
    reserve = settings.limits.reserve_bytes
    there = _first_that_exists(settings.data.absolute())
    usage = shutil.disk_usage(there)
    told = f"{usage.free / 1e9:,.1f} of {usage.total / 1e9:,.1f} GB are free in {there}"
    if usage.free < reserve:
        return Level.FAILED, f"{told}: uploads are refused below {reserve / 1e9:,.1f} GB"
    if usage.free < 10 * reserve:
        return Level.WARNING, told
    return Level.OK, told


def _first_that_exists(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _look_at_clock(patient: Patient, now: datetime) -> tuple[Level, str]:
    """Compare with the database's clock, and with the newest time in the store."""
    _require_current(patient)
    others = []
    with reading(patient.engine) as session:
        if patient.engine.dialect.name == "postgresql":
            others.append(abs(session.execute(text("SELECT now()")).scalar_one() - now))
        for column in (AccessRow.at, FlightEventRow.at):
            newest = session.scalar(select(column).order_by(column.desc()).limit(1))
            others.append(timedelta(0) if newest is None else newest - now)
    worst = max(others)
    told = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if worst > MAX_CLOCK_ERROR:
        return Level.FAILED, f"{told}; the store's time differs by {worst}: let NTP set the clock"
    return Level.OK, told


def _look_at_model(patient: Patient, now: datetime) -> tuple[Level, str]:
    del now
    model = read_model(patient.settings.model, registry=patient.registry)
    read_openvino_detector(model)
    return Level.OK, f"{model.manifest.name} {model.manifest.version} loads"


def _look_at_privacy(patient: Patient, now: datetime) -> tuple[Level, str]:
    del now
    if not patient.settings.privacy:
        return Level.WARNING, "off: faces and plates can be seen in all that leaves"
    read_privacy_filter()
    return Level.OK, "faces and plates are hidden; both networks load"


def _look_at_workers(patient: Patient, now: datetime) -> tuple[Level, str]:
    _require_current(patient)
    with reading(patient.engine) as session:
        statistics = read_statistics(session, now=now)
    waits = [now - since for since in statistics.oldest_due.values()]
    told = f"{statistics.workers} seen within {WORKER_SILENCE.seconds} s"
    if waits:
        told += f"; the oldest job waits for {str(max(waits)).partition('.')[0]}"
    if waits and statistics.workers == 0:
        return Level.WARNING, f"{told}: start skypatrol serve, or skypatrol worker"
    return Level.OK, told


def _look_at_backup(patient: Patient, now: datetime) -> tuple[Level, str]:
    _require_current(patient)
    if patient.engine.dialect.name == "postgresql":
        find_program("pg_dump")
    with reading(patient.engine) as session:
        last = read_statistics(session, now=now).last_done.get("backup")
    if last is None:
        return Level.WARNING, "there never was one: skypatrol backup DEST"
    told = f"the last one ended {last:%Y-%m-%d %H:%M} UTC"
    if now - last > OLD_BACKUP:
        return Level.WARNING, f"{told}: skypatrol backup DEST, daily"
    return Level.OK, told


class NoStoreError(ServiceError):
    """The store is not there, or is of another version: another line tells why."""


def _require_current(patient: Patient) -> None:
    try:
        revision = read_revision_of(patient.engine)
    except SQLAlchemyError as error:
        raise NoStoreError from error
    if revision != HEAD:
        raise NoStoreError


PARTS: Mapping[str, Callable[[Patient, datetime], tuple[Level, str]]] = {
    "store": _look_at_store,
    "clock": _look_at_clock,
    "bytes": _look_at_blobs,
    "kept": _look_at_kept_bytes,
    "disk": _look_at_disk,
    "model": _look_at_model,
    "privacy": _look_at_privacy,
    "workers": _look_at_workers,
    "backup": _look_at_backup,
}
