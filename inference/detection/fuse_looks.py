"""One box an object, where the same picture was looked at several times in different ways.

Boxes are averaged as in weighted boxes fusion (Solovyev, Wang and Gabruseva, Weighted boxes
fusion: Ensembling boxes from different object detection models, Image and Vision Computing 107,
2021), but around the best box of an object in place of a running mean, so that the order of the
looks changes nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.detector import Detections
from models.suppression import (
    areas_px,
    fixed_order,
    intersections_px,
    join_detections,
    no_detections,
    select_detections,
)

LEAST_WEIGHT = 1e-6  # boxes of score 0 have a mean, too


def fuse_looks(looks: Sequence[Detections], *, min_iou: float) -> Detections:
    """Return the objects that looks at one picture agree on.

    Args:
        looks: What each found, one box an object, in the same pixels.
        min_iou: Intersection over union with an object's best box from which another one is
            taken for the same object.

    Returns:
        Best first. A box is the mean of its object's boxes, weighted by their scores; its score
        is the mean over all looks of the best score there, 0 where a look has not seen it. So
        what one look alone saw is worth little.
    """
    found = join_detections(list(looks))
    of_look = np.repeat(np.arange(len(looks)), [len(look) for look in looks])
    order = fixed_order(found)
    found, of_look = select_detections(found, order), of_look[order]
    free = np.ones(len(found), dtype=np.bool_)
    boxes, scores, class_ids = [], [], []
    for row in range(len(found)):
        if not free[row]:
            continue
        members = free & _shows_same(found, row, min_iou=min_iou)
        free &= ~members
        weights = np.maximum(found.scores[members], LEAST_WEIGHT)
        boxes.append(np.average(found.boxes[members], axis=0, weights=weights))
        scores.append(_mean_of_best(found.scores[members], of_look[members], looks=len(looks)))
        class_ids.append(found.class_ids[row])
    if not boxes:
        return no_detections()
    fused = Detections(
        boxes=np.array(boxes, dtype=np.float32),
        scores=np.array(scores, dtype=np.float32),
        class_ids=np.array(class_ids, dtype=np.int32),
    )
    return select_detections(fused, fixed_order(fused))


def mirror_boxes(boxes: NDArray[np.float32], *, width_px: int) -> NDArray[np.float32]:
    """Return boxes (N, 4) of a mirrored picture in the pixels of the picture as it is."""
    mirrored = boxes.copy()
    mirrored[:, [0, 2]] = width_px - boxes[:, [2, 0]]
    return mirrored


def _shows_same(found: Detections, row: int, *, min_iou: float) -> NDArray[np.bool_]:
    """Return (N,) which boxes show the object of a row, itself among them."""
    areas = areas_px(found.boxes)
    shared = intersections_px(found.boxes, found.boxes[row])
    same: NDArray[np.bool_] = shared >= min_iou * (areas + areas[row] - shared)
    same &= found.class_ids == found.class_ids[row]
    same[row] = True
    return same


def _mean_of_best(
    scores: NDArray[np.float32], of_look: NDArray[np.intp], *, looks: int
) -> np.float32:
    best = np.zeros(looks, dtype=np.float32)
    np.maximum.at(best, of_look, scores)
    return np.float32(best.mean())
