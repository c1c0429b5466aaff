"""What the formats share: pictures with their boxes, and which word stands for which class."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledBox

# A file's own name of a class: a number in YOLO, a text elsewhere.
Word = TypeVar("Word", bound=Hashable)
# Control characters, line separators, halves of characters and what XML cannot hold.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
MAX_SHOWN_WORDS = 12  # in a message
# Told of each picture (or task, or line) that is left out, and why.
OnTrouble = Callable[[str, DatasetError], None]


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


def name_labels(labels: Iterable[Label]) -> dict[str, Label | None]:
    """Return the mapping of files that call each label `class` or `class/sub_class`."""
    return {str(label): label for label in labels}


def map_words(
    words: Sequence[Word], labels_by_word: Mapping[Word, Label | None], *, where: str
) -> list[Label | None]:
    """Return what a file's words stand for, None where their boxes are dropped knowingly.

    Raises:
        DatasetError: The mapping lacks words: nobody decided about them. Names them all.
    """
    unknown = [word for word in dict.fromkeys(words) if word not in labels_by_word]
    if unknown:
        raise DatasetError(
            f"{where}: {_list_some(unknown)} not in the mapping of classes, which has "
            f"{_list_some(labels_by_word)}; give each a project class, or None to drop its boxes"
        )
    return [labels_by_word[word] for word in words]


def map_labels(
    boxes: Sequence[LabelledBox], words_by_label: Mapping[Label, Word | None], *, where: str
) -> list[tuple[LabelledBox, Word]]:
    """Return boxes with what a file calls them, without those that are left out knowingly.

    Raises:
        DatasetError: The mapping lacks labels, be it only for their sub-classes. Names them all.
    """
    labels = [Label(box.class_name, box.sub_class) for box in boxes]
    unknown = [str(label) for label in dict.fromkeys(labels) if label not in words_by_label]
    if unknown:
        raise DatasetError(
            f"{where}: {_list_some(unknown)} not in the mapping of labels, which has "
            f"{_list_some(map(str, words_by_label))}; give each a word, or None to leave it out"
        )
    words = [words_by_label[label] for label in labels]
    return [(box, word) for box, word in zip(boxes, words, strict=True) if word is not None]


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
    if _UNSAFE.search(name):
        raise DatasetError(f"{where}: file name {name!r} holds control characters")
    return name


def _list_some(words: Iterable[object]) -> str:
    shown = [repr(word) for word in words]
    rest = f" and {len(shown) - MAX_SHOWN_WORDS} more" if len(shown) > MAX_SHOWN_WORDS else ""
    return (", ".join(shown[:MAX_SHOWN_WORDS]) or "nothing") + rest
