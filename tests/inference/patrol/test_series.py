"""Photos of a walk past one object: together they say where it is, and no better than they may.

The boxes come from the projection of the rendered scenes, which knows nothing of `inference`.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from datasets.scenes.viewing import SceneCamera, SceneView, project
from inference.geometry.frames import EnuFrame, plane_to_wgs84, wgs84_to_plane
from inference.geometry.uncertainty import circular_error_90_m, error_ellipse, full_covariance
from inference.merging.merge import merge_sightings
from inference.merging.reconcile import reconcile
from inference.patrol.methods import CIRCLE_AROUND_CAMERA, COMPASS_RAY, TRIANGULATED_RAYS
from inference.patrol.ranges import (
    CAMERA_HEIGHTS_M,
    OBJECT_PRIORS,
    TILT_DOWN_DEG,
    TILT_OWN_SIGMA_DEG,
    TILT_SHARED_SIGMA_DEG,
)
from inference.patrol.street import (
    COMPASS_OWN_SIGMA_DEG,
    COMPASS_SHARED_SIGMA_DEG,
    GNSS_OWN_SIGMA_M,
    GNSS_SHARED_SIGMA_M,
    locate_from_street,
)
from inference.reading.metadata import Band, Lens, PhotoKind, PhotoMetadata, YawReference
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement, Sighting

FRAME = EnuFrame(latitude_deg=30.28, longitude_deg=120.15)
CAMERA = SceneCamera(width_px=4000, height_px=3000, fx=3000.0, fy=3000.0, cx=1999.5, cy=1499.5)
FOV_DEG = float(np.degrees(2.0 * np.arctan(2000.0 / 3000.0)))
REFUSAL = NotPlaced(code=ReasonCode.NO_ATTITUDE)
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SQUARED_SIGMAS_90 = 4.605  # chi-square, 2 degrees of freedom
WALK = ((-10.0, 0.0), (0.0, 0.0), (10.0, 0.0))
HEAP = np.array([0.0, 10.0])


@dataclass(frozen=True)
class Patrol:
    """What is true of a walk and not stated by its photos."""

    gnss_m: NDArray[np.float64]
    compass_deg: float
    tilt_deg: float
    camera_height_m: float


def draw_patrol(random: Generator) -> Patrol:
    return Patrol(
        gnss_m=GNSS_SHARED_SIGMA_M * random.standard_normal(2),
        compass_deg=COMPASS_SHARED_SIGMA_DEG * random.standard_normal(),
        tilt_deg=TILT_DOWN_DEG + TILT_SHARED_SIGMA_DEG * random.standard_normal(),
        camera_height_m=float(random.choice(CAMERA_HEIGHTS_M)),
    )


def draw_heap(random: Generator) -> NDArray[np.float64]:
    """Return width, depth and height of a heap of the class's usual size."""
    prior = OBJECT_PRIORS["exposed_garbage"]
    size_m = prior.size_m * np.exp(prior.size_sigma_log * random.standard_normal())
    flatness = np.exp(0.2 * random.standard_normal())
    width_m, height_m = size_m * flatness, size_m / flatness
    return np.array([width_m, prior.depth_ratio * width_m, height_m])


def box_of(
    heap: NDArray[np.float64], at: NDArray[np.float64], view: SceneView
) -> tuple[float, float, float, float] | None:
    """Return the box around a block that turns its front to the camera, None where it is cut."""
    towards = at - view.position[:2]
    towards /= np.linalg.norm(towards)
    aside = np.array([towards[1], -towards[0]])
    corners = [
        np.append(at + x * heap[0] / 2.0 * aside + y * heap[1] / 2.0 * towards, z * heap[2])
        for x in (-1.0, 1.0)
        for y in (-1.0, 1.0)
        for z in (0.0, 1.0)
    ]
    pixels = project(np.array(corners), view, CAMERA)
    if not np.isfinite(pixels).all():
        return None
    (x_min, y_min), (x_max, y_max) = pixels.min(axis=0), pixels.max(axis=0)
    inside = x_min > 20 and y_min > 20 and x_max < 3980 and y_max < 2980
    return (float(x_min), float(y_min), float(x_max), float(y_max)) if inside else None


