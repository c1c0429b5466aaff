"""How much each match and each point of the ground counts."""

import math

import numpy as np
from numpy.typing import NDArray

from inference.refinement.block import Block
from inference.refinement.normal_equations import Weights
from inference.refinement.residuals import GroundRows, PhotoRows, Sightlines

# Matches are good to half a pixel, but lenses are not known so well: a calibration leaves about
# this in terms of the focal length.
LENS_SIGMA = 1e-3
MOST_NOISE = 3.0  # in terms of that; worse matches are wrong ones
# What is left of a lens's distortion, and of a ground's shape, is alike within about a third of the
# picture's side: more matches than these do not make a photo's pose any surer.
INDEPENDENT_PER_PHOTO = 9

SLOPE_DOUBT_M = 0.5  # where exactly a slope of the model lies
UNKNOWN_GROUND_SIGMA_M = 30.0
BEGIN_WIDER = 4.0
NARROWING = 2.0  # of a sigma from one step to the next

# Cauchy's weight function at 95 % efficiency (Zhang, "Parameter estimation techniques", table 1).
CAUCHY_SIGMAS = 2.385
MEDIAN_TO_SIGMA = 1.4826
NINETY_PERCENT_SIGMAS = 1.645
RIGHT_WEIGHT = 0.5  # of Cauchy's: off by less than 2.4 sigmas


def estimate_noise_px(photos: PhotoRows, sightlines: Sightlines, *, before_px: float) -> float:
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


def estimate_ground_sigma_m(block: Block, ground: GroundRows, *, before_m: float) -> float:
    """Return one sigma of the points' heights about the ground."""
    over = np.abs(ground.residual[ground.known])
    spread = MEDIAN_TO_SIGMA * float(np.median(over)) if over.size else 0.0
    return max(spread, block.point_sigma_m, before_m / NARROWING)


def widest_ground_sigma_m(block: Block) -> float:
    """Return what to begin with: at first the points lie on the ground, which says nothing."""
    stated = float(np.mean([view.ground_sigma_m for view in block.views]))
    return max(stated, BEGIN_WIDER * block.point_sigma_m)


def ground_spread_m(
    ground: GroundRows, sightlines: Sightlines, is_right: NDArray[np.bool_]
) -> float:
    """Return one sigma of the ground, as wide as the tenth that is furthest off makes it.

    Heights are spread more widely than a normal distribution's middle lets think: a hill's foot, a
    quarry, trees.

    Args:
        ground: Rows of the points.
        sightlines: Their matches.
        is_right: (K,) of observations that fit.
    """
    point = sightlines.tracks.point
    wrong = np.bincount(point[~is_right], minlength=sightlines.tracks.count) > 0
    over = np.abs(ground.residual[ground.known & ~wrong])
    return float(np.percentile(over, 90)) / NINETY_PERCENT_SIGMAS if over.size else 0.0


def plan_weights(
    photos: PhotoRows, ground: GroundRows, *, noise_px: float, ground_sigma_m: float
) -> Weights:
    """Return inverse variances, those of wrong matches and odd points small."""
    off_px = np.linalg.norm(photos.residual, axis=1)
    slope = np.linalg.norm(ground.by_shift, axis=1)
    sigma_m = np.hypot(ground_sigma_m, SLOPE_DOUBT_M * slope)
    sigma_m = np.where(ground.known, sigma_m, UNKNOWN_GROUND_SIGMA_M)
    return Weights(
        photo=_cauchy(off_px / noise_px) / noise_px**2,
        ground=_cauchy(ground.residual / sigma_m) / sigma_m**2,
    )


def weights_of_independent(weights: Weights, sightlines: Sightlines, *, count: int) -> Weights:
    """Return the weights as far as matches of the same photo tell something new.

    Args:
        weights: Of all matches and points.
        sightlines: The matches.
        count: Of photos.
    """
    tracks = sightlines.tracks
    per_photo = np.bincount(tracks.photo, minlength=count)
    share = np.minimum(1.0, INDEPENDENT_PER_PHOTO / np.maximum(per_photo, 1))[tracks.photo]
    seen = np.bincount(tracks.point, minlength=tracks.count)
    of_point = np.bincount(tracks.point, weights=share, minlength=tracks.count) / seen
    return Weights(photo=weights.photo * share, ground=weights.ground * of_point)


def _cauchy(sigmas: NDArray[np.float64]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = 1.0 / (1.0 + (sigmas / CAUCHY_SIGMAS) ** 2)
    return weights
