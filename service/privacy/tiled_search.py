"""A whole picture searched tile by tile at several scales, in bounded memory."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.detection.tiles import PADDING_VALUE, Tile, plan_tiles
from models.detector import Detections, Image
from models.suppression import join_detections, select_detections, suppress_overlapping
from service.privacy.tile_network import TileFinder

# Each scale halves the next; an object of up to a quarter of a tile lies whole in one tile, and
# larger ones are found at the next coarser scale.
OVERLAP = 0.25
SCALE_STEP = 0.5
SAME_OBJECT_IOU = 0.4
# A box this close to where its tile ends within the picture is taken as cut there.
CUT_MARGIN_PX = 2


def plan_scales(width_px: int, height_px: int, *, tile_px: int, finest_scale: float) -> list[float]:
    """Return the scales at which a picture is searched, the finest first.

    The coarsest is the first at which the whole picture fits into one tile: then no object is
    cut at a tile's edge at every scale.
    """
    scales = [finest_scale]
    while max(width_px, height_px) * scales[-1] > tile_px:
        scales.append(scales[-1] * SCALE_STEP)
    return scales


def search_picture(
    picture: Image, finder: TileFinder, *, scales: list[float], min_score: float
) -> Detections:
    """Return the objects in a picture, in its pixels, the best score first.

    Args:
        picture: (rows, columns, 3) uint8 BGR, of any size; unchanged, and never scaled as a
            whole: one tile at a time is cut and scaled.
        finder: What looks at a tile.
        scales: Pixels of the tiles for one of the picture; see `plan_scales`.
        min_score: Boxes below it are left out.
    """
    rows, columns = picture.shape[:2]
    found = [
        suppress_overlapping(part, min_iou=SAME_OBJECT_IOU)
        for scale in scales
        for part in _search_at(picture, finder, scale=scale, min_score=min_score)
    ]
    joined = join_detections(found)
    inside = Detections(
        boxes=np.clip(joined.boxes, 0, np.array([columns, rows, columns, rows], np.float32)),
        scores=joined.scores,
        class_ids=joined.class_ids,
    )
    return suppress_overlapping(inside, min_iou=SAME_OBJECT_IOU)


def _search_at(
    picture: Image, finder: TileFinder, *, scale: float, min_score: float
) -> Iterator[Detections]:
    rows, columns = picture.shape[:2]
    width_px, height_px = max(round(columns * scale), 1), max(round(rows * scale), 1)
    for tile in plan_tiles(width_px, height_px, size=finder.tile_px, overlap=OVERLAP):
        pixels, source = _cut_scaled(picture, tile, scale=scale, side_px=finder.tile_px)
        found = finder.find(pixels, min_score=min_score)
        per_pixel = np.array(
            [
                (source.x_max - source.x_min) / (tile.x_max - tile.x_min),
                (source.y_max - source.y_min) / (tile.y_max - tile.y_min),
            ]
            * 2
        )
        origin = np.array([source.x_min, source.y_min] * 2)
        whole = select_detections(
            found, _whole_rows(found, tile, width_px=width_px, height_px=height_px)
        )
        yield Detections(
            boxes=(whole.boxes * per_pixel + origin).astype(np.float32),
            scores=whole.scores,
            class_ids=whole.class_ids,
        )


def _whole_rows(
    found: Detections, tile: Tile, *, width_px: int, height_px: int
) -> NDArray[np.bool_]:
    """Return which boxes (N,) a tile shows whole; a part would hide too little of an object.

    The others are whole in the next tile or at a coarser scale. Where the scaled picture ends,
    nothing more of an object can be seen.
    """
    x_min, y_min, x_max, y_max = found.boxes.T
    right, bottom = tile.x_max - tile.x_min, tile.y_max - tile.y_min
    whole: NDArray[np.bool_] = (
        ((x_min > CUT_MARGIN_PX) | (tile.x_min == 0))
        & ((y_min > CUT_MARGIN_PX) | (tile.y_min == 0))
        & ((x_max < right - CUT_MARGIN_PX) | (tile.x_max == width_px))
        & ((y_max < bottom - CUT_MARGIN_PX) | (tile.y_max == height_px))
    )
    return whole


def _cut_scaled(picture: Image, tile: Tile, *, scale: float, side_px: int) -> tuple[Image, Tile]:
    """Return a tile of the scaled picture, padded to a square, and where in the picture it lies."""
    rows, columns = picture.shape[:2]
    source = Tile(
        min(int(tile.x_min / scale), columns - 1),
        min(int(tile.y_min / scale), rows - 1),
        min(int(np.ceil(tile.x_max / scale)), columns),
        min(int(np.ceil(tile.y_max / scale)), rows),
    )
    cut = picture[source.y_min : source.y_max, source.x_min : source.x_max]
    size = (tile.x_max - tile.x_min, tile.y_max - tile.y_min)
    if (cut.shape[1], cut.shape[0]) != size:
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        cut = np.asarray(cv2.resize(cut, size, interpolation=method), dtype=np.uint8)
    if size == (side_px, side_px):
        return cut, source
    padded = np.full((side_px, side_px, 3), PADDING_VALUE, dtype=np.uint8)
    padded[: size[1], : size[0]] = cut
    return padded, source
