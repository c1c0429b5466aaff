"""An evaluation as values: what was found on each picture, and how good that is, part by part."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from datasets.labelled_picture import LabelledPicture, Origin, View

HitsByLevel = tuple[bool, ...]  # ten of them, at IoU 0.50, 0.55, ... 0.95


class Way(StrEnum):
    """How a picture is shown to the network; scores of different ways are never mixed."""

    TILED = "tiled"  # as `skypatrol inspect` does it: scales, tiles, merged boxes
    WHOLE = "whole"  # letterboxed to the network's size once, as benchmarks of networks do it


class SizeMeasure(StrEnum):
    """By what an object counts as small, medium or large."""

    NETWORK = "network"  # COCO's limits of 32 and 96 pixels, in the picture that the network sees
    FRAME = "frame"  # sides of a tenth and of a fifth of the frame: the same for every network


class SizeName(StrEnum):
    """A size of objects."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class NegativeKind(StrEnum):
    """On which pictures a detection is a false alarm whatever box it has.

    Both ask that somebody looked for the class (`labelled_classes`).
    """

    EMPTY = "empty"  # no labelled box at all
    OTHERS = "others"  # boxes, but none of the class


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with its 95 % bootstrap interval over groups.

    Attributes:
        low, high: None where fewer than five groups have a say: then nothing is known of the
            spread.
    """

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBox:
    """A detection after suppression, in the pixels of its picture, upright.

    Attributes:
        score: As the model gives it with its calibration, where it has one.
        hits: Whether it matched a true box of its class, by IoU level, COCO's rule.
        true_box: Index into the picture's boxes of the one matched at IoU 0.5.
    """

    class_name: str
    score: float
    x_min: float
    y_min: float
    x_max: float
    y_max: float
    hits: HitsByLevel
    true_box: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureResult:
    """What a model found on one picture.

    Attributes:
        picture: With the true boxes and the classes that somebody looked for.
        network_scale: By class, pixels of the finest picture that the network saw for one of
            this picture; a class that is absent was not searched, the picture being too coarse.
        found: Best score first; classes that nobody looked for are there too, never matched.
    """

    picture: LabelledPicture
    network_scale: Mapping[str, float]
    found: tuple[FoundBox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A picture that could not be searched."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingScore:
    """How good the boxes are that a person would get to see, at IoU 0.5.

    Attributes:
        threshold: Lowest score of those boxes.
        right, wrong, missed: Boxes.
        precision: None where no box reaches the threshold.
        recall: None where nothing is there to be found.
        f1: None where neither is.
    """

    threshold: float
    right: int
    wrong: int
    missed: int
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeScore:
    """How well objects of one size are found; detections of other sizes are left aside.

    Attributes:
        recall: At the operating point, IoU 0.5.
    """

    measure: SizeMeasure
    size: SizeName
    boxes: int
    map50: Interval | None
    recall: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """Boxes at or above the threshold on pictures without an object of the class.

    Attributes:
        pictures, groups: That can raise one.
        per_picture: Mean number.
    """

    kind: NegativeKind
    pictures: int
    groups: int
    boxes: int
    per_picture: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetScore:
    """How many of the best boxes of a part are right, if no more are sent.

    Attributes:
        sent: At most the budget, fewer where the model found fewer.
    """

    budget: int
    sent: int
    right: int
    precision: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """What lies under false alarms.

    Attributes:
        under: `second box`, `badly placed`, `background`, or the class name or the source's word
            of another labelled box.
    """

    under: str
    boxes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Detections of like scores: a tenth of all."""

    detections: int
    lowest_score: float
    highest_score: float
    mean_score: float
    right_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationScore:
    """Whether a score says how often such boxes are right, at IoU 0.5.

    Attributes:
        detections: Of a score of 0.05 and more.
        ece: Expected calibration error over bins of equal mass.
        brier: Mean squared difference of the score and being right (1) or not (0).
    """

    detections: int
    ece: Interval
    brier: Interval
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A point of the precision-recall curve at IoU 0.5; score is its threshold."""

    score: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """How well one class is found on the pictures of a part where somebody looked for it.

    Attributes:
        pictures: Where somebody looked for it.
        boxes: True ones.
        groups: Independent groups of pictures that hold them.
        detections: Down to the evaluation's lowest score.
        map50, map50_95: COCO's average precision of this class; None without true boxes.
        curve: Thinned to what a drawing can show.
    """

    class_name: str
    pictures: int
    boxes: int
    groups: int
    detections: int
    map50: Interval | None
    map50_95: Interval | None
    operating: OperatingScore
    sizes: tuple[SizeScore, ...]
    false_alarms: tuple[FalseAlarms, ...]
    budgets: tuple[BudgetScore, ...]
    confusions: tuple[Confusion, ...]
    calibration: CalibrationScore | None
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
    """The scores on pictures of one view and origin, which are never mixed.

    Attributes:
        source: One source within, or None for all of them.
        classes: In the model's order; those that nobody looked for are absent.
    """

    view: View
    origin: Origin
    source: str | None
    pictures: int
    groups: int
    classes: tuple[ClassScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationHead:
    """What was evaluated on what: the same head gives the same result.

    Attributes:
        lowest_score: Detections below it were not asked for.
        precision: That the network calculated with, `f32` or `bf16`.
        thresholds: By class, the operating point.
        search_sha256: Of what else in the manifest decides what is found: sizes, ground sample
            distances, calibration.
    """

    model_name: str
    model_version: str
    weights_sha256: str
    search_sha256: str
    set_name: str
    set_version: str
    split: str
    way: Way
    lowest_score: float
    precision: str
    thresholds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A model on a split of a picture set, in one way."""

    head: EvaluationHead
    pictures: tuple[PictureResult, ...]
    left_out: tuple[LeftOut, ...]
    parts: tuple[PartScore, ...]

    def part(self, view: View, origin: Origin, source: str | None = None) -> PartScore | None:
        """Return the scores of a part, None where the split holds no picture of it."""
        for part in self.parts:
            if (part.view, part.origin, part.source) == (view, origin, source):
                return part
        return None


def find_class(part: PartScore, class_name: str) -> ClassScore | None:
    """Return the score of a class, None where nobody looked for it."""
    return next((one for one in part.classes if one.class_name == class_name), None)
