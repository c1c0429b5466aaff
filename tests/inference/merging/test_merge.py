"""Sightings of one object become one finding, honestly placed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, plane_to_wgs84, wgs84_to_plane
from inference.merging.merge import merge_sightings
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Finding, Placement, Sighting

FRAME = EnuFrame(latitude_deg=30.28, longitude_deg=120.15)
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HEIGHT_M = 100.0
GSD_M = 0.03
HALF_VIEW_M = np.array([60.0, 45.0])  # of a 4000 x 3000 photo at 3 cm a pixel
YAW_SIGMA = np.radians(2.0)
GNSS_SIGMA_M = 1.0
OWN_SIGMA_M = 0.8


@dataclass(frozen=True)
class SimulatedFlight:
    """Sightings from a nadir camera, and the number of the object each one shows."""

    sightings: tuple[Sighting, ...]
    objects: dict[str, int]
    truth_m: NDArray[np.float64]


def make_sighting(
    east_north_m: Sequence[float],
    *,
    photo: int = 0,
    name: str = "a",
    class_name: str = "exposed_garbage",
    confidence: float = 0.8,
    own_m: float = OWN_SIGMA_M,
    loading_m: NDArray[np.float64] | None = None,
    size_m: float = 2.0,
    box: tuple[float, float, float, float] | None = None,
    appearance: Sequence[float] = (1.0, 0.0),
) -> Sighting:
    """Return a placed sighting; its box does not overlap others' unless one is given."""
    east, north = float(east_north_m[0]), float(east_north_m[1])
    latitude, longitude = plane_to_wgs84(FRAME, np.array([[east, north]]))[0]
    left, top = 2000 + 30 * east, 1500 - 30 * north
    return Sighting(
        detection=Detection(
            id=f"{photo:04d}-{name}",
            photo_sha256=f"photo-{photo:04d}",
            class_name=class_name,
            confidence=confidence,
            box_photo=box or (left, top, left + size_m / GSD_M, top + size_m / GSD_M),
            appearance=np.array(appearance, dtype=np.float32),
        ),
        place=Placement(
            latitude_deg=float(latitude),
            longitude_deg=float(longitude),
            height_m=None,
            height_datum=None,
            own_covariance_m2=own_m**2 * np.diag([1.0, 1.0, 0.0]),
            shared_loading_m=np.zeros((3, 1)) if loading_m is None else loading_m,
            method="flat_ground_at_takeoff",
            footprint_wgs84=((float(longitude), float(latitude)),),
            ground_size_m=(size_m, size_m),
            gsd_m=GSD_M,
        ),
        captured_at=START + timedelta(seconds=2 * photo),
        capture_uuid=None,
    )


def simulate_flight(
    rng: np.random.Generator,
    *,
    objects_m: NDArray[np.float64],
    cameras_m: NDArray[np.float64],
    yaw_bias: float,
) -> SimulatedFlight:
    """Fly over objects looking straight down, the picture's top to the north.

    Each photo moves all its objects by one own error, each box adds its own; the yaw bias turns
    all positions of a photo about the camera's foot and the GNSS bias moves all of them.
    """
    gnss_m = GNSS_SIGMA_M * rng.standard_normal(2)
    sightings: list[Sighting] = []
    objects: dict[str, int] = {}
    for photo, camera_m in enumerate(cameras_m):
        photo_m = 0.8 * OWN_SIGMA_M * rng.standard_normal(2)
        for number, object_m in enumerate(objects_m):
            from_foot_m = object_m - camera_m
            if np.any(np.abs(from_foot_m) > HALF_VIEW_M):
                continue
            # A clockwise turn by one radian moves (east, north) by (north, -east).
            turned = np.array([from_foot_m[1], -from_foot_m[0]])
            box_m = 0.6 * OWN_SIGMA_M * rng.standard_normal(2)
            seen_m = object_m + turned * yaw_bias + gnss_m + photo_m + box_m
            loading = np.zeros((3, 3))
            loading[:2, 0] = turned * YAW_SIGMA
            loading[:2, 1:] = GNSS_SIGMA_M * np.eye(2)
            corner = 2000 + from_foot_m[0] / GSD_M, 1500 - from_foot_m[1] / GSD_M
            sighting = make_sighting(
                seen_m,
                photo=photo,
                name=str(number),
                loading_m=loading,
                box=(corner[0] - 30, corner[1] - 30, corner[0] + 30, corner[1] + 30),
            )
            sightings.append(sighting)
            objects[sighting.detection.id] = number
    return SimulatedFlight(tuple(sightings), objects, objects_m)


