"""Reviewed pictures for a picture set: files with what was looked at, and their labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledPicture, View
from datasets.picture_set import Source
from datasets.reviews.area_picture import (
    SOURCE_NAME,
    Original,
    Unfit,
    find_original,
    write_area,
)
from datasets.reviews.areas import Area
from datasets.reviews.label_studio import UNKNOWN_GROUP
from datasets.reviews.labels import AreaLabels, Disagreement
from datasets.reviews.picture_folder import PictureFolder, read_picture_folder
from datasets.reviews.read import read_reviews
from datasets.reviews.review import PictureReview, ProposingModel
from datasets.reviews.to_labels import labels_from_reviews
from datasets.sets.gather import LeftOut
from datasets.sets.splits_table import SplitAndGroup
from datasets.sets.splitting import deal_group


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
        hard_negatives: How many proposals on it were rejected.
    """

    picture: LabelledPicture
    original_sha256: str
    is_whole: bool
    hard_negatives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPictures:
    """What a file of reviews gave, in a fixed order.

    Attributes:
        source: For the set's list of sources; pictures name it.
        left_out: Pictures that cannot be learned from, with the reason.
        disagreements: Boxes that were held out.
    """

    source: Source
    pictures: tuple[ReviewedPicture, ...]
    left_out: tuple[LeftOut, ...]
    disagreements: tuple[Disagreement, ...]


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
        DatasetError: The file is no file of reviews. A line or task that is no review, and a
            picture that is absent, broken or reviewed in contradictory ways, are left out
            instead.
    """
    found = read_picture_folder(pictures)
    read = read_reviews(
        reviews, asked_classes=options.asked_classes, view=options.view, pictures=found
    )
    left_out = list(read.left_out)

    def note(picture: str, error: DatasetError) -> None:
        left_out.append(_left_out(picture, Unfit("contradictory", str(error))))

    labels = labels_from_reviews(read.reviews, on_trouble=note)
    fit, unfit = _find_originals(labels.areas, found)
    left_out += [_left_out(picture, reason) for picture, reason in unfit]
    places = _plan_places(fit, known, options)
    written = [
        ReviewedPicture(
            picture=write_area(area, original, folder, place=place),
            original_sha256=original.facts.sha256,
            is_whole=area.is_whole,
            hard_negatives=len(area.hard_negatives),
        )
        for (area, original), place in zip(fit, places, strict=True)
    ]
    return ReviewedPictures(
        source=_describe_source(read.reviews, licence=options.licence),
        pictures=tuple(sorted(written, key=lambda one: one.picture.path)),
        left_out=tuple(sorted(left_out, key=lambda entry: (entry.picture, entry.code))),
        disagreements=labels.disagreements,
    )


def _left_out(picture: str, unfit: Unfit) -> LeftOut:
    return LeftOut(source=SOURCE_NAME, picture=picture, code=unfit.code, reason=unfit.reason)


_Fit = tuple[AreaLabels, Original]


def _find_originals(
    areas: Iterable[AreaLabels], pictures: PictureFolder
) -> tuple[list[_Fit], list[tuple[str, Unfit]]]:
    """Return the areas with their files, and the pictures that cannot be learned from."""
    fit: list[_Fit] = []
    unfit: list[tuple[str, Unfit]] = []
    seen: set[tuple[str, Area]] = set()
    for area in areas:
        original = find_original(area, pictures)
        if isinstance(original, Original) and (original.facts.sha256, area.area) in seen:
            original = Unfit("duplicate", "was reviewed under another name, too; that one is used")
        if isinstance(original, Unfit):
            unfit.append((area.picture, original))
            continue
        seen.add((original.facts.sha256, area.area))
        fit.append((area, original))
    return fit, unfit


def _plan_places(
    fit: Sequence[_Fit], known: Mapping[str, SplitAndGroup], options: ReviewOptions
) -> list[SplitAndGroup]:
    """Return split and group of each picture.

    A picture that the set lacks follows those of its group that the set has, or else a new
    picture of a tested flight would be trained with. Where they are in several splits, the
    reviews' groups are not the set's, and say nothing.
    """
    kin = {place.group: {place} for place in known.values()}
    for area, original in fit:
        if original.facts.sha256 in known and area.group != UNKNOWN_GROUP:
            kin.setdefault(area.group, set()).add(known[original.facts.sha256])
    places = []
    for area, original in fit:
        relatives = sorted(kin.get(area.group, ()), key=lambda place: place.group)
        if original.facts.sha256 in known:
            places.append(known[original.facts.sha256])
        elif len({place.split for place in relatives}) == 1:
            places.append(relatives[0])
        else:
            places.append(_deal_place(area.group, options))
    return places


def _deal_place(group: str, options: ReviewOptions) -> SplitAndGroup:
    name = f"{SOURCE_NAME}/{group}"
    return SplitAndGroup(
        split=deal_group(name, shares=options.shares, seed=options.seed), group=name
    )


def _describe_source(reviews: tuple[PictureReview, ...], *, licence: str) -> Source:
    reviewers = {review.reviewer for review in reviews}
    days = sorted(review.reviewed_at.date().isoformat() for review in reviews)
    when = f", {days[0]} to {days[-1]}" if days else ""
    models = sorted({f"{one.name} {one.version or ''}".strip() for one in _models(reviews)})
    return Source(
        name=SOURCE_NAME,
        origin=f"{len(reviews)} reviews by {len(reviewers)} reviewers{when}",
        licence=licence,
        note=f"boxes proposed by {', '.join(models) or 'nobody'}, judged by people",
    )


def _models(reviews: tuple[PictureReview, ...]) -> list[ProposingModel]:
    return [review.model for review in reviews if review.model is not None]
