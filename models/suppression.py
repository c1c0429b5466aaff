"""Keep the best of the boxes that show one object."""

import numpy as np
from numpy.typing import NDArray

from models.detector import Detections


def no_detections() -> Detections:
    """Return no boxes."""
    return Detections(
        boxes=np.zeros((0, 4), dtype=np.float32),
        scores=np.zeros(0, dtype=np.float32),
        class_ids=np.zeros(0, dtype=np.int32),
    )


def select_detections(detections: Detections, rows: NDArray[np.integer | np.bool_]) -> Detections:
    """Return the rows named, in the order named."""
    return Detections(
        boxes=detections.boxes[rows],
        scores=detections.scores[rows],
        class_ids=detections.class_ids[rows],
    )


def join_detections(parts: list[Detections]) -> Detections:
    """Return the rows of all parts, one part after the other."""
    if not parts:
        return no_detections()
    return Detections(
        boxes=np.concatenate([part.boxes for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        class_ids=np.concatenate([part.class_ids for part in parts]),
    )


def fixed_order(detections: Detections) -> NDArray[np.intp]:
    """Return the row numbers by falling score; equal scores by coordinates, then by class."""
    x_min, y_min, x_max, y_max = detections.boxes.T
    keys = (detections.class_ids, y_max, x_max, y_min, x_min, -detections.scores)
    order: NDArray[np.intp] = np.lexsort(keys)
    return order


def intersections_px(boxes: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the areas that boxes (N, 4) share with one box (4,), as (N,)."""
    width = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    height = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    shared: NDArray[np.float32] = np.maximum(width, 0) * np.maximum(height, 0)
    return shared


def areas_px(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the areas of boxes (N, 4), as (N,)."""
    areas: NDArray[np.float32] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


class SweptBoxes:
    """Boxes sorted by their left edge, so that each has to be compared with few others.

    Attributes:
        boxes: (N, 4), sorted.
        rows: (N,) the row number that each sorted box had before.
    """

    def __init__(self, boxes: NDArray[np.float32]) -> None:
        self.rows = np.argsort(boxes[:, 0], kind="stable")
        self.boxes = boxes[self.rows]
        self.areas_px = areas_px(self.boxes)
        self._left = np.ascontiguousarray(self.boxes[:, 0])
        self._widest_px = float((boxes[:, 2] - boxes[:, 0]).max(initial=0.0))

    def near(self, box: NDArray[np.float32]) -> slice:
        """Return the part of the sorted boxes outside which none can overlap the box."""
        first = np.searchsorted(self._left, box[0] - self._widest_px, side="left")
        return slice(int(first), int(np.searchsorted(self._left, box[2], side="right")))


def suppress_overlapping(detections: Detections, *, min_iou: float) -> Detections:
    """Return the detections without those that overlap a better one of their class.

    Args:
        detections: In any order.
        min_iou: Intersection over union from which two boxes count as one object.

    Returns:
        In `fixed_order`.
    """
    kept = [
        rows[_kept_of_one_class(detections.boxes[rows], min_iou=min_iou)]
        for rows in _rows_by_class(detections)
    ]
    if not kept:
        return no_detections()
    survivors = select_detections(detections, np.concatenate(kept))
    return select_detections(survivors, fixed_order(survivors))


def _rows_by_class(detections: Detections) -> list[NDArray[np.intp]]:
    order = fixed_order(detections)
    ids = detections.class_ids[order]
    return [order[ids == class_id] for class_id in np.unique(ids)]


def _kept_of_one_class(boxes: NDArray[np.float32], *, min_iou: float) -> NDArray[np.intp]:
    """Return the row numbers kept of boxes (N, 4) that stand in order, best first."""
    swept = SweptBoxes(boxes)
    place = np.empty(len(boxes), dtype=np.intp)  # of a row among the sorted boxes
    place[swept.rows] = np.arange(len(boxes))
    alive = np.ones(len(boxes), dtype=np.bool_)  # by place
    kept = []
    for row, box in enumerate(boxes):
        if not alive[place[row]]:
            continue
        kept.append(row)
        near = swept.near(box)
        shared = intersections_px(swept.boxes[near], box)
        union = swept.areas_px[near] + swept.areas_px[place[row]] - shared
        alive[near] &= shared < min_iou * union
    return np.array(kept, dtype=np.intp)