def plan_lines(length_m: float, width_m: float) -> NDArray[np.float64]:
    """Return the feet of photos with 70 % overlap forward and 60 % sideways."""
    norths = np.arange(0.0, length_m + 1, 0.3 * 2 * HALF_VIEW_M[1])
    easts = np.arange(0.0, width_m + 1, 0.4 * 2 * HALF_VIEW_M[0])
    return np.array([(east, north) for east in easts for north in norths])


def place_objects(rng: np.random.Generator, *, count: int, side_m: float) -> NDArray[np.float64]:
    """Return objects on a shaken grid, at least 12 m from each other."""
    per_side = int(np.ceil(np.sqrt(count)))
    step_m = side_m / per_side
    grid = np.array([(i, j) for i in range(per_side) for j in range(per_side)][:count])
    shake = (step_m - 12.0) / 2 * rng.uniform(-1, 1, size=(count, 2))
    return (grid + 0.5) * step_m + shake


def position_m(finding: Finding) -> NDArray[np.float64]:
    """Return where a finding was placed, east and north."""
    assert isinstance(finding.position, Placement)
    return wgs84_to_plane(FRAME, [finding.position.latitude_deg], [finding.position.longitude_deg])[
        0
    ]


def sighted_m(sighting: Sighting) -> NDArray[np.float64]:
    """Return where a sighting was placed, east and north."""
    assert isinstance(sighting.place, Placement)
    return wgs84_to_plane(FRAME, sighting.place.latitude_deg, sighting.place.longitude_deg)[0]


def is_within_90_percent(finding: Finding, truth_m: NDArray[np.float64]) -> bool:
    """Return whether the truth lies in the finding's 90 % ellipse."""
    assert isinstance(finding.position, Placement)
    loading = finding.position.shared_loading_m[:2]
    covariance = finding.position.own_covariance_m2[:2, :2] + loading @ loading.T
    error_m = position_m(finding) - truth_m
    # 4.605 is the 90 % point of the chi-square distribution with 2 degrees of freedom.
    return bool(error_m @ np.linalg.solve(covariance, error_m) <= 4.605)


def partition(findings: Sequence[Finding]) -> set[frozenset[str]]:
    """Return the findings as sets of detection ids."""
    return {frozenset(s.detection.id for s in finding.sightings) for finding in findings}


def merge(*sightings: Sighting) -> list[Finding]:
    return merge_sightings(sightings, flight_id="flight")


@dataclass(frozen=True)
class Outcome:
    """What merging made of 20 simulated flights over 50 objects each."""

    merged_rmse_m: float
    median_single_error_m: float
    covered: float
    pure: float
    findings_a_flight: float


