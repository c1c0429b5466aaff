"""Merging behind the real geometry: boxes of a simulated flight, located and merged."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, plane_to_wgs84, wgs84_to_plane
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate
from inference.geometry.pose import rotation_camera_to_enu
from inference.geometry.pose_errors import HEIGHT, plan_pose_errors
from inference.geometry.uncertainty import full_covariance
from inference.geometry.view import View
from inference.merging.merge import merge_sightings
from inference.reading.metadata import (
    Attitude,
    Band,
    Lens,
    PhotoKind,
    PhotoMetadata,
    StatedAccuracy,
)
from inference.sighting import Detection, Placement, Sighting

FRAME = EnuFrame(latitude_deg=30.28, longitude_deg=120.15)
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FOCAL_PX = 3000.0
CENTRE_PX = np.array([1999.5, 1499.5])
SIZE_PX = np.array([4000, 3000])
GROUND_SIGMA_M = 4.5  # of gently rolling ground below one flight
HEIGHT_M = 60.0
BOX_PX = 80.0


@dataclass(frozen=True)
class SharedErrors:
    """True minus stated, the same in all photos of a flight, in sigmas."""

    gnss: NDArray[np.float64]
    height: float
    yaw: float
    pitch: float
    roll: float
    focal: float


def plan_block() -> list[tuple[float, float, float]]:
    """Return east, north and heading of photos in lines flown to the north and back."""
    return [
        (east, north, 0.0 if line % 2 == 0 else 180.0)
        for line, east in enumerate(np.arange(0.0, 161.0, 32.0))
        for north in np.arange(0.0, 161.0, 27.0)
    ]


def make_view(east_m: float, north_m: float, yaw_deg: float) -> View:
    """Return the view that a photo with a fixed RTK position states of itself."""
    latitude, longitude = plane_to_wgs84(FRAME, np.array([[east_m, north_m]]))[0]
    focal = (FOCAL_PX, FOCAL_PX, *CENTRE_PX)
    metadata = PhotoMetadata(
        width_px=4000,
        height_px=3000,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        relative_altitude_m=HEIGHT_M,
        attitude=Attitude(yaw_deg=yaw_deg, pitch_deg=-90.0, roll_deg=0.0, source="dji_gimbal"),
        lens=Lens(dewarp_px=focal, calibrated_size_px=(4000, 3000)),
        accuracy=StatedAccuracy(rtk_flag=50, std_east_m=0.02, std_north_m=0.02),
    )
    view = plan_view(metadata)
    assert isinstance(view, View)
    accuracy = view.pose.accuracy
    errors = plan_pose_errors(
        accuracy,
        view.camera,
        shared_height_m=accuracy.shared_vertical_m,
        own_height_m=accuracy.own_vertical_m,
    )
    return replace(view, errors=errors, ground_sigma_m=GROUND_SIGMA_M)


def photograph(
    view: View,
    camera_m: tuple[float, float],
    objects_m: NDArray[np.float64],
    errors: SharedErrors,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return (N, 2) pixels where the objects really appear, off by all errors in the budget."""
    accuracy, own = view.pose.accuracy, rng.standard_normal(6)
    true_camera_m = np.array(
        [
            *(
                np.array(camera_m)
                + errors.gnss * accuracy.shared_horizontal_m
                + own[:2] * accuracy.own_horizontal_m
            ),
            HEIGHT_M
            + errors.height * math.sqrt(view.errors.shared[HEIGHT, HEIGHT])
            + own[2] * math.sqrt(view.errors.own[HEIGHT, HEIGHT]),
        ]
    )
    rotation = rotation_camera_to_enu(
        view.pose.yaw_deg + errors.yaw * accuracy.shared_yaw_deg + own[3] * accuracy.own_yaw_deg,
        view.pose.pitch_deg
        + errors.pitch * accuracy.shared_pitch_deg
        + own[4] * accuracy.own_pitch_deg,
        errors.roll * accuracy.shared_roll_deg + own[5] * accuracy.own_roll_deg,
    )[0]
    rays = (objects_m - true_camera_m) @ rotation
    focal_px = FOCAL_PX * (1.0 + errors.focal * view.camera.focal_sigma_ratio)
    jitter_px = np.hypot(1.0, 0.1 * BOX_PX) * rng.standard_normal((len(rays), 2))
    return CENTRE_PX + focal_px * rays[:, :2] / rays[:, 2:] + jitter_px


