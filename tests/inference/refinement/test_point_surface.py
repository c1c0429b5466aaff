"""Ground through points: planes come back, odd points do not, and doubts tell how far it is off."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame
from inference.geometry.point_ground import PointGround
from inference.refinement.point_surface import (
    LEAST_POINTS,
    level_of_points,
    plan_point_ground,
    sigma_about_level_m,
)
from inference.refinement.triangulate import Crossings

FRAME = EnuFrame(latitude_deg=47.0, longitude_deg=8.0)
BOUNDS = (-300.0, -300.0, 300.0, 300.0)


def scatter(
    seed: int = 0, count: int = 400, *, half_side_m: float = 80.0, noise_m: float = 0.0
) -> NDArray[np.float64]:
    """Points at height 0, with noise."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(-half_side_m, half_side_m, (count, 2))
    return np.column_stack([places, rng.normal(0.0, noise_m, count)])


def crossings(points: NDArray[np.float64], sigma_m: float = 0.1) -> Crossings:
    return Crossings(points_m=points, sigmas_m=np.full(len(points), sigma_m))


def plan(points: NDArray[np.float64], sigma_m: float = 0.1) -> PointGround:
    ground = plan_point_ground(FRAME, crossings(points, sigma_m))
    assert ground is not None
    return ground


def up(ground: PointGround, east: float, north: float) -> float:
    return float(ground.around(FRAME, BOUNDS).up_m(np.array([[east, north]]))[0])


def sigma(ground: PointGround, east: float, north: float) -> float | None:
    return ground.sigma_m(FRAME, np.array([east, north, 0.0]))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    level=st.floats(-50.0, 50.0),
    slopes=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
    east=st.floats(-60.0, 60.0),
    north=st.floats(-60.0, 60.0),
)
def test_planes_come_back(
    seed: int, level: float, slopes: tuple[float, float], east: float, north: float
) -> None:
    points = scatter(seed)
    points[:, 2] += level + points[:, :2] @ slopes
    truth = level + slopes[0] * east + slopes[1] * north
    # A square's median height belongs to a place that is some metres from its middle.
    steepness_m = 3.0 * float(np.hypot(*slopes))
    assert up(plan(points), east, north) == pytest.approx(truth, abs=0.05 + steepness_m)


def test_hills_come_back_much_better_than_level_ground() -> None:
    points = scatter(1, count=900)
    points[:, 2] = 8.0 * np.sin(points[:, 0] / 25.0)
    ground = plan(points)
    asked = scatter(2, count=300, half_side_m=70.0)[:, :2]
    off = ground.around(FRAME, BOUNDS).up_m(asked) - 8.0 * np.sin(asked[:, 0] / 25.0)
    assert float(np.percentile(np.abs(off), 90)) < 1.0


def test_odd_points_leave_the_ground_as_it_is() -> None:
    points = scatter(3, noise_m=0.1)
    points[::20, 2] += 40.0  # wrong matches
    assert abs(up(plan(points), 0.0, 0.0)) < 0.5


def test_points_of_rays_at_a_small_angle_take_no_part() -> None:
    points = scatter(4)
    weak = scatter(5, count=100)
    weak[:, 2] = 5.0
    both = Crossings(
        points_m=np.vstack([points, weak]),
        sigmas_m=np.concatenate([np.full(400, 0.1), np.full(100, 9.0)]),
    )
    ground = plan_point_ground(FRAME, both)
    assert ground is not None
    assert up(ground, 0.0, 0.0) == pytest.approx(0.0, abs=0.05)


def test_ninety_percent_of_places_are_within_the_stated_doubt() -> None:
    rng = np.random.default_rng(6)
    points = scatter(6, count=900, noise_m=0.5)
    points[:, 2] += 4.0 * np.sin(points[:, 0] / 20.0) + 4.0 * np.sin(points[:, 1] / 30.0)
    ground = plan(points, sigma_m=0.3)
    asked = rng.uniform(-75.0, 75.0, (500, 2))
    truth = 4.0 * np.sin(asked[:, 0] / 20.0) + 4.0 * np.sin(asked[:, 1] / 30.0)
    off = np.abs(ground.around(FRAME, BOUNDS).up_m(asked) - truth)
    sigmas = np.array([sigma(ground, *place) for place in asked])
    assert np.mean(off < 1.645 * sigmas) > 0.88


