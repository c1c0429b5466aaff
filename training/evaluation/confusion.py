"""What lies under false alarms: the kinds of error of Bolya et al., TIDE (ECCV 2020), in short."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from datasets.labelled_picture import LabelledPicture
from training.evaluation.class_boxes import corners
from training.evaluation.matching import box_iou, inside_share
from training.evaluation.result import Confusion, FoundBox, PictureResult

SECOND_BOX = "second box"  # on an object that a better box has taken
BADLY_PLACED = "badly placed"  # over an object of its class, too loose or too tight to count
BACKGROUND = "background"  # nothing is labelled there
LEAST_IOU_OF_PLACED = 0.5
LEAST_IOU_OF_OBJECT = 0.1
# A box lies on another object if most of the smaller of both is shared.
LEAST_INSIDE = 0.5


def count_confusions(
    results: Sequence[PictureResult], class_name: str, *, threshold: float
) -> tuple[Confusion, ...]:
    """Return what lies under the false alarms of a class, most frequent first."""
    counts = Counter(
        name_underlying(box, result.picture)
        for result in results
        for box in false_alarms(result, class_name, threshold=threshold)
    )
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Confusion(under=under, boxes=boxes) for under, boxes in ranked)


def false_alarms(result: PictureResult, class_name: str, *, threshold: float) -> list[FoundBox]:
    """Return the boxes from a score up that match nothing, where somebody looked for the class."""
    if class_name not in result.picture.labelled_classes:
        return []
    return [
        box
        for box in result.found
        if box.class_name == class_name and box.score >= threshold and box.true_box is None
    ]


def name_underlying(box: FoundBox, picture: LabelledPicture) -> str:
    """Return what lies under a false alarm, see `result.Confusion`."""
    here = corners([box])
    own = [one for one in picture.boxes if one.class_name == box.class_name]
    best = float(box_iou(here, corners(own)).max(initial=0.0))
    if best >= LEAST_IOU_OF_PLACED:
        return SECOND_BOX
    if best >= LEAST_IOU_OF_OBJECT:
        return BADLY_PLACED
    others = [one for one in picture.boxes if one.class_name != box.class_name]
    if others:
        shares = inside_share(here, corners(others))[0]
        if shares.max() >= LEAST_INSIDE:
            return others[int(np.argmax(shares))].class_name
    return BACKGROUND
