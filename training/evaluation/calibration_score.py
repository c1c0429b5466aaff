"""Whether a score says how often such boxes are right."""

import numpy as np
from numpy.typing import NDArray

from training.evaluation.bootstrap import as_interval, ratio_interval
from training.evaluation.grouped import GroupedMatches
from training.evaluation.result import CalibrationScore, ReliabilityBin

# Lower scores are never shown to anybody, and would drown the others by their number.
LOWEST_SCORE = 0.05
BIN_COUNT = 10


def score_calibration(matches: GroupedMatches, draws: NDArray[np.int64]) -> CalibrationScore | None:
    """Return the calibration error at IoU 0.5, None without detections.

    Expected calibration error (Guo et al., On Calibration of Modern Neural Networks, ICML 2017,
    equation 3) over bins of equal mass (Nguyen and O'Connor, EMNLP 2015): bins of equal width
    leave few detections to the high scores, which matter most. The intervals' draws keep the bins
    of the whole; drawing adds spread to each bin, so that they lie somewhat high.
    """
    kept = int((matches.scores >= LOWEST_SCORE).sum())
    if kept == 0:
        return None
    scores = matches.scores[:kept].astype(np.float64)
    right = matches.hits[:kept, 0].astype(np.float64)
    rows, groups = matches.group_rows[:kept], len(matches.true_counts)
    detections = np.bincount(rows, minlength=groups).astype(np.float64)
    squares = np.bincount(rows, weights=(scores - right) ** 2, minlength=groups).astype(np.float64)
    bins = np.array_split(np.arange(kept), min(BIN_COUNT, kept))
    gaps = np.stack(
        [np.bincount(rows[b], weights=(scores - right)[b], minlength=groups) for b in bins]
    )
    brier = ratio_interval(squares, detections, draws)
    if brier is None:
        return None
    drawn = draws @ detections
    samples = np.abs(draws @ gaps.T).sum(axis=1)[drawn > 0] / drawn[drawn > 0]
    value = float(np.abs(gaps.sum(axis=1)).sum() / kept)
    return CalibrationScore(
        detections=kept,
        ece=as_interval(value, samples, groups=int((detections > 0).sum())),
        brier=brier,
        bins=tuple(_describe_bin(scores[b], right[b]) for b in reversed(bins)),
    )


def _describe_bin(scores: NDArray[np.float64], right: NDArray[np.float64]) -> ReliabilityBin:
    return ReliabilityBin(
        detections=len(scores),
        lowest_score=float(scores.min()),
        highest_score=float(scores.max()),
        mean_score=float(scores.mean()),
        right_share=float(right.mean()),
    )
