"""The detections of one class over many pictures, and which group each picture belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.matching import Matches


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupedMatches:
    """Detections of one class, best score first, equal ones in the pictures' order.

    Attributes:
        scores: (N,) of the detections.
        hits: (N, levels) bool, whether a detection matched a true box; the first level is 0.5.
        group_rows: (N,) group of each detection.
        true_counts: (G,) true boxes by group.
    """

    scores: NDArray[np.float32]
    hits: NDArray[np.bool_]
    group_rows: NDArray[np.intp]
    true_counts: NDArray[np.int64]

    @property
    def true_count(self) -> int:
        """All true boxes."""
        return int(self.true_counts.sum())

    def by_group(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        """Return (G,) sums of a value of the detections, (N,), by group."""
        sums = np.bincount(
            self.group_rows, weights=values.astype(np.float64), minlength=len(self.true_counts)
        )
        return sums.astype(np.float64)  # without detections NumPy counts in whole numbers


def group_matches(
    parts: Sequence[tuple[str, Matches]], group_names: Sequence[str]
) -> GroupedMatches:
    """Return the matches of pictures as one.

    Args:
        parts: Group and matches of each picture.
        group_names: In their order here; each group of `parts` is among them.
    """
    places = {name: place for place, name in enumerate(group_names)}
    levels = parts[0][1].hits.shape[1] if parts else 1
    scores = np.concatenate([np.zeros(0, np.float32), *(m.scores for _, m in parts)])
    hits = np.concatenate([np.zeros((0, levels), np.bool_), *(m.hits for _, m in parts)])
    rows = [np.full(len(m.scores), places[name], dtype=np.intp) for name, m in parts]
    true_counts = np.zeros(len(group_names), dtype=np.int64)
    for name, matches in parts:
        true_counts[places[name]] += matches.true_count
    order = np.argsort(-scores, kind="stable")
    return GroupedMatches(
        scores=scores[order].astype(np.float32),
        hits=hits[order],
        group_rows=np.concatenate([np.zeros(0, np.intp), *rows])[order],
        true_counts=true_counts,
    )