def take_photo(
    random: Generator,
    patrol: Patrol,
    heap: NDArray[np.float64],
    camera_at: tuple[float, float],
    *,
    number: int,
    has_compass: bool = True,
    at: NDArray[np.float64] = HEAP,
    aim: NDArray[np.float64] = HEAP,
) -> Sighting | None:
    """Return the sighting of a heap on a photo aimed somewhere, None where it is not whole."""
    place_m = np.array(camera_at)
    true_deg = np.degrees(np.arctan2(*(aim - place_m))) + random.uniform(-12.0, 12.0)
    view = SceneView(
        east_m=camera_at[0],
        north_m=camera_at[1],
        up_m=patrol.camera_height_m,
        yaw_deg=float(true_deg),
        pitch_deg=-(patrol.tilt_deg + TILT_OWN_SIGMA_DEG * random.standard_normal()),
        roll_deg=2.0 * random.standard_normal(),
    )
    box = box_of(heap, at, view)
    if box is None:
        return None
    stated_m = place_m + patrol.gnss_m + GNSS_OWN_SIGMA_M * random.standard_normal(2)
    compass_deg = true_deg + patrol.compass_deg + COMPASS_OWN_SIGMA_DEG * random.standard_normal()
    latitude, longitude = plane_to_wgs84(FRAME, stated_m[None])[0]
    metadata = PhotoMetadata(
        width_px=4000,
        height_px=3000,
        orientation=1,
        kind=PhotoKind.STREET,
        band=Band.VISUAL,
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        image_direction_deg=float(compass_deg % 360.0) if has_compass else None,
        image_direction_reference=YawReference.TRUE,
        lens=Lens(horizontal_fov_deg=FOV_DEG),
    )
    detection = Detection(
        id=f"detection {number} {at[0]:.0f}",
        photo_sha256=f"photo {number}",
        class_name="exposed_garbage",
        confidence=0.8,
        box_photo=box,
        appearance=np.array([1.0], dtype=np.float32),
    )
    return Sighting(
        detection=detection,
        place=locate_from_street(detection, metadata, refusal=REFUSAL),
        captured_at=START + timedelta(seconds=15 * number),
        capture_uuid=None,
    )


def squared_sigmas(place: Placement, truth: NDArray[np.float64] = HEAP) -> float:
    off_m = wgs84_to_plane(FRAME, place.latitude_deg, place.longitude_deg)[0] - truth
    return float(off_m @ np.linalg.solve(full_covariance(place)[:2, :2], off_m))


def walk_past(
    random: Generator, *, places: tuple[tuple[float, float], ...] = WALK, has_compass: bool = True
) -> list[Sighting]:
    """Return sightings of one heap from all of the places, drawn anew until all see it whole."""
    while True:
        patrol, heap = draw_patrol(random), draw_heap(random)
        seen = [
            take_photo(random, patrol, heap, place, number=number, has_compass=has_compass)
            for number, place in enumerate(places)
        ]
        sightings = [one for one in seen if one is not None and isinstance(one.place, Placement)]
        if len(sightings) == len(places):
            return sightings


def area_m2(place: Placement) -> float:
    major_m, minor_m, _ = error_ellipse(full_covariance(place))
    return float(np.pi * major_m * minor_m)


@pytest.mark.slow
def test_three_photos_of_a_walk_say_far_more_than_one_and_hold_the_truth() -> None:
    random = np.random.default_rng(20261125)
    inside, sharpened = [], []
    for _ in range(300):
        sightings = walk_past(random)
        findings = merge_sightings(sightings, flight_id="walk")
        if len(findings) != 1:
            inside.append(False)
            continue
        place = findings[0].position
        assert isinstance(place, Placement)
        inside.append(squared_sigmas(place) < SQUARED_SIGMAS_90)
        singles = [one.place for one in sightings if isinstance(one.place, Placement)]
        sharpened.append(area_m2(place) / np.median([area_m2(single) for single in singles]))
    # 300 draws at 90 % have a standard deviation of 1.7 %.
    assert 0.86 <= np.mean(inside) <= 0.97
    assert np.median(sharpened) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("distance_m", [5.0, 10.0, 25.0])
def test_the_ellipse_of_one_photo_holds_the_truth(distance_m: float) -> None:
    random = np.random.default_rng(int(distance_m))
    inside = []
    for _ in range(300):
        (sighting,) = walk_past(random, places=((0.0, 10.0 - distance_m),))
        assert isinstance(sighting.place, Placement)
        assert sighting.place.method == COMPASS_RAY
        inside.append(squared_sigmas(sighting.place) < SQUARED_SIGMAS_90)
    assert 0.86 <= np.mean(inside) <= 0.98


@pytest.mark.slow
def test_circles_around_cameras_hold_the_truth_and_do_not_shrink_with_their_number() -> None:
    random = np.random.default_rng(7)
    inside = []
    for _ in range(300):
        sightings = walk_past(random, has_compass=False)
        place = merge_sightings(sightings, flight_id="walk")[0].position
        assert isinstance(place, Placement)
        assert place.method == CIRCLE_AROUND_CAMERA
        singles = [one.place for one in sightings if isinstance(one.place, Placement)]
        errors_m = [circular_error_90_m(full_covariance(single)) for single in singles]
        assert circular_error_90_m(full_covariance(place)) >= min(errors_m) - 1e-9
        inside.append(squared_sigmas(place) < SQUARED_SIGMAS_90)
    assert 0.86 <= np.mean(inside) <= 0.98


