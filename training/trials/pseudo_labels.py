"""Confident detections as labels where nobody looked, or where labels are known to lack some."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from datasets.labelled_picture import LabelledBox, LabelledPicture
from training.evaluation.class_boxes import corners
from training.evaluation.matching import box_iou
from training.evaluation.result import FoundBox, PictureResult
from training.trials.clear_billboards import IGNORED

# A detection that shares more with a label says nothing new.
APART_IOU = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoRule:
    """What is believed without a person.

    Attributes:
        take_from: By class, score from which a detection becomes a label.
        ignore_from: By class, score from which it becomes a region that is neither object nor
            background; below it, it is not looked at.
        incomplete_sources: Whose labels are known to lack objects; elsewhere only classes that
            nobody looked for get boxes.
    """

    take_from: Mapping[str, float]
    ignore_from: Mapping[str, float]
    incomplete_sources: tuple[str, ...] = ()


def add_pseudo_labels(results: Iterable[PictureResult], rule: PseudoRule) -> list[LabelledPicture]:
    """Return the pictures with confident detections as further boxes.

    Pictures of val and test are returned as they are: a score against a model's own guesses
    would say nothing. The classes that somebody looked for stay what they were.
    """
    return [
        _add(result, rule) if result.picture.split == "train" else result.picture
        for result in results
    ]


def _add(result: PictureResult, rule: PseudoRule) -> LabelledPicture:
    picture = result.picture
    boxes = list(picture.boxes)
    for found in result.found:  # best first, so that a place is taken by its best detection
        class_name = _believe(found, picture, rule)
        if class_name is None or _is_taken(found, boxes):
            continue
        boxes.append(
            LabelledBox(
                class_name=class_name,
                x_min=max(found.x_min, 0.0),
                y_min=max(found.y_min, 0.0),
                x_max=min(found.x_max, float(picture.width_px)),
                y_max=min(found.y_max, float(picture.height_px)),
            )
        )
    return replace(picture, boxes=tuple(boxes))


def _believe(found: FoundBox, picture: LabelledPicture, rule: PseudoRule) -> str | None:
    """Return the class that a detection becomes, IGNORED for a doubtful one, None for none."""
    looked_for = found.class_name in picture.labelled_classes
    if looked_for and picture.source not in rule.incomplete_sources:
        return None
    if found.score >= rule.take_from.get(found.class_name, 1.1):
        return found.class_name
    return IGNORED if found.score >= rule.ignore_from.get(found.class_name, 1.1) else None


def _is_taken(found: FoundBox, boxes: list[LabelledBox]) -> bool:
    return bool(boxes) and bool(box_iou(corners([found]), corners(boxes)).max() >= APART_IOU)
