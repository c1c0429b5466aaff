"""The ground that a photo shows."""

import math
from dataclasses import replace

import pytest
from shapely.geometry import Polygon

from inference.geometry.coverage import (
    Footprint,
    ground_sample_distance_m,
    plan_footprint,
    round_gsd_m,
)
from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.geometry.ground import FlatGround
from inference.geometry.heights import plan_view
from inference.geometry.view import Level, View
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode

FRAME = EnuFrame(latitude_deg=30.0, longitude_deg=120.0)


def make_view(*, pitch_deg: float, yaw_deg: float = 0.0, height_m: float = 40.0) -> View:
    photo = PhotoMetadata(
        width_px=4000,
        height_px=3000,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        latitude_deg=FRAME.latitude_deg,
        longitude_deg=FRAME.longitude_deg,
        relative_altitude_m=height_m,
        attitude=Attitude(yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=0.0, source="dji_gimbal"),
        lens=Lens(dewarp_px=(2000.0, 2000.0, 1999.5, 1499.5), calibrated_size_px=(4000, 3000)),
    )
    view = plan_view(photo)
    assert isinstance(view, View)
    return view


def footprint(**pose: float) -> Footprint:
    answer = plan_footprint(make_view(**pose))
    assert isinstance(answer, Footprint)
    return answer


def metres(ring: tuple[tuple[float, float], ...]) -> Polygon:
    enu = wgs84_to_enu(FRAME, [[latitude, longitude, 0.0] for longitude, latitude in ring])
    return Polygon(enu[:, :2])


def test_a_nadir_photo_shows_a_rectangle_of_its_gsd() -> None:
    seen = footprint(pitch_deg=-90.0)
    # 40 m / 2000 px = 2 cm a pixel; 3999 by 2999 steps between the outer pixels' centres.
    assert seen.gsd_m == pytest.approx(0.02)
    assert seen.area_m2 == pytest.approx(79.98 * 59.98, rel=1e-6)
    assert metres(seen.ring_wgs84).bounds == pytest.approx((-39.99, -29.99, 39.99, 29.99), abs=1e-3)
    assert not seen.is_clipped


@pytest.mark.parametrize("yaw_deg", [0.0, 90.0, 215.0])
@pytest.mark.parametrize("pitch_deg", [-90.0, -60.0, -30.0, -10.0])
def test_rings_are_closed_valid_and_counter_clockwise(pitch_deg: float, yaw_deg: float) -> None:
    ring = footprint(pitch_deg=pitch_deg, yaw_deg=yaw_deg).ring_wgs84
    assert ring[0] == ring[-1]
    polygon = Polygon(ring)
    assert polygon.is_valid
    assert polygon.exterior.is_ccw


def test_a_picture_with_the_horizon_ends_where_the_view_is_5_degrees_down() -> None:
    seen = footprint(pitch_deg=-20.0)
    assert seen.is_clipped
    assert seen.gsd_m is not None
    # 40 / tan 5 = 457.2 m.
    furthest = max(math.hypot(x, y) for x, y in metres(seen.ring_wgs84).exterior.coords)
    assert furthest == pytest.approx(457.2, abs=0.1)


def test_an_oblique_footprint_begins_ahead_of_the_camera() -> None:
    # Lower edge: 45 + atan(1499.5 / 2000) = 81.86 degrees down, 40 / tan = 5.72 m ahead.
    south = metres(footprint(pitch_deg=-45.0).ring_wgs84).bounds[1]
    assert south == pytest.approx(5.72, abs=0.01)


def test_a_picture_of_the_sky_covers_nothing() -> None:
    answer = plan_footprint(make_view(pitch_deg=60.0))
    assert isinstance(answer, NotPlaced)
    assert answer.code is ReasonCode.ABOVE_HORIZON


def test_gsd_is_that_of_the_middle() -> None:
    # 40 / sin 30 = 80 m away, 2000 px.
    assert ground_sample_distance_m(make_view(pitch_deg=-30.0)) == pytest.approx(0.04)
    assert ground_sample_distance_m(make_view(pitch_deg=0.0)) is None


def test_gsd_is_rounded_to_three_digits_whatever_its_size() -> None:
    assert round_gsd_m(0.0234567) == 0.0235
    assert round_gsd_m(1.23456) == 1.23
    assert round_gsd_m(None) is None


def test_a_picture_over_a_gap_of_the_model_has_a_gsd_and_an_outline_all_the_same() -> None:
    # The model knows nothing of what the picture shows, but ground at 10 m around it.
    view = replace(
        make_view(pitch_deg=-90.0),
        ground=FlatGround(level_m=math.nan),
        camera_height_m=50.0,
        beside_model=Level(up_m=10.0, sigma_m=2.0),
    )
    seen = plan_footprint(view)
    assert isinstance(seen, Footprint)
    assert seen.gsd_m == pytest.approx(0.02)
    assert seen.area_m2 == pytest.approx(79.98 * 59.98, rel=1e-6)
    assert isinstance(plan_footprint(replace(view, beside_model=None)), NotPlaced)
