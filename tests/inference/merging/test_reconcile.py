"""What several flights found at one place is one issue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.frames import EnuFrame, plane_to_wgs84, wgs84_to_plane
from inference.geometry.uncertainty import SHARED_ERRORS, full_covariance
from inference.merging.areas import GridCell, Permit
from inference.merging.reconcile import CandidateIssue, reconcile
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Finding, Placement, Sighting

FRAME = EnuFrame(latitude_deg=30.28, longitude_deg=120.15)
DAY_1 = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def make_finding(
    name: str,
    *,
    flight: int = 1,
    east_m: float = 0.0,
    north_m: float = 0.0,
    own_m: float = 0.3,
    shared_m: float = 2.0,
    confidence: float = 0.8,
    class_name: str = "illegal_structure",
    size_m: float = 4.0,
) -> Finding:
    """Return a finding of the flight on that day, seen once."""
    latitude, longitude = plane_to_wgs84(FRAME, np.array([[east_m, north_m]]))[0]
    place = Placement(
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        height_m=None,
        height_datum=None,
        own_covariance_m2=own_m**2 * np.eye(3),
        shared_loading_m=np.concatenate([shared_m * np.eye(2), np.zeros((1, 2))]),
        method="flat_ground_at_takeoff",
        footprint_wgs84=(),
        ground_size_m=(size_m, size_m),
        gsd_m=0.03,
    )
    sighting = Sighting(
        detection=Detection(
            id=name,
            photo_sha256=f"photo of {name}",
            class_name=class_name,
            confidence=confidence,
            box_photo=(0.0, 0.0, 100.0, 100.0),
            appearance=np.array([1.0], dtype=np.float32),
        ),
        place=place,
        captured_at=DAY_1 + timedelta(days=flight - 1),
        capture_uuid=None,
    )
    return Finding(
        id=name,
        flight_id=f"flight {flight}",
        class_name=class_name,
        confidence=confidence,
        sightings=(sighting,),
        position=place,
        independent_views=1,
    )


def issues_of(*findings: Finding, permits: tuple[Permit, ...] = ()) -> list[CandidateIssue]:
    return reconcile(findings, permits=permits, grids=[])


def names(issues: list[CandidateIssue]) -> list[list[str]]:
    return [[finding.id for finding in issue.findings] for issue in issues]


def test_two_flights_over_one_place_make_one_issue_seen_again() -> None:
    # 5 m apart; each flight's bias is 2 m, so sigma of the difference is 2.9 m.
    (issue,) = issues_of(
        make_finding("second", flight=2, east_m=5.0, confidence=0.9),
        make_finding("first", flight=1, confidence=0.7),
    )
    assert issue.id == "first"
    assert issue.confidence == 0.9
    assert [finding.id for finding in issue.findings] == ["first", "second"]
    assert [s.detection.id for s in issue.sightings] == ["second", "first"]
    assert issue.flight_ids == ("flight 1", "flight 2")
    assert (issue.observation_count, issue.independent_views, issue.recurrence_count) == (2, 2, 1)
    assert (issue.first_seen, issue.last_seen) == (DAY_1, DAY_1 + timedelta(days=1))


def test_biases_of_different_flights_average_out() -> None:
    (issue,) = issues_of(make_finding("a", flight=1), make_finding("b", flight=2, east_m=2.0))
    assert isinstance(issue.position, Placement)
    # (0.3^2 + 2^2) / 2
    assert issue.position.own_covariance_m2[0, 0] == pytest.approx(2.045, abs=1e-3)
    assert not issue.position.shared_loading_m.any()
    east, _ = wgs84_to_plane(FRAME, issue.position.latitude_deg, issue.position.longitude_deg)[0]
    assert east == pytest.approx(1.0, abs=1e-3)


def test_the_height_of_an_object_stays_unknown_however_many_flights_see_it() -> None:
    loading = np.zeros((3, len(SHARED_ERRORS)))
    loading[0, SHARED_ERRORS.index("gnss_east")] = 2.0
    loading[0, SHARED_ERRORS.index("object_height")] = 3.0
    findings = [make_finding(f"f{number}", flight=number) for number in (1, 2)]
    seen_from_one_side = [
        replace(finding, position=replace(finding.position, shared_loading_m=loading))
        for finding in findings
        if isinstance(finding.position, Placement)
    ]
    (issue,) = issues_of(*seen_from_one_side)
    assert isinstance(issue.position, Placement)
    # (0.3^2 + 2^2) / 2 + 3^2
    assert full_covariance(issue.position)[0, 0] == pytest.approx(11.045, abs=1e-3)


def test_one_finding_keeps_its_position() -> None:
    finding = make_finding("a")
    (issue,) = issues_of(finding)
    assert issue.position is finding.position
    assert issue.recurrence_count == 0


def test_what_one_flight_found_apart_stays_apart() -> None:
    assert len(issues_of(make_finding("a"), make_finding("b", east_m=1.0))) == 2


def test_neighbours_under_another_flights_bias_are_not_swapped() -> None:
    # The second flight is 4 m off to the east; its "a" lies nearer to the first flight's "b".
    issues = issues_of(
        make_finding("1a", flight=1),
        make_finding("1b", flight=1, east_m=6.0),
        make_finding("2a", flight=2, east_m=4.0),
        make_finding("2b", flight=2, east_m=10.0),
    )
    assert sorted(names(issues)) == [["1a", "2a"], ["1b", "2b"]]


def test_precise_flights_tell_neighbours_apart() -> None:
    issues = issues_of(
        make_finding("a", flight=1, shared_m=0.03, own_m=0.2, size_m=1.0),
        make_finding("b", flight=2, shared_m=0.03, own_m=0.2, size_m=1.0, east_m=3.0),
    )
    assert len(issues) == 2


def test_classes_and_far_places_stay_apart() -> None:
    assert len(issues_of(make_finding("a"), make_finding("b", flight=2, class_name="x"))) == 2
    assert len(issues_of(make_finding("a"), make_finding("b", flight=2, east_m=17.0))) == 2


def test_a_finding_without_a_place_is_an_issue_of_its_own() -> None:
    nowhere = NotPlaced(code=ReasonCode.NO_GPS)
    issues = issues_of(
        replace(make_finding("a", flight=1), position=nowhere),
        replace(make_finding("b", flight=2), position=nowhere),
    )
    assert [issue.position for issue in issues] == [nowhere, nowhere]
    assert {(issue.grid_id, issue.grid_certain, issue.suppressed_by) for issue in issues} == {
        (None, None, None)
    }


def test_permits_and_grid_cells_are_noted_and_the_issue_stays() -> None:
    corners_m = np.array([(-30, -30), (30, -30), (30, 30), (-30, 30)], dtype=np.float64)
    area = shapely.Polygon(plane_to_wgs84(FRAME, corners_m)[:, ::-1])
    permit = Permit(id="P1", class_names=frozenset({"illegal_structure"}), shape=area)
    cell = GridCell(id="330106-1", shape=area, responsible_unit="Unit 1", division="330106")
    (issue,) = reconcile([make_finding("a")], permits=[permit], grids=[cell])
    assert issue.suppressed_by is not None
    assert issue.suppressed_by.permit_id == "P1"
    assert (issue.grid_id, issue.responsible_unit, issue.division, issue.grid_certain) == (
        "330106-1",
        "Unit 1",
        "330106",
        True,
    )


def test_a_permit_that_ran_out_between_two_flights_explains_nothing() -> None:
    permit = Permit(
        id="P1",
        class_names=frozenset({"illegal_structure"}),
        shape=shapely.box(120.0, 30.0, 121.0, 31.0),
        valid_to=DAY_1.date(),
    )
    first, second = make_finding("a", flight=1), make_finding("b", flight=2)
    assert issues_of(first, permits=(permit,))[0].suppressed_by is not None
    assert issues_of(first, second, permits=(permit,))[0].suppressed_by is None


def test_the_surest_issue_comes_first() -> None:
    issues = issues_of(
        make_finding("b", confidence=0.5),
        make_finding("c", confidence=0.9, east_m=50.0),
        make_finding("a", confidence=0.5, east_m=100.0),
    )
    assert [issue.id for issue in issues] == ["c", "a", "b"]


def test_no_findings_give_no_issues() -> None:
    assert issues_of() == []


@given(st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_order_of_findings_changes_nothing(seed: int, random: Random) -> None:
    rng = np.random.default_rng(seed)
    findings = [
        make_finding(f"{flight}{i}", flight=flight, east_m=float(rng.normal(8 * i, 2)))
        for flight in (1, 2, 3)
        for i in range(4)
    ]
    shuffled = list(findings)
    random.shuffle(shuffled)
    expected, issues = issues_of(*findings), issues_of(*shuffled)
    assert names(issues) == names(expected)
    for issue, other in zip(issues, expected, strict=True):
        assert isinstance(issue.position, Placement)
        assert isinstance(other.position, Placement)
        assert issue.position.latitude_deg == other.position.latitude_deg
        assert issue.position.longitude_deg == other.position.longitude_deg
