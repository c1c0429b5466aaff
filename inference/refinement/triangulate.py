"""Where the rays of matches cross: points of the ground that hang on no ground at all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.refinement.block import Block, Deviations
from inference.refinement.residuals import Sightlines, rays_at

ROUNDS = 3  # the weights hang on the ranges, and these on the point
MOST_NOISE = 3.0  # of a ray that misses the point
PARALLEL = 1e-9  # part of a metre's weight that keeps rays of one direction invertible


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossings:
    """Points where rays cross.

    Attributes:
        points_m: (P, 3) in the block's frame.
        sigmas_m: (P,) one sigma of the height, from the angles between the rays.
    """

    points_m: NDArray[np.float64]
    sigmas_m: NDArray[np.float64]


def cross_rays(
    block: Block, sightlines: Sightlines, deviations: Deviations, *, noise_px: float
) -> Crossings:
    """Return the points whose rays all come near them, ahead of the cameras.

    The point nearest to its rays by weighted least squares; weights are inverse squares of what
    the noise of a match makes at the ray's range (Hartley and Zisserman, "Multiple view geometry",
    section 12.2, with distances in space in place of the picture).

    Args:
        block: The photos.
        sightlines: Their matches.
        deviations: Of the poses from what is stated.
        noise_px: One sigma of a match's coordinate.
    """
    tracks = sightlines.tracks
    if not tracks.count:
        return Crossings(points_m=np.zeros((0, 3)), sigmas_m=np.zeros(0))
    origins, directions = rays_at(block, sightlines, deviations)
    across = np.eye(3) - directions[:, :, None] * directions[:, None, :]
    starts = np.searchsorted(tracks.point, np.arange(tracks.count))
    spread_m = np.ones(len(origins))
    for _ in range(ROUNDS):
        weighted = across / spread_m[:, None, None] ** 2
        pulls = np.einsum("kij,kj->ki", weighted, origins)
        matrix = np.add.reduceat(weighted, starts, axis=0)
        matrix += PARALLEL * np.trace(matrix, axis1=1, axis2=2)[:, None, None] * np.eye(3)
        covariance = np.linalg.inv(matrix)
        points = np.einsum("pij,pj->pi", covariance, np.add.reduceat(pulls, starts, axis=0))
        offsets = points[tracks.point] - origins
        ranges = np.einsum("ki,ki->k", offsets, directions)
        spread_m = np.maximum(np.abs(ranges), 1.0) * noise_px / sightlines.focal_px
    misses = np.linalg.norm(offsets - ranges[:, None] * directions, axis=1)
    is_good = np.ones(tracks.count, dtype=bool)
    is_good[tracks.point[(ranges <= 0.0) | ~(misses <= MOST_NOISE * spread_m)]] = False
    sigmas = np.sqrt(np.maximum(covariance[:, 2, 2], 0.0))
    is_good &= np.isfinite(points).all(axis=1) & np.isfinite(sigmas)
    return Crossings(points_m=points[is_good], sigmas_m=sigmas[is_good])
