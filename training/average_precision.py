"""How good boxes are: matches, average precision and intervals by resampling pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOU_LEVELS = np.linspace(0.5, 0.95, 10)
RECALL_LEVELS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matches:
    """What became of the boxes of one class on one picture (or on several, joined).

    Attributes:
        scores: (N,) of the detections.
        hits: (N, 10) bool, whether a detection matched a true box, by IoU level.
        true_count: Number of true boxes.
    """

    scores: NDArray[np.float32]
    hits: NDArray[np.bool_]
    true_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def box_iou(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (N, M) intersection over union of two sets of x_min, y_min, x_max, y_max boxes."""
    a, b = first[:, None].astype(np.float64), second[None].astype(np.float64)
    sides = np.clip(
        np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None
    )
    shared = sides.prod(axis=-1)
    areas = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1)
    return np.asarray(shared / np.maximum(areas - shared, 1e-9))


def match_boxes(
    found: NDArray[np.float32], scores: NDArray[np.float32], true: NDArray[np.float32]
) -> Matches:
    """Match detections to true boxes of one class and picture, best score first.

    Each true box is taken once, by the free detection that overlaps it most (COCO's rule).

    Args:
        found: (N, 4) detected boxes.
        scores: (N,) their scores.
        true: (M, 4) true boxes in the same pixels.
    """
    order = np.argsort(-scores, kind="stable")
    overlaps = box_iou(found[order], true)
    hits = np.zeros((len(found), len(IOU_LEVELS)), dtype=bool)
    for level, least in enumerate(IOU_LEVELS):
        free = np.ones(len(true), dtype=bool)
        for row in range(len(found)):
            candidates = np.where(free, overlaps[row], -1.0)
            best = int(candidates.argmax()) if len(true) else -1
            if best >= 0 and candidates[best] >= least:
                free[best], hits[row, level] = False, True
    return Matches(scores=scores[order], hits=hits, true_count=len(true))


def join_matches(parts: Sequence[Matches]) -> Matches:
    """Return the matches of several pictures as one."""
    return Matches(
        scores=np.concatenate([part.scores for part in parts]),
        hits=np.concatenate([part.hits for part in parts]),
        true_count=sum(part.true_count for part in parts),
    )


def average_precisions(matches: Matches) -> NDArray[np.float64]:
    """Return (10,) average precision by IoU level, 101-point interpolation as COCO does it.

    NaN where there is no true box.
    """
    if matches.true_count == 0:
        return np.full(len(IOU_LEVELS), np.nan)
    hits = matches.hits[np.argsort(-matches.scores, kind="stable")]
    true_positives = hits.cumsum(axis=0)
    ranks = np.arange(1, len(hits) + 1)[:, None]
    recall = true_positives / matches.true_count
    precision = np.maximum.accumulate((true_positives / ranks)[::-1], axis=0)[::-1]
    values = np.zeros(len(IOU_LEVELS))
    for level in range(len(IOU_LEVELS)):
        places = np.searchsorted(recall[:, level], RECALL_LEVELS, side="left")
        reached = places < len(hits)
        values[level] = precision[places[reached], level].sum() / len(RECALL_LEVELS)
    return values


def precision_recall_at(matches: Matches, *, min_score: float) -> tuple[float, float]:
    """Return precision and recall at IoU 0.5 of detections from a score up; NaN if undefined."""
    kept = matches.hits[matches.scores >= min_score, 0]
    precision = float(kept.mean()) if len(kept) else float("nan")
    recall = float(kept.sum() / matches.true_count) if matches.true_count else float("nan")
    return precision, recall


def bootstrap_map(
    groups: Sequence[Matches], *, rng: np.random.Generator, rounds: int = 300
) -> tuple[Interval, Interval]:
    """Return mAP50 and mAP50-95 of one class with 95 % intervals.

    Args:
        groups: Matches of pictures that belong together (one burst, one flight), which are
            drawn as a whole: pictures of one burst are no independent witnesses.
        rng: For the draws.
        rounds: Number of draws.
    """
    whole = average_precisions(join_matches(groups))
    draws = np.array(
        [
            average_precisions(
                join_matches([groups[i] for i in rng.integers(0, len(groups), len(groups))])
            )
            for _ in range(rounds)
        ]
    )
    with_truth = draws[~np.isnan(draws).any(axis=1)]
    pairs = []
    for value, sample in ((whole[0], with_truth[:, 0]), (whole.mean(), with_truth.mean(axis=1))):
        low, high = np.percentile(sample, [2.5, 97.5]) if len(sample) else (np.nan, np.nan)
        pairs.append(Interval(value=float(value), low=float(low), high=float(high)))
    return pairs[0], pairs[1]
