"""When the height above ground should be verified."""

from dataclasses import replace

import pytest

from inference.geometry.height_doubt import doubt_height
from inference.geometry.heights import plan_view
from inference.geometry.pose_errors import HEIGHT
from inference.geometry.takeoff import Takeoff
from inference.geometry.terrain import MAX_SIGMA_M, ground_sigma_m, sigma_from_takeoff
from inference.geometry.view import View
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import ReasonCode

TAKEOFF = Takeoff(latitude_deg=30.0, longitude_deg=120.0)


def planned(*, pitch_deg: float = -90.0, relative_m: float = 80.0, **changes: object) -> View:
    values: dict[str, object] = {
        "width_px": 4000,
        "height_px": 3000,
        "orientation": 1,
        "kind": PhotoKind.DRONE,
        "band": Band.VISUAL,
        "latitude_deg": 30.0,
        "longitude_deg": 120.0,
        "relative_altitude_m": relative_m,
        "attitude": Attitude(yaw_deg=0.0, pitch_deg=pitch_deg, roll_deg=0.0, source="dji_gimbal"),
        "lens": Lens(focal_length_35mm=24.0),
    }
    view = plan_view(PhotoMetadata(**(values | changes)), None, TAKEOFF)
    assert isinstance(view, View)
    return view


def is_doubtful(view: View) -> bool:
    reason = doubt_height(view)
    assert reason is None or reason.code is ReasonCode.HEIGHT_UNVERIFIED
    return reason is not None


def test_straight_down_near_the_start_passes() -> None:
    assert not is_doubtful(planned())


def test_oblique_low_and_far_off_views_do_not() -> None:
    assert is_doubtful(planned(pitch_deg=-45.0))
    assert is_doubtful(planned(relative_m=12.0))
    assert is_doubtful(planned(longitude_deg=120.006))  # 580 m


def test_what_confirms_the_height_ends_the_doubt() -> None:
    oblique = planned(pitch_deg=-45.0)
    assert not is_doubtful(planned(pitch_deg=-45.0, laser_distance_m=110.0))
    assert not is_doubtful(replace(oblique, is_refined=True))
    assert not is_doubtful(replace(oblique, method="ground_model_ray_cast"))


def test_a_laser_that_met_a_bird_is_doubted_by_as_much() -> None:
    right, wrong = planned(laser_distance_m=78.0), planned(laser_distance_m=20.0)
    assert not is_doubtful(right)
    assert is_doubtful(wrong)
    # 80 m above the start, 20 m above what the laser met.
    added_m2 = wrong.errors.own[HEIGHT, HEIGHT] - right.errors.own[HEIGHT, HEIGHT]
    assert added_m2 == pytest.approx(60.0**2, rel=0.01)
    # A valley of 25 m is nothing special, and where no altitude is told nothing contradicts.
    assert not is_doubtful(planned(laser_distance_m=105.0))
    assert not is_doubtful(planned(laser_distance_m=20.0, relative_altitude_m=None))


def test_ground_differs_more_the_further_off_but_not_without_end() -> None:
    assert ground_sigma_m(0.0) == 0.0
    assert ground_sigma_m(100.0) == pytest.approx(6.0)
    # Two to the 0.75 is 1.68.
    assert ground_sigma_m(200.0) == pytest.approx(6.0 * 1.6818, abs=1e-3)
    assert ground_sigma_m(1e6) == MAX_SIGMA_M


def test_most_of_the_doubt_is_the_flights_and_the_rest_the_places() -> None:
    near, far = sigma_from_takeoff(0.0), sigma_from_takeoff(400.0)
    assert near.total_m == pytest.approx(ground_sigma_m(150.0))
    assert near.own_m == far.own_m == ground_sigma_m(50.0)
    assert far.shared_m > near.shared_m > near.own_m
