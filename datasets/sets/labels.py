"""The boxes of a source's pictures, whatever format they are written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from datasets.errors import DatasetError
from datasets.formats.coco import read_coco
from datasets.formats.labels import Label, PictureLabels
from datasets.formats.pascal_voc import read_pascal_voc
from datasets.formats.yolo import read_yolo
from datasets.labelled_picture import LabelledBox
from datasets.sets.recipe import LabelFormat, SourceRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBoxes:
    """Why nothing is known of what a picture shows.

    Attributes:
        code: no_labels, bad_labels, or absent where only the labels name the picture.
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
    """Return the boxes of each picture by its path within the source, or why there are none.

    Also of those that a file of all labels names and that are not among `pictures`.

    Raises:
        DatasetError: One file holds the labels of all pictures, and cannot be read.
    """
    if source.format is LabelFormat.COCO:
        return _read_from_coco(source, root / source.labels, pictures)
    return {
        picture.inner_path: _read_own_file(source, root / source.labels, picture)
        for picture in pictures
    }


def _read_own_file(source: SourceRecipe, folder: Path, picture: PictureSize) -> Boxes | NoBoxes:
    """Return the boxes of a picture that has a label file of its own, called as the picture."""
    is_yolo = source.format is LabelFormat.YOLO
    path = folder / PurePosixPath(picture.inner_path).with_suffix(".txt" if is_yolo else ".xml")
    if not path.exists():
        return _without_labels(source, f"{path.name} is absent: did anybody look at it?")
    try:
        if is_yolo:
            labels = read_yolo(
                path,
                labels_by_number=_labels_by_number(source),
                file_name=picture.inner_path,
                size_px=(picture.width_px, picture.height_px),
            )
        else:
            labels = read_pascal_voc(
                path,
                labels_by_word=_labels_by_word(source),
                keep_difficult=source.keep_doubtful,
                pixels=source.voc_pixels,
            )
    except DatasetError as error:
        # Without the folder: build.json is handed on, and where we keep files is our own business.
        return NoBoxes(code="bad_labels", reason=str(error).replace(str(path), path.name))
    return _fit(labels, picture)


def _read_from_coco(
    source: SourceRecipe, path: Path, pictures: Sequence[PictureSize]
) -> dict[str, Boxes | NoBoxes]:
    troubles: dict[str, Boxes | NoBoxes] = {}

    def note(file_name: str, error: DatasetError) -> None:
        troubles[file_name] = NoBoxes(code="bad_labels", reason=str(error))

    found = read_coco(
        path,
        labels_by_word=_labels_by_word(source),
        keep_crowds=source.keep_doubtful,
        on_trouble=note,
    )
    labels_of = {labels.file_name: labels for labels in found}
    absent = NoBoxes(code="absent", reason=f"only {path.name} names it")
    troubles |= dict.fromkeys(labels_of, absent)
    for picture in pictures:
        labels = labels_of.get(picture.inner_path)
        if labels is not None:
            troubles[picture.inner_path] = _fit(labels, picture)
        elif picture.inner_path not in troubles:
            reason = f"{path.name} does not name it: did anybody look at it?"
            troubles[picture.inner_path] = _without_labels(source, reason)
    return troubles


def _fit(labels: PictureLabels, picture: PictureSize) -> Boxes | NoBoxes:
    """Return the boxes, if they were drawn on a picture of this size."""
    said = (labels.width_px, labels.height_px)
    if said != (picture.width_px, picture.height_px):
        reason = (
            f"labels are of {said[0]} x {said[1]} px, the picture upright is "
            f"{picture.width_px} x {picture.height_px} px"
        )
        return NoBoxes(code="bad_labels", reason=reason)
    return labels.boxes


def _without_labels(source: SourceRecipe, reason: str) -> Boxes | NoBoxes:
    if source.without_labels == "nothing_there":
        return ()
    return NoBoxes(code="no_labels", reason=reason)


def _labels_by_word(source: SourceRecipe) -> dict[str, Label | None]:
    labels: dict[str, Label | None] = dict.fromkeys(source.ignored_words)
    for word, name in source.classes.items():
        class_name, _, sub_class = name.partition("/")
        labels[word] = Label(class_name, sub_class or None)
    return labels


def _labels_by_number(source: SourceRecipe) -> dict[int, Label | None]:
    """Return what YOLO's numbers stand for; numbers of words that nobody mapped are not in it."""
    labels = _labels_by_word(source)
    if not source.class_words:
        return {int(word): label for word, label in labels.items()}
    return {
        number: labels[word] for number, word in enumerate(source.class_words) if word in labels
    }
