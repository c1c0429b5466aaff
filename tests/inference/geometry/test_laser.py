"""What a wrong pitch does to places whose height comes from a laser."""

import math
from dataclasses import replace

import numpy as np
import pytest

from inference.geometry.heights import plan_view
from inference.geometry.locate import locate
from inference.geometry.pose_errors import HEIGHT, PITCH, POSE_ERRORS, PoseErrors
from inference.geometry.uncertainty import full_covariance
from inference.geometry.view import View
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.sighting import Detection, Placement

DISTANCE_M = 80.0
METRES_PER_DEGREE = 110_852.0  # of latitude at 30 degrees north


def make_photo(pitch_deg: float, distance_m: float) -> PhotoMetadata:
    return PhotoMetadata(
        width_px=4000,
        height_px=3000,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        latitude_deg=30.0,
        longitude_deg=120.0,
        laser_distance_m=distance_m,
        attitude=Attitude(yaw_deg=0.0, pitch_deg=pitch_deg, roll_deg=0.0, source="dji_gimbal"),
        lens=Lens(focal_length_35mm=24.0),
    )


def planned(pitch_deg: float) -> View:
    view = plan_view(make_photo(pitch_deg, DISTANCE_M))
    assert isinstance(view, View)
    return view


def north_m(pitch_deg: float, row: float) -> float:
    place = placed(planned(pitch_deg), row)
    return (place.latitude_deg - 30.0) * METRES_PER_DEGREE


def placed(view: View, row: float) -> Placement:
    box = (1997.5, row - 2.0, 2001.5, row + 2.0)
    place = locate(
        Detection(
            id="",
            photo_sha256="",
            class_name="exposed_garbage",
            confidence=1.0,
            box_photo=box,
            appearance=np.zeros(1, dtype=np.float32),
        ),
        view,
    )
    assert isinstance(place, Placement)
    return place


def with_known_pitch(view: View) -> View:
    """Return the view without what a wrong pitch does to its angles and its height."""
    untie = np.eye(len(POSE_ERRORS))
    untie[HEIGHT, PITCH] = -view.errors.own[HEIGHT, PITCH] / view.errors.own[PITCH, PITCH]
    untie[PITCH, PITCH] = 0.0
    shared = untie @ view.errors.shared @ untie.T
    return replace(view, errors=PoseErrors(shared=shared, own=untie @ view.errors.own @ untie.T))


@pytest.mark.parametrize("pitch_deg", [-30.0, -45.0, -60.0, -89.0])
@pytest.mark.parametrize("row", [700.0, 1499.5, 2300.0])
def test_the_stated_spread_is_what_a_wrong_pitch_does_to_the_whole_way_from_photo_to_place(
    pitch_deg: float, row: float
) -> None:
    view = planned(pitch_deg)
    accuracy = view.pose.accuracy
    sigma_deg = math.hypot(accuracy.shared_pitch_deg, accuracy.own_pitch_deg)
    step = 0.05
    slope = (north_m(pitch_deg + step, row) - north_m(pitch_deg - step, row)) / (2.0 * step)
    with_pitch = full_covariance(placed(view, row))[1, 1]
    without = full_covariance(placed(with_known_pitch(view), row))[1, 1]
    assert math.sqrt(max(with_pitch - without, 0.0)) == pytest.approx(
        abs(slope) * sigma_deg, rel=0.05, abs=0.05
    )


def test_at_the_middle_a_wrong_pitch_turns_the_laser_about_the_camera() -> None:
    # The point stays at its distance: it moves north by d sin(a) a radian, and not by d / sin(a),
    # which a camera of known height would give.
    step = 0.05
    slope = (north_m(-30.0 + step, 1499.5) - north_m(-30.0 - step, 1499.5)) / math.radians(2 * step)
    assert slope == pytest.approx(DISTANCE_M * math.sin(math.radians(30.0)), rel=0.01)