def fly(seed: int) -> tuple[list[Sighting], dict[str, int], NDArray[np.float64]]:
    """Return the sightings of a flight, the object behind each, and the truth."""
    rng = np.random.default_rng(seed)
    grid = np.array([(i, j) for i in range(8) for j in range(7)][:50])
    truth_m = (grid + 0.5) * 20.0 + rng.uniform(-3.0, 3.0, size=(50, 2))
    # The ground is not level with the take-off place, and rubbish has a height.
    heights_m = rng.normal(0.0, np.hypot(GROUND_SIGMA_M, 0.5), size=50)
    objects_m = np.column_stack([truth_m, heights_m])
    errors = SharedErrors(
        gnss=rng.standard_normal(2),
        height=float(rng.standard_normal()),
        # The normal distribution's quantiles: the coverage must not hang on lucky draws.
        yaw=NormalDist().inv_cdf((seed + 0.5) / 20),
        pitch=float(rng.standard_normal()),
        roll=float(rng.standard_normal()),
        focal=float(rng.standard_normal()),
    )
    sightings: list[Sighting] = []
    objects: dict[str, int] = {}
    for photo, (east_m, north_m, yaw_deg) in enumerate(plan_block()):
        view = make_view(east_m, north_m, yaw_deg)
        pixels = photograph(view, (east_m, north_m), objects_m, errors, rng)
        seen = np.all((pixels > BOX_PX) & (pixels < SIZE_PX - BOX_PX), axis=1)
        for number in np.flatnonzero(seen):
            sighting = sight(photo, int(number), pixels[number], view)
            sightings.append(sighting)
            objects[sighting.detection.id] = int(number)
    return sightings, objects, truth_m


def sight(photo: int, number: int, pixel: NDArray[np.float64], view: View) -> Sighting:
    """Return the located box around a pixel."""
    half_px = BOX_PX / 2
    x, y = float(pixel[0]), float(pixel[1])
    detection = Detection(
        id=f"{photo:03d}-{number:02d}",
        photo_sha256=f"{photo:03d}",
        class_name="exposed_garbage",
        confidence=0.8,
        box_photo=(x - half_px, y - half_px, x + half_px, y + half_px),
        appearance=np.array([1.0], dtype=np.float32),
    )
    return Sighting(
        detection=detection,
        place=locate(detection, view),
        captured_at=START + timedelta(seconds=2 * photo),
        capture_uuid=None,
    )


@pytest.mark.slow
def test_located_and_merged_positions_are_better_and_honest() -> None:
    merged_m, single_m, covered, found, pure = [], [], [], [], []
    for seed in range(20):
        sightings, objects, truth_m = fly(seed)
        findings = merge_sightings(sightings, flight_id="flight")
        found.append(len(findings))
        for finding in findings:
            numbers = {objects[s.detection.id] for s in finding.sightings}
            pure.append(len(numbers) == 1)
            errors_m = [
                wgs84_to_plane(FRAME, place.latitude_deg, place.longitude_deg)[0]
                - truth_m[min(numbers)]
                for place in (finding.position, *(s.place for s in finding.sightings))
                if isinstance(place, Placement)
            ]
            merged_m.append(np.linalg.norm(errors_m[0]))
            single_m += [np.linalg.norm(error) for error in errors_m[1:]]
            assert isinstance(finding.position, Placement)
            covariance = full_covariance(finding.position)[:2, :2]
            # 4.605 is the 90 % point of the chi-square distribution with 2 degrees of freedom.
            covered.append(errors_m[0] @ np.linalg.solve(covariance, errors_m[0]) <= 4.605)
    assert np.mean(found) == pytest.approx(50, abs=0.5)
    assert np.mean(pure) > 0.99
    assert np.sqrt(np.mean(np.square(merged_m))) < np.median(single_m)
    assert 0.85 <= np.mean(covered) <= 0.95