def fly_20_times(cameras_m: NDArray[np.float64]) -> Outcome:
    """Return how far off merged and single positions are, over 20 seeds."""
    merged_m, single_m, covered, pure = [], [], [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        flight = simulate_flight(
            rng,
            objects_m=place_objects(rng, count=50, side_m=180.0),
            cameras_m=cameras_m,
            # The normal distribution's quantiles: the coverage must not hang on 20 lucky draws.
            yaw_bias=YAW_SIGMA * NormalDist().inv_cdf((seed + 0.5) / 20),
        )
        for finding in merge_sightings(flight.sightings, flight_id="flight"):
            numbers = {flight.objects[s.detection.id] for s in finding.sightings}
            truth_m = flight.truth_m[min(numbers)]
            pure.append(len(numbers) == 1)
            merged_m.append(np.linalg.norm(position_m(finding) - truth_m))
            covered.append(is_within_90_percent(finding, truth_m))
            single_m += [np.linalg.norm(sighted_m(s) - truth_m) for s in finding.sightings]
    return Outcome(
        merged_rmse_m=float(np.sqrt(np.mean(np.square(merged_m)))),
        median_single_error_m=float(np.median(single_m)),
        covered=float(np.mean(covered)),
        pure=float(np.mean(pure)),
        findings_a_flight=len(merged_m) / 20,
    )


@pytest.mark.slow
def test_merged_positions_beat_single_ones_and_their_ellipses_stay_honest() -> None:
    outcome = fly_20_times(plan_lines(180.0, 180.0))
    assert outcome.findings_a_flight == 50
    assert outcome.pure == 1.0
    assert outcome.merged_rmse_m < outcome.median_single_error_m
    assert 0.85 <= outcome.covered <= 0.95


@pytest.mark.slow
def test_ellipses_stay_honest_where_all_photos_share_the_bias_from_one_side() -> None:
    # One line of photos, 90 % overlap: each object has about ten views from nearly one side,
    # so that the yaw bias does not average out as it does within a block of lines.
    cameras_m = np.array([(90.0, north) for north in np.arange(0.0, 181.0, 9.0)])
    outcome = fly_20_times(cameras_m)
    assert outcome.pure == 1.0
    assert 0.85 <= outcome.covered <= 0.95


@pytest.mark.slow
def test_5000_sightings_of_700_objects_become_700_findings() -> None:
    rng = np.random.default_rng(1)
    flight = simulate_flight(
        rng,
        objects_m=place_objects(rng, count=700, side_m=500.0),
        cameras_m=plan_lines(500.0, 500.0),
        yaw_bias=YAW_SIGMA,
    )
    assert len(flight.sightings) > 5000
    findings = merge_sightings(flight.sightings, flight_id="flight")
    assert len(findings) == pytest.approx(700, rel=0.02)


def make_crowd(seed: int) -> list[Sighting]:
    """Return sightings of a few objects close together, placed and not, in several classes."""
    rng = np.random.default_rng(seed)
    sightings = []
    for photo in range(5):
        for number in range(4):
            sighting = make_sighting(
                rng.normal((6.0 * number, 0.0), 1.5),
                photo=photo,
                name=str(number),
                class_name=("exposed_garbage", "illegal_structure")[number % 2],
                confidence=round(float(rng.uniform(0.2, 1.0)), 2),
                size_m=float(rng.uniform(1.0, 4.0)),
            )
            if rng.random() < 0.2:
                sighting = replace(sighting, place=NotPlaced(code=ReasonCode.NO_HEIGHT))
            sightings.append(sighting)
    return sightings


@settings(max_examples=60)
@given(st.integers(0, 50), st.randoms(use_true_random=False))
def test_the_order_of_sightings_changes_nothing(seed: int, random: Random) -> None:
    sightings = make_crowd(seed)
    shuffled = list(sightings)
    random.shuffle(shuffled)
    expected, findings = merge(*sightings), merge(*shuffled)
    assert [describe(finding) for finding in findings] == [describe(f) for f in expected]


def describe(finding: Finding) -> tuple[object, ...]:
    """Return all of a finding that must come out the same to the last bit."""
    position: tuple[object, ...] = ()
    if isinstance(finding.position, Placement):
        position = (
            finding.position.latitude_deg,
            finding.position.longitude_deg,
            finding.position.own_covariance_m2.tobytes(),
            finding.position.shared_loading_m.tobytes(),
        )
    ids = [sighting.detection.id for sighting in finding.sightings]
    return finding.id, finding.confidence, finding.independent_views, ids, position


@given(st.integers(0, 50))
def test_each_sighting_ends_in_exactly_one_finding_of_its_class(seed: int) -> None:
    sightings = make_crowd(seed)
    findings = merge(*sightings)
    ids = [s.detection.id for finding in findings for s in finding.sightings]
    assert sorted(ids) == sorted(sighting.detection.id for sighting in sightings)
    for finding in findings:
        assert {s.detection.class_name for s in finding.sightings} == {finding.class_name}


def test_two_boxes_of_one_photo_are_two_objects_however_close() -> None:
    findings = merge(
        make_sighting((0.0, 0.0), photo=0, name="a"),
        make_sighting((2.1, 0.0), photo=0, name="b"),
        make_sighting((0.2, 0.1), photo=1, name="a"),
        make_sighting((2.3, 0.1), photo=1, name="b"),
    )
    assert partition(findings) == {
        frozenset({"0000-a", "0001-a"}),
        frozenset({"0000-b", "0001-b"}),
    }


def test_an_error_of_the_whole_photo_does_not_swap_neighbours() -> None:
    # The second photo is 3 m off to the east: its "a" lies nearer to "b", but then its "b"
    # would be left over.
    findings = merge(
        make_sighting((0.0, 0.0), photo=0, name="a", own_m=1.5),
        make_sighting((5.0, 0.0), photo=0, name="b", own_m=1.5),
        make_sighting((3.0, 0.0), photo=1, name="a", own_m=1.5),
        make_sighting((8.0, 0.0), photo=1, name="b", own_m=1.5),
    )
    assert partition(findings) == {
        frozenset({"0000-a", "0001-a"}),
        frozenset({"0000-b", "0001-b"}),
    }


def test_a_box_inside_another_of_its_photo_is_the_same_object() -> None:
    outer = make_sighting((0.0, 0.0), name="outer", box=(100, 100, 200, 200), confidence=0.6)
    inner = make_sighting((0.5, 0.0), name="inner", box=(120, 120, 180, 180), confidence=0.9)
    (finding,) = merge(outer, inner)
    assert [s.detection.id for s in finding.sightings] == ["0000-inner", "0000-outer"]
    assert finding.independent_views == 1
    # Its place is that of the surer box alone: the doubles' errors are the same.
    assert isinstance(finding.position, Placement)
    assert finding.position.own_covariance_m2[0, 0] == OWN_SIGMA_M**2


def test_classes_are_never_mixed() -> None:
    findings = merge(
        make_sighting((0.0, 0.0), photo=0),
        make_sighting((0.0, 0.0), photo=1, class_name="illegal_structure"),
    )
    assert len(findings) == 2


def test_a_shared_error_that_acts_alike_does_not_excuse_a_distance() -> None:
    # 3 m apart with own errors of 0.3 m: 7 sigmas. The flight's 5 m bias moves both alike.
    loading_m = np.array([[5.0], [0.0], [0.0]])
    findings = merge(
        make_sighting((0.0, 0.0), photo=0, own_m=0.3, loading_m=loading_m),
        make_sighting((3.0, 0.0), photo=1, own_m=0.3, loading_m=loading_m),
    )
    assert len(findings) == 2


def test_a_shared_error_that_acts_against_explains_a_distance() -> None:
    # A yaw bias moves what lies north and what lies south of the camera in opposite directions:
    # sigma of the difference is 4 m.
    loading_m = np.array([[2.0], [0.0], [0.0]])
    findings = merge(
        make_sighting((0.0, 0.0), photo=0, own_m=0.3, loading_m=loading_m),
        make_sighting((3.0, 0.0), photo=1, own_m=0.3, loading_m=-loading_m),
    )
    assert len(findings) == 1


def test_nothing_is_one_object_beyond_the_limit_however_poor_the_positions() -> None:
    def sight(photo: int, east_m: float) -> Sighting:
        return make_sighting((east_m, 0.0), photo=photo, own_m=20.0, size_m=2.0)

    # The limit is 12 m and the size of the object.
    assert len(merge(sight(0, 0.0), sight(1, 13.5))) == 1
    assert len(merge(sight(0, 0.0), sight(1, 14.5))) == 2


def test_a_shed_is_not_a_bag_of_rubbish() -> None:
    findings = merge(
        make_sighting((0.0, 0.0), photo=0, size_m=1.0),
        make_sighting((0.0, 0.0), photo=1, size_m=4.0),
    )
    assert len(findings) == 2


@pytest.mark.parametrize("first_is_part", [True, False])
def test_a_shed_cut_by_the_photos_edge_is_still_the_shed(first_is_part: bool) -> None:
    photos = (0, 1) if first_is_part else (1, 0)
    corner = make_sighting((2.5, 0.0), photo=photos[0], size_m=1.0)
    assert isinstance(corner.place, Placement)
    corner = replace(corner, place=replace(corner.place, is_part=True))
    shed = make_sighting((0.0, 0.0), photo=photos[1], size_m=6.0)
    (finding,) = merge_sightings([corner, shed], flight_id="f")
    assert isinstance(finding.position, Placement)
    assert not finding.position.is_part
    assert finding.position.ground_size_m == (6.0, 6.0)
    # What a photo shows whole is no larger than it looks.
    bag = make_sighting((2.5, 0.0), photo=photos[0], size_m=1.0)
    assert len(merge_sightings([bag, shed], flight_id="f")) == 2


def test_appearance_decides_between_equal_distances() -> None:
    red, blue = (1.0, 0.0), (0.0, 1.0)
    findings = merge(
        make_sighting((-1.5, 0.0), photo=0, name="red", appearance=red),
        make_sighting((1.5, 0.0), photo=0, name="blue", appearance=blue),
        make_sighting((0.0, 0.0), photo=1, name="blue", appearance=blue),
    )
    assert frozenset({"0000-blue", "0001-blue"}) in partition(findings)


def test_sightings_without_a_place_stay_apart() -> None:
    nowhere = NotPlaced(code=ReasonCode.NO_GPS)
    findings = merge(
        replace(make_sighting((0.0, 0.0), photo=0), place=nowhere),
        replace(make_sighting((0.0, 0.0), photo=1), place=nowhere),
    )
    assert [finding.position for finding in findings] == [nowhere, nowhere]
    assert [finding.independent_views for finding in findings] == [1, 1]


def test_the_id_is_that_of_the_first_sighting_and_the_best_comes_first() -> None:
    (finding,) = merge(
        make_sighting((0.0, 0.0), photo=2, confidence=0.7, box=(0, 0, 50, 50)),
        make_sighting((0.0, 0.1), photo=1, confidence=0.4),
        make_sighting((0.1, 0.0), photo=3, confidence=0.7, box=(500, 500, 600, 600)),
    )
    assert finding.id == "0001-a"
    assert finding.confidence == 0.7
    assert [s.detection.id for s in finding.sightings] == ["0003-a", "0002-a", "0001-a"]


def test_no_sightings_give_no_findings() -> None:
    assert merge() == []
