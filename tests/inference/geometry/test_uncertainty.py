"""Ellipses and circles of error, against known values and drawn numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.uncertainty import circular_error_90_m, error_ellipse


def test_circular_error_of_equal_sigmas_is_the_rayleigh_quantile() -> None:
    # sqrt(2 ln 10) = 2.1460
    assert circular_error_90_m(np.eye(2) * 4.0) == pytest.approx(2 * 2.14597, rel=1e-4)


def test_circular_error_of_a_line_is_the_normal_quantile() -> None:
    assert circular_error_90_m(np.diag([9.0, 0.0])) == pytest.approx(3 * 1.64485, rel=1e-4)


def test_circular_error_of_certainty_is_zero() -> None:
    assert circular_error_90_m(np.zeros((3, 3))) == 0.0


def test_circular_error_holds_nine_of_ten_drawn_points() -> None:
    covariance = np.array([[5.0, 1.5], [1.5, 1.0]])
    points = np.random.default_rng(7).multivariate_normal([0, 0], covariance, 200_000)
    inside = np.hypot(*points.T) < circular_error_90_m(covariance)
    assert inside.mean() == pytest.approx(0.9, abs=0.003)


def test_ellipse_of_an_east_west_error() -> None:
    major, minor, azimuth = error_ellipse(np.diag([9.0, 4.0, 1.0]))
    assert (major, minor) == pytest.approx((3 * 2.14597, 2 * 2.14597), rel=1e-4)
    assert azimuth == pytest.approx(90.0)


def test_ellipse_at_another_level() -> None:
    # 1 - exp(-1/2) = 39.35 % lies within one sigma.
    assert error_ellipse(np.eye(2), level=1 - math.exp(-0.5))[0] == pytest.approx(1.0)


@given(st.floats(0.0, 179.9), st.floats(1.5, 10.0))
def test_ellipse_points_where_the_error_is_largest(azimuth: float, ratio: float) -> None:
    east, north = math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth))
    long, short = np.array([east, north]), np.array([north, -east])
    covariance = ratio**2 * np.outer(long, long) + np.outer(short, short)
    major, minor, found = error_ellipse(covariance)
    assert major / minor == pytest.approx(ratio)
    assert abs((found - azimuth + 90.0) % 180.0 - 90.0) < 1e-6


@given(st.floats(0.0, 1.0), st.floats(0.01, 100.0))
def test_circular_error_lies_between_line_and_circle(ratio: float, sigma: float) -> None:
    error = circular_error_90_m(np.diag([sigma**2, (ratio * sigma) ** 2]))
    assert 1.6448 * sigma <= error <= 2.1460 * sigma