def test_long_ellipses_of_one_object_are_one_finding_placed_where_they_cross() -> None:
    random = np.random.default_rng(3)
    finding, *others = merge_sightings(walk_past(random), flight_id="walk")
    assert others == []
    assert isinstance(finding.position, Placement)
    assert finding.position.method == TRIANGULATED_RAYS
    assert finding.independent_views == 3


def test_two_heaps_side_by_side_on_each_photo_stay_two() -> None:
    random = np.random.default_rng(11)
    patrol, heap = draw_patrol(random), np.array([1.2, 1.0, 0.9])
    both = (np.array([-3.0, 12.0]), np.array([3.0, 12.0]))
    sightings = []
    for number, place in enumerate(((-4.0, -2.0), (0.0, -2.0), (4.0, -2.0))):
        # The same photo twice: its errors are drawn again from the same state.
        seed = int(random.integers(1 << 30))
        for at in both:
            one = take_photo(np.random.default_rng(seed), patrol, heap, place, number=number, at=at)
            assert one is not None
            sightings.append(one)
    findings = merge_sightings(sightings, flight_id="walk")
    assert sorted(len(finding.sightings) for finding in findings) == [3, 3]
    for finding in findings:
        sides = {one.detection.id.split()[-1] for one in finding.sightings}
        assert len(sides) == 1


def test_twenty_photos_from_one_spot_do_not_average_the_compass_bias_away() -> None:
    random = np.random.default_rng(5)
    steps = tuple((0.2 * step, 0.0) for step in range(-10, 10))
    place = merge_sightings(walk_past(random, places=steps), flight_id="walk")[0].position
    assert isinstance(place, Placement)
    shared_m2 = place.shared_loading_m @ place.shared_loading_m.T
    # Across a ray of 10 m, 9 degrees of shared compass are 1.6 m beside 3 m of shared position.
    assert shared_m2[0, 0] > 1.4**2 + 2.9**2


def test_two_patrols_past_one_heap_are_one_issue_and_know_more_together() -> None:
    random = np.random.default_rng(8)
    heap = np.array([1.2, 1.0, 0.9])
    findings = []
    for day in range(2):
        patrol = draw_patrol(random)
        seen = [
            take_photo(random, patrol, heap, place, number=10 * day + number)
            for number, place in enumerate(WALK)
        ]
        assert all(one is not None for one in seen)
        findings += merge_sightings([one for one in seen if one], flight_id=f"walk {day}")
    (issue,) = reconcile(findings, permits=(), grids=())
    assert isinstance(issue.position, Placement)
    assert issue.position.method == TRIANGULATED_RAYS
    assert issue.recurrence_count == 1
    singles = [one.position for one in findings if isinstance(one.position, Placement)]
    assert area_m2(issue.position) < min(map(area_m2, singles))


def test_a_drone_that_saw_it_too_decides_where_it_is() -> None:
    random = np.random.default_rng(9)
    (walk,) = merge_sightings(walk_past(random), flight_id="walk")
    assert isinstance(walk.position, Placement)
    latitude, longitude = plane_to_wgs84(FRAME, HEAP[None])[0]
    above = replace(
        walk.position,
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        own_covariance_m2=np.eye(3),
        shared_loading_m=np.zeros_like(walk.position.shared_loading_m),
        method="flat_ground_at_takeoff",
    )
    drone = replace(walk, id="drone", flight_id="flight", position=above)
    (issue,) = reconcile([walk, drone], permits=(), grids=())
    assert isinstance(issue.position, Placement)
    assert issue.position.method == "flat_ground_at_takeoff"
    assert squared_sigmas(issue.position) < SQUARED_SIGMAS_90
    assert circular_error_90_m(full_covariance(issue.position)) < 2.2


@pytest.mark.slow
def test_heaps_along_a_street_each_on_a_photo_of_its_own_mostly_stay_apart() -> None:
    random = np.random.default_rng(12)
    count = 0
    for _ in range(60):
        patrol = draw_patrol(random)
        sightings: list[Sighting] = []
        while len(sightings) < 3:
            at = np.array([20.0 * len(sightings), 9.0])
            one = take_photo(
                random, patrol, draw_heap(random), (at[0] + 1.0, 1.0),
                number=len(sightings), at=at, aim=at,
            )  # fmt: skip
            if one is not None and isinstance(one.place, Placement):
                sightings.append(one)
        count += len(merge_sightings(sightings, flight_id="walk"))
    assert count / 60 > 2.8
