"""Where two models differ on the same photos: what only one of them finds, and other scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference.boxes import Box, iou
from inference.sighting import Detection

MIN_IOU = 0.5  # from which on two boxes of a class are one object


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowBox:
    """A box that only one model finds, or both.

    Attributes:
        box_photo: x_min, y_min, x_max, y_max in the photo's pixels, unturned; production's where
            both find it.
        production: Confidence of the model in force; None where it does not find it.
        candidate: Of the other one, likewise.
    """

    class_name: str
    box_photo: Box
    production: float | None
    candidate: float | None

    @property
    def is_on_both(self) -> bool:
        """Whether both find it."""
        return self.production is not None and self.candidate is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoDifference:
    """The boxes of both models on one photo, by class, those of one model alone first."""

    photo: str
    boxes: tuple[ShadowBox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTotals:
    """The boxes of one class on all photos.

    Attributes:
        mean_difference: Of the confidences of boxes that both find, candidate less production;
            None where there are none.
    """

    class_name: str
    both: int
    only_candidate: int
    only_production: int
    mean_difference: float | None


def compare_photo(
    photo: str, production: Sequence[Detection], candidate: Sequence[Detection]
) -> PhotoDifference:
    """Return what both models find on a photo, box by box.

    Boxes of one class that overlap most are taken together first; each box is taken once.

    Args:
        photo: Its name.
        production: Detections of the model in force.
        candidate: Of the other one.
    """
    pairs = sorted(
        (-overlap, old.id, new.id)
        for old in production
        for new in candidate
        if old.class_name == new.class_name
        and (overlap := iou(old.box_photo, new.box_photo)) >= MIN_IOU
    )
    partner: dict[str, str] = {}
    taken: set[str] = set()
    for _, old_id, new_id in pairs:
        if old_id not in partner and new_id not in taken:
            partner[old_id] = new_id
            taken.add(new_id)
    by_id = {new.id: new for new in candidate}
    boxes = [_as_box(old, by_id.get(partner.get(old.id, ""))) for old in production]
    boxes += [_as_box(None, new) for new in candidate if new.id not in taken]
    return PhotoDifference(photo=photo, boxes=tuple(sorted(boxes, key=_reading_order)))


def total_classes(
    differences: Sequence[PhotoDifference], classes: Sequence[str]
) -> tuple[ClassTotals, ...]:
    """Return the totals of each class, in the order given."""
    boxes = [box for one in differences for box in one.boxes]
    return tuple(_total(name, [box for box in boxes if box.class_name == name]) for name in classes)


def compare_all(
    names: Mapping[str, str],
    production: Mapping[str, Sequence[Detection]],
    candidate: Mapping[str, Sequence[Detection]],
) -> tuple[PhotoDifference, ...]:
    """Return the photos on which either model finds anything, by name.

    Args:
        names: Of the photos that both have inspected, by SHA-256.
        production: Detections by the photo's SHA-256.
        candidate: Likewise.
    """
    found = (
        compare_photo(name, production.get(sha256, ()), candidate.get(sha256, ()))
        for sha256, name in sorted(names.items(), key=lambda item: (item[1], item[0]))
    )
    return tuple(one for one in found if one.boxes)


def _as_box(old: Detection | None, new: Detection | None) -> ShadowBox:
    shown = old or new
    if shown is None:
        raise ValueError("a box of neither model")
    return ShadowBox(
        class_name=shown.class_name,
        box_photo=shown.box_photo,
        production=None if old is None else old.confidence,
        candidate=None if new is None else new.confidence,
    )


def _reading_order(box: ShadowBox) -> tuple[bool, str, float, Box]:
    surest = max(box.production or 0.0, box.candidate or 0.0)
    return box.is_on_both, box.class_name, -surest, box.box_photo


def _total(class_name: str, boxes: Sequence[ShadowBox]) -> ClassTotals:
    steps = [
        box.candidate - box.production
        for box in boxes
        if box.candidate is not None and box.production is not None
    ]
    return ClassTotals(
        class_name=class_name,
        both=len(steps),
        only_candidate=sum(box.production is None for box in boxes),
        only_production=sum(box.candidate is None for box in boxes),
        mean_difference=sum(steps) / len(steps) if steps else None,
    )
