"""The store: what is known of files, photos, runs and detections, in one SQLite file.

A photo's inspection row says what is left to do; there is no second journal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from pydantic import TypeAdapter
from sqlalchemy import Engine, create_engine, delete, event, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from inference.reading.metadata import PhotoMetadata
from inference.receipt import Outcome, Reason
from inference.sighting import Detection
from service.errors import CannotStartError
from service.tables import (
    DetectionRow,
    FeaturesRow,
    FileRow,
    InspectionRow,
    PhotoRow,
    RunRow,
    Table,
)

SCHEMA_VERSION = 2  # kept in SQLite's user_version; a store of another version is refused

_METADATA: TypeAdapter[PhotoMetadata] = TypeAdapter(PhotoMetadata)
_REASONS: TypeAdapter[tuple[Reason, ...]] = TypeAdapter(tuple[Reason, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The model and settings that detections come from."""

    id: str
    model_name: str
    model_version: str
    model_sha256: str
    settings_hash: str
    pipeline_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What became of one file found.

    Attributes:
        name: Stable text of its path below the folders given, see `service.found_files`.
        duplicate_of: Name of the file with the same bytes that is used instead.
    """

    name: str
    byte_count: int | None
    sha256: str | None
    outcome: Outcome
    reasons: tuple[Reason, ...]
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What became of one photo in a run.

    Attributes:
        gsd_m: Ground sample distance that the tiles were planned for; None if unknown.
    """

    photo_sha256: str
    outcome: Outcome
    gsd_m: float | None
    reasons: tuple[Reason, ...] = ()


class Store:
    """An open store file. One writer at a time; each `save_` is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.dispose()

    def save_run(self, run: Run) -> None:
        """Keep a run as the one that was begun last; its inspections stay where it is known."""
        values = {name: getattr(run, name) for name in Run.__dataclass_fields__}
        last = text("UPDATE runs SET rowid = (SELECT max(rowid) + 1 FROM runs) WHERE id = :id")
        with Session(self._engine) as session, session.begin():
            session.merge(RunRow(**values))
            session.flush()
            session.execute(last, {"id": run.id})

    def read_runs(self) -> list[Run]:
        """Return all runs, the one that was begun last at the end."""
        with Session(self._engine) as session:
            rows = session.scalars(select(RunRow).order_by(text("rowid"))).all()
            return [
                Run(**{name: getattr(row, name) for name in Run.__dataclass_fields__})
                for row in rows
            ]

    def save_files(self, files: Iterable[StoredFile]) -> None:
        """Keep these files as what was found, in place of all earlier ones."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(FileRow))
            session.add_all(_file_row(file) for file in files)

    def read_files(self) -> list[StoredFile]:
        """Return what was found at the last intake, by name."""
        with Session(self._engine) as session:
            rows = session.scalars(select(FileRow).order_by(FileRow.name)).all()
            return [_stored_file(row) for row in rows]

    def save_photo(self, sha256: str, metadata: PhotoMetadata, *, read_as: str) -> None:
        """Keep a photo's metadata in place of what an earlier reading found."""
        with Session(self._engine) as session, session.begin():
            # Merged, not deleted and inserted anew: its inspections hang on the row.
            session.merge(_photo_row(sha256, metadata, read_as=read_as))

    def read_photos(self, *, read_as: str) -> dict[str, PhotoMetadata]:
        """Return the metadata by SHA-256 of all photos that were read in this way."""
        with Session(self._engine) as session:
            rows = session.scalars(select(PhotoRow).where(PhotoRow.read_as == read_as)).all()
            return {row.sha256: _METADATA.validate_json(row.metadata_json) for row in rows}

    def save_inspection(
        self, run_id: str, inspection: Inspection, detections: Sequence[Detection]
    ) -> None:
        """Keep a photo's outcome together with its detections: both or neither."""
        row = InspectionRow(
            run_id=run_id,
            photo_sha256=inspection.photo_sha256,
            outcome=inspection.outcome.value,
            gsd_m=inspection.gsd_m,
            reasons_json=_REASONS.dump_json(inspection.reasons).decode(),
        )
        with Session(self._engine) as session, session.begin():
            session.execute(
                delete(InspectionRow).where(
                    InspectionRow.run_id == run_id,
                    InspectionRow.photo_sha256 == inspection.photo_sha256,
                )
            )
            session.add(row)
            session.flush()
            session.add_all(_detection_row(run_id, detection) for detection in detections)

    def save_features(self, sha256: str, features: bytes, *, described_as: str) -> None:
        """Keep a photo's features in place of earlier ones."""
        with Session(self._engine) as session, session.begin():
            session.merge(
                FeaturesRow(photo_sha256=sha256, described_as=described_as, features=features)
            )

    def read_described(self, *, described_as: str) -> set[str]:
        """Return the SHA-256 of all photos whose features were described in this way."""
        statement = select(FeaturesRow.photo_sha256).where(FeaturesRow.described_as == described_as)
        with Session(self._engine) as session:
            return set(session.scalars(statement))

    def read_features(self, sha256: str, *, described_as: str) -> bytes | None:
        """Return a photo's features, or None where there are none of this description."""
        with Session(self._engine) as session:
            row = session.get(FeaturesRow, sha256)
            return None if row is None or row.described_as != described_as else row.features

    def read_inspections(self, run_id: str) -> dict[str, Inspection]:
        """Return the finished inspections of a run by the photo's SHA-256."""
        with Session(self._engine) as session:
            rows = session.scalars(
                select(InspectionRow).where(InspectionRow.run_id == run_id)
            ).all()
            return {row.photo_sha256: _inspection(row) for row in rows}

    def read_detections(self, run_id: str) -> dict[str, list[Detection]]:
        """Return a run's detections by the photo's SHA-256, best first, in a fixed order."""
        statement = (
            select(DetectionRow)
            .where(DetectionRow.run_id == run_id)
            .order_by(DetectionRow.confidence.desc(), DetectionRow.id)
        )
        found: dict[str, list[Detection]] = {}
        with Session(self._engine) as session:
            for row in session.scalars(statement):
                found.setdefault(row.photo_sha256, []).append(_detection(row))
        return found


