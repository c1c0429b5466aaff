"""YOLO label files: a text beside each picture, one object a line, parts of its width and height.

A line is `class x_center y_center width height`, or `class x y x y x y ...` with the corners of a
polygon, which becomes the box around it. Nothing in the file says how large the picture is or
what a class is called.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets.errors import DatasetError
from datasets.formats.boxes import Corners, check_size, corners_of, enclose, make_box, size_of
from datasets.formats.files import read_text, write_text
from datasets.formats.labels import (
    Label,
    PictureLabels,
    check_file_name,
    map_labels,
    map_words,
)

MAX_BYTES = 8_000_000
MAX_LINE_CHARS = 200_000  # a polygon of ten thousand corners
DECIMALS = 6  # what the common tools write; half a unit is 0.003 px of a picture of 6000 px
BOX_VALUES = 4
MIN_POLYGON_VALUES = 6


def parse_yolo(
    text: str,
    *,
    labels_by_number: Mapping[int, Label | None],
    file_name: str,
    size_px: tuple[int, int],
) -> PictureLabels:
    """Return a picture's labels.

    Args:
        text: Of the label file; empty where somebody looked and found nothing.
        labels_by_number: What each class number stands for, None to drop its boxes.
        file_name: Of the picture.
        size_px: Its width and height as a viewer shows it.

    Raises:
        DatasetError: A line is no box or polygon, lies outside the picture, or has a class
            number that the mapping lacks; says which line.
    """
    width_px, height_px = check_size(*size_px, where=file_name)
    check_file_name(file_name, where="yolo")
    lines = [
        (f"{file_name}: label line {number}", line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    entries = [_parse_line(line, size_px, where=where) for where, line in lines]
    labels = map_words([number for number, _ in entries], labels_by_number, where=file_name)
    boxes = tuple(
        make_box(corners, label, size_px=size_px, where=where)
        for (where, _), (_, corners), label in zip(lines, entries, labels, strict=True)
        if label is not None
    )
    return PictureLabels(file_name=file_name, width_px=width_px, height_px=height_px, boxes=boxes)


def format_yolo(picture: PictureLabels, *, numbers_by_label: Mapping[Label, int | None]) -> str:
    """Return the text of a picture's label file, boxes in their order.

    Edges are kept to 0.75 millionth of the picture's width or height.

    Args:
        picture: With its size.
        numbers_by_label: Class number of each label, None to leave its boxes out.

    Raises:
        DatasetError: The size is unknown, a box lies outside or is too small to be written, or
            a label is not in the mapping.
    """
    where, size_px = picture.file_name, size_of(picture)
    lines = []
    for box, number in map_labels(picture.boxes, numbers_by_label, where=where):
        corners = corners_of(box, size_px=size_px, where=where)
        lines.append(f"{number} {_format_box(corners, size_px, where=where)}\n")
    return "".join(lines)


def parse_class_list(text: str) -> tuple[str, ...]:
    """Return the names of a `classes.txt`, one a line; the first is number 0.

    Raises:
        DatasetError: A name is empty or there twice, so that numbers would be guessed.
    """
    names = tuple(line.strip() for line in text.rstrip().splitlines())
    if not all(names) or len(set(names)) != len(names):
        raise DatasetError("list of classes: a line is empty or there twice")
    return names


def number_labels(
    names: Sequence[str], labels_by_word: Mapping[str, Label | None]
) -> dict[int, Label | None]:
    """Return what each class number stands for, by the names of the numbers.

    Raises:
        DatasetError: The mapping lacks a name.
    """
    return dict(enumerate(map_words(names, labels_by_word, where="list of classes")))


def read_yolo(
    path: Path,
    *,
    labels_by_number: Mapping[int, Label | None],
    file_name: str,
    size_px: tuple[int, int],
) -> PictureLabels:
    """Return a picture's labels from its label file.

    Raises:
        DatasetError: As `parse_yolo`, or the file is absent: that is not the same as empty.
    """
    text = read_text(path, max_bytes=MAX_BYTES)
    return parse_yolo(text, labels_by_number=labels_by_number, file_name=file_name, size_px=size_px)


def write_yolo(
    path: Path, picture: PictureLabels, *, numbers_by_label: Mapping[Label, int | None]
) -> None:
    """Write a picture's label file; empty where it has no boxes."""
    write_text(path, format_yolo(picture, numbers_by_label=numbers_by_label))


def _parse_line(line: str, size_px: tuple[int, int], *, where: str) -> tuple[int, Corners]:
    """Return class number and corners in pixels."""
    if len(line) > MAX_LINE_CHARS:
        raise DatasetError(f"{where}: {len(line)} characters, the limit is {MAX_LINE_CHARS}")
    first, *rest = line.split()
    try:
        number, values = int(first), [float(word) for word in rest]
    except ValueError as error:
        raise DatasetError(f"{where}: {line[:80]!r} is not a whole number and numbers") from error
    if not all(map(math.isfinite, values)):  # the box around a polygon could hide it
        raise DatasetError(f"{where}: {line[:80]!r} holds what is no finite number")
    width_px, height_px = size_px
    if len(values) == BOX_VALUES:
        x, y, width, height = values
        if width < 0 or height < 0:
            raise DatasetError(f"{where}: a width or height is negative")
        return number, (
            (x - width / 2) * width_px,
            (y - height / 2) * height_px,
            (x + width / 2) * width_px,
            (y + height / 2) * height_px,
        )
    if len(values) < MIN_POLYGON_VALUES or len(values) % 2:
        raise DatasetError(
            f"{where}: {len(values)} numbers after the class, expected 4 of a box, or pairs of "
            "a polygon's corners (5 are a prediction with its confidence: no label)"
        )
    xs, ys = values[::2], values[1::2]
    return number, enclose((x * width_px, y * height_px) for x, y in zip(xs, ys, strict=True))


def _format_box(corners: Corners, size_px: tuple[int, int], *, where: str) -> str:
    x_min, y_min, x_max, y_max = corners
    width_px, height_px = size_px
    values = (
        (x_min + x_max) / 2 / width_px,
        (y_min + y_max) / 2 / height_px,
        (x_max - x_min) / width_px,
        (y_max - y_min) / height_px,
    )
    if min(round(value, DECIMALS) for value in values[2:]) <= 0:
        raise DatasetError(f"{where}: box {corners} is too small for {DECIMALS} decimals")
    return " ".join(f"{value:.{DECIMALS}f}" for value in values)
