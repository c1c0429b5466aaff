"""Boxes from untrusted numbers: inside their picture, or refused with the reason."""

import math
from collections.abc import Iterable

from datasets.errors import DatasetError
from datasets.formats.labels import Label, PictureLabels
from datasets.labelled_picture import LabelledBox

# Tools round to whole pixels or few decimals: a box may reach over the edge by this much and is
# then cut there. More means a wrong size, a turned picture or another unit.
MAX_OUTSIDE_PX = 1.0
Corners = tuple[float, float, float, float]  # x_min, y_min, x_max, y_max
MAX_SIDE_PX = 200_000  # far above any photo; keeps wrong sizes from overflowing anything


def make_box(
    corners_px: Corners,
    label: Label,
    *,
    size_px: tuple[int, int],
    where: str,
    max_outside_px: float = MAX_OUTSIDE_PX,
) -> LabelledBox:
    """Return the box with the part cut off that rounding put outside the picture.

    Args:
        corners_px: x_min, y_min, x_max, y_max; the last two are the first ones outside.
        label: What the box shows.
        size_px: Width and height of the picture.
        where: Names file and place in the message.
        max_outside_px: How far an edge may lie out of the picture.

    Raises:
        DatasetError: A number is not finite, the box has no area, or it lies outside.
    """
    x_min, y_min, x_max, y_max = cut_to_picture(
        corners_px, size_px=size_px, where=where, max_outside_px=max_outside_px
    )
    return LabelledBox(
        class_name=label.class_name,
        sub_class=label.sub_class,
        x_min=x_min,
        y_min=y_min,
        x_max=x_max,
        y_max=y_max,
    )


def cut_to_picture(
    corners_px: Corners,
    *,
    size_px: tuple[int, int],
    where: str,
    max_outside_px: float = MAX_OUTSIDE_PX,
) -> Corners:
    """Return the corners within the picture; `make_box` says what is refused."""
    x_min, y_min, x_max, y_max = corners_px
    width_px, height_px = size_px
    shown = f"box {x_min:g}, {y_min:g}, {x_max:g}, {y_max:g}"
    if not all(map(math.isfinite, corners_px)):
        raise DatasetError(f"{where}: {shown} has a corner that is no finite number")
    if x_min >= x_max or y_min >= y_max:
        raise DatasetError(f"{where}: {shown} has no area")
    outside_px = max(-x_min, -y_min, x_max - width_px, y_max - height_px)
    if outside_px > max_outside_px:
        raise DatasetError(
            f"{where}: {shown} reaches {outside_px:g} px out of the picture of "
            f"{width_px} x {height_px} px"
        )
    inside = (max(x_min, 0.0), max(y_min, 0.0), min(x_max, width_px), min(y_max, height_px))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise DatasetError(f"{where}: {shown} lies outside the picture")
    return inside


def size_of(picture: PictureLabels) -> tuple[int, int]:
    """Return width and height of a picture that is to be written.

    Raises:
        DatasetError: They are unknown or not possible.
    """
    if picture.width_px is None or picture.height_px is None:
        raise DatasetError(f"{picture.file_name}: the picture's size is not known")
    return check_size(picture.width_px, picture.height_px, where=picture.file_name)


def corners_of(box: LabelledBox, *, size_px: tuple[int, int], where: str) -> Corners:
    """Return the corners of a box that is to be written; `cut_to_picture` says what is refused."""
    corners_px = (box.x_min, box.y_min, box.x_max, box.y_max)
    return cut_to_picture(corners_px, size_px=size_px, where=where)


def enclose(points_px: Iterable[tuple[float, float]]) -> Corners:
    """Return x_min, y_min, x_max, y_max of the upright box around points."""
    columns, rows = zip(*points_px, strict=True)
    return min(columns), min(rows), max(columns), max(rows)


def check_size(width_px: int, height_px: int, *, where: str) -> tuple[int, int]:
    """Return width and height of a picture.

    Raises:
        DatasetError: One is no possible number of pixels.
    """
    if not (0 < width_px <= MAX_SIDE_PX and 0 < height_px <= MAX_SIDE_PX):
        raise DatasetError(f"{where}: a picture of {width_px} x {height_px} px is not possible")
    return width_px, height_px
