"""What is known of runs, photos, inspections and detections.

A photo's inspection row says what is left to do; there is no second journal. All functions take
an open transaction, see `service.store.engine`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.elements import ColumnElement

from inference.reading.metadata import PhotoMetadata
from inference.receipt import Outcome, Reason
from inference.sighting import Detection
from service.store.reasons_text import format_reasons, parse_reasons
from service.store.tables import (
    DetectionRow,
    FeaturesRow,
    FileRow,
    InspectionRow,
    PhotoRow,
    RunRow,
)
from service.store.upsert import insert_or_update

_METADATA: TypeAdapter[PhotoMetadata] = TypeAdapter(PhotoMetadata)


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
class Inspection:
    """What became of one photo in a run.

    Attributes:
        gsd_m: Ground sample distance that the tiles were planned for; None if unknown.
    """

    photo_sha256: str
    outcome: Outcome
    gsd_m: float | None
    reasons: tuple[Reason, ...] = ()


def save_run(session: Session, run: Run) -> None:
    """Keep a run as the one that was begun last; its inspections stay where it is known."""
    last = session.scalar(select(func.max(RunRow.begun))) or 0
    values = {name: getattr(run, name) for name in Run.__dataclass_fields__}
    insert_or_update(session, RunRow, values | {"begun": last + 1})


def read_runs(session: Session) -> list[Run]:
    """Return all runs, the one that was begun last at the end."""
    rows = session.scalars(select(RunRow).order_by(RunRow.begun, RunRow.id))
    return [Run(**{name: getattr(row, name) for name in Run.__dataclass_fields__}) for row in rows]


def save_photo(session: Session, sha256: str, metadata: PhotoMetadata, *, read_as: str) -> None:
    """Keep a photo's metadata in place of what an earlier reading found."""
    captured_at = metadata.captured_at
    insert_or_update(
        session,
        PhotoRow,
        {
            "sha256": sha256,
            "kind": metadata.kind.value,
            "band": metadata.band.value,
            "captured_at": captured_at.isoformat() if captured_at else None,
            "latitude_deg": metadata.latitude_deg,
            "longitude_deg": metadata.longitude_deg,
            "metadata_json": _METADATA.dump_json(metadata).decode(),
            "read_as": read_as,
        },
    )


def read_photos(
    session: Session, *, read_as: str, flight_id: str | None = None
) -> dict[str, PhotoMetadata]:
    """Return the metadata by SHA-256 of all photos that were read in this way.

    Args:
        session: An open transaction.
        read_as: As `save_photo` was told.
        flight_id: Of this flight only.
    """
    statement = select(PhotoRow).where(
        PhotoRow.read_as == read_as, *_in_flight(PhotoRow.sha256, flight_id)
    )
    return {
        row.sha256: _METADATA.validate_json(row.metadata_json) for row in session.scalars(statement)
    }


def read_photo(session: Session, sha256: str, *, read_as: str) -> PhotoMetadata | None:
    """Return the metadata of a photo, or None where it was not read in this way."""
    row = session.get(PhotoRow, sha256, populate_existing=True)
    if row is None or row.read_as != read_as:
        return None
    return _METADATA.validate_json(row.metadata_json)


def read_inspection(session: Session, run_id: str, sha256: str) -> Inspection | None:
    """Return what became of a photo in a run, or None where it is still to be done."""
    row = session.get(InspectionRow, (run_id, sha256), populate_existing=True)
    return None if row is None else _inspection(row)


def read_photo_detections(session: Session, run_id: str, sha256: str) -> list[Detection]:
    """Return what a run found on a photo, best first, in a fixed order."""
    statement = select(DetectionRow).where(
        DetectionRow.run_id == run_id, DetectionRow.photo_sha256 == sha256
    )
    ordered = statement.order_by(DetectionRow.confidence.desc(), DetectionRow.id)
    return [_detection(row) for row in session.scalars(ordered)]


def save_inspection(
    session: Session, run_id: str, inspection: Inspection, detections: Sequence[Detection]
) -> None:
    """Keep a photo's outcome together with its detections, in place of earlier ones."""
    sha256 = inspection.photo_sha256
    insert_or_update(
        session,
        InspectionRow,
        {
            "run_id": run_id,
            "photo_sha256": sha256,
            "outcome": inspection.outcome.value,
            "gsd_m": inspection.gsd_m,
            "reasons_json": format_reasons(inspection.reasons),
        },
    )
    session.execute(
        delete(DetectionRow).where(
            DetectionRow.run_id == run_id, DetectionRow.photo_sha256 == sha256
        )
    )
    session.add_all(_detection_row(run_id, detection) for detection in detections)
    session.flush()


def read_inspections(
    session: Session, run_id: str, *, flight_id: str | None = None
) -> dict[str, Inspection]:
    """Return the finished inspections of a run, or of one flight in it, by photo's SHA-256."""
    statement = select(InspectionRow).where(
        InspectionRow.run_id == run_id, *_in_flight(InspectionRow.photo_sha256, flight_id)
    )
    return {row.photo_sha256: _inspection(row) for row in session.scalars(statement)}


def read_detections(
    session: Session, run_id: str, *, flight_id: str | None = None
) -> dict[str, list[Detection]]:
    """Return detections of a run, or of one flight in it, by the photo's SHA-256.

    They are best first, in a fixed order.
    """
    statement = (
        select(DetectionRow)
        .where(DetectionRow.run_id == run_id, *_in_flight(DetectionRow.photo_sha256, flight_id))
        .order_by(DetectionRow.confidence.desc(), DetectionRow.id)
    )
    found: dict[str, list[Detection]] = {}
    for row in session.scalars(statement):
        found.setdefault(row.photo_sha256, []).append(_detection(row))
    return found


def save_features(session: Session, sha256: str, features: bytes, *, described_as: str) -> None:
    """Keep a photo's features in place of earlier ones."""
    values = {"photo_sha256": sha256, "described_as": described_as, "features": features}
    insert_or_update(session, FeaturesRow, values)


def read_described(
    session: Session, *, described_as: str, flight_id: str | None = None
) -> set[str]:
    """Return the SHA-256 of all photos whose features were described in this way."""
    statement = select(FeaturesRow.photo_sha256).where(
        FeaturesRow.described_as == described_as,
        *_in_flight(FeaturesRow.photo_sha256, flight_id),
    )
    return set(session.scalars(statement))


def read_features(session: Session, sha256: str, *, described_as: str) -> bytes | None:
    """Return a photo's features, or None where there are none of this description."""
    row = session.get(FeaturesRow, sha256)
    return None if row is None or row.described_as != described_as else row.features


def _in_flight(
    sha256: InstrumentedAttribute[str], flight_id: str | None
) -> tuple[ColumnElement[bool], ...]:
    if flight_id is None:
        return ()
    of_flight = FileRow.flight_id == flight_id
    return (sha256.in_(select(FileRow.sha256).where(of_flight, FileRow.sha256.is_not(None))),)


def _inspection(row: InspectionRow) -> Inspection:
    return Inspection(
        photo_sha256=row.photo_sha256,
        outcome=Outcome(row.outcome),
        gsd_m=row.gsd_m,
        reasons=parse_reasons(row.reasons_json),
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
