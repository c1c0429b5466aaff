"""Reviewed pictures for a picture set: files with what was looked at, and their labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datasets.labelled_picture import LabelledPicture, View
from datasets.picture_set import Source
from datasets.reviews.labels import Disagreement
from datasets.sets.gather import LeftOut
from datasets.sets.splits_table import SplitAndGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOptions:
    """What a file of reviews does not tell.

    Attributes:
        asked_classes: What reviewers were asked about, where the file does not say it (Label
            Studio); its project's labels. None: the file says it, or is refused.
        view: Likewise.
        licence: Of the pictures.
        shares: Wanted part of the groups in each split; a group whose pictures the set has
            already stays in its split.
        seed: Another one deals groups to splits otherwise.
    """

    asked_classes: tuple[str, ...] | None = None
    view: View | None = None
    licence: str = "not stated"
    shares: Mapping[str, float] = field(default_factory=lambda: {"train": 1.0})
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPicture:
    """A picture of the set that reviews gave.

    Attributes:
        picture: Its path lies in `images/reviews/` of the set.
        original_sha256: Of the picture that was reviewed; a set that holds it already drops its
            own labels of it if `is_whole`.
        is_whole: All of it was looked at; else this is a crop.
    """

    picture: LabelledPicture
    original_sha256: str
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPictures:
    """What a file of reviews gave, in a fixed order.

    Attributes:
        source: For the set's list of sources; pictures name it.
        left_out: Pictures that cannot be learned from, with the reason.
        disagreements: Boxes that were held out.
        hard_negatives: How many proposals were rejected in the pictures.
    """

    source: Source
    pictures: tuple[ReviewedPicture, ...]
    left_out: tuple[LeftOut, ...]
    disagreements: tuple[Disagreement, ...]
    hard_negatives: int


def write_reviewed_pictures(
    reviews: Path,
    *,
    pictures: Path,
    folder: Path,
    options: ReviewOptions,
    known: Mapping[str, SplitAndGroup],
) -> ReviewedPictures:
    """Write the pictures of a file of reviews into a picture set's folder, and return them.

    Files are written to `folder/images/reviews/`, whole or not at all; set.json and
    pictures.jsonl are the caller's. The same inputs give the same bytes.

    Args:
        reviews: Our own JSON lines (docs/reviews.md) or a Label Studio export.
        pictures: Folder that the reviews' picture paths are relative to.
        folder: Of the picture set.
        options: What the file does not tell.
        known: Split and group by SHA-256 of pictures that the set holds already: a review never
            moves a picture to another split.

    Raises:
        DatasetError: The file is no file of reviews, or a review contradicts itself. A picture
            that is absent or broken is left out instead.
    """
    raise NotImplementedError