def test_doubt_grows_into_a_hole_but_not_beyond_that_of_level_ground() -> None:
    points = scatter(7, count=2000, noise_m=0.2)
    points[:, 2] += 6.0 * np.sin(points[:, 0] / 30.0)
    points = points[np.linalg.norm(points[:, :2], axis=1) > 30.0]
    ground = plan(points)
    level = level_of_points(FRAME, crossings(points))
    in_hole, at_points = sigma(ground, 0.0, 0.0), sigma(ground, 60.0, 0.0)
    assert level is not None
    assert in_hole is not None
    assert at_points is not None
    assert at_points < in_hole <= level.sigma_m + 0.01


def test_beyond_the_points_the_ground_goes_over_into_level_ground() -> None:
    points = scatter(8, noise_m=0.1)
    points[:, 2] += 3.0 + 0.1 * points[:, 0]
    ground = plan(points)
    level = level_of_points(FRAME, crossings(points))
    assert level is not None
    at_rim = 3.0 + 0.1 * 80.0
    heights = [up(ground, east, 0.0) for east in (90.0, 110.0, 130.0, 150.0)]
    assert heights == sorted(heights, reverse=True)
    assert level.height_m < heights[-1] < heights[0] < at_rim + 0.5
    sigmas = [sigma(ground, east, 0.0) or 0.0 for east in (60.0, 100.0, 120.0, 150.0)]
    assert sigmas == sorted(sigmas)
    assert sigmas[-1] <= level.sigma_m + 1e-3
    assert np.isnan(up(ground, 290.0, 0.0))
    assert sigma(ground, 290.0, 0.0) is None


def test_the_order_of_points_does_not_matter() -> None:
    points = scatter(9, noise_m=0.5)
    shuffled = points[np.random.default_rng(9).permutation(len(points))]
    one, other = plan(points), plan(shuffled)
    assert up(one, 10.0, 20.0) == pytest.approx(up(other, 10.0, 20.0), abs=1e-5)
    np.testing.assert_array_equal(plan(points).heights_m, one.heights_m)


@pytest.mark.parametrize("count", [0, 1, 4, LEAST_POINTS - 1])
def test_few_points_make_no_ground(count: int) -> None:
    few = crossings(scatter(10, count=count))
    assert plan_point_ground(FRAME, few) is None
    assert level_of_points(FRAME, few) is None
    assert sigma_about_level_m(FRAME, few, 0.0) is None


def test_points_in_a_line_or_in_one_place_make_no_ground() -> None:
    line = scatter(11)
    line[:, 1] = 0.5 * line[:, 0]
    assert plan_point_ground(FRAME, crossings(line)) is None
    assert plan_point_ground(FRAME, crossings(np.zeros((50, 3)))) is None


def test_a_strip_makes_ground() -> None:
    points = scatter(12, noise_m=0.1)
    points[:, 1] *= 0.1
    assert up(plan(points), 0.0, 0.0) == pytest.approx(0.0, abs=0.3)


def test_level_and_doubt_are_those_of_the_points() -> None:
    points = scatter(13, count=2000, noise_m=2.0)
    points[:, 2] += 7.0
    level = level_of_points(FRAME, crossings(points, sigma_m=1.0))
    assert level is not None
    assert level.height_m == pytest.approx(7.0, abs=0.2)
    assert level.sigma_m == pytest.approx(2.0, abs=0.2)
    about_zero = sigma_about_level_m(FRAME, crossings(points, sigma_m=1.0), 0.0)
    # 90 % of a normal distribution about 7 with a sigma of 2 lie below 7 + 1.282 * 2.
    assert about_zero == pytest.approx((7.0 + 1.282 * 2.0) / 1.645, abs=0.2)
