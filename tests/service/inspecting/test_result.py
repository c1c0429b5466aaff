"""What a result tells of an issue beyond the issue itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.detection.detect import DetectSettings
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate
from inference.geometry.view import View
from inference.merging.flights import Flight
from inference.merging.reconcile import CandidateIssue
from inference.pipeline import Conclusion, FlightPlan
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, Outcome, Reason, ReasonCode
from inference.sighting import Detection, Placement, Sighting
from models.manifest import ModelManifest
from service.inspecting.issue_record import issue_record
from service.inspecting.result import InspectionResult, Photo
from service.report.content import plan_report
from service.report.model import ReportPlace
from service.store.inspections import Run

METADATA = PhotoMetadata(
    width_px=4000, height_px=3000, orientation=1, kind=PhotoKind.DRONE, band=Band.VISUAL,
    latitude_deg=30.0, longitude_deg=120.0, relative_altitude_m=50.0,
    attitude=Attitude(yaw_deg=0.0, pitch_deg=-90.0, roll_deg=0.0, source="made_up"),
    lens=Lens(focal_length_35mm=24.0),
)  # fmt: skip
NO_RUN = Run(
    id="", model_name="", model_version="", model_sha256="", settings_hash="", pipeline_version=""
)
NO_MODEL = ModelManifest(
    name="", version="", classes=(), input_size_px=32, gsd_range_m={}, street_long_side_px=32,
    min_confidence={}, weights_sha256="", licence="", data="", metrics={},
)  # fmt: skip


def make_view(*, is_refined: bool) -> View:
    view = plan_view(METADATA)
    assert isinstance(view, View)
    return replace(view, is_refined=is_refined)


def make_sighting(photo: str) -> Sighting:
    detection = Detection(
        id=f"on {photo}", photo_sha256=photo, class_name="exposed_garbage", confidence=0.5,
        box_photo=(1990.0, 1490.0, 2010.0, 1510.0), appearance=np.ones(1, dtype=np.float32),
    )  # fmt: skip
    place = locate(detection, make_view(is_refined=False))
    return Sighting(detection=detection, place=place, captured_at=None, capture_uuid=None)


def make_issue(*photos: str) -> CandidateIssue:
    """Return an issue seen on these photos, best first."""
    sightings = tuple(make_sighting(photo) for photo in photos)
    assert isinstance(sightings[0].place, Placement)
    return CandidateIssue(
        id="issue", class_name="exposed_garbage", confidence=0.5, position=sightings[0].place,
        findings=(), sightings=sightings, first_seen=None, last_seen=None,
    )  # fmt: skip


def make_result(
    issue: CandidateIssue,
    views: dict[str, View | NotPlaced],
    *,
    reasons: dict[str, tuple[ReasonCode, ...]] | None = None,
) -> InspectionResult:
    """Return a result of one issue, with one flight a photo."""
    doubts = {
        sha256: tuple(Reason(code=code, detail="why") for code in codes)
        for sha256, codes in (reasons or {}).items()
    }
    plans = tuple(
        FlightPlan(flight=Flight(id=sha256, photos=()), views={sha256: view}, reasons=doubts)
        for sha256, view in views.items()
    )
    return InspectionResult(
        files=(),
        photos={
            sha256: Photo(
                sha256=sha256, name=sha256, path=Path(sha256), outcome=Outcome.ACCEPTED,
                metadata=METADATA,
            )
            for sha256 in views
        },
        plans=plans,
        conclusion=Conclusion(flights=(), footprints={}, findings=(), issues=(issue,)),
        run=NO_RUN,
        manifest=NO_MODEL,
        settings=DetectSettings(min_confidence={}),
        ground=None,
        permits=(),
        grids=(),
    )  # fmt: skip


def test_an_issue_is_refined_where_the_pose_of_its_best_view_is() -> None:
    refined, stated = make_view(is_refined=True), make_view(is_refined=False)
    issue = make_issue("best", "other")
    assert make_result(issue, {"best": refined, "other": stated}).is_refined(issue)
    assert not make_result(issue, {"best": stated, "other": refined}).is_refined(issue)


def test_an_issue_without_a_view_is_not_refined() -> None:
    issue = make_issue("best")
    result = make_result(issue, {"best": NotPlaced(code=ReasonCode.NO_HEIGHT)})
    assert not result.is_refined(issue)


def test_doubts_are_those_of_all_its_photos_once_and_of_no_other() -> None:
    issue = make_issue("best", "other")
    view = make_view(is_refined=False)
    result = make_result(
        issue,
        {"other": view, "best": view, "elsewhere": view},
        reasons={
            "other": (ReasonCode.GPS_FROZEN, ReasonCode.HEIGHT_UNVERIFIED),
            "best": (ReasonCode.HEIGHT_UNVERIFIED,),
            "elsewhere": (ReasonCode.TIME_JUMP,),
        },
    )
    assert result.doubts(issue) == (ReasonCode.HEIGHT_UNVERIFIED, ReasonCode.GPS_FROZEN)


def test_record_and_report_tell_both() -> None:
    issue = make_issue("best")
    result = make_result(
        issue,
        {"best": make_view(is_refined=True)},
        reasons={"best": (ReasonCode.TURNED_AFTER_CAPTURE,)},
    )
    position = issue_record(issue, result, ())["position"]
    assert position["refined"] is True
    assert position["doubts"] == ["turned_after_capture"]
    place = plan_report(result, {}).issues[0].place
    assert isinstance(place, ReportPlace)
    assert place.is_refined
    assert place.doubts == (ReasonCode.TURNED_AFTER_CAPTURE,)


def test_without_doubts_the_record_has_an_empty_list() -> None:
    issue = make_issue("best")
    position = issue_record(issue, make_result(issue, {"best": make_view(is_refined=False)}), ())[
        "position"
    ]
    assert (position["refined"], position["doubts"]) == (False, [])
