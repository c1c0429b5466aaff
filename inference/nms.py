"""One box an object, where several tiles and scales have seen it."""

import numpy as np
from numpy.typing import NDArray

from models.detector import Detections
from models.suppression import (
    SweptBoxes,
    areas_px,
    intersections_px,
    select_detections,
    suppress_overlapping,
)


def merge_detections(
    detections: Detections,
    *,
    min_iou: float,
    cut: NDArray[np.bool_] | None = None,
    min_inside: float = 0.8,
) -> Detections:
    """Return the detections of a photo with one box for each object, class by class.

    Args:
        detections: Of all tiles and scales, in photo pixels.
        min_iou: Intersection over union from which two boxes count as one object; the one with
            the higher score stays.
        cut: (N,) which boxes end at the edge of a tile that is no edge of the photo. Such a box
            shows a part of an object: it goes, whatever its score, where a box that shows more
            of it was found.
        min_inside: Part of a cut box that has to lie inside that other box.

    Returns:
        By falling score, equal scores by coordinates: the order of the input changes nothing.
    """
    if cut is not None and cut.any():
        whole = np.ones(len(detections), dtype=np.bool_)
        for class_id in np.unique(detections.class_ids):
            rows = np.flatnonzero(detections.class_ids == class_id)
            whole[rows] = ~_parts_of_others(
                detections.boxes[rows], cut=cut[rows], min_inside=min_inside
            )
        detections = select_detections(detections, whole)
    return suppress_overlapping(detections, min_iou=min_iou)


def _parts_of_others(
    boxes: NDArray[np.float32], *, cut: NDArray[np.bool_], min_inside: float
) -> NDArray[np.bool_]:
    """Return (N,) which cut boxes lie mostly inside a larger one of the same class."""
    swept = SweptBoxes(boxes)
    own_areas_px = areas_px(boxes)
    parts = np.zeros(len(boxes), dtype=np.bool_)
    for row in np.flatnonzero(cut):
        near = swept.near(boxes[row])
        inside = intersections_px(swept.boxes[near], boxes[row]) >= min_inside * own_areas_px[row]
        # Larger, so that of two equal boxes one is left.
        parts[row] = bool((inside & (swept.areas_px[near] > own_areas_px[row])).any())
    return parts
