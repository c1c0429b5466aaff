"""Boxes that end at a tile's edge show a part of an object: join the parts, drop what is left.

`cut_sides` says for each box (N, 4) at which of x_min, y_min, x_max, y_max it ends at an edge of
its tile that is no edge of the picture.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from models.detector import Detections
from models.suppression import SweptBoxes, areas_px, intersections_px

# Two tiles see the strip that they share alike: parts of one object agree along the seam at least
# this well, measured by the smaller part.
MIN_SHARED_SIDE = 0.6
LOW_SIDES, HIGH_SIDES = (0, 1), (2, 3)


def join_cut_boxes(
    detections: Detections, cut_sides: NDArray[np.bool_]
) -> tuple[Detections, NDArray[np.bool_]]:
    """Return the detections with parts that continue each other as one box, and its cut sides.

    An object wider than the overlap of the tiles may lie whole in none of them. A joined box
    has the best score of its parts.
    """
    pairs = _continued_parts(detections, cut_sides)
    if not len(pairs):
        return detections, cut_sides
    links = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(detections),) * 2)
    count, group = connected_components(links, directed=False)
    boxes = np.tile(np.array([np.inf, np.inf, -np.inf, -np.inf], dtype=np.float32), (count, 1))
    np.minimum.at(boxes[:, :2], group, detections.boxes[:, :2])
    np.maximum.at(boxes[:, 2:], group, detections.boxes[:, 2:])
    scores = np.zeros(count, dtype=np.float32)
    np.maximum.at(scores, group, detections.scores)
    class_ids = np.zeros(count, dtype=np.int32)
    class_ids[group] = detections.class_ids
    # A side stays cut where the part that reaches farthest is cut there.
    sides = np.zeros((count, 4), dtype=np.bool_)
    np.logical_or.at(sides, group, cut_sides & (detections.boxes == boxes[group]))
    return Detections(boxes=boxes, scores=scores, class_ids=class_ids), sides


def _continued_parts(detections: Detections, cut_sides: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return (M, 2) pairs of rows where the second goes on to the right of or below the first."""
    pairs = [np.zeros((0, 2), dtype=np.intp)]
    for axis in (0, 1):
        starts = np.flatnonzero(cut_sides[:, LOW_SIDES[axis]])
        for row in np.flatnonzero(cut_sides[:, HIGH_SIDES[axis]]):
            same = starts[detections.class_ids[starts] == detections.class_ids[row]]
            goes_on = _goes_on(detections.boxes[row], detections.boxes[same], axis=axis)
            others = same[goes_on]
            pairs.append(np.stack((np.full_like(others, row), others), axis=1))
    return np.concatenate(pairs)


def _goes_on(
    box: NDArray[np.float32], others: NDArray[np.float32], *, axis: int
) -> NDArray[np.bool_]:
    """Return (N,) which others overlap the box, go farther along the axis and agree across it."""
    low, high = axis, axis + 2
    across_low, across_high = 1 - axis, 3 - axis
    overlaps = (others[:, low] > box[low]) & (others[:, low] < box[high])
    shared_px = np.minimum(others[:, across_high], box[across_high]) - np.maximum(
        others[:, across_low], box[across_low]
    )
    smaller_px = np.minimum(
        others[:, across_high] - others[:, across_low], box[across_high] - box[across_low]
    )
    farther = others[:, high] > box[high]
    agrees: NDArray[np.bool_] = overlaps & farther & (shared_px >= MIN_SHARED_SIDE * smaller_px)
    return agrees


def parts_of_others(
    detections: Detections, cut_sides: NDArray[np.bool_], *, min_inside: float
) -> NDArray[np.bool_]:
    """Return (N,) which cut boxes lie mostly inside a larger one of the same class."""
    parts = np.zeros(len(detections), dtype=np.bool_)
    cut: NDArray[np.bool_] = np.asarray(cut_sides.any(axis=1))
    for class_id in np.unique(detections.class_ids[cut]):
        rows = np.flatnonzero(detections.class_ids == class_id)
        boxes = detections.boxes[rows]
        swept = SweptBoxes(boxes)
        own_areas_px = areas_px(boxes)
        for row in np.flatnonzero(cut[rows]):
            near = swept.near(boxes[row])
            shared_px = intersections_px(swept.boxes[near], boxes[row])
            # Larger, so that of two equal boxes one is left.
            larger = swept.areas_px[near] > own_areas_px[row]
            inside = shared_px >= min_inside * own_areas_px[row]
            parts[rows[row]] = bool((inside & larger).any())
    return parts
