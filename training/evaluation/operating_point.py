"""The score from which on boxes are shown to people: how good they are, and how to choose it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.bootstrap import as_interval, ratio_interval
from training.evaluation.grouped import GroupedMatches
from training.evaluation.result import BudgetScore, Interval, OperatingScore

BUDGETS = (10, 20, 50, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativePictures:
    """Pictures of one kind that show no object, and what was found on them.

    Attributes:
        kind: Such as `street`.
        pictures: Their number.
        scores: Of all boxes of the class on them.
    """

    kind: str
    pictures: int
    scores: tuple[float, ...]

    def alarms_per_picture(self, threshold: float) -> float:
        """Return how many boxes reach a score, a picture."""
        return sum(score >= threshold for score in self.scores) / self.pictures

    def one_too_many(self, max_per_picture: float) -> float:
        """Return the score that a threshold has to be above to keep alarms as rare as this."""
        bearable = int(max_per_picture * self.pictures + 1e-9)
        ranked = sorted(self.scores, reverse=True)
        return ranked[bearable] if len(ranked) > bearable else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A threshold that was chosen, and what it gave on the pictures that it was chosen on.

    Attributes:
        precision: None where nothing reaches the threshold.
        recall, f_beta: None where there was nothing to be found.
        alarms_per_picture: By kind of negative pictures.
    """

    threshold: float
    precision: float | None
    recall: float | None
    f_beta: float | None
    alarms_per_picture: Mapping[str, float]


def score_operating_point(
    matches: GroupedMatches, *, threshold: float, draws: NDArray[np.int64]
) -> OperatingScore:
    """Return precision, recall and F1 of the boxes from a score up, at IoU 0.5."""
    shown = matches.scores >= threshold
    hits = matches.hits[:, 0] & shown
    right, sent = matches.by_group(hits), matches.by_group(shown)
    true = matches.true_counts.astype(np.float64)
    return OperatingScore(
        threshold=threshold,
        right=int(hits.sum()),
        wrong=int(shown.sum() - hits.sum()),
        missed=matches.true_count - int(hits.sum()),
        precision=ratio_interval(right, sent, draws),
        recall=ratio_interval(right, true, draws),
        # 2 P R / (P + R) with P = right / sent and R = right / true.
        f1=ratio_interval(2 * right, sent + true, draws),
    )


def score_budgets(matches: GroupedMatches, draws: NDArray[np.int64]) -> tuple[BudgetScore, ...]:
    """Return how many of the best boxes are right, for each number that may be sent."""
    hits = matches.hits[:, 0]
    scores = []
    for budget in BUDGETS:
        sent = min(budget, len(hits))
        if sent == 0:
            break
        scores.append(
            BudgetScore(
                budget=budget,
                sent=sent,
                right=int(hits[:sent].sum()),
                precision=_budget_interval(matches, budget, draws),
            )
        )
        if sent < budget:
            break  # larger budgets would send the same boxes
    return tuple(scores)


def _budget_interval(matches: GroupedMatches, budget: int, draws: NDArray[np.int64]) -> Interval:
    hits = matches.hits[:, 0]
    # In each draw the budget is used up by the best rows, each as often as its group was drawn.
    counts = draws[:, matches.group_rows]
    before = counts.cumsum(axis=1) - counts
    taken = np.clip(budget - before, 0, counts)
    sent = taken.sum(axis=1)
    samples = (taken @ hits.astype(np.int64))[sent > 0] / sent[sent > 0]
    value = float(hits[:budget].mean())
    groups = len(np.unique(matches.group_rows[:budget]))
    return as_interval(value, samples, groups=groups)


def choose_operating_point(
    matches: GroupedMatches,
    negatives: Sequence[NegativePictures],
    *,
    max_false_alarms: float,
    beta: float = 0.5,
) -> OperatingPoint:
    """Return the score with the best F-beta (IoU 0.5) that keeps false alarms rare enough.

    A beta of 0.5 weighs precision twice as much as recall: labelled pictures mostly show an
    object, most ground of a flight does not, and each false clue costs a person's time. Recall
    may come out as 0, and is stated.

    Args:
        matches: Of one class on pictures that the network has not learned from.
        negatives: Likewise unseen; alarms have to be rare on each kind.
        max_false_alarms: Boxes a negative picture that are bearable.
        beta: See above.
    """
    above = max((one.one_too_many(max_false_alarms) for one in negatives), default=0.0)
    threshold = _best_threshold(matches, above=above, beta=beta)
    shown = matches.scores >= threshold
    right, sent = int((matches.hits[:, 0] & shown).sum()), int(shown.sum())
    true = matches.true_count
    return OperatingPoint(
        threshold=threshold,
        precision=right / sent if sent else None,
        recall=right / true if true else None,
        f_beta=(1 + beta**2) * right / (sent + beta**2 * true) if true else None,
        alarms_per_picture={one.kind: one.alarms_per_picture(threshold) for one in negatives},
    )


def _best_threshold(matches: GroupedMatches, *, above: float, beta: float) -> float:
    """Return the best score above another one; where none hits, 0.5 or just above the other."""
    shown = matches.scores[matches.scores > above]
    right = matches.hits[: len(shown), 0].cumsum()
    if not len(shown) or right[-1] == 0:
        return max(0.5, _shortest_between(above, min(above + 0.01, 1.0)))
    sent = np.arange(1, len(shown) + 1)
    f_beta = (1 + beta**2) * right / (sent + beta**2 * matches.true_count)
    # Of detections with one score all or none are shown: the last of each score tells.
    is_last = np.append(np.diff(shown) != 0, True)
    best = int(np.where(is_last, f_beta, -1.0).argmax())
    below = float(shown[best + 1]) if best + 1 < len(shown) else 0.0
    return _shortest_between(max(above, below), float(shown[best]))


def _shortest_between(low: float, high: float) -> float:
    """Return the number with the fewest decimals above `low` and not above `high`."""
    for decimals in range(2, 8):
        rounded: float = math.floor(high * 10.0**decimals) / 10.0**decimals
        if low < rounded <= high:
            return rounded
    return high
