"""From what was found on pictures to the scores of each part."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from training.evaluation.average_precision import map_intervals, plan_curve
from training.evaluation.bootstrap import draw_groups
from training.evaluation.calibration_score import score_calibration
from training.evaluation.class_boxes import ClassBoxes, select_class
from training.evaluation.confusion import count_confusions
from training.evaluation.false_alarms import score_false_alarms
from training.evaluation.grouped import GroupedMatches, group_matches
from training.evaluation.matching import Matches
from training.evaluation.operating_point import score_budgets, score_operating_point
from training.evaluation.result import ClassScore, PartScore, PictureResult
from training.evaluation.sizes import score_sizes

SEED = 0


def score_parts(
    results: Sequence[PictureResult], *, thresholds: Mapping[str, float], seed: int = SEED
) -> tuple[PartScore, ...]:
    """Return the scores of each view and origin, and of each source within where there are more.

    Args:
        results: Of one split, in any order.
        thresholds: By class, the operating point; the classes that are scored.
        seed: Of the draws for the intervals.
    """
    parts = []
    for kind in sorted({(one.picture.view, one.picture.origin) for one in results}):
        of_kind = [one for one in results if (one.picture.view, one.picture.origin) == kind]
        sources = sorted({one.picture.source for one in of_kind})
        parts.append(score_part(of_kind, source=None, thresholds=thresholds, seed=seed))
        for source in sources if len(sources) > 1 else ():
            of_source = [one for one in of_kind if one.picture.source == source]
            parts.append(score_part(of_source, source=source, thresholds=thresholds, seed=seed))
    return tuple(parts)


def score_part(
    results: Sequence[PictureResult],
    *,
    source: str | None,
    thresholds: Mapping[str, float],
    seed: int = SEED,
) -> PartScore:
    """Return the scores on pictures of one view and origin; at least one picture."""
    scores = [
        score_class(results, name, threshold=at, seed=seed) for name, at in thresholds.items()
    ]
    first = results[0].picture
    return PartScore(
        view=first.view,
        origin=first.origin,
        source=source,
        pictures=len(results),
        groups=len({one.picture.group for one in results}),
        classes=tuple(score for score in scores if score is not None),
    )


def group_class(results: Iterable[PictureResult], class_name: str) -> GroupedMatches:
    """Return all detections of a class on the pictures where somebody looked for it."""
    pictures = _select(results, class_name)
    return group_matches(_as_parts(pictures), _group_names(pictures))


def score_class(
    results: Sequence[PictureResult], class_name: str, *, threshold: float, seed: int = SEED
) -> ClassScore | None:
    """Return the score of one class, None where nobody looked for it."""
    pictures = _select(results, class_name)
    if not pictures:
        return None
    names = _group_names(pictures)
    draws = draw_groups(len(names), rng=np.random.default_rng(seed))
    matches = group_matches(_as_parts(pictures), names)
    map50, map50_95 = map_intervals(matches, draws)
    return ClassScore(
        class_name=class_name,
        pictures=len(pictures),
        boxes=matches.true_count,
        groups=int((matches.true_counts > 0).sum()),
        detections=len(matches.scores),
        map50=map50,
        map50_95=map50_95,
        operating=score_operating_point(matches, threshold=threshold, draws=draws),
        sizes=score_sizes(pictures, threshold=threshold, group_names=names, draws=draws),
        false_alarms=score_false_alarms(
            results, class_name, threshold=threshold, group_names=names, draws=draws
        ),
        budgets=score_budgets(matches, draws),
        confusions=count_confusions(results, class_name, threshold=threshold),
        calibration=score_calibration(matches, draws),
        curve=plan_curve(matches),
    )


def _select(results: Iterable[PictureResult], class_name: str) -> list[ClassBoxes]:
    selected = (select_class(one, class_name) for one in results)
    return [boxes for boxes in selected if boxes is not None]


def _as_parts(pictures: Sequence[ClassBoxes]) -> list[tuple[str, Matches]]:
    return [(one.group, one.as_matches()) for one in pictures]


def _group_names(pictures: Sequence[ClassBoxes]) -> list[str]:
    return sorted({one.group for one in pictures})
