"""What reviews say about a picture, as training needs it."""

from dataclasses import dataclass

from datasets.labelled_picture import LabelledBox, View
from datasets.reviews.areas import Area


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaLabels:
    """The part of a picture that was looked at, and what is there.

    All boxes and areas are in the pixels of the whole picture.

    Attributes:
        picture, sha256, width_px, height_px, group, view, gsd_m: As in `PictureReview`.
        area: What was looked at; becomes one training picture.
        labelled_classes: No box of these means: looked for, not there.
        boxes: Confirmed, corrected and added ones.
        hard_negatives: Rejected proposals: a model took these for what they are not.
        ignored: Where nobody knows, or reviewers disagree: neither object nor background.
    """

    picture: str
    sha256: str | None
    width_px: int
    height_px: int
    group: str
    view: View
    gsd_m: float | None
    area: Area
    labelled_classes: tuple[str, ...]
    boxes: tuple[LabelledBox, ...]
    hard_negatives: tuple[LabelledBox, ...]
    ignored: tuple[Area, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all of the picture was looked at."""
        return self.area == Area(0, 0, self.width_px, self.height_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A box that one reviewer wants and another, who saw the place, does not."""

    picture: str
    class_name: str
    area: Area
    reviewers_for: tuple[str, ...]
    reviewers_against: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLabels:
    """All that reviews came to, in a fixed order."""

    areas: tuple[AreaLabels, ...]
    disagreements: tuple[Disagreement, ...]
