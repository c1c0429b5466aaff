"""Random fields that look natural: noise summed over several sizes of grain."""

import cv2
import numpy as np
from numpy.typing import NDArray


def fractal_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    *,
    coarsest_px: float,
    octaves: int,
    persistence: float = 0.55,
) -> NDArray[np.float32]:
    """Return noise of mean 0 and standard deviation 1 with grains from coarse to fine.

    Args:
        rng: Source of chance.
        shape: Rows and columns.
        coarsest_px: Size of the largest grains.
        octaves: Number of sizes, each half of the one before.
        persistence: Strength of each size as a part of the one before.
    """
    rows, columns = shape
    field = np.zeros(shape, np.float32)
    strength = 1.0
    grain = float(coarsest_px)
    for _ in range(octaves):
        knots = (max(2, round(rows / grain) + 2), max(2, round(columns / grain) + 2))
        coarse = rng.standard_normal(knots, dtype=np.float32)
        field += np.float32(strength) * cv2.resize(
            coarse, (columns, rows), interpolation=cv2.INTER_CUBIC
        )
        strength *= persistence
        grain = max(1.0, grain / 2)
    field -= field.mean()
    return field / np.float32(max(float(field.std()), 1e-6))


def repeating_grain(rng: np.random.Generator, size_px: int) -> NDArray[np.float32]:
    """Return fine grain (mean 0, standard deviation 1) whose edges meet when it is repeated."""
    white = rng.standard_normal((size_px, size_px), dtype=np.float32)
    grain = 0.8 * white
    for blur_px, strength in ((1.2, 1.2), (3.0, 2.6), (8.0, 6.0)):
        wrapped = cv2.copyMakeBorder(white, 32, 32, 32, 32, cv2.BORDER_WRAP)
        grain += strength * cv2.GaussianBlur(wrapped, (0, 0), blur_px)[32:-32, 32:-32]
    grain -= grain.mean()
    return grain / np.float32(grain.std())


def soft_blob(
    rng: np.random.Generator, size_px: int, *, roughness: float, edge: float = 0.06
) -> NDArray[np.float32]:
    """Return a (size, size) mask from 0 to 1 of a round, uneven patch.

    Args:
        rng: Source of chance.
        size_px: Side of the mask.
        roughness: 0 gives a disc, 0.4 a ragged patch.
        edge: Width of the soft edge as a part of the radius.
    """
    y, x = np.mgrid[-1 : 1 : size_px * 1j, -1 : 1 : size_px * 1j].astype(np.float32)
    radius = np.hypot(x, y)
    wobble = fractal_noise(rng, (size_px, size_px), coarsest_px=size_px / 2.5, octaves=4)
    reach = np.clip(0.82 + roughness * 0.35 * wobble, 0.1, 0.97)
    return np.asarray(np.clip((reach - radius) / edge + 0.5, 0, 1), np.float32)
