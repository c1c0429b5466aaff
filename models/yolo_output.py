"""From the numbers that a YOLO network without anchor boxes gives to detections."""

import numpy as np
from numpy.typing import NDArray

from models.detector import Detections
from models.suppression import select_detections, suppress_overlapping

# Within one crop, as ultralytics does it: looser than across tiles, since close neighbours of
# one class are seen at full resolution here.
CROP_MIN_IOU = 0.7
MAX_DETECTIONS_A_CROP = 300


def parse_yolo_output(output: NDArray[np.float32], *, min_score: float) -> Detections:
    """Return the boxes of one crop, each of its best class, without overlapping ones.

    Args:
        output: (4 + classes, anchors): centre x, centre y, width, height in crop pixels, then
            one score a class, 0 to 1.
        min_score: Boxes below it are left out.
    """
    best = output[4:].max(axis=0)
    anchors = np.flatnonzero(best >= min_score)
    center_x, center_y, width, height = output[:4, anchors]
    half_width, half_height = width / 2, height / 2
    boxes = np.stack(
        (
            center_x - half_width,
            center_y - half_height,
            center_x + half_width,
            center_y + half_height,
        ),
        axis=1,
    )
    found = Detections(
        boxes=boxes.astype(np.float32),
        scores=best[anchors].astype(np.float32),
        class_ids=output[4:, anchors].argmax(axis=0).astype(np.int32),
    )
    kept = suppress_overlapping(found, min_iou=CROP_MIN_IOU)
    return select_detections(kept, np.arange(min(len(kept), MAX_DETECTIONS_A_CROP)))
