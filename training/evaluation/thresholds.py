"""Choose the operating point of each class on pictures that the model has not learned from."""

from collections.abc import Sequence

from datasets.labelled_picture import Origin, View
from training.evaluation.false_alarms import is_negative
from training.evaluation.operating_point import (
    NegativePictures,
    OperatingPoint,
    choose_operating_point,
)
from training.evaluation.result import NegativeKind, PictureResult
from training.evaluation.score import group_class

# A clue on one of twenty pictures that show nothing: what a reviewer can bear.
MAX_FALSE_ALARMS = 0.05


def choose_thresholds(
    results: Sequence[PictureResult],
    classes: Sequence[str],
    *,
    max_false_alarms: float = MAX_FALSE_ALARMS,
) -> dict[str, OperatingPoint]:
    """Return the operating point of each class.

    Real photos decide: those of the views that show objects of the class for precision and
    recall, and those of every view that show nothing for false alarms, view by view. Synthetic
    pictures have a say only where no photo shows an object of the class.

    Args:
        results: On pictures that the model has not learned from, such as the val split.
        classes: Of the model.
        max_false_alarms: Bearable boxes a picture that shows nothing.
    """
    return {
        name: choose_operating_point(
            group_class(_showing(results, name), name),
            _negatives(results, name),
            max_false_alarms=max_false_alarms,
        )
        for name in classes
    }


def _showing(results: Sequence[PictureResult], class_name: str) -> list[PictureResult]:
    """Return the pictures of the views and origins that show objects of a class."""

    def kinds(photos: bool) -> set[tuple[View, Origin]]:
        return {
            (one.picture.view, one.picture.origin)
            for one in results
            if (one.picture.origin is Origin.PHOTO) == photos
            and any(box.class_name == class_name for box in one.picture.boxes)
        }

    wanted = kinds(photos=True) or kinds(photos=False)
    return [one for one in results if (one.picture.view, one.picture.origin) in wanted]


def _negatives(results: Sequence[PictureResult], class_name: str) -> list[NegativePictures]:
    found = []
    for view in View:
        empty = [
            one
            for one in results
            if (one.picture.view, one.picture.origin) == (view, Origin.PHOTO)
            and is_negative(one, class_name, NegativeKind.EMPTY)
        ]
        if empty:
            scores = [
                box.score for one in empty for box in one.found if box.class_name == class_name
            ]
            found.append(
                NegativePictures(kind=view.value, pictures=len(empty), scores=tuple(scores))
            )
    return found
