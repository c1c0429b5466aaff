"""What errors are left: a shared part, and each photo's own."""

import numpy as np
import pytest

from benchmarks.overlapping_flights import Plan, draw_flight
from inference.geometry.pose_errors import FOCAL_LENGTH, HEIGHT, PITCH, YAW
from inference.refinement.block import Block, plan_block
from inference.refinement.errors_after import COMMON_GROUND_SIGMA_M, errors_after


def make_block(count: int) -> Block:
    plan = Plan(lines=1, per_line=count, points=10)
    return plan_block(draw_flight(np.random.default_rng(1), plan).views)


def covariance_of(count: int, *, shared: np.ndarray, own: np.ndarray, focal: float) -> np.ndarray:
    """The adjustment's covariance where all photos have one error and one of their own."""
    covariance = np.zeros((6 * count + 7, 6 * count + 7))
    covariance[: 6 * count, : 6 * count] = np.kron(np.ones((count, count)), shared)
    covariance[: 6 * count, : 6 * count] += np.kron(np.eye(count), own)
    covariance[-1, -1] = focal
    return covariance


def test_what_all_photos_have_is_told_from_their_own() -> None:
    shared = np.diag([0.0, 0.0, 0.5, 1.0, 0.2, 0.2])
    shared[3, 4] = shared[4, 3] = 0.1
    own = np.diag([0.1, 0.1, 0.01, 0.3, 0.1, 0.1])
    block = make_block(4)
    errors = errors_after(
        block, covariance_of(4, shared=shared, own=own, focal=1e-6), variance_ratio=1.0
    )
    for found in errors:
        assert found.own[:6, :6] == pytest.approx(own, abs=1e-6)
        assert found.shared[YAW, PITCH] == pytest.approx(0.1, abs=1e-6)
        assert found.shared[YAW, YAW] == pytest.approx(1.0, abs=1e-6)
        assert found.shared[HEIGHT, HEIGHT] == pytest.approx(0.5 + COMMON_GROUND_SIGMA_M**2)
        assert found.shared[FOCAL_LENGTH, FOCAL_LENGTH] == pytest.approx(1e-6, abs=2e-8)
        # Where on the earth the flight was is as unsure as before: 2 m on each axis.
        assert found.shared[0, 0] == pytest.approx(4.0, abs=1e-3)


def test_a_higher_camera_is_lower_ground() -> None:
    shared = np.diag([0.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    shared[2, 4] = shared[4, 2] = 0.6
    covariance = covariance_of(3, shared=shared, own=0.01 * np.eye(6), focal=1e-6)
    errors = errors_after(make_block(3), covariance, variance_ratio=1.0)
    assert errors[0].shared[HEIGHT, PITCH] == pytest.approx(-0.6, abs=1e-6)


def test_residuals_that_are_too_large_make_errors_larger() -> None:
    covariance = covariance_of(3, shared=np.eye(6), own=np.eye(6), focal=1e-6)
    once = errors_after(make_block(3), covariance, variance_ratio=1.0)[0]
    fourfold = errors_after(make_block(3), covariance, variance_ratio=4.0)[0]
    assert fourfold.own[YAW, YAW] == pytest.approx(4.0 * once.own[YAW, YAW], rel=1e-6)


def test_photos_that_make_good_for_each_other_still_have_covariances() -> None:
    # Two photos whose yaws are opposite: their mean covariance is negative.
    covariance = covariance_of(2, shared=np.zeros((6, 6)), own=np.eye(6), focal=1e-6)
    covariance[3, 9] = covariance[9, 3] = -0.9
    for found in errors_after(make_block(2), covariance, variance_ratio=1.0):
        assert np.linalg.eigvalsh(found.shared).min() > -1e-12
        assert found.total[YAW, YAW] >= 1.0 - 1e-6


def test_places_that_prove_worse_than_stated_are_so_on_the_earth_as_well() -> None:
    covariance = covariance_of(3, shared=np.zeros((6, 6)), own=np.eye(6), focal=1e-6)
    found = errors_after(make_block(3), covariance, variance_ratio=1.0, place_ratio=4.0)[0]
    # Stated are 2 m on each axis.
    assert found.shared[0, 0] == pytest.approx(16.0, abs=1e-3)
