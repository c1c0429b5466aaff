"""What the formats share: pictures with their boxes, and which word stands for which class."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledBox

# A file's own name of a class: a number in YOLO, a text elsewhere.
Word = TypeVar("Word", bound=Hashable)


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """What a box is said to show: a class and, where it is known, its sub-class."""

    class_name: str
    sub_class: str | None = None

    def __str__(self) -> str:
        """Return `class` or `class/sub_class`, as files have it that we write."""
        return self.class_name if self.sub_class is None else f"{self.class_name}/{self.sub_class}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLabels:
    """A picture's boxes as a file of labels gives them, with nothing else known of it.

    Attributes:
        file_name: As the file has it, with `/`; it never leads out of the picture folder.
        width_px, height_px: As a viewer shows the picture; None where the file doesn't say.
        boxes: In the file's order; empty where somebody looked and found nothing.
    """

    file_name: str
    width_px: int | None
    height_px: int | None
    boxes: tuple[LabelledBox, ...]


def label_of(box: LabelledBox) -> Label:
    """Return what a box is said to show."""
    return Label(box.class_name, box.sub_class)


def name_labels(labels: Iterable[Label]) -> dict[str, Label | None]:
    """Return the mapping of files that call each label `class` or `class/sub_class`."""
    return {str(label): label for label in labels}


def find_label(
    word: Word, labels_by_word: Mapping[Word, Label | None], *, where: str
) -> Label | None:
    """Return what a file's word stands for, None where its boxes are dropped knowingly.

    Raises:
        DatasetError: The mapping lacks the word: nobody decided about it.
    """
    if word not in labels_by_word:
        known = ", ".join(map(repr, labels_by_word)) or "none"
        raise DatasetError(
            f"{where}: class {word!r} is not in the mapping (it has {known}); "
            "give it a project class, or None to drop its boxes"
        )
    return labels_by_word[word]


def find_word(
    box: LabelledBox, words_by_label: Mapping[Label, Word | None], *, where: str
) -> Word | None:
    """Return what a file calls a box's label, None where its boxes are left out knowingly.

    Raises:
        DatasetError: The mapping lacks the label, be it only for its sub-class.
    """
    label = label_of(box)
    if label not in words_by_label:
        known = ", ".join(map(str, words_by_label)) or "none"
        raise DatasetError(
            f"{where}: label {label} is not in the mapping (it has {known}); "
            "give it a word, or None to leave its boxes out"
        )
    return words_by_label[label]


def check_file_name(name: str, *, where: str) -> str:
    """Return a file name that stays within its folder.

    Raises:
        DatasetError: It is empty, leads out of the folder, or has parts that no system agrees on.
    """
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in name or ":" in parts[0]:
        raise DatasetError(
            f"{where}: {name!r} is no file name within the picture folder "
            "(relative, with `/`, without `..`)"
        )
    if not name.isprintable():
        raise DatasetError(f"{where}: file name {name!r} holds characters that cannot be printed")
    return name
