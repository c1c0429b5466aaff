"""Boxes on pictures that show none of their class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluation.bootstrap import ratio_interval
from training.evaluation.result import FalseAlarms, NegativeKind, PictureResult


def is_negative(result: PictureResult, class_name: str, kind: NegativeKind) -> bool:
    """Return whether every box of a class is a false alarm on a picture, see `NegativeKind`."""
    picture = result.picture
    if class_name not in picture.labelled_classes:
        return False
    if kind is NegativeKind.EMPTY:
        return not picture.boxes
    return bool(picture.boxes) and all(box.class_name != class_name for box in picture.boxes)


def count_alarms(result: PictureResult, class_name: str, threshold: float) -> int:
    """Return how many boxes of a class reach a score."""
    return sum(box.class_name == class_name and box.score >= threshold for box in result.found)


def score_false_alarms(
    results: Sequence[PictureResult],
    class_name: str,
    *,
    threshold: float,
    group_names: Sequence[str],
    draws: NDArray[np.int64],
) -> tuple[FalseAlarms, ...]:
    """Return the false alarms on each kind of negative pictures that there are.

    Args:
        results: Of one part.
        class_name: Whose boxes count.
        threshold: From which on they count.
        group_names: As in `draws`.
        draws: See `bootstrap.draw_groups`.
    """
    places = {name: place for place, name in enumerate(group_names)}
    found = []
    for kind in NegativeKind:
        negatives = [one for one in results if is_negative(one, class_name, kind)]
        alarms, pictures = np.zeros(len(places)), np.zeros(len(places))
        for one in negatives:
            place = places[one.picture.group]
            pictures[place] += 1
            alarms[place] += count_alarms(one, class_name, threshold)
        per_picture = ratio_interval(alarms, pictures, draws)
        if per_picture is not None:
            found.append(
                FalseAlarms(
                    kind=kind,
                    pictures=len(negatives),
                    groups=int((pictures > 0).sum()),
                    boxes=int(alarms.sum()),
                    per_picture=per_picture,
                )
            )
    return tuple(found)
