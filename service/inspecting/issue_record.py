"""A candidate issue as plain values, the same for every file that it is written to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from datasets.taxonomy import CLASSES
from inference.geometry.uncertainty import circular_error_90_m, error_ellipse, full_covariance
from inference.geometry.view import View
from inference.merging.reconcile import CandidateIssue
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced
from inference.sighting import Placement, Sighting
from service.inspecting.frame_record import frame_records
from service.inspecting.result import InspectionResult
from service.report.model import EvidenceFile

Record = dict[str, Any]  # Any: JSON, that is texts, numbers, None, lists and records

SCHEMA_VERSION = "1"
STATUS_TEXT = "automatically detected, unverified on site"
ACCURACY_LEVEL = 0.9

_CLASSES = {entry.name: entry for entry in CLASSES}


def issue_record(
    issue: CandidateIssue, result: InspectionResult, evidence: Sequence[EvidenceFile]
) -> Record:
    """Return the properties of an issue; what is not known yet is None."""
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "candidate",
        "status_text": STATUS_TEXT,
        **_class_record(issue.class_name),
        "confidence": round(issue.confidence, 4),
        "also_looks_like": [
            {"class": other.class_name, "confidence": round(other.confidence, 4)}
            for other in issue.other_classes
        ],
        "position": _position_record(issue, result),
        "not_placed": _not_placed_record(issue.position),
        "camera_position": _camera_position(issue, result),
        "grid_id": issue.grid_id,
        "grid_certain": issue.grid_certain if result.grids else None,
        "responsible_unit": issue.responsible_unit,
        "division": issue.division,
        "suppressed_by": _suppression_record(issue),
        "first_seen": instant_text(issue.first_seen),
        "last_seen": instant_text(issue.last_seen),
        "time_zone_known": result.time_zone_known(issue),
        "observation_count": issue.observation_count,
        "independent_views": issue.independent_views,
        "recurrence_count": issue.recurrence_count,
        "observations": [_observation_record(one, result) for one in issue.sightings],
        "evidence": [_evidence_record(file, result) for file in evidence],
        "provenance": _provenance_record(issue, result),
        "source": "automated_detection",
    }


def instant_text(moment: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC, to the second.

    Where the camera told no zone it is the camera's clock; `time_zone_known` beside it says so.
    """
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def degrees(value: float) -> float:
    """Return degrees rounded to about 1 cm, without a negative zero."""
    return round(float(value), 7) + 0.0


def metres(value: float | None) -> float | None:
    """Return metres rounded to the centimetre."""
    return None if value is None else round(float(value), 2) + 0.0


def camera_position(metadata: PhotoMetadata) -> Record | None:
    """Return where the camera was, where the photo says so."""
    if metadata.latitude_deg is None or metadata.longitude_deg is None:
        return None
    return {
        "latitude": degrees(metadata.latitude_deg),
        "longitude": degrees(metadata.longitude_deg),
    }


def _class_record(class_name: str) -> Record:
    """Return what the taxonomy says of a class; nothing but the name of one that it lacks."""
    known = _CLASSES.get(class_name)
    return {
        "class": class_name,
        "title": {"en": known.title_en, "zh": known.title_zh} if known else None,
        "codes": [
            {"standard": code.standard, "kind": code.kind, "code": code.code}
            for code in (known.codes if known else ())
        ],
        "codes_confirmed": known.codes_confirmed if known else False,
        "severity": known.severity if known else None,
    }


def _position_record(issue: CandidateIssue, result: InspectionResult) -> Record | None:
    place = issue.position
    if isinstance(place, NotPlaced):
        return None
    covariance_m2 = full_covariance(place)
    major_m, minor_m, azimuth_deg = error_ellipse(covariance_m2, level=ACCURACY_LEVEL)
    view = result.view(issue.sightings[0].detection.photo_sha256)
    width_m, depth_m = place.ground_size_m
    return {
        "crs": "EPSG:4326",
        "latitude": degrees(place.latitude_deg),
        "longitude": degrees(place.longitude_deg),
        "accuracy_m": metres(circular_error_90_m(covariance_m2)),
        "accuracy_level": ACCURACY_LEVEL,
        "ellipse": {
            "major_m": metres(major_m),
            "minor_m": metres(minor_m),
            "azimuth_deg": round(azimuth_deg, 1) % 180.0,
        },
        "method": place.method,
        "position_source": view.pose.position_source if isinstance(view, View) else "gnss",
        "refined": result.is_refined(issue),
        "doubts": [code.value for code in result.doubts(issue)],
        "ground_model": result.ground if place.height_m is not None else None,
        "ground_height_m": metres(place.height_m),
        "height_datum": place.height_datum,
        "box_on_ground_m": [metres(width_m), metres(depth_m)],
        "gsd_m": round(place.gsd_m, 4),
        "placed_by": "model",
        **_in_frames(place, result),
    }


def _in_frames(place: Placement, result: InspectionResult) -> Record:
    """Return the position in the frames asked for besides WGS 84, nothing where none was."""
    if not result.frames:
        return {}
    return {"frames": frame_records(place.latitude_deg, place.longitude_deg, result.frames)}


def _not_placed_record(place: Placement | NotPlaced) -> Record | None:
    if isinstance(place, Placement):
        return None
    return {"code": place.code.value, "detail": place.detail}


def _camera_position(issue: CandidateIssue, result: InspectionResult) -> Record | None:
    """Return where the best view was taken, for issues without a place of their own."""
    if isinstance(issue.position, Placement):
        return None
    return camera_position(result.photos[issue.sightings[0].detection.photo_sha256].metadata)


def _suppression_record(issue: CandidateIssue) -> Record | None:
    permit = issue.suppressed_by
    if permit is None:
        return None
    return {
        "permit_id": permit.permit_id,
        "holder": permit.holder,
        "detail": permit.detail,
        "certain": permit.certain,
    }


def _observation_record(sighting: Sighting, result: InspectionResult) -> Record:
    detection = sighting.detection
    photo = result.photos[detection.photo_sha256]
    return {
        "detection_id": detection.id,
        "photo": photo.name,
        "photo_sha256": detection.photo_sha256,
        "captured_at": instant_text(sighting.captured_at),
        "time_zone_known": photo.metadata.time_zone_known,
        "confidence": round(detection.confidence, 4),
        "box_photo_px": list(detection.box_photo),
        "not_placed": _not_placed_record(sighting.place),
    }


def _evidence_record(file: EvidenceFile, result: InspectionResult) -> Record:
    return {
        "role": file.role.value,
        "path": file.path,
        "sha256": file.sha256,
        "photo": result.photos[file.photo_sha256].name,
        "photo_sha256": file.photo_sha256,
        "detection_id": file.detection_id,
        "width_px": file.width_px,
        "height_px": file.height_px,
        "box_px": [round(edge, 1) for edge in file.box_px],
    }


def _provenance_record(issue: CandidateIssue, result: InspectionResult) -> Record:
    thresholds = dict(result.settings.min_confidence)
    return {
        "flight_ids": list(issue.flight_ids),
        "model": result.manifest.name,
        "model_version": result.manifest.version,
        "model_sha256": result.manifest.weights_sha256,
        "precision": result.settings.precision,
        "min_confidence": thresholds.get(issue.class_name),
        "settings_sha256": result.run.settings_hash,
        "pipeline_version": result.run.pipeline_version,
    }
