"""One box an object, where several tiles and scales have seen it."""

import numpy as np
from numpy.typing import NDArray

from inference.detection.cut_boxes import join_cut_boxes, parts_of_others
from models.detector import Detections
from models.suppression import select_detections, suppress_overlapping


def merge_detections(
    detections: Detections,
    *,
    min_iou: float,
    cut_sides: NDArray[np.bool_] | None = None,
    min_inside: float = 0.8,
) -> Detections:
    """Return the detections of a photo with one box for each object, class by class.

    Args:
        detections: Of all tiles and scales, in photo pixels.
        min_iou: Intersection over union from which two boxes count as one object; the one with
            the higher score stays.
        cut_sides: (N, 4) see `inference.detection.cut_boxes`. Parts that continue each other are
            joined; a part goes, whatever its score, where a box that shows more of the object was
            found.
        min_inside: Part of a cut box that has to lie inside that other box.

    Returns:
        By falling score, equal scores by coordinates: the order of the input changes nothing.
    """
    if cut_sides is not None and cut_sides.any():
        joined, sides = join_cut_boxes(detections, cut_sides)
        parts = parts_of_others(joined, sides, min_inside=min_inside)
        detections = select_detections(joined, ~parts)
    return suppress_overlapping(detections, min_iou=min_iou)
