"""How well objects of each size are found.

Two measures. In the network's pixels COCO's limits (32 and 96, cocodataset.org, detection
evaluation) tell what the network can resolve; with them a finer network has fewer small objects.
As a part of the frame (a tenth and a fifth of its side, by the root of the area) the same objects
stay in the same bin whatever the network, so that networks of different size can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from training.evaluation.average_precision import average_precisions
from training.evaluation.bootstrap import ratio_interval, statistic_interval
from training.evaluation.class_boxes import ClassBoxes
from training.evaluation.grouped import GroupedMatches, group_matches
from training.evaluation.matching import Matches, box_iou, match_rows
from training.evaluation.result import SizeMeasure, SizeName, SizeScore

LIMITS = {SizeMeasure.NETWORK: (32.0, 96.0), SizeMeasure.FRAME: (0.1, 0.2)}
AT_HALF = np.array([0.5])


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRange:
    """Least and largest side of one size, the root of the area; both ends belong to it."""

    measure: SizeMeasure
    size: SizeName
    least: float
    most: float


def plan_ranges() -> list[SizeRange]:
    """Return the ranges of both measures, small to large."""
    return [
        SizeRange(measure=measure, size=size, least=least, most=most)
        for measure, (small, medium) in LIMITS.items()
        for size, least, most in (
            (SizeName.SMALL, 0.0, small),
            (SizeName.MEDIUM, small, medium),
            (SizeName.LARGE, medium, np.inf),
        )
    ]


def score_sizes(
    pictures: Sequence[ClassBoxes],
    *,
    threshold: float,
    group_names: Sequence[str],
    draws: NDArray[np.int64],
) -> tuple[SizeScore, ...]:
    """Return the scores of one class by size; sizes without true boxes are left out."""
    scores = []
    for range_ in plan_ranges():
        parts = [(one.group, match_in_range(one, range_)) for one in pictures]
        matches = group_matches(parts, group_names)
        if matches.true_count == 0:
            continue
        groups = int((matches.true_counts > 0).sum())
        right = matches.by_group(matches.hits[:, 0] & (matches.scores >= threshold))
        scores.append(
            SizeScore(
                measure=range_.measure,
                size=range_.size,
                boxes=matches.true_count,
                map50=statistic_interval(partial(_map50, matches), draws, groups=groups),
                recall=ratio_interval(right, matches.true_counts.astype(float), draws),
            )
        )
    return tuple(scores)


def _map50(matches: GroupedMatches, weights: NDArray[np.int64]) -> float:
    return float(average_precisions(matches, weights)[0])


def match_in_range(picture: ClassBoxes, range_: SizeRange) -> Matches:
    """Return what became of a picture's boxes of one size, at IoU 0.5.

    As COCO does it: objects of other sizes are set aside, and so are the detections that take
    them, and those that take none and are of another size themselves.
    """
    true_aside = _is_outside(picture, picture.true, range_)
    found_aside = _is_outside(picture, picture.found, range_)
    rows = match_rows(box_iou(picture.found, picture.true), levels=AT_HALF, aside=true_aside)[:, 0]
    took_one = rows >= 0
    took_other = took_one & np.append(true_aside, False)[rows]
    counts = ~(took_other | (~took_one & found_aside))
    return Matches(
        scores=picture.scores[counts],
        hits=took_one[counts][:, None],
        true_count=int((~true_aside).sum()),
    )


def _is_outside(
    picture: ClassBoxes, boxes: NDArray[np.float64], range_: SizeRange
) -> NDArray[np.bool_]:
    sides_px = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
    scale = (
        picture.network_scale
        if range_.measure is SizeMeasure.NETWORK
        else 1 / np.sqrt(picture.frame_area_px2)
    )
    sides = sides_px * scale
    outside: NDArray[np.bool_] = (sides < range_.least) | (sides > range_.most)
    return outside
