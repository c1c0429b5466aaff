"""Figures of two models on the same pictures, and the interval of their difference.

Whole groups of pictures are drawn, the same for both models, so that what makes a group hard
falls out of the difference (paired bootstrap over clusters: Efron and Tibshirani, An Introduction
to the Bootstrap, chapters 8 and 13).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from training.evaluation.average_precision import average_precisions
from training.evaluation.bootstrap import LEVEL_PERCENT
from training.evaluation.calibration_score import LOWEST_SCORE
from training.evaluation.false_alarms import count_alarms
from training.evaluation.grouped import GroupedMatches
from training.evaluation.result import PictureResult
from training.promotion.check import Difference
from training.promotion.reliability import equal_mass_error

Statistic = Callable[[NDArray[np.int64]], float]  # of how often each group counts, (G,)
NORMAL_QUANTILE = 1.959964  # 97.5 %


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneSide:
    """What one model found of one class on pictures of one kind.

    Attributes:
        matches: Grouped; both models' groups are the same, by name.
        threshold: Its operating point.
        alarms: (G,) boxes at that point on pictures without the class.
        negatives: (G,) these pictures.
    """

    matches: GroupedMatches
    threshold: float
    alarms: NDArray[np.float64]
    negatives: NDArray[np.float64]


def count_negatives(
    results: Sequence[PictureResult], class_name: str, *, threshold: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (G,) false alarms and (G,) pictures without the class, by the groups' names.

    Args:
        results: Where somebody looked for the class.
        class_name: Whose boxes count.
        threshold: From which on they count.
    """
    names = sorted({one.picture.group for one in results})
    places = {name: place for place, name in enumerate(names)}
    alarms, negatives = np.zeros(len(names)), np.zeros(len(names))
    for one in results:
        if all(box.class_name != class_name for box in one.picture.boxes):
            negatives[places[one.picture.group]] += 1
            alarms[places[one.picture.group]] += count_alarms(one, class_name, threshold)
    return alarms, negatives


def ap50(side: OneSide) -> Statistic:
    """Return average precision at IoU 0.5 as a statistic."""
    first_level = replace(side.matches, hits=side.matches.hits[:, :1])
    return lambda weights: float(average_precisions(first_level, weights)[0])


def recall(side: OneSide) -> Statistic:
    """Return recall at the operating point as a statistic."""
    matches = side.matches
    right = matches.by_group(matches.hits[:, 0] & (matches.scores >= side.threshold))
    return _ratio(right, matches.true_counts.astype(np.float64))


def alarm_rate(side: OneSide) -> Statistic:
    """Return false alarms a picture without the class as a statistic."""
    return _ratio(side.alarms, side.negatives)


def calibration_error(side: OneSide) -> Statistic:
    """Return the expected calibration error as a statistic."""
    kept = side.matches.scores >= LOWEST_SCORE
    scores = side.matches.scores[kept].astype(np.float64)
    hits, rows = side.matches.hits[kept, 0], side.matches.group_rows[kept]

    def error(weights: NDArray[np.int64]) -> float:
        counts = weights[rows]
        if not counts.any():
            return float("nan")
        return equal_mass_error(np.repeat(scores, counts), np.repeat(hits, counts))

    return error


def compare(
    production: Statistic,
    candidate: Statistic,
    draws: NDArray[np.int64],
    *,
    groups: int,
    widen: bool,
) -> Difference:
    """Return both figures with the interval of their difference.

    Args:
        production: Statistic of the model in force.
        candidate: The same of the other model.
        draws: (rounds, G) how often each group counts.
        groups: That have a say in it.
        widen: By what an interval from so few groups is too narrow, see `widening`.
    """
    once = np.ones(draws.shape[1], dtype=np.int64)
    old, new = production(once), candidate(once)
    unknown = Difference(production=old, candidate=new, low=None, high=None)
    if groups < 2:  # one group says nothing of the spread
        return unknown
    samples = np.array([candidate(weights) - production(weights) for weights in draws])
    samples = samples[~np.isnan(samples)]
    if not len(samples):
        return unknown
    low, high = np.percentile(samples, LEVEL_PERCENT)
    factor, value = widening(groups) if widen else 1.0, new - old
    return replace(
        unknown,
        low=float(min(value + factor * (low - value), value)),
        high=float(max(value + factor * (high - value), value)),
    )


def widening(groups: int) -> float:
    """Return by what an interval of a percentile bootstrap from few groups is too narrow.

    It takes the spread for known, and lacks the factor of an unbiased variance (Hesterberg, What
    Teachers Should Know About the Bootstrap, 2015, section 3.2). At least two groups.
    """
    quantile = float(student_t.ppf(0.975, groups - 1))
    return quantile / NORMAL_QUANTILE * float(np.sqrt(groups / (groups - 1)))


def _ratio(numerators: NDArray[np.float64], denominators: NDArray[np.float64]) -> Statistic:
    def ratio(weights: NDArray[np.int64]) -> float:
        below = float(weights @ denominators)
        return float(weights @ numerators) / below if below > 0 else float("nan")

    return ratio
