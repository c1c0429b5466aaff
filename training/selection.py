"""Which pictures to label next: those that the model doubts, and that differ from one another.

Uncertainty sampling with the margin around the operating threshold, joined with the greedy
k-centre choice (farthest point first; Gonzalez 1985, Sener and Savarese 2018): each pick is the
picture whose uncertainty times distance to all earlier picks is largest. Doubt alone would pick
one burst of nearly equal pictures, distance alone would pick oddities that the model knows well.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.errors import TrainingError

# Of a picture without any detection: the model may be blind there, but mostly nothing is there.
LEAST_UNCERTAINTY = 0.02
# Twice the even share: a flight full of doubts may give more than others, but not all.
EVEN_SHARES_OF_A_GROUP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredBox:
    """One detection.

    Attributes:
        look: Descriptor of what the box shows; of one length for all boxes.
    """

    class_name: str
    score: float
    look: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A picture that nobody labelled yet.

    Attributes:
        name: Tells it from all others.
        group: Flight or time slot, of which only so many pictures are chosen.
        boxes: What the model found, also well below its operating threshold.
    """

    name: str
    group: str
    boxes: tuple[ScoredBox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A picture to label, and why.

    Attributes:
        uncertainty: From 0 to 1, of the box that the model doubts most.
        box: That box; None where the model found nothing.
    """

    candidate: Candidate
    uncertainty: float
    box: ScoredBox | None


def choose_next(
    candidates: Sequence[Candidate],
    *,
    count: int,
    thresholds: Mapping[str, float],
    most_per_group: int | None = None,
) -> list[Choice]:
    """Return the pictures to label next, the most useful first.

    The same candidates give the same choice, in whatever order they come.

    Args:
        candidates: Of different names.
        count: How many to choose; fewer come back where groups are used up.
        thresholds: Operating threshold of each class, between 0 and 1.
        most_per_group: None for twice the even share of each group.

    Raises:
        TrainingError: A class has no threshold, or one out of range, or names repeat.
    """
    ordered = sorted(candidates, key=lambda one: one.name)
    _check(ordered, thresholds)
    if not ordered or count < 1:
        return []
    groups = {one.group for one in ordered}
    most = most_per_group or math.ceil(EVEN_SHARES_OF_A_GROUP * count / len(groups))
    choices = [_weigh(one, thresholds) for one in ordered]
    looks = _describe(choices, thresholds)
    return [choices[index] for index in _pick(choices, looks, count=count, most=most)]


def uncertainty(score: float, threshold: float) -> float:
    """Return how near a score is to its threshold: 1 on it, 0 at the scores 0 and 1.

    Each side is scaled by itself: with a threshold of 0.2, a score of 0.1 is as doubtful as 0.6.
    """
    if score <= threshold:
        return score / threshold
    return (1 - score) / (1 - threshold)


def _check(ordered: Sequence[Candidate], thresholds: Mapping[str, float]) -> None:
    names = Counter(one.name for one in ordered)
    twice = [name for name, number in names.items() if number > 1]
    if twice:
        raise TrainingError(f"{twice[0]!r} is there twice")
    absent = sorted({box.class_name for one in ordered for box in one.boxes} - set(thresholds))
    if absent:
        raise TrainingError(f"no operating threshold is known of {', '.join(absent)}")
    odd = {name: score for name, score in thresholds.items() if not 0 < score < 1}
    if odd:
        raise TrainingError(f"thresholds lie between 0 and 1, not {odd}")


def _weigh(candidate: Candidate, thresholds: Mapping[str, float]) -> Choice:
    weighed = [(uncertainty(box.score, thresholds[box.class_name]), box) for box in candidate.boxes]
    if not weighed:
        return Choice(candidate=candidate, uncertainty=0.0, box=None)
    most, box = max(weighed, key=lambda pair: pair[0])
    return Choice(candidate=candidate, uncertainty=most, box=box)


def _describe(choices: Sequence[Choice], thresholds: Mapping[str, float]) -> NDArray[np.float64]:
    """Return (N, K + classes) unit vectors: what the doubtful boxes show and are taken for.

    Each box counts by its uncertainty. Pictures without boxes get the zero vector: they lie
    equally far from all others and on top of each other, so that few of them are chosen.
    """
    classes = sorted(thresholds)
    length = next((len(choice.box.look) for choice in choices if choice.box is not None), 0)
    vectors = np.zeros((len(choices), length + len(classes)))
    for row, choice in zip(vectors, choices, strict=True):
        for box in choice.candidate.boxes:
            weight = uncertainty(box.score, thresholds[box.class_name])
            row[:length] += weight * box.look.astype(np.float64)
            row[length + classes.index(box.class_name)] += weight
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(
        vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0
    )
    return unit


def _pick(
    choices: Sequence[Choice], looks: NDArray[np.float64], *, count: int, most: int
) -> list[int]:
    doubts = np.array([max(choice.uncertainty, LEAST_UNCERTAINTY) for choice in choices])
    distances = np.ones(len(choices))
    free = np.ones(len(choices), dtype=np.bool_)
    used: Counter[str] = Counter()
    picked: list[int] = []
    while len(picked) < count and free.any():
        # Equal pictures have a gain of 0 and still go before none; the first name wins.
        best = int(np.argmax(np.where(free, doubts * distances, -1.0)))
        picked.append(best)
        free[best] = False
        group = choices[best].candidate.group
        used[group] += 1
        if used[group] >= most:
            free &= [choice.candidate.group != group for choice in choices]
        nearest = np.linalg.norm(looks - looks[best], axis=1)
        distances = nearest if len(picked) == 1 else np.minimum(distances, nearest)
    return picked
