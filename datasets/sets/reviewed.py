"""Reviews as a part of a picture set: reviewed pictures beside, or instead of, the sources' own."""

from dataclasses import dataclass, replace
from pathlib import Path

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import Source
from datasets.reviews.append import (
    ReviewedPicture,
    ReviewedPictures,
    ReviewOptions,
    write_reviewed_pictures,
)
from datasets.sets.gather import Gathered, LeftOut
from datasets.sets.splits_table import SplitAndGroup
from datasets.taxonomy import CLASS_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """A file of reviews, and where the pictures are that it is about."""

    file: Path
    pictures: Path
    options: ReviewOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewCounts:
    """What reviews came to.

    Attributes:
        pictures: That they gave, whole ones and crops.
        replaced: Pictures of the sources whose labels the reviews took the place of.
        hard_negatives: Proposals that were rejected in these pictures.
        disagreements: Boxes that reviewers disagree on; they were held out.
    """

    pictures: int
    replaced: int
    hard_negatives: int
    disagreements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that a set is put together from."""

    gathered: Gathered
    sources: tuple[Source, ...]
    reviewed: ReviewedPictures | None = None
    reviews: ReviewCounts | None = None

    @property
    def pictures(self) -> tuple[LabelledPicture, ...]:
        """Return the set's pictures in the order of their paths."""
        found = [entry.picture for entry in self.gathered.pictures]
        found += [entry.picture for entry in (self.reviewed.pictures if self.reviewed else ())]
        return tuple(sorted(found, key=lambda picture: picture.path))

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Return what sources and reviews could not give."""
        return self.gathered.left_out + (self.reviewed.left_out if self.reviewed else ())


def add_reviews(parts: Parts, reviews: Reviews, *, folder: Path) -> Parts:
    """Write the reviewed pictures into the set's folder, and return the parts with them.

    A source's picture that was reviewed as a whole gives way to the review; either way its
    split and group stay.

    Raises:
        DatasetError: The file of reviews cannot be read.
    """
    known = {
        entry.picture.sha256: SplitAndGroup(split=entry.picture.split, group=entry.picture.group)
        for entry in parts.gathered.pictures
    }
    reviewed = write_reviewed_pictures(
        reviews.file,
        pictures=reviews.pictures,
        folder=folder,
        options=reviews.options,
        known=known,
    )
    return merge_reviewed(parts, reviewed)


def merge_reviewed(parts: Parts, reviewed: ReviewedPictures) -> Parts:
    """Return the parts of a set with what reviews gave."""
    whole = {entry.original_sha256 for entry in reviewed.pictures if entry.is_whole}
    sources = {entry.picture.sha256: entry.picture for entry in parts.gathered.pictures}
    reviewed = replace(
        reviewed,
        pictures=tuple(
            keep_unasked_labels(entry, sources.get(entry.original_sha256))
            for entry in reviewed.pictures
        ),
    )
    kept = tuple(entry for entry in parts.gathered.pictures if entry.picture.sha256 not in whole)
    return Parts(
        gathered=Gathered(pictures=kept, left_out=parts.gathered.left_out),
        sources=(*parts.sources, reviewed.source),
        reviewed=reviewed,
        reviews=ReviewCounts(
            pictures=len(reviewed.pictures),
            replaced=len(parts.gathered.pictures) - len(kept),
            hard_negatives=sum(entry.hard_negatives for entry in reviewed.pictures),
            disagreements=len(reviewed.disagreements),
        ),
    )


def keep_unasked_labels(
    reviewed: ReviewedPicture, original: LabelledPicture | None
) -> ReviewedPicture:
    """Return a reviewed picture with what its source knows and no reviewer was asked about.

    That is its origin: a rendered picture stays one. And the labels of other classes, but only
    where the picture kept its bytes: elsewhere something may be cut off or greyed out.
    """
    if original is None:
        return reviewed
    picture = replace(reviewed.picture, origin=original.origin)
    if picture.sha256 == original.sha256:
        asked = set(picture.labelled_classes)
        others = set(original.labelled_classes) - asked
        boxes = tuple(box for box in original.boxes if box.class_name in others)
        labelled = tuple(name for name in CLASS_NAMES if name in asked | others)
        picture = replace(picture, boxes=picture.boxes + boxes, labelled_classes=labelled)
    return replace(reviewed, picture=picture)
