"""The values of the promotion gate: its limits, and what each comparison came to."""

from dataclasses import dataclass
from enum import StrEnum


class Quantity(StrEnum):
    """What is compared."""

    PICTURES = "pictures"  # whether the set is whole, and says anything
    KNOWN = "known"  # whether the model knows the class at all
    AP50 = "ap50"
    RECALL = "recall"  # at the model's own operating point, IoU 0.5
    FALSE_ALARMS = "false_alarms"  # a picture without the class, at that point
    CALIBRATION = "calibration"  # expected calibration error, bins of equal mass
    SPEED = "speed"  # milliseconds a tile


class Verdict(StrEnum):
    """What a check came to."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """What a candidate may be worse by.

    Attributes:
        slack: Of AP50 and recall: differences as small as this are none.
        max_drop: Of AP50 and recall: a drop as large as this fails whatever its interval.
        alarm_slack: Of false alarms a picture, likewise.
        max_alarm_rise: Of false alarms a picture, likewise.
        max_ece: Expected calibration error that is good enough.
        min_detections: Of a class whose calibration is judged.
        max_time_ratio: Of the milliseconds a tile.
        time_slack_ms: A tile that takes so little longer is none that anybody notices.
        few_boxes: With fewer, a class is judged by widened intervals.
        few_groups: Likewise.
    """

    slack: float = 0.005
    max_drop: float = 0.2
    alarm_slack: float = 0.01
    max_alarm_rise: float = 0.2
    max_ece: float = 0.05
    min_detections: int = 100
    max_time_ratio: float = 1.25
    time_slack_ms: float = 5.0
    few_boxes: int = 50
    few_groups: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TileTimes:
    """Milliseconds that each model takes for a tile, measured in turns in one run."""

    production_ms: float
    candidate_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two models' figures, and the 95 % interval of candidate less production.

    Attributes:
        low: None where one group of pictures alone has a say: nothing is known of the spread.
        high: Likewise.
    """

    production: float
    candidate: float
    low: float | None
    high: float | None

    @property
    def value(self) -> float:
        """Candidate less production."""
        return self.candidate - self.production


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One comparison.

    Attributes:
        part: View and origin of the pictures, such as `street photo`; None for all.
        class_name: None for what is no matter of a class.
        difference: None where there are no figures.
        count: Boxes, pictures or detections that it rests on.
        groups: Independent groups of pictures among them.
        is_wide: Few boxes or groups: the interval is widened, and still says little.
        reason: In words.
    """

    quantity: Quantity
    verdict: Verdict
    reason: str
    part: str | None = None
    class_name: str | None = None
    difference: Difference | None = None
    count: int = 0
    groups: int = 0
    is_wide: bool = False
