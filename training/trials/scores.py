"""How well classes are found on one kind of pictures; kinds are never mixed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.labelled_picture import Origin, View
from training.evaluation.average_precision import average_precisions, map_intervals
from training.evaluation.bootstrap import draw_groups
from training.evaluation.calibration_score import score_calibration
from training.evaluation.result import CalibrationScore, Interval, PictureResult
from training.evaluation.score import group_class


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureKind:
    """Which pictures a score is of.

    Attributes:
        classes: Those that are scored on them.
        view, sources: Any where None.
        origin: Exactly one, so that no score is ever partly synthetic.
    """

    title: str
    classes: tuple[str, ...]
    view: View | None = None
    sources: tuple[str, ...] | None = None
    origin: Origin = Origin.PHOTO


@dataclass(frozen=True, slots=True, kw_only=True)
class KindScore:
    """Average precision of one class on one kind of pictures of one split.

    Attributes:
        boxes: True ones; never 0.
    """

    kind: str
    class_name: str
    split: str
    boxes: int
    ap50: float
    ap50_95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledScore:
    """Average precision over pooled folds, with its interval over groups.

    Attributes:
        groups: That hold true boxes.
        calibration: Of the pooled detections; None without any.
    """

    kind: str
    class_name: str
    pictures: int
    boxes: int
    groups: int
    ap50: Interval
    ap50_95: Interval
    calibration: CalibrationScore | None


def shows_kind(result: PictureResult, kind: PictureKind) -> bool:
    """Return whether a picture is of a kind."""
    picture = result.picture
    return (
        picture.origin is kind.origin
        and (kind.view is None or picture.view is kind.view)
        and (kind.sources is None or picture.source in kind.sources)
    )


def score_kinds(
    results: Sequence[PictureResult], kinds: Iterable[PictureKind], *, splits: Sequence[str]
) -> list[KindScore]:
    """Return one score a kind, class and split that has true boxes."""
    scores = []
    for kind in kinds:
        for split in splits:
            shown = [r for r in results if shows_kind(r, kind) and r.picture.split == split]
            found = (score_split(shown, kind.title, name, split) for name in kind.classes)
            scores += [score for score in found if score is not None]
    return scores


def score_split(
    shown: Sequence[PictureResult], title: str, class_name: str, split: str
) -> KindScore | None:
    """Return the score of one class, None where no true box is."""
    matches = group_class(shown, class_name)
    if matches.true_count == 0:
        return None
    precisions = average_precisions(matches)
    return KindScore(
        kind=title,
        class_name=class_name,
        split=split,
        boxes=matches.true_count,
        ap50=float(precisions[0]),
        ap50_95=float(precisions.mean()),
    )


def pool_scores(
    results: Sequence[PictureResult], kinds: Iterable[PictureKind], *, seed: int = 0
) -> list[PooledScore]:
    """Return one score a kind and class over all splits, with 95 % intervals over groups."""
    scores = []
    for kind in kinds:
        shown = [result for result in results if shows_kind(result, kind)]
        found = (_pool_class(shown, kind.title, name, seed=seed) for name in kind.classes)
        scores += [score for score in found if score is not None]
    return scores


def _pool_class(
    shown: Sequence[PictureResult], title: str, class_name: str, *, seed: int
) -> PooledScore | None:
    matches = group_class(shown, class_name)
    draws = draw_groups(len(matches.true_counts), rng=np.random.default_rng(seed))
    ap50, ap50_95 = map_intervals(matches, draws)
    if ap50 is None or ap50_95 is None:
        return None
    return PooledScore(
        kind=title,
        class_name=class_name,
        pictures=sum(class_name in result.picture.labelled_classes for result in shown),
        boxes=matches.true_count,
        groups=int((matches.true_counts > 0).sum()),
        ap50=ap50,
        ap50_95=ap50_95,
        calibration=score_calibration(matches, draws),
    )
