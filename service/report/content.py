"""The result of an inspection as the values that a report is drawn from."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import shapely

from inference.geometry.output_frames import convert_position
from inference.geometry.uncertainty import circular_error_90_m, error_ellipse, full_covariance
from inference.merging.flights import Flight
from inference.merging.reconcile import CandidateIssue
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced
from service.inspecting.issue_record import ACCURACY_LEVEL
from service.inspecting.result import InspectionResult
from service.local_time import as_local_time, find_local_zone
from service.report.model import (
    ErrorEllipse,
    EvidenceFile,
    Outline,
    ReportArea,
    ReportContent,
    ReportFile,
    ReportFlight,
    ReportIssue,
    ReportPlace,
)
from service.store.found_files import StoredFile


def plan_report(
    result: InspectionResult, evidence: Mapping[str, Sequence[EvidenceFile]]
) -> ReportContent:
    """Return what the report shows."""
    return ReportContent(
        issues=tuple(_issue(issue, result, evidence.get(issue.id, ())) for issue in result.issues),
        files=tuple(_file(file, result) for file in result.files),
        flights=tuple(_flight(flight, result) for flight in result.conclusion.flights),
        model=result.manifest,
        code_version=result.run.pipeline_version,
        ground=result.ground,
        areas=(
            *(area for cell in result.grids for area in _areas("grid", cell.id, cell.shape)),
            *(
                area
                for permit in result.permits
                for area in _areas("permit", permit.id, permit.shape)
            ),
        ),
    )


def _issue(
    issue: CandidateIssue, result: InspectionResult, evidence: Sequence[EvidenceFile]
) -> ReportIssue:
    photos = dict.fromkeys(sighting.detection.photo_sha256 for sighting in issue.sightings)
    zone = find_local_zone((result.photos[one].metadata for one in photos), given=result.zone)
    zone_known = result.time_zone_known(issue)
    permit = issue.suppressed_by
    return ReportIssue(
        id=issue.id,
        class_name=issue.class_name,
        confidence=issue.confidence,
        place=_place(issue, result),
        observation_count=issue.observation_count,
        first_seen=as_local_time(issue.first_seen, zone, zone_known=zone_known),
        last_seen=as_local_time(issue.last_seen, zone, zone_known=zone_known),
        time_zone_known=zone_known,
        flight_ids=issue.flight_ids,
        photo_sha256s=tuple(photos),
        grid_id=issue.grid_id,
        responsible_unit=issue.responsible_unit,
        grid_certain=issue.grid_certain,
        other_classes=issue.other_classes,
        suppressed_by=permit.permit_id if permit else None,
        evidence=tuple(evidence),
    )


def _place(issue: CandidateIssue, result: InspectionResult) -> ReportPlace | NotPlaced:
    place = issue.position
    if isinstance(place, NotPlaced):
        return place
    covariance_m2 = full_covariance(place)
    major_m, minor_m, azimuth_deg = error_ellipse(covariance_m2, level=ACCURACY_LEVEL)
    return ReportPlace(
        latitude_deg=place.latitude_deg,
        longitude_deg=place.longitude_deg,
        ce90_m=circular_error_90_m(covariance_m2),
        ellipse=ErrorEllipse(semi_major_m=major_m, semi_minor_m=minor_m, azimuth_deg=azimuth_deg),
        method=place.method,
        is_refined=result.is_refined(issue),
        doubts=result.doubts(issue),
        outline_wgs84=place.footprint_wgs84,
        frames=tuple(
            (frame, convert_position(place.latitude_deg, place.longitude_deg, frame))
            for frame in result.frames
        ),
    )


def _file(file: StoredFile, result: InspectionResult) -> ReportFile:
    photo = result.photos.get(file.sha256 or "")
    footprint = result.footprint(photo.sha256) if photo else None
    known = None if isinstance(footprint, NotPlaced) else footprint
    metadata = photo.metadata if photo else None
    position = None
    if metadata and metadata.latitude_deg is not None and metadata.longitude_deg is not None:
        position = (metadata.longitude_deg, metadata.latitude_deg)
    return ReportFile(
        path=file.name,
        outcome=file.outcome,
        reasons=file.reasons,
        sha256=file.sha256,
        duplicate_of=file.duplicate_of,
        flight_id=result.flight_id(photo.sha256) if photo else None,
        captured_at=_captured_at(metadata, result) if metadata else None,
        time_zone_known=metadata.time_zone_known if metadata else None,
        position_wgs84=position,
        footprint_wgs84=known.ring_wgs84[:-1] if known else None,
        gsd_m=known.gsd_m if known else None,
    )


def _captured_at(metadata: PhotoMetadata, result: InspectionResult) -> datetime | None:
    zone = find_local_zone([metadata], given=result.zone)
    return as_local_time(metadata.captured_at, zone, zone_known=metadata.time_zone_known)


def _flight(flight: Flight, result: InspectionResult) -> ReportFlight:
    times = [p.metadata.captured_at for p in flight.photos if p.metadata.captured_at is not None]
    zone = find_local_zone((p.metadata for p in flight.photos), given=result.zone)
    has_unknown = any(p.metadata.time_zone_known is False for p in flight.photos)
    zone_known = not has_unknown if times else None
    first = flight.photos[0].metadata
    camera = " ".join(word for word in (first.make, first.model) if word)
    return ReportFlight(
        id=flight.id,
        camera=camera or None,
        photo_count=len(flight.photos),
        started_at=as_local_time(min(times, default=None), zone, zone_known=zone_known),
        ended_at=as_local_time(max(times, default=None), zone, zone_known=zone_known),
        time_zone_known=zone_known,
    )


def _areas(kind: str, name: str, shape: shapely.Geometry) -> list[ReportArea]:
    """Return the polygons of an area, holes left out: they are drawn as outlines."""
    parts = shapely.get_parts(shape)
    return [
        ReportArea(kind=kind, name=name, outline_wgs84=_outline(part))
        for part in parts
        if part.geom_type == "Polygon"
    ]


def _outline(polygon: shapely.Polygon) -> Outline:
    return tuple((float(x), float(y)) for x, y in list(polygon.exterior.coords)[:-1])
