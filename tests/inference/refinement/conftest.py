"""Ground drawn for the tests of matching."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

DrawGround = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="session")
def draw_ground() -> DrawGround:
    """Return a function that draws ground seen from above: blots of all sizes and shades."""

    def draw(seed: int, *, width_px: int = 800, height_px: int = 600) -> NDArray[np.uint8]:
        rng = np.random.default_rng(seed)
        picture = np.full((height_px, width_px, 3), 120, dtype=np.uint8)
        for _ in range(width_px * height_px // 600):
            middle = (int(rng.integers(width_px)), int(rng.integers(height_px)))
            axes = (int(rng.integers(3, 20)), int(rng.integers(3, 20)))
            shade = tuple(int(value) for value in rng.integers(30, 226, 3))
            cv2.ellipse(picture, middle, axes, float(rng.integers(180)), 0, 360, shade, -1)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), dtype=np.uint8)

    return draw
