"""Which detection takes which true box: COCO's rule."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOU_LEVELS: NDArray[np.float64] = np.linspace(0.5, 0.95, 10, dtype=np.float64)
# COCO's evaluation looks at no more of one class and picture.
MAX_DETECTIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matches:
    """What became of the boxes of one class on one picture (or on several, joined).

    Attributes:
        scores: (N,) of the detections.
        hits: (N, 10) bool, whether a detection matched a true box, by IoU level.
        true_count: Number of true boxes.
    """

    scores: NDArray[np.float32]
    hits: NDArray[np.bool_]
    true_count: int


def box_iou(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (N, M) intersection over union of two sets of x_min, y_min, x_max, y_max boxes."""
    shared, first_areas, second_areas = _areas(first, second)
    union = first_areas[:, None] + second_areas[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def inside_share(boxes: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (N, M) shared area as a part of the smaller of each two boxes."""
    shared, areas, other_areas = _areas(boxes, others)
    smaller = np.minimum(areas[:, None], other_areas[None])
    return np.asarray(shared / np.maximum(smaller, 1e-9))


def _areas(
    first: NDArray[np.floating], second: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return shared areas (N, M), and the areas of each set."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    return shared, (a[:, 2:] - a[:, :2]).prod(axis=-1), (b[:, 2:] - b[:, :2]).prod(axis=-1)


def best_first(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the rows of the detections that COCO looks at, in its order."""
    order: NDArray[np.intp] = np.argsort(-scores, kind="stable")[:MAX_DETECTIONS]
    return order


def match_rows(
    overlaps: NDArray[np.float64],
    *,
    levels: NDArray[np.float64] = IOU_LEVELS,
    aside: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Return which true box each detection takes at each level, -1 for none.

    Each true box is taken once, by the best-scored detection that reaches the level; a detection
    takes the free box that it overlaps most, of equal ones the last, and one that is set aside
    only where there is no other (pycocotools, COCOeval.evaluateImg).

    Args:
        overlaps: (N, M) IoU of detections, best score first, and true boxes.
        levels: (L,) least IoU of a match.
        aside: (M,) true boxes that do not count, such as those of another size.

    Returns:
        (N, L) rows of true boxes.
    """
    count, true_count = overlaps.shape
    rows = np.full((count, len(levels)), -1, dtype=np.intp)
    counted = np.ones(true_count, dtype=bool) if aside is None else ~aside
    for place, least in enumerate(np.minimum(levels, 1 - 1e-10)):
        free = np.ones(true_count, dtype=bool)
        for row in np.flatnonzero((overlaps >= least).any(axis=1)):
            candidates = free & (overlaps[row] >= least)
            wanted = candidates & counted
            best = _last_largest(overlaps[row], wanted if wanted.any() else candidates)
            if best is not None:
                free[best], rows[row, place] = False, best
    return rows


def _last_largest(values: NDArray[np.float64], allowed: NDArray[np.bool_]) -> int | None:
    if not allowed.any():
        return None
    masked = np.where(allowed, values, -1.0)
    return len(masked) - 1 - int(masked[::-1].argmax())
