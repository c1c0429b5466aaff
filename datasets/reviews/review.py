"""What a reviewer said about the boxes that a model proposed on one picture."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from datasets.errors import DatasetError
from datasets.formats.boxes import check_size
from datasets.formats.labels import check_file_name
from datasets.labelled_picture import LabelledBox, View
from datasets.reviews.areas import Area
from datasets.taxonomy import CLASS_NAMES, check_label

# Of a box that was judged: at least this part lay in what the reviewer was shown.
MIN_PART_SEEN = 0.5


class Verdict(StrEnum):
    """What a reviewer made of one box."""

    CONFIRMED = "confirmed"  # the proposed box and class are right
    CORRECTED = "corrected"  # there is an object, with another box or class
    REJECTED = "rejected"  # nothing of the proposed class is there
    UNSURE = "unsure"  # the picture does not tell
    ADDED = "added"  # the reviewer drew it, no model proposed it


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedBox:
    """A model's box in the pixels of the picture; the score is None where it wasn't kept."""

    class_name: str
    area: Area
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedBox:
    """One judged box.

    Attributes:
        proposed: What the model proposed; None for an added box.
        final: What is there by the reviewer's word; None for a rejected or unsure box.
        note: The reviewer's own words.
    """

    verdict: Verdict
    proposed: ProposedBox | None = None
    final: LabelledBox | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposingModel:
    """The model whose boxes were judged; the version is None where a tool keeps none."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureReview:
    """One reviewer's word on one picture, or on the part of it that was shown.

    All boxes and areas are in the pixels of the whole picture as people see it (upright).

    Attributes:
        picture: Path within the folder of pictures, with `/`.
        sha256: Of the picture's file; None where the reviewing tool does not know it.
        reviewer: A pseudonym.
        reviewed_at: With a time zone.
        model: None where no model proposed anything: all boxes are then added ones.
        looked_at: What the reviewer saw and searched for everything of `asked_classes`, in whole
            pixels: all of the picture, or only the crop that was shown. Nothing is known outside.
        asked_classes: Of the taxonomy; nothing is known of the others.
        group: Flight, burst or time slot: pictures of one group share one split.
        gsd_m: Ground sample distance in metres a pixel, where it is known.
    """

    picture: str
    sha256: str | None
    width_px: int
    height_px: int
    reviewer: str
    reviewed_at: datetime
    model: ProposingModel | None
    looked_at: Area
    asked_classes: tuple[str, ...]
    boxes: tuple[ReviewedBox, ...]
    group: str
    view: View
    gsd_m: float | None = None

    @property
    def whole(self) -> Area:
        """All of the picture."""
        return Area(0, 0, self.width_px, self.height_px)

    def saw(self, area: Area, class_name: str) -> bool:
        """Return whether the reviewer would have told of an object of this class in this area."""
        return class_name in self.asked_classes and area.part_in(self.looked_at) >= MIN_PART_SEEN


def area_of(box: LabelledBox) -> Area:
    """Return where a labelled box lies."""
    return Area(box.x_min, box.y_min, box.x_max, box.y_max)


def check_review(review: PictureReview) -> PictureReview:
    """Return the review as it is, if it holds together.

    Raises:
        DatasetError: A class is unknown or was not asked about, an area lies outside its
            picture, a box outside what was looked at, or verdict and boxes contradict.
    """
    where = f"{review.picture!r}, reviewed by {review.reviewer!r}"
    check_file_name(review.picture, where=where)
    check_size(review.width_px, review.height_px, where=where)
    if review.reviewed_at.tzinfo is None:
        raise DatasetError(f"{where}: reviewed_at {review.reviewed_at} has no time zone")
    if not review.asked_classes or not set(review.asked_classes) <= set(CLASS_NAMES):
        raise DatasetError(
            f"{where}: asked_classes {list(review.asked_classes)} have to be some of "
            f"{list(CLASS_NAMES)}"
        )
    if not review.looked_at.size_px2 or not review.whole.contains(review.looked_at):
        raise DatasetError(f"{where}: looked_at {review.looked_at} is no part of the picture")
    for box in review.boxes:
        _check_box(box, review, where=where)
    return review


def _check_box(box: ReviewedBox, review: PictureReview, *, where: str) -> None:
    needs_final = box.verdict in (Verdict.CONFIRMED, Verdict.CORRECTED, Verdict.ADDED)
    if (box.final is not None) != needs_final:
        raise DatasetError(f"{where}: verdict {box.verdict} {_needs(needs_final)} final box")
    needs_proposed = box.verdict is not Verdict.ADDED
    if (box.proposed is not None) != needs_proposed:
        raise DatasetError(f"{where}: verdict {box.verdict} {_needs(needs_proposed)} proposed box")
    if box.verdict is Verdict.CONFIRMED and not _is_unchanged(box):
        raise DatasetError(f"{where}: a confirmed box differs from its proposal; say corrected")
    judged = [(box.proposed.class_name, box.proposed.area)] if box.proposed else []
    if box.final is not None:
        check_label(box.final.class_name, box.final.sub_class)
        judged.append((box.final.class_name, area_of(box.final)))
    for class_name, area in judged:
        if not area.size_px2 or not review.whole.contains(area):
            raise DatasetError(f"{where}: {area} is no part of the picture")
        if class_name not in review.asked_classes:
            raise DatasetError(
                f"{where}: a box of {class_name!r}, which asked_classes "
                f"{list(review.asked_classes)} lack"
            )
    if not review.saw(judged[-1][1], judged[-1][0]):
        raise DatasetError(f"{where}: {judged[-1][1]} lies mostly outside what was looked at")


def _is_unchanged(box: ReviewedBox) -> bool:
    """Return whether the final box is the proposed one, be it with a sub-class."""
    proposed, final = box.proposed, box.final
    return (
        proposed is not None
        and final is not None
        and (proposed.class_name, proposed.area) == (final.class_name, area_of(final))
    )


def _needs(needed: bool) -> str:
    return "needs a" if needed else "has no"
