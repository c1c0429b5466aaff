"""The adjustment: poses within their stated errors that make the photos agree."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from inference.geometry.pose_errors import FOCAL_LENGTH
from inference.refinement.block import (
    PHOTO_UNKNOWNS,
    Block,
    Deviations,
    no_deviations,
)
from inference.refinement.normal_equations import (
    ReducedSystem,
    Weights,
    add_stated,
    move_points,
    reduce_to_photos,
)
from inference.refinement.residuals import (
    GroundRows,
    PhotoRows,
    Sightlines,
    cast_sightlines,
    ground_rows,
    over_level,
    photo_rows,
)
from inference.refinement.weights import (
    RIGHT_WEIGHT,
    estimate_ground_sigma_m,
    estimate_noise_px,
    ground_spread_m,
    plan_weights,
    weights_of_independent,
    widest_ground_sigma_m,
)

MAX_STEPS = 25
SETTLING_STEPS = 6  # the ground holds only loosely until the photos agree among themselves
SMALL_STEP = 0.02  # of a sigma


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """The outcome.

    Attributes:
        deviations: Of the poses from what is stated.
        covariance: (6 N + 7, 6 N + 7) of the unknowns, as in `ReducedSystem`.
        noise_px: One sigma of a coordinate of a match.
        ground_sigma_m: One sigma of the ground about the model or plane, far tails included.
    """

    deviations: Deviations
    covariance: NDArray[np.float64]
    noise_px: float
    ground_sigma_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _State:
    deviations: Deviations
    points: NDArray[np.float64]
    noise_px: float
    ground_sigma_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Problem:
    block: Block
    sightlines: Sightlines
    begin: NDArray[np.float64]  # (P, 3) where the points are first thought to be

    def rows(self, state: _State) -> tuple[PhotoRows, GroundRows]:
        photos = photo_rows(self.block, self.sightlines, state.deviations, state.points)
        return photos, ground_rows(self.block, state.deviations, state.points, self.begin)

    def system(
        self, state: _State, photos: PhotoRows, ground: GroundRows, weights: Weights
    ) -> ReducedSystem:
        count = len(self.block.names)
        system = reduce_to_photos(photos, ground, weights, self.sightlines.tracks, count)
        add_stated(system, self.block, state.deviations)
        return system


def adjust(block: Block, sightlines: Sightlines) -> Adjustment | None:
    """Return the most likely poses, or None where the equations do not hold together.

    Gauss-Newton steps, in which each row's weight follows from its residual (Cauchy). Scales of
    matches and ground are estimated along the way: they begin as wide as the stated poses are
    wrong, and narrow as the poses get better, so that right matches are not lost at the start.
    """
    begin = _begin_points(block, sightlines)
    if begin is None:
        return None
    problem = _Problem(block=block, sightlines=sightlines, begin=begin)
    state = _State(
        deviations=no_deviations(len(block.names)),
        points=begin,
        noise_px=math.inf,
        ground_sigma_m=widest_ground_sigma_m(block),
    )
    try:
        for number in range(MAX_STEPS):
            state, is_small = _step(problem, state, is_settled=number >= SETTLING_STEPS)
            if is_small and number > SETTLING_STEPS:
                break
        covariance, ground_sigma_m = _errors_left(problem, state)
    except (np.linalg.LinAlgError, ValueError):  # ValueError: something is not finite
        return None
    return Adjustment(
        deviations=state.deviations,
        covariance=covariance,
        noise_px=state.noise_px,
        ground_sigma_m=ground_sigma_m,
    )


def _step(problem: _Problem, state: _State, *, is_settled: bool) -> tuple[_State, bool]:
    """Return the state after one step, and whether that was a small one."""
    block = problem.block
    photos, ground = problem.rows(state)
    noise_px = estimate_noise_px(photos, problem.sightlines, before_px=state.noise_px)
    ground_sigma_m = state.ground_sigma_m
    if is_settled:
        ground_sigma_m = estimate_ground_sigma_m(block, ground, before_m=ground_sigma_m)
    weights = plan_weights(photos, ground, noise_px=noise_px, ground_sigma_m=ground_sigma_m)
    system = problem.system(state, photos, ground, weights)
    step = -cho_solve(cho_factor(system.matrix, lower=True), system.gradient)
    of_photos = state.deviations.photos.size
    deviations = Deviations(
        photos=state.deviations.photos + step[:of_photos].reshape(-1, PHOTO_UNKNOWNS),
        common=state.deviations.common + step[of_photos:],
    )
    after = _State(
        deviations=deviations,
        points=state.points + move_points(system, step),
        noise_px=noise_px,
        ground_sigma_m=ground_sigma_m,
    )
    return after, _is_small(block, step)


def _errors_left(problem: _Problem, state: _State) -> tuple[NDArray[np.float64], float]:
    """Return the covariance of what is estimated, and the ground's sigma in metres.

    The covariance is that of matches that are independent of each other.
    """
    photos, ground = problem.rows(state)
    weights = plan_weights(
        photos, ground, noise_px=state.noise_px, ground_sigma_m=state.ground_sigma_m
    )
    independent = weights_of_independent(
        weights, problem.sightlines, count=len(problem.block.names)
    )
    system = problem.system(state, photos, ground, independent)
    size = len(system.gradient)
    inverse: NDArray[np.float64] = cho_solve(cho_factor(system.matrix, lower=True), np.eye(size))
    is_right = weights.photo * state.noise_px**2 > RIGHT_WEIGHT
    level = over_level(problem.block, ground, state.deviations)
    spread_m = ground_spread_m(level, problem.sightlines, is_right)
    return inverse, max(spread_m, problem.block.point_sigma_m)


def _begin_points(block: Block, sightlines: Sightlines) -> NDArray[np.float64] | None:
    """Return (P, 3) the middle of where the rays of each point meet the ground as stated.

    Points whose rays all miss the ground are put in the others' middle.
    """
    tracks = sightlines.tracks
    hits = cast_sightlines(block, sightlines, no_deviations(len(block.names)))
    met = np.isfinite(hits).all(axis=1)
    if not met.any():
        return None
    count = np.bincount(tracks.point[met], minlength=tracks.count)
    sums = [
        np.bincount(tracks.point[met], weights=hits[met, axis], minlength=tracks.count)
        for axis in range(3)
    ]
    points: NDArray[np.float64] = np.column_stack(sums) / np.maximum(count, 1)[:, None]
    points[count == 0] = np.median(hits[met], axis=0)
    return points


def _is_small(block: Block, step: NDArray[np.float64]) -> bool:
    of_photos = PHOTO_UNKNOWNS * len(block.names)
    variances = np.diagonal(block.own, axis1=1, axis2=2)
    photos = step[:of_photos].reshape(-1, PHOTO_UNKNOWNS) ** 2 / variances
    focal = step[of_photos + FOCAL_LENGTH] ** 2 / block.common[FOCAL_LENGTH, FOCAL_LENGTH]
    return bool(max(photos.max(), focal) < SMALL_STEP**2)
