import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from inference.geometry.accuracy import (
    PositionErrors,
    PositionStatistics,
    binomial_interval,
    normalised_squares,
    summarise_errors,
    turn_to_view,
)


def make_errors(
    offsets_m: ArrayLike, *, sigma_m: float = 1.0, azimuth_deg: float = 0.0, groups: ArrayLike = ()
) -> PositionErrors:
    offsets = np.array(offsets_m, dtype=np.float64).reshape(-1, 2)
    count = len(offsets)
    return PositionErrors(
        offsets_m=offsets,
        covariances_m2=np.tile(np.eye(2) * sigma_m**2, (count, 1, 1)),
        view_azimuths_deg=np.full(count, azimuth_deg),
        groups=np.array(groups or range(count), dtype=np.intp),
    )


def summarise(errors: PositionErrors) -> PositionStatistics:
    statistics = summarise_errors(errors)
    assert statistics is not None
    return statistics


def test_statistics_of_four_errors_are_those_worked_out_by_hand() -> None:
    # Distances 5, 1, 0, 0; means 0.75 east and 1.25 north.
    found = summarise(make_errors([(3, 4), (0, 1), (0, 0), (0, 0)], groups=[0, 0, 1, 1]))
    assert (found.count, found.photos) == (4, 2)
    assert (found.bias_east_m, found.bias_north_m) == (0.75, 1.25)
    assert found.median_m == 0.5
    assert found.max_m == 5.0
    assert found.rmse_m == pytest.approx(math.sqrt((25 + 1) / 4))
    assert found.rmse_east_m == pytest.approx(math.sqrt(9 / 4))
    assert found.rmse_north_m == pytest.approx(math.sqrt(17 / 4))
    assert found.mean_normalised_square == pytest.approx((25 + 1) / 4 / 2)


def test_ce90_is_the_least_circle_with_nine_of_ten() -> None:
    found = summarise(make_errors([(distance, 0) for distance in range(1, 11)]))
    assert found.ce90_m == 9.0
    assert found.p90_m == pytest.approx(9.1)  # between the ninth and the tenth


def test_the_stated_ce90_is_that_of_the_covariance() -> None:
    # 2.1460 sigma for a circle.
    found = summarise(make_errors([(0, 0), (1, 1)], sigma_m=2.0))
    assert found.stated_ce90_median_m == pytest.approx(2 * math.sqrt(-2 * math.log(0.1)), abs=1e-4)


@pytest.mark.parametrize(
    ("azimuth_deg", "along", "across"),
    [(0.0, 2.0, 3.0), (90.0, 3.0, -2.0), (180.0, -2.0, -3.0), (270.0, -3.0, 2.0)],
)
def test_along_is_away_from_the_camera_and_across_to_the_right(
    azimuth_deg: float, along: float, across: float
) -> None:
    found = summarise(make_errors([(3, 2)], azimuth_deg=azimuth_deg))
    assert (found.bias_along_m, found.bias_across_m) == pytest.approx((along, across))


@given(east=st.floats(-100, 100), north=st.floats(-100, 100), azimuth_deg=st.floats(-360, 360))
def test_turning_keeps_the_length(east: float, north: float, azimuth_deg: float) -> None:
    turned = turn_to_view(np.array([[east, north]]), np.array([azimuth_deg]))[0]
    assert math.hypot(*turned) == pytest.approx(math.hypot(east, north), abs=1e-9)


def test_correlated_errors_are_measured_along_their_own_axes() -> None:
    errors = PositionErrors(
        offsets_m=np.array([[2.0, 2.0], [2.0, -2.0]]),
        # Sigma 2 to the north-east and 1 to the north-west.
        covariances_m2=np.tile([[2.5, 1.5], [1.5, 2.5]], (2, 1, 1)),
        view_azimuths_deg=np.zeros(2),
        groups=np.arange(2),
    )
    assert normalised_squares(errors) == pytest.approx([8 / 4, 8 / 1])


def test_right_covariances_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    found = summarise(make_errors(rng.normal(0, 2.0, (4000, 2)), sigma_m=2.0))
    assert found.mean_normalised_square == pytest.approx(1.0, abs=0.05)
    for coverage in found.coverages:
        assert coverage.interval[0] <= coverage.level <= coverage.interval[1]
    assert [coverage.level for coverage in found.coverages] == [0.5, 0.9, 0.95]


def test_covariances_that_are_too_small_show() -> None:
    rng = np.random.default_rng(3)
    found = summarise(make_errors(rng.normal(0, 4.0, (400, 2)), sigma_m=2.0))
    assert found.mean_normalised_square > 3.0
    assert found.coverages[1].interval[1] < 0.9


def test_points_of_one_photo_do_not_narrow_the_interval_by_photo() -> None:
    # 100 points on 4 photos; on one of them nothing holds.
    offsets = [(0, 0)] * 75 + [(99, 0)] * 25
    coverage = summarise(make_errors(offsets, groups=[n // 25 for n in range(100)])).coverages[1]
    assert (coverage.inside, coverage.share) == (75, 0.75)
    assert coverage.interval_by_photo == binomial_interval(3, 4)
    low, high = coverage.interval
    assert coverage.interval_by_photo[0] < low < high < coverage.interval_by_photo[1]


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 10, 0.0, 1 - 0.025 ** (1 / 10)),  # closed form: (1 - p)^n = 0.025
        (10, 10, 0.025 ** (1 / 10), 1.0),
        (1, 1, 0.025, 1.0),
        (81, 263, 0.2527, 0.3676),  # Newcombe, Statistics in Medicine 17 (1998), table I
    ],
)
def test_the_binomial_interval_is_clopper_and_pearsons(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert binomial_interval(successes, trials) == pytest.approx((low, high), abs=6e-5)


def test_no_errors_have_no_statistics() -> None:
    assert summarise_errors(make_errors([])) is None
