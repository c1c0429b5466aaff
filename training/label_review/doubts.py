"""Which labels a model contradicts: a list for a person to look at, the worst doubts first.

After Northcutt, Jiang and Chuang, Confident Learning (JAIR 70, 2021): the model's own mean score
on what is labelled as a class is the limit from which it is confident of that class (their
equation 2), so that a class of low scores is judged by its own measure. That paper is on whole
pictures; boxes can also be loose, missing or too many, as in Tkachenko et al., ObjectLab (2023).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from datasets.labelled_picture import LabelledBox, LabelledPicture
from training.evaluation.class_boxes import corners
from training.evaluation.matching import box_iou
from training.evaluation.result import FoundBox, PictureResult

# From here a detection and a label are about the same object.
SAME_OBJECT_IOU = 0.5
# Below it, they have nothing to do with each other.
APART_IOU = 0.1
# A class without any matched label has no measure of its own.
DEFAULT_LIMIT = 0.5


class Doubt(StrEnum):
    """What may be wrong with a label."""

    UNSUPPORTED = "unsupported"  # the model sees nothing of that class at this box
    LOOSE = "loose"  # it is sure of the object, with another box
    MISSING = "missing"  # it is sure of an object that nobody labelled
    WRONG_CLASS = "wrong_class"  # it is sure of another class at this box


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDoubt:
    """A label or a place without one that a person should look at.

    Attributes:
        labelled: What is labelled; None for a missing box.
        found: What the model has there; None where it has nothing worth naming.
        strength: 0 to 1; how far the model contradicts the label.
    """

    picture: LabelledPicture
    kind: Doubt
    strength: float
    labelled: LabelledBox | None = None
    found: FoundBox | None = None

    @property
    def class_name(self) -> str:
        """The class that the doubt is about: the labelled one where there is a label."""
        if self.labelled is not None:
            return self.labelled.class_name
        if self.found is None:
            raise ValueError("a doubt is about a label or a detection")
        return self.found.class_name


def plan_confident_scores(results: Iterable[PictureResult]) -> dict[str, float]:
    """Return, by class, the mean score on what is labelled as it; see the head of this module.

    A label that is not found at all counts with a score of 0, as in the paper.
    """
    scores: dict[str, list[float]] = {}
    for result in results:
        for row, box in enumerate(result.picture.boxes):
            own = [f.score for f in result.found if f.true_box == row]
            scores.setdefault(box.class_name, []).append(max(own, default=0.0))
    return {name: float(np.mean(values)) or DEFAULT_LIMIT for name, values in scores.items()}


def find_doubts(
    results: Sequence[PictureResult], *, confident: Mapping[str, float] | None = None
) -> list[LabelDoubt]:
    """Return the doubts about the labels of pictures, strongest first.

    Args:
        results: Of a model that has not seen these pictures: one that has seen them defends
            their labels, right or wrong.
        confident: Score from which a detection counts, by class; from the results for None.
    """
    limits = plan_confident_scores(results) if confident is None else confident
    doubts = [doubt for result in results for doubt in doubts_of_picture(result, limits)]
    return sorted(doubts, key=lambda d: (-d.strength, d.picture.path, d.kind))


def doubts_of_picture(result: PictureResult, confident: Mapping[str, float]) -> list[LabelDoubt]:
    """Return the doubts about one picture's labels; each label and detection is in one at most."""
    picture = result.picture
    labels = [box for box in picture.boxes if box.class_name in picture.labelled_classes]
    overlaps = box_iou(corners(result.found), corners(labels))
    doubts = [
        doubt
        for row, label in enumerate(labels)
        if (doubt := _doubt_label(picture, label, result.found, overlaps[:, row], confident))
    ]
    taken = [doubt.found for doubt in doubts]
    # Several detections of one unlabelled object are one doubt.
    missing: list[FoundBox] = []
    for row, found in enumerate(result.found):
        if not _is_confident(found, confident) or found in taken:
            continue
        if found.class_name not in picture.labelled_classes or _is_near(found, missing):
            continue
        if overlaps.shape[1] == 0 or overlaps[row].max() < APART_IOU:
            missing.append(found)
    return doubts + [
        LabelDoubt(picture=picture, kind=Doubt.MISSING, strength=f.score, found=f) for f in missing
    ]


def _doubt_label(
    picture: LabelledPicture,
    label: LabelledBox,
    found: Sequence[FoundBox],
    overlaps: NDArray[np.float64],
    confident: Mapping[str, float],
) -> LabelDoubt | None:
    """Return what is doubtful about a label, or None where the model agrees with it."""

    def best(*, own: bool, least_iou: float) -> FoundBox | None:
        rows = [
            box
            for box, overlap in zip(found, overlaps, strict=True)
            if (box.class_name == label.class_name) is own
            and box.class_name in picture.labelled_classes
            and overlap >= least_iou
        ]
        return max(rows, key=lambda box: box.score, default=None)

    support = best(own=True, least_iou=SAME_OBJECT_IOU)
    other = best(own=False, least_iou=SAME_OBJECT_IOU)
    loose = best(own=True, least_iou=APART_IOU)
    supported = support.score if support else 0.0
    shown: FoundBox | None
    if other and _is_confident(other, confident) and other.score > supported:
        kind, strength, shown = Doubt.WRONG_CLASS, other.score - supported, other
    elif support is None and loose and _is_confident(loose, confident):
        kind, strength, shown = Doubt.LOOSE, loose.score, loose
    elif supported < confident.get(label.class_name, DEFAULT_LIMIT):
        # Half the weight: what a model does not see may well be there.
        kind, strength, shown = Doubt.UNSUPPORTED, (1 - supported) / 2, support
    else:
        return None
    return LabelDoubt(picture=picture, kind=kind, strength=strength, labelled=label, found=shown)


def _is_confident(box: FoundBox, confident: Mapping[str, float]) -> bool:
    return box.score >= confident.get(box.class_name, DEFAULT_LIMIT)


def _is_near(box: FoundBox, others: Sequence[FoundBox]) -> bool:
    return bool(others) and bool(box_iou(corners([box]), corners(others)).max() >= APART_IOU)