def open_store(path: Path) -> Store:
    """Return the store in this file, made if there is none.

    Raises:
        CannotStartError: The file is no store, or one of another version.
    """
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _set_pragmas)
    try:
        with engine.begin() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version == 0:
                Table.metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except DatabaseError as error:
        engine.dispose()
        raise CannotStartError(
            f"{path} cannot be used as a store: {error.orig}; use --fresh to start anew"
        ) from error
    if version not in (0, SCHEMA_VERSION):
        engine.dispose()
        raise CannotStartError(
            f"{path} was made by another version of skypatrol; use --fresh to start anew"
        )
    return Store(engine)


def _set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _file_row(file: StoredFile) -> FileRow:
    return FileRow(
        name=file.name,
        byte_count=file.byte_count,
        sha256=file.sha256,
        outcome=file.outcome.value,
        reasons_json=_REASONS.dump_json(file.reasons).decode(),
        duplicate_of=file.duplicate_of,
    )


def _stored_file(row: FileRow) -> StoredFile:
    return StoredFile(
        name=row.name,
        byte_count=row.byte_count,
        sha256=row.sha256,
        outcome=Outcome(row.outcome),
        reasons=_REASONS.validate_json(row.reasons_json),
        duplicate_of=row.duplicate_of,
    )


def _photo_row(sha256: str, metadata: PhotoMetadata, *, read_as: str) -> PhotoRow:
    captured_at = metadata.captured_at
    return PhotoRow(
        sha256=sha256,
        kind=metadata.kind.value,
        band=metadata.band.value,
        captured_at=captured_at.isoformat() if captured_at else None,
        latitude_deg=metadata.latitude_deg,
        longitude_deg=metadata.longitude_deg,
        metadata_json=_METADATA.dump_json(metadata).decode(),
        read_as=read_as,
    )


def _inspection(row: InspectionRow) -> Inspection:
    return Inspection(
        photo_sha256=row.photo_sha256,
        outcome=Outcome(row.outcome),
        gsd_m=row.gsd_m,
        reasons=_REASONS.validate_json(row.reasons_json),
    )


def _detection_row(run_id: str, detection: Detection) -> DetectionRow:
    x_min, y_min, x_max, y_max = detection.box_photo
    return DetectionRow(
        id=detection.id,
        run_id=run_id,
        photo_sha256=detection.photo_sha256,
        class_name=detection.class_name,
        confidence=detection.confidence,
        x_min=x_min,
        y_min=y_min,
        x_max=x_max,
        y_max=y_max,
        appearance=detection.appearance.astype("<f4").tobytes(),
    )


def _detection(row: DetectionRow) -> Detection:
    return Detection(
        id=row.id,
        photo_sha256=row.photo_sha256,
        class_name=row.class_name,
        confidence=row.confidence,
        box_photo=(row.x_min, row.y_min, row.x_max, row.y_max),
        appearance=np.frombuffer(row.appearance, dtype="<f4").astype(np.float32),
    )
