"""A grid in memory is a ground like any other, with its doubt by place."""

from dataclasses import replace

import numpy as np
import pytest

from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.ground import Bounds
from inference.geometry.point_ground import PointGround

FRAME = EnuFrame(latitude_deg=47.0, longitude_deg=8.0)
HUNDRED_METRES: Bounds = (-100.0, -100.0, 100.0, 100.0)


def make_ground() -> PointGround:
    """A slope of a tenth to the east; surer in the west; 41 x 21 cells of 5 m."""
    east = -100.0 + 5.0 * np.arange(41)
    heights = np.tile(20.0 + 0.1 * east, (21, 1)).astype(np.float32)
    sigmas = np.tile(np.where(east < 0.0, 0.5, 2.0), (21, 1)).astype(np.float32)
    return PointGround(
        frame=FRAME, heights_m=heights, sigmas_m=sigmas, first_m=(-100.0, -50.0), cell_m=5.0
    )


def test_heights_are_those_of_the_slope_and_none_beyond() -> None:
    ground = make_ground()
    here, beyond = enu_to_wgs84(FRAME, [[40.0, 10.0, 0.0], [0.0, 90.0, 0.0]])
    assert ground.height_m(float(here[0]), float(here[1])) == pytest.approx(24.0, abs=1e-3)
    assert ground.height_m(float(beyond[0]), float(beyond[1])) is None
    assert ground.datum is None


def test_another_frame_sees_the_same_ground() -> None:
    latitude, longitude, _ = enu_to_wgs84(FRAME, [[60.0, 20.0, 0.0]])[0]
    frame = EnuFrame(latitude_deg=float(latitude), longitude_deg=float(longitude))
    point = np.array([[-30.0, -15.0]])
    up = make_ground().around(frame, HUNDRED_METRES).up_m(point)[0]
    assert up == pytest.approx(20.0 + 0.1 * 30.0, abs=2e-3)


def test_a_ray_meets_the_slope_where_it_crosses_it() -> None:
    # From 40 m above the origin, eastwards and 45 degrees down: 40 - x = 20 + x / 10.
    surface = make_ground().around(FRAME, HUNDRED_METRES)
    direction = np.array([[1.0, 0.0, -1.0]]) / np.sqrt(2.0)
    distance = surface.cast(np.array([[0.0, 0.0, 40.0]]), direction, max_range_m=500.0)[0]
    assert distance / np.sqrt(2.0) == pytest.approx(20.0 / 1.1, abs=0.01)


def test_the_doubt_is_that_of_the_place() -> None:
    ground = make_ground()
    assert ground.sigma_m(FRAME, np.array([-50.0, 0.0, 0.0])) == pytest.approx(0.5)
    assert ground.sigma_m(FRAME, np.array([50.0, 0.0, 0.0])) == pytest.approx(2.0)
    assert ground.sigma_m(FRAME, np.array([0.0, 500.0, 0.0])) is None
    unknown = replace(ground, sigmas_m=np.full((21, 41), np.nan, dtype=np.float32))
    assert unknown.sigma_m(FRAME, np.zeros(3)) is None


def test_heights_follow_the_curve_of_the_earth() -> None:
    # 2 km off, the plane of a frame is 0.31 m over a level surface of the earth.
    wide = replace(make_ground(), heights_m=np.full((3, 41), 20.0, dtype=np.float32),
                   sigmas_m=np.ones((3, 41), dtype=np.float32), first_m=(-4000.0, -200.0),
                   cell_m=200.0)  # fmt: skip
    up = wide.around(FRAME, (-3000.0, -100.0, 3000.0, 100.0)).up_m(np.array([[2000.0, 0.0]]))[0]
    level = wgs84_to_enu(FRAME, enu_to_wgs84(FRAME, [[2000.0, 0.0, up]]))[0]
    height = enu_to_wgs84(FRAME, [level])[0, 2]
    assert height == pytest.approx(20.0, abs=0.01)
