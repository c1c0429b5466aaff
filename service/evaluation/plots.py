"""Curves as points on paper, which the page draws."""

from dataclasses import dataclass

from training.evaluation.result import CalibrationScore, ClassScore

SIZE_PX, LOW_PX, HIGH_PX = 300.0, 40.0, 290.0
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# The area of a dot is its bin's share of the detections; all bins are about equal.
DOT_RADIUS_PX = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark at a value on either axis."""

    place_px: float  # from the left
    height_px: float  # from the top
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A square drawing with both axes from 0 to 1, in its pixels from the upper left.

    Attributes:
        line: Points joined by straight lines, as SVG writes them.
        dots: Points that stand out.
    """

    line: str
    dots: tuple[tuple[float, float], ...]
    ticks: tuple[Tick, ...]


def plan_recall_plot(score: ClassScore) -> Plot | None:
    """Return precision over recall with the operating point, None without a curve."""
    if not score.curve:
        return None
    # From the surest box on; precision between hits is taken as COCO does, see `plan_curve`.
    points = [(point.recall, point.precision) for point in score.curve]
    at = score.operating
    dots = (
        [(at.recall.value, at.precision.value)] if at.recall and at.precision and at.right else []
    )
    return _plan(points, dots)


def plan_reliability_plot(calibration: CalibrationScore | None) -> Plot | None:
    """Return the share of right boxes over the score, bin by bin; None without detections."""
    if calibration is None:
        return None
    points = [(one.mean_score, one.right_share) for one in calibration.bins]
    return _plan(points, points)


def _plan(line: list[tuple[float, float]], dots: list[tuple[float, float]]) -> Plot:
    return Plot(
        line=" ".join(f"{x:.1f},{y:.1f}" for x, y in map(_to_paper, line)),
        dots=tuple(map(_to_paper, dots)),
        ticks=tuple(
            Tick(
                place_px=_to_paper((value, 0))[0],
                height_px=_to_paper((0, value))[1],
                text=f"{value:.1f}",
            )
            for value in TICKS
        ),
    )


def _to_paper(point: tuple[float, float]) -> tuple[float, float]:
    span_px = HIGH_PX - LOW_PX
    return LOW_PX + point[0] * span_px, SIZE_PX - LOW_PX - point[1] * span_px
