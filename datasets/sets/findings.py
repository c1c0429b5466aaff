"""What a check of a picture set finds: a code for machines, facts and advice for people."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a set with this finding can be trusted."""

    ERROR = "error"  # wrong, or scores measured on the set are too good to be true
    WARNING = "warning"  # may well be meant; somebody should look


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says, and what to do about it."""

    severity: Severity
    advice: str


_FETCH = "fetch it again from the source, or leave it out, and build anew"
_REGROUP = "give both one group in the splits table, so that they share a split, and build anew"
_RELABEL = "correct the label in its source and build anew"

MEANINGS = {
    "absent": Meaning(Severity.ERROR, "bring the file back, or build anew"),
    "outside": Meaning(Severity.ERROR, "the path leads out of the set; do not trust the set"),
    "unreadable": Meaning(Severity.ERROR, _FETCH),
    "undecodable": Meaning(Severity.ERROR, _FETCH),
    "truncated": Meaning(Severity.ERROR, _FETCH),
    "too_large": Meaning(Severity.ERROR, "cut it into tiles first"),
    "hash_differs": Meaning(Severity.ERROR, "the file was changed since the build; build anew"),
    "size_differs": Meaning(Severity.ERROR, "boxes may lie elsewhere now; build anew"),
    "turned_by_exif": Meaning(
        Severity.WARNING, "see that its boxes were drawn on the upright picture"
    ),
    "listed_twice": Meaning(Severity.ERROR, "remove one of the lines, or build anew"),
    "unknown_split": Meaning(Severity.ERROR, "use train, val or test"),
    "unknown_source": Meaning(Severity.ERROR, "name its source and licence in the recipe"),
    "time_unreadable": Meaning(Severity.ERROR, "leakage in time goes unseen; build anew"),
    "place_incomplete": Meaning(Severity.ERROR, "leakage in place goes unseen; build anew"),
    "unknown_class": Meaning(Severity.ERROR, "map the word in the recipe, or ignore it there"),
    "class_not_looked_for": Meaning(
        Severity.ERROR, "add the class to labelled_classes of the source, or drop its boxes"
    ),
    "nothing_looked_for": Meaning(
        Severity.WARNING, "it teaches and measures nothing; name labelled_classes or leave it out"
    ),
    "box_without_area": Meaning(Severity.ERROR, _RELABEL),
    "box_outside": Meaning(Severity.ERROR, _RELABEL),
    "box_tiny": Meaning(Severity.WARNING, "look whether it is a slip of the mouse"),
    "box_doubled": Meaning(Severity.WARNING, "remove one of the two boxes in the source"),
    "same_across_splits": Meaning(Severity.ERROR, _REGROUP),
    "same_twice": Meaning(Severity.WARNING, "leave one of them out"),
    "alike_across_splits": Meaning(Severity.ERROR, _REGROUP),
    "alike_across_groups": Meaning(
        Severity.WARNING, "give both one group; cross-validation takes groups for independent"
    ),
    "group_across_splits": Meaning(Severity.ERROR, "give the whole group one split"),
    "near_in_place_and_time": Meaning(Severity.ERROR, _REGROUP),
    "near_in_place": Meaning(
        Severity.WARNING,
        "the same place at another time; group by place where places are visited again",
    ),
    "split_empty": Meaning(Severity.WARNING, "add pictures, or change the shares"),
    "class_absent": Meaning(Severity.WARNING, "no score of this class can be measured here"),
    "class_rare": Meaning(
        Severity.WARNING, "quote scores with their interval, or cross-validate over groups"
    ),
    "no_negatives": Meaning(
        Severity.WARNING, "add pictures without the class, or false alarms go unmeasured"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong or odd.

    Attributes:
        code: Of `MEANINGS`.
        message: The facts, in one line.
        picture: Path in the set; None where it is about the whole set.
        other: A second picture that the first one is too close to.
    """

    code: str
    message: str
    picture: str | None = None
    other: str | None = None

    @property
    def severity(self) -> Severity:
        """Return how bad it is."""
        return MEANINGS[self.code].severity

    @property
    def advice(self) -> str:
        """Return what to do."""
        return MEANINGS[self.code].advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on something is found.

    Attributes:
        alike_bits: Most bits of 64 in which the looks of a pair differ.
        near_m: Pictures of two splits are as far apart, at least.
        near_minutes: Within this they show the same moment of a place.
        least_side_px: Of a box.
        doubled_iou: Of two boxes of one class.
        least_boxes: Of a class in a split.
    """

    alike_bits: int = 6
    near_m: float = 50.0
    near_minutes: float = 10.0
    least_side_px: float = 4.0
    doubled_iou: float = 0.95
    least_boxes: int = 30
