"""Square crops of signs, with what lies around them."""

from collections.abc import Sequence

import cv2
import numpy as np

from inference.detection.tiles import PADDING_VALUE
from models.detector import Image

CROP_SIDE_PX = 96
# On each side, of the longer side of the box: frame and wall tell whether a board is missing.
MARGIN = 0.15


def cut_crop(pixels: Image, box: Sequence[float], *, side_px: int = CROP_SIDE_PX) -> Image:
    """Return a box with its surroundings as a square; outside the picture it is grey.

    Args:
        pixels: (rows, columns, 3) BGR.
        box: x_min, y_min, x_max, y_max in its pixels.
        side_px: Of the crop.

    Returns:
        (side_px, side_px, 3), the same scale in both directions.
    """
    x_min, y_min, x_max, y_max = box
    longer = max(x_max - x_min, y_max - y_min, 1.0) * (1 + 2 * MARGIN)
    scale = side_px / longer
    left, top = (x_min + x_max - longer) / 2, (y_min + y_max - longer) / 2
    placed = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    border = (PADDING_VALUE,) * 3
    return np.asarray(
        cv2.warpAffine(
            pixels, placed, (side_px, side_px), flags=cv2.INTER_AREA, borderValue=border
        ),
        dtype=np.uint8,
    )
