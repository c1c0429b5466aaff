"""How well classes are found on one kind of pictures; kinds are never mixed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.labelled_picture import LabelledBox, Origin, View
from training.average_precision import (
    Interval,
    Matches,
    average_precisions,
    bootstrap_map,
    join_matches,
    match_boxes,
)
from training.trials.searched_pictures import FoundBox, SearchedPicture


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
    """Average precision at IoU 0.5 over pooled folds, with its interval over groups."""

    kind: str
    class_name: str
    boxes: int
    groups: int
    ap50: Interval
    ap50_95: Interval


def shows_kind(entry: SearchedPicture, kind: PictureKind) -> bool:
    """Return whether a picture is of a kind."""
    picture = entry.picture
    return (
        picture.origin is kind.origin
        and (kind.view is None or picture.view is kind.view)
        and (kind.sources is None or picture.source in kind.sources)
    )


def match_class(entry: SearchedPicture, class_name: str) -> Matches | None:
    """Return what became of a class's boxes, or None where nobody looked for the class."""
    picture = entry.picture
    if class_name not in picture.labelled_classes:
        return None
    found = [box for box in entry.found if box.class_name == class_name]
    true = [box for box in picture.boxes if box.class_name == class_name]
    scores = np.array([box.score for box in found], dtype=np.float32)
    return match_boxes(corners(found), scores, corners(true))


def corners(boxes: Sequence[FoundBox | LabelledBox]) -> NDArray[np.float32]:
    """Return boxes as (N, 4) x_min, y_min, x_max, y_max in pixels."""
    rows = [[box.x_min, box.y_min, box.x_max, box.y_max] for box in boxes]
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def score_kinds(
    searched: Sequence[SearchedPicture], kinds: Iterable[PictureKind], *, splits: Sequence[str]
) -> list[KindScore]:
    """Return one score a kind, class and split that has true boxes."""
    scores = []
    for kind in kinds:
        for split in splits:
            shown = [e for e in searched if shows_kind(e, kind) and e.picture.split == split]
            for class_name in kind.classes:
                matches = [match_class(entry, class_name) for entry in shown]
                joined = _join([m for m in matches if m is not None])
                if joined is None:
                    continue
                precisions = average_precisions(joined)
                scores.append(
                    KindScore(
                        kind=kind.title,
                        class_name=class_name,
                        split=split,
                        boxes=joined.true_count,
                        ap50=float(precisions[0]),
                        ap50_95=float(precisions.mean()),
                    )
                )
    return scores


def pool_scores(
    searched: Sequence[SearchedPicture], kinds: Iterable[PictureKind], *, seed: int = 0
) -> list[PooledScore]:
    """Return one score a kind and class over all splits, with 95 % intervals over groups."""
    scores = []
    for kind in kinds:
        shown = [entry for entry in searched if shows_kind(entry, kind)]
        for class_name in kind.classes:
            groups = match_groups(shown, class_name)
            if not any(group.true_count for group in groups):
                continue
            ap50, ap50_95 = bootstrap_map(groups, rng=np.random.default_rng(seed))
            scores.append(
                PooledScore(
                    kind=kind.title,
                    class_name=class_name,
                    boxes=sum(group.true_count for group in groups),
                    groups=sum(group.true_count > 0 for group in groups),
                    ap50=ap50,
                    ap50_95=ap50_95,
                )
            )
    return scores


def match_groups(searched: Iterable[SearchedPicture], class_name: str) -> list[Matches]:
    """Return one Matches a group of pictures that belong together, in the groups' order."""
    groups: dict[str, list[Matches]] = {}
    for entry in searched:
        matches = match_class(entry, class_name)
        if matches is not None:
            name = f"{entry.picture.source}/{entry.picture.group}"
            groups.setdefault(name, []).append(matches)
    return [join_matches(groups[name]) for name in sorted(groups)]


def _join(parts: list[Matches]) -> Matches | None:
    if not any(part.true_count for part in parts):
        return None
    return join_matches(parts)


def format_share(value: float) -> str:
    """Return a number from 0 to 1 with three digits, or a dash where it is not known."""
    return "-" if math.isnan(value) else f"{value:.3f}"
