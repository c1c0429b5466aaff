"""A stand-in for the networks: it finds red squares."""

import cv2
import numpy as np
import pytest

from models.detector import Detections, Image
from service.privacy.tile_network import boxes_of_one_kind


class RedSquares:
    """Finds red patches of at least `min_side_px` in tiles; notes the tiles that it saw."""

    def __init__(self, *, tile_px: int = 64, min_side_px: int = 4) -> None:
        self.tile_px = tile_px
        self.min_side_px = min_side_px
        self.shapes: list[tuple[int, ...]] = []

    def find(self, tile: Image, *, min_score: float) -> Detections:
        """Return the boxes around red patches, with score 0.9."""
        del min_score
        self.shapes.append(tile.shape)
        red = (tile[:, :, 2] > 150) & (tile[:, :, 1] < 100)
        _, _, stats, _ = cv2.connectedComponentsWithStats(red.astype(np.uint8))
        boxes = [
            (x, y, x + width, y + height)
            for x, y, width, height, _ in stats[1:].tolist()
            if min(width, height) >= self.min_side_px
        ]
        array = np.array(boxes, dtype=np.float32).reshape(-1, 4)
        return boxes_of_one_kind(array, np.full(len(boxes), 0.9, dtype=np.float32))


@pytest.fixture(scope="session")
def red_squares() -> type[RedSquares]:
    """Return the class of the stand-in."""
    return RedSquares
