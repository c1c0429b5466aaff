"""The boxes of a source's pictures, whatever format they are written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledBox
from datasets.sets.recipe import SourceRecipe

MAX_LABEL_BYTES = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBoxes:
    """Why nothing is known of what a picture shows.

    Attributes:
        code: no_labels or bad_labels.
        reason: One line for a person.
    """

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSize:
    """A picture of a source, upright, by its path within the source."""

    inner_path: str
    width_px: int
    height_px: int


Boxes = tuple[LabelledBox, ...]


def read_boxes(
    source: SourceRecipe, root: Path, pictures: Sequence[PictureSize]
) -> Mapping[str, Boxes | NoBoxes]:
    """Return the boxes of each picture by its path within the source, or why there are none."""
    return {picture.inner_path: _read_yolo(source, root, picture) for picture in pictures}


def _read_yolo(source: SourceRecipe, root: Path, picture: PictureSize) -> Boxes | NoBoxes:
    path = root / source.labels / PurePosixPath(picture.inner_path).with_suffix(".txt")
    try:
        if path.stat().st_size > MAX_LABEL_BYTES:
            return NoBoxes(code="bad_labels", reason=f"more than {MAX_LABEL_BYTES} bytes")
        lines = path.read_text(encoding="utf-8").splitlines()
        found = [_parse_yolo_line(source, line, picture) for line in lines if line.strip()]
    except FileNotFoundError:
        if source.without_labels == "nothing_there":
            return ()
        return NoBoxes(code="no_labels", reason=f"{path.name} is absent: was it looked at?")
    except (OSError, ValueError, DatasetError) as error:
        return NoBoxes(code="bad_labels", reason=f"{path.name}: {error}")
    return tuple(box for box in found if box is not None)


def _parse_yolo_line(source: SourceRecipe, line: str, picture: PictureSize) -> LabelledBox | None:
    number, *numbers = line.split()
    centre_x, centre_y, width, height = (float(text) for text in numbers)
    index = int(number)
    word = source.class_words[index] if 0 <= index < len(source.class_words) else number
    if word in source.ignored_words:
        return None
    if word not in source.classes:
        raise DatasetError(f"{word!r} is neither in classes nor in ignored_words")
    return LabelledBox(
        class_name=source.classes[word],
        x_min=(centre_x - width / 2) * picture.width_px,
        y_min=(centre_y - height / 2) * picture.height_px,
        x_max=(centre_x + width / 2) * picture.width_px,
        y_max=(centre_y + height / 2) * picture.height_px,
    )
