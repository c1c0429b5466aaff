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
    photo_rows,
)

MAX_STEPS = 25
SMALL_STEP = 0.02  # of a sigma, or as much of a pixel's worth
# Matches are good to half a pixel, but lenses are not known so well: a calibration leaves about
# this in terms of the focal length, alike for all matches in a corner of the picture.
LENS_SIGMA = 1e-3
SLOPE_DOUBT_M = 0.5  # where exactly a slope of the model lies
UNKNOWN_GROUND_SIGMA_M = 30.0
BEGIN_WIDER = 4.0
NARROWING = 2.0  # of a sigma from one step to the next
# The ground holds only loosely until the photos agree among themselves.
SETTLING_STEPS = 6
MOST_NOISE = 3.0  # in terms of the lens's
# Cauchy's weight function at 95 % efficiency (Zhang, "Parameter estimation techniques", table 1).
CAUCHY_SIGMAS = 2.385
MEDIAN_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """The outcome.

    Attributes:
        deviations: Of the poses from what is stated.
        points: (P, 3) of the tracks in the block's frame.
        covariance: (6 N + 7, 6 N + 7) of the unknowns, as in `ReducedSystem`.
        noise_px: One sigma of a coordinate of a match.
        ground_sigma_m: One sigma of the ground about the model or plane.
    """

    deviations: Deviations
    points: NDArray[np.float64]
    covariance: NDArray[np.float64]
    noise_px: float
    ground_sigma_m: float


def adjust(block: Block, sightlines: Sightlines) -> Adjustment | None:
    """Return the most likely poses and points, or None where it does not settle.

    Gauss-Newton steps, in which each row's weight follows from its residual (Cauchy). Scales of
    matches and ground are estimated along the way: they begin as wide as the stated poses are
    wrong, and narrow as the poses get better, so that right matches are not lost at the start.
    """
    begin = _begin_points(block, sightlines)
    if begin is None:
        return None
    points, deviations = begin, no_deviations(len(block.names))
    ground_sigma_m, noise_px = _widest_ground_sigma_m(block), math.inf
    for number in range(MAX_STEPS):
        photos = photo_rows(block, sightlines, deviations, points)
        ground = ground_rows(block, deviations, points, begin)
        noise_px = _noise_px(photos, sightlines, before_px=noise_px)
        if number >= SETTLING_STEPS:
            ground_sigma_m = max(_ground_sigma_m(block, ground), ground_sigma_m / NARROWING)
        weights = _weights(photos, ground, noise_px, ground_sigma_m)
        system = reduce_to_photos(photos, ground, weights, sightlines.tracks, len(block.names))
        add_stated(system, block, deviations)
        factor = _factor(system)
        if factor is None:
            return None
        step = -cho_solve(factor, system.gradient)
        points = points + move_points(system, step)
        deviations = _stepped(deviations, step)
        if number > SETTLING_STEPS and _is_small(block, step):
            break
    return Adjustment(
        deviations=deviations,
        points=points,
        covariance=cho_solve(factor, np.eye(len(step))),
        noise_px=noise_px,
        ground_sigma_m=ground_sigma_m,
    )


def _begin_points(block: Block, sightlines: Sightlines) -> NDArray[np.float64] | None:
    """Return (P, 3) the middle of where the rays of each point meet the ground as stated.

    Points whose rays all miss the ground are put at the others' median depth.
    """
    tracks = sightlines.tracks
    hits = cast_sightlines(block, sightlines, no_deviations(len(block.names)))
    met = np.isfinite(hits).all(axis=1)
    if not met.any():
        return None
    count = np.bincount(tracks.point[met], minlength=tracks.count)
    sums = np.column_stack(
        [
            np.bincount(tracks.point[met], weights=hits[met, axis], minlength=tracks.count)
            for axis in range(3)
        ]
    )
    points: NDArray[np.float64] = sums / np.maximum(count, 1)[:, None]
    points[count == 0] = np.median(hits[met], axis=0)
    return points


def _noise_px(photos: PhotoRows, sightlines: Sightlines, *, before_px: float) -> float:
    """Return one sigma of a match's coordinate in pixels.

    The points soak up three of the coordinates that they are seen at, which makes the rest look
    better than the matches are. The sigma comes down from step to step to what a lens may be off:
    else a wrong ground could pass for bad matches.
    """
    coordinates = photos.residual.size
    left = max(coordinates - 3 * sightlines.tracks.count, 1)
    spread = MEDIAN_TO_SIGMA * float(np.median(np.abs(photos.residual)))
    lens_px = LENS_SIGMA * float(sightlines.focal_px.mean())
    most_px = max(before_px / NARROWING, MOST_NOISE * lens_px)
    return min(max(spread * math.sqrt(coordinates / left), lens_px), most_px)


def _ground_sigma_m(block: Block, ground: GroundRows) -> float:
    """Return one sigma of the points' heights about the ground."""
    over = np.abs(ground.residual[ground.known])
    spread = MEDIAN_TO_SIGMA * float(np.median(over)) if over.size else 0.0
    return max(spread, block.point_sigma_m)


def _widest_ground_sigma_m(block: Block) -> float:
    """Return what to begin with: at first the points lie on the ground, which says nothing."""
    stated = float(np.mean([view.ground_sigma_m for view in block.views]))
    return max(stated, BEGIN_WIDER * block.point_sigma_m)


def _weights(
    photos: PhotoRows, ground: GroundRows, noise_px: float, ground_sigma_m: float
) -> Weights:
    off_px = np.linalg.norm(photos.residual, axis=1)
    slope = np.linalg.norm(ground.by_shift, axis=1)
    sigma_m = np.hypot(ground_sigma_m, SLOPE_DOUBT_M * slope)
    sigma_m = np.where(ground.known, sigma_m, UNKNOWN_GROUND_SIGMA_M)
    return Weights(
        photo=_cauchy(off_px / noise_px) / noise_px**2,
        ground=_cauchy(ground.residual / sigma_m) / sigma_m**2,
    )


def _cauchy(sigmas: NDArray[np.float64]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = 1.0 / (1.0 + (sigmas / CAUCHY_SIGMAS) ** 2)
    return weights


def _factor(system: ReducedSystem) -> tuple[NDArray[np.float64], bool] | None:
    """Return the Cholesky factor, None where the equations do not hold together."""
    try:
        factor: tuple[NDArray[np.float64], bool] = cho_factor(system.matrix, lower=True)
    except (np.linalg.LinAlgError, ValueError):  # ValueError: not finite
        return None
    return factor


def _stepped(deviations: Deviations, step: NDArray[np.float64]) -> Deviations:
    of_photos = deviations.photos.size
    return Deviations(
        photos=deviations.photos + step[:of_photos].reshape(-1, PHOTO_UNKNOWNS),
        common=deviations.common + step[of_photos:],
    )


def _is_small(block: Block, step: NDArray[np.float64]) -> bool:
    of_photos = PHOTO_UNKNOWNS * len(block.names)
    variances = np.diagonal(block.own, axis1=1, axis2=2)
    photos = step[:of_photos].reshape(-1, PHOTO_UNKNOWNS) ** 2 / variances
    focal = step[of_photos + FOCAL_LENGTH] ** 2 / block.common[FOCAL_LENGTH, FOCAL_LENGTH]
    return bool(max(photos.max(), focal) < SMALL_STEP**2)
