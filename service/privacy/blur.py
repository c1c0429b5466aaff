"""Parts of a picture made unreadable for good: few large blocks, then softened."""

from collections.abc import Sequence

import cv2
import numpy as np

from inference.boxes import Box
from models.detector import Image

# Boxes end at chin and hairline, or at a plate's rim; what is beside them still tells.
PADDING_RATIO = 0.25
MIN_PADDING_PX = 2
# Of the longer side. A face of 4 x 4 blocks is nobody's; nor can a plate's characters be told
# from averages of a quarter of its width.
BLOCKS = 4
# Blocks are never smaller, so that a few pixels are not left as they were.
MIN_BLOCK_PX = 4


def pad_box(box: Sequence[float], *, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Return the whole pixels to hide for a box: wider on all sides, within the picture.

    Args:
        box: x_min, y_min, x_max, y_max in pixels.
        width_px: Of the picture.
        height_px: Of the picture.

    Returns:
        x_min, y_min, x_max, y_max; the last two are the first pixels outside.
    """
    x_padding = max((box[2] - box[0]) * PADDING_RATIO, MIN_PADDING_PX)
    y_padding = max((box[3] - box[1]) * PADDING_RATIO, MIN_PADDING_PX)
    return (
        max(int(np.floor(box[0] - x_padding)), 0),
        max(int(np.floor(box[1] - y_padding)), 0),
        min(int(np.ceil(box[2] + x_padding)), width_px),
        min(int(np.ceil(box[3] + y_padding)), height_px),
    )


def blur_boxes(picture: Image, boxes: Sequence[Box]) -> Image:
    """Return a copy of a picture that is unreadable inside the padded boxes, and the same outside.

    Each box is averaged to at most `BLOCKS` blocks along its longer side, and only these
    averages are drawn: nothing else of what was there remains, so it cannot be put back. Equal
    pictures and boxes give equal pixels; the order of the boxes does not matter where they do
    not overlap.

    Args:
        picture: (rows, columns, 3) uint8; unchanged.
        boxes: In the picture's pixels, before padding; parts outside the picture are ignored.
    """
    blurred: Image = picture.copy()
    rows, columns = picture.shape[:2]
    for box in boxes:
        x_min, y_min, x_max, y_max = pad_box(box, width_px=columns, height_px=rows)
        if x_min < x_max and y_min < y_max:
            # From the picture as it was: where boxes overlap, none averages another's blocks.
            part = picture[y_min:y_max, x_min:x_max]
            blurred[y_min:y_max, x_min:x_max] = _averages(part)
    return blurred


def _averages(part: Image) -> Image:
    rows, columns = part.shape[:2]
    block_px = max(max(rows, columns) / BLOCKS, MIN_BLOCK_PX)
    size = (max(int(columns / block_px), 1), max(int(rows / block_px), 1))
    blocks = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    # Linear: the blocks' edges would look like an object, and crops get scaled later.
    smooth = cv2.resize(blocks, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth, dtype=np.uint8)
