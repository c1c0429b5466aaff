"""How many pictures and boxes a set has, by split, view, origin, source and class."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from datasets.labelled_picture import LabelledPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Pictures that agree in what comes first, and the boxes on them.

    Attributes:
        negatives: Pictures without a box.
        boxes_by_class: Only classes that are there.
        looked_for: In how many pictures somebody looked for a class.
    """

    split: str
    view: str
    origin: str
    source: str
    pictures: int
    groups: int
    negatives: int
    boxes_by_class: dict[str, int]
    looked_for: dict[str, int]


def count_pictures(pictures: Iterable[LabelledPicture]) -> list[Count]:
    """Return the counts of a set, in a fixed order."""
    parts: dict[tuple[str, str, str, str], list[LabelledPicture]] = {}
    for picture in pictures:
        key = (picture.split, picture.view.value, picture.origin.value, picture.source)
        parts.setdefault(key, []).append(picture)
    return [_count(key, parts[key]) for key in sorted(parts)]


def _count(key: tuple[str, str, str, str], pictures: list[LabelledPicture]) -> Count:
    split, view, origin, source = key
    boxes = Counter(box.class_name for picture in pictures for box in picture.boxes)
    looked_for = Counter(name for picture in pictures for name in picture.labelled_classes)
    return Count(
        split=split,
        view=view,
        origin=origin,
        source=source,
        pictures=len(pictures),
        groups=len({picture.group for picture in pictures}),
        negatives=sum(not picture.boxes for picture in pictures),
        boxes_by_class=dict(sorted(boxes.items())),
        looked_for=dict(sorted(looked_for.items())),
    )
