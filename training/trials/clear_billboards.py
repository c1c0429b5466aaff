"""Which labelled billboards are clearly damaged, as somebody judged them by eye."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from datasets.labelled_picture import LabelledBox, LabelledPicture
from inference.boxes import iou
from training.errors import TrainingError

DAMAGED = "damaged_billboard"
# A region that is neither object nor background; training sees it painted over.
IGNORED = "ignored"
# The review quotes the labels' own boxes, so that only rounding lies between them.
SAME_BOX_IOU = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedBox:
    """A judged box, in parts of its picture's width and height."""

    stem: str  # of the picture's file
    box: tuple[float, float, float, float]  # x_min, y_min, x_max, y_max, 0 to 1
    clear: bool


def read_billboard_review(path: Path) -> list[ReviewedBox]:
    """Return the judged boxes of a CSV file with image, cx, cy, w, h, review.

    Raises:
        TrainingError: It cannot be read, or a line lacks a value.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_parse_row(row) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path}: no readable review of billboards: {error!r}") from error


def _parse_row(row: dict[str, str]) -> ReviewedBox:
    cx, cy, width, height = (float(row[name]) for name in ("cx", "cy", "w", "h"))
    corners = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
    return ReviewedBox(stem=row["image"], box=corners, clear=row["review"] == "clear")


def ignore_ambiguous(picture: LabelledPicture, reviewed: Sequence[ReviewedBox]) -> LabelledPicture:
    """Return the picture with its damaged billboards marked as ignored where not clear.

    Boxes that nobody judged stay as they are.
    """
    stem = PurePosixPath(picture.path).stem
    doubtful = [entry.box for entry in reviewed if entry.stem == stem and not entry.clear]
    boxes = tuple(
        replace(box, class_name=IGNORED, sub_class=None)
        if box.class_name == DAMAGED and _is_one_of(box, picture, doubtful)
        else box
        for box in picture.boxes
    )
    return replace(picture, boxes=boxes)


def _is_one_of(
    box: LabelledBox,
    picture: LabelledPicture,
    others: Sequence[tuple[float, float, float, float]],
) -> bool:
    width, height = picture.width_px, picture.height_px
    own = (box.x_min / width, box.y_min / height, box.x_max / width, box.y_max / height)
    return any(iou(own, other) >= SAME_BOX_IOU for other in others)
