"""Whether a score says how often such boxes are right."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredBoxes:
    """Detections of one class.

    Attributes:
        scores: (N,) float64, 0 to 1.
        hits: (N,) bool, whether each is right.
        groups: (N,) group of pictures of each.
    """

    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    groups: NDArray[np.intp]


def select_boxes(boxes: ScoredBoxes, rows: NDArray[np.bool_] | NDArray[np.intp]) -> ScoredBoxes:
    """Return the rows named."""
    return ScoredBoxes(scores=boxes.scores[rows], hits=boxes.hits[rows], groups=boxes.groups[rows])


def equal_mass_error(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over bins with equally many detections.

    Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015, section
    "Calibration measures". Detections of one score may fall into two bins.
    """
    order = np.argsort(scores, kind="stable")
    return _binned_error(np.array_split(order, min(BINS, max(len(order), 1))), scores, hits)


def equal_width_error(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of width 0.1."""
    places = np.minimum((scores * BINS).astype(np.intp), BINS - 1)
    return _binned_error([np.flatnonzero(places == place) for place in range(BINS)], scores, hits)


def brier_score(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Return the mean squared difference of scores and being right (1) or not (0)."""
    return float(np.mean((scores - hits) ** 2))


def _binned_error(
    bins: list[NDArray[np.intp]], scores: NDArray[np.float64], hits: NDArray[np.bool_]
) -> float:
    error = sum(
        len(rows) * abs(float(scores[rows].mean()) - float(hits[rows].mean()))
        for rows in bins
        if len(rows)
    )
    return error / max(len(scores), 1)
