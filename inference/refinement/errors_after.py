"""How wrong poses may still be after the adjustment: what they share, and each photo's own part."""

import numpy as np
from numpy.typing import NDArray

from inference.geometry.pose_errors import (
    FOCAL_LENGTH,
    HEIGHT,
    POSE_ERRORS,
    PoseErrors,
)
from inference.refinement.block import PHOTO_UNKNOWNS, Block, as_deviations

# A height model as a whole is off from what the photos show, such as by a season's growth: no
# number of points tells. The doubt of what is seen against what is cast on, as one sigma.
COMMON_GROUND_SIGMA_M = 0.2


def errors_after(
    block: Block,
    covariance: NDArray[np.float64],
    *,
    variance_ratio: float,
    place_ratio: float = 1.0,
) -> list[PoseErrors]:
    """Return what is left of the errors of each photo's pose.

    The covariance between different photos of the flight is much the same for all of them: it is
    that of what they share, and its mean is taken. What a photo's own covariance has more than
    that is its own part.

    Args:
        block: The photos.
        covariance: (6 N + 7, 6 N + 7) of the adjustment's unknowns.
        variance_ratio: By how much the residuals show it to be too small, 1 or more.
        place_ratio: Likewise of the stated place on the earth.
    """
    totals, between = _covariances(covariance * variance_ratio, len(block.names))
    shared = _positive(between)
    own = [_positive(total - shared) for total in totals]
    # Matches do not tell where on the earth the flight was.
    shared[:HEIGHT, :HEIGHT] += place_ratio * np.mean(
        [view.errors.shared[:HEIGHT, :HEIGHT] for view in block.views], axis=0
    )
    shared[HEIGHT, HEIGHT] += COMMON_GROUND_SIGMA_M**2
    shared = as_deviations(shared)
    return [PoseErrors(shared=shared, own=as_deviations(part)) for part in own]


def _covariances(
    covariance: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (N, 7, 7) each photo's covariance and (7, 7) the mean between different photos."""
    size, full = PHOTO_UNKNOWNS, len(POSE_ERRORS)
    focal = size * count + FOCAL_LENGTH
    photos = covariance[: size * count, : size * count].reshape(count, size, count, size)
    with_focal = covariance[: size * count, focal].reshape(count, size)
    index = np.arange(count)
    totals = np.zeros((count, full, full))
    totals[:, :size, :size] = photos[index, :, index, :]
    totals[:, :size, FOCAL_LENGTH] = totals[:, FOCAL_LENGTH, :size] = with_focal
    totals[:, FOCAL_LENGTH, FOCAL_LENGTH] = covariance[focal, focal]
    between = totals.mean(axis=0)
    off_diagonal = photos.sum(axis=(0, 2)) - totals[:, :size, :size].sum(axis=0)
    between[:size, :size] = off_diagonal / (count * (count - 1))
    return totals, between


def _positive(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest covariance: negative variances become none (Higham 1988, theorem 2.1)."""
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2.0)
    nearest: NDArray[np.float64] = (axes * np.maximum(values, 0.0)) @ axes.T
    return nearest
