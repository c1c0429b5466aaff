"""Average precision as COCO has it, for whole groups of pictures that count several times."""

import numpy as np
from numpy.typing import NDArray

from training.evaluation.bootstrap import statistic_interval
from training.evaluation.grouped import GroupedMatches
from training.evaluation.result import CurvePoint, Interval

RECALL_LEVELS = np.linspace(0.0, 1.0, 101)
CURVE_POINTS = 120


def average_precisions(
    matches: GroupedMatches, weights: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return average precision by IoU level, 101-point interpolation as COCO does it.

    A group that counts twice gives what two copies of its pictures would: copies of one row
    only add points to the curve between which precision is interpolated anyway.

    Args:
        matches: Of one class.
        weights: (G,) how often each group counts; once for None.

    Returns:
        (levels,), NaN where there is no true box.
    """
    levels = matches.hits.shape[1]
    if weights is None:
        weights = np.ones(len(matches.true_counts), dtype=np.int64)
    true_count = int(weights @ matches.true_counts)
    if true_count == 0:
        return np.full(levels, np.nan)
    counts = weights[matches.group_rows]
    right = (matches.hits * counts[:, None]).cumsum(axis=0)
    sent = np.maximum(counts.cumsum(), 1)[:, None]
    recall = right / true_count
    precision = np.maximum.accumulate((right / sent)[::-1], axis=0)[::-1]
    values = np.zeros(levels)
    for level in range(levels):
        places = np.searchsorted(recall[:, level], RECALL_LEVELS, side="left")
        reached = places < len(recall)
        values[level] = precision[places[reached], level].sum() / len(RECALL_LEVELS)
    return values


def map_intervals(
    matches: GroupedMatches, draws: NDArray[np.int64]
) -> tuple[Interval | None, Interval | None]:
    """Return mAP50 and mAP50-95 of one class; None without true boxes.

    Args:
        matches: With all ten levels.
        draws: See `bootstrap.draw_groups`.
    """
    groups = int((matches.true_counts > 0).sum())
    by_draw: dict[bytes, NDArray[np.float64]] = {}

    def precisions(weights: NDArray[np.int64]) -> NDArray[np.float64]:
        # Both figures come from one calculation.
        key = weights.tobytes()
        if key not in by_draw:
            by_draw[key] = average_precisions(matches, weights)
        return by_draw[key]

    map50 = statistic_interval(lambda w: float(precisions(w)[0]), draws, groups=groups)
    map50_95 = statistic_interval(lambda w: float(precisions(w).mean()), draws, groups=groups)
    return map50, map50_95


def plan_curve(matches: GroupedMatches) -> tuple[CurvePoint, ...]:
    """Return the precision-recall curve at IoU 0.5, thinned; empty without true boxes.

    The points are those behind each hit, where precision is highest for its recall.
    """
    if matches.true_count == 0:
        return ()
    hits = np.flatnonzero(matches.hits[:, 0])
    if len(hits) > CURVE_POINTS:
        hits = hits[np.linspace(0, len(hits) - 1, CURVE_POINTS).round().astype(int)]
    right = matches.hits[:, 0].cumsum()
    return tuple(
        CurvePoint(
            score=float(matches.scores[row]),
            precision=float(right[row] / (row + 1)),
            recall=float(right[row] / matches.true_count),
        )
        for row in hits
    )
