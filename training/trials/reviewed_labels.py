"""Labels as reviews have them, for pictures that stay where they are."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from datasets.labelled_picture import LabelledBox, LabelledPicture
from datasets.reviews.json_lines import read_review_lines
from datasets.reviews.labels import AreaLabels
from datasets.reviews.to_labels import labels_from_reviews
from training.chosen_pictures import PlacedPicture
from training.trials.clear_billboards import IGNORED


def read_reviewed_labels(path: Path) -> tuple[AreaLabels, ...]:
    """Return what reviews of whole pictures came to.

    Raises:
        DatasetError: The file is no file of reviews, or they contradict each other.
    """
    areas = labels_from_reviews(read_review_lines(path)).areas
    return tuple(area for area in areas if area.is_whole)


def apply_reviews(
    placed: Sequence[PlacedPicture], reviewed: Iterable[AreaLabels]
) -> list[PlacedPicture]:
    """Return the pictures, those of the train split with the labels of their reviews.

    Val and test keep theirs: all rows are judged by the same labels. Pictures are told by their
    SHA-256.
    """
    by_sha256 = {area.sha256: area for area in reviewed if area.sha256 is not None}
    return [
        replace(entry, picture=_relabel(entry.picture, by_sha256[entry.picture.sha256]))
        if entry.picture.split == "train" and entry.picture.sha256 in by_sha256
        else entry
        for entry in placed
    ]


def _relabel(picture: LabelledPicture, area: AreaLabels) -> LabelledPicture:
    unknown = tuple(
        LabelledBox(
            class_name=IGNORED,
            x_min=place.x_min,
            y_min=place.y_min,
            x_max=place.x_max,
            y_max=place.y_max,
        )
        for place in area.ignored
    )
    return replace(picture, boxes=area.boxes + unknown, labelled_classes=area.labelled_classes)
