"""GeoJSON (RFC 7946) of issues and of what the photos covered; longitude comes first."""

import json
from collections.abc import Iterable, Mapping, Sequence

import shapely
from shapely.geometry.polygon import orient

from inference.detection.tiles import plan_skipped_classes
from inference.geometry.coverage import round_gsd_m
from inference.receipt import NotPlaced, Outcome
from service.inspecting.feature import issue_feature
from service.inspecting.issue_record import (
    Record,
    camera_position,
    degrees,
    instant_text,
    issue_record,
    metres,
)
from service.inspecting.result import InspectionResult, Photo
from service.report.model import EvidenceFile

HALF_CIRCLE_DEG, FULL_CIRCLE_DEG = 180.0, 360.0


def issue_features(
    result: InspectionResult, evidence: Mapping[str, Sequence[EvidenceFile]]
) -> list[Record]:
    """Return a feature for each issue, the surest first; without a place its geometry is null."""
    return [
        issue_feature(issue_record(issue, result, evidence.get(issue.id, ())), issue.id)
        for issue in result.issues
    ]


def coverage_features(result: InspectionResult) -> list[Record]:
    """Return a feature for each photo that was looked at or located, by name."""
    outcomes = {file.sha256: file.outcome for file in result.files if file.duplicate_of is None}
    return [
        _coverage_feature(photo, result, outcome=outcomes[photo.sha256])
        for photo in sorted(result.photos.values(), key=lambda photo: photo.name)
    ]


def render_collection(features: Iterable[Record]) -> bytes:
    """Return a feature collection as UTF-8, one feature a line."""
    lines = [json.dumps(feature, ensure_ascii=False, allow_nan=False) for feature in features]
    body = ",\n".join(lines)
    return f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n'.encode()


def _coverage_feature(photo: Photo, result: InspectionResult, *, outcome: Outcome) -> Record:
    footprint = result.footprint(photo.sha256)
    known = None if isinstance(footprint, NotPlaced) else footprint
    gsd_m = known.gsd_m if known else None
    refusal = footprint if isinstance(footprint, NotPlaced) else None
    properties = {
        "photo": photo.name,
        "photo_sha256": photo.sha256,
        "flight_id": result.flight_id(photo.sha256),
        "captured_at": instant_text(photo.metadata.captured_at),
        "time_zone_known": photo.metadata.time_zone_known,
        "outcome": outcome.value,
        "inspected": outcome is Outcome.ACCEPTED,
        "not_searched": _not_searched(gsd_m, result) if outcome is Outcome.ACCEPTED else None,
        "gsd_m": None if gsd_m is None else round(gsd_m, 4),
        "area_m2": metres(known.area_m2) if known else None,
        "clipped": known.is_clipped if known else None,
        "not_placed": refusal and {"code": refusal.code.value, "detail": refusal.detail},
        "camera_position": camera_position(photo.metadata),
    }
    return {
        "type": "Feature",
        "id": photo.sha256,
        "geometry": known and render_area(known.ring_wgs84),
        "properties": properties,
    }


def render_area(ring_wgs84: Sequence[tuple[float, float]]) -> Record:
    """Return a ring of (longitude, latitude) as an area, cut in two at the date line.

    RFC 7946, section 3.1.9.
    """
    if max(x for x, _ in ring_wgs84) - min(x for x, _ in ring_wgs84) <= HALF_CIRCLE_DEG:
        return {"type": "Polygon", "coordinates": [_rounded(ring_wgs84)]}
    # A ring around a pole crosses itself on such a sheet; the buffer mends what can be mended.
    whole = shapely.Polygon([(x % FULL_CIRCLE_DEG, y) for x, y in ring_wgs84]).buffer(0)
    west_of_it = whole.intersection(shapely.box(0, -90, HALF_CIRCLE_DEG, 90))
    east_of_it = whole.intersection(shapely.box(HALF_CIRCLE_DEG, -90, FULL_CIRCLE_DEG, 90))
    parts = [
        *shapely.get_parts(west_of_it),
        *shapely.get_parts(
            shapely.transform(east_of_it, lambda points: points - (FULL_CIRCLE_DEG, 0))
        ),
    ]
    rings = [orient(part).exterior.coords for part in parts if part.geom_type == "Polygon"]
    return {"type": "MultiPolygon", "coordinates": [[_rounded(ring)] for ring in rings]}


def _rounded(ring_wgs84: Iterable[tuple[float, ...]]) -> list[list[float]]:
    return [[degrees(x), degrees(y)] for x, y in ring_wgs84]


def _not_searched(gsd_m: float | None, result: InspectionResult) -> list[str]:
    """Return the classes that the photo cannot show well enough, or that were not asked for."""
    wanted = dict(result.settings.min_confidence)
    too_coarse = plan_skipped_classes(gsd_m=round_gsd_m(gsd_m), manifest=result.manifest)
    return [name for name in result.manifest.classes if name in too_coarse or name not in wanted]
