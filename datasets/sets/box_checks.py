"""Whether labels can be true: boxes inside their picture, once, of classes that were looked for."""

import math
from collections.abc import Iterator
from itertools import combinations

from datasets.labelled_picture import LabelledBox, LabelledPicture
from datasets.sets.findings import Finding, Limits
from datasets.taxonomy import CLASS_NAMES

ROUNDING_PX = 1.0  # what tools' rounding puts outside
MAX_COMPARED_BOXES = 2000  # more on one picture are compared with nothing: four million pairs


def check_boxes(picture: LabelledPicture, limits: Limits) -> Iterator[Finding]:
    """Yield what is wrong with the labels of a picture."""
    if not picture.labelled_classes:
        yield Finding(
            code="nothing_looked_for", message="labelled_classes is empty", picture=picture.path
        )
    unknown = {box.class_name for box in picture.boxes} | set(picture.labelled_classes)
    for name in sorted(unknown - set(CLASS_NAMES)):
        message = f"{name!r} is no class of the taxonomy"
        yield Finding(code="unknown_class", message=message, picture=picture.path)
    for name in sorted({box.class_name for box in picture.boxes} - set(picture.labelled_classes)):
        message = f"boxes of {name}, which nobody looked for"
        yield Finding(code="class_not_looked_for", message=message, picture=picture.path)
    for box in picture.boxes:
        yield from _check_box(box, picture, limits)
    yield from _check_doubles(picture, limits)


def overlap(first: LabelledBox, second: LabelledBox) -> float:
    """Return the intersection over union of two boxes, 0 where they do not meet."""
    width = min(first.x_max, second.x_max) - max(first.x_min, second.x_min)
    height = min(first.y_max, second.y_max) - max(first.y_min, second.y_min)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(first) + _area(second) - shared)


def _check_box(box: LabelledBox, picture: LabelledPicture, limits: Limits) -> Iterator[Finding]:
    corners = (box.x_min, box.y_min, box.x_max, box.y_max)
    shown = f"{box.class_name} {box.x_min:g}, {box.y_min:g}, {box.x_max:g}, {box.y_max:g}"
    width, height = box.x_max - box.x_min, box.y_max - box.y_min
    if not all(map(math.isfinite, corners)) or width <= 0 or height <= 0:
        yield Finding(code="box_without_area", message=shown, picture=picture.path)
        return
    outside_px = max(
        -box.x_min, -box.y_min, box.x_max - picture.width_px, box.y_max - picture.height_px
    )
    if outside_px > ROUNDING_PX:
        message = f"{shown}: {outside_px:g} px out of {picture.width_px} x {picture.height_px}"
        yield Finding(code="box_outside", message=message, picture=picture.path)
    elif min(width, height) < limits.least_side_px:
        message = f"{shown}: {width:g} x {height:g} px"
        yield Finding(code="box_tiny", message=message, picture=picture.path)


def _check_doubles(picture: LabelledPicture, limits: Limits) -> Iterator[Finding]:
    if len(picture.boxes) > MAX_COMPARED_BOXES:
        return
    for first, second in combinations(picture.boxes, 2):
        if first.class_name != second.class_name:
            continue
        iou = overlap(first, second)
        if iou >= limits.doubled_iou:
            place = f"{first.x_min:g}, {first.y_min:g}"
            message = f"two boxes of {first.class_name} at {place}, IoU {iou:.2f}"
            yield Finding(code="box_doubled", message=message, picture=picture.path)


def _area(box: LabelledBox) -> float:
    return (box.x_max - box.x_min) * (box.y_max - box.y_min)
