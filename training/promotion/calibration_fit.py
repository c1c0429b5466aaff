"""Two ways to fit a rising map from scores to shares of right boxes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, logit

from models.calibration import MIN_SLOPE, CalibrationMethod
from training.promotion.reliability import ScoredBoxes

# A knot needs enough detections for its share to mean something.
DETECTIONS_A_KNOT = 40
MAX_ISOTONIC_KNOTS = 10
# Where the smooth map is sampled: closer at the ends, where it bends most.
SMOOTH_KNOTS = np.array(
    [0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0]
)
NEAREST_TO_CERTAIN = 1e-4  # the logit of 0 and of 1 is infinite
SLOPE_BOUNDS, OFFSET_BOUNDS = (0.05, 20.0), (-10.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Knots:
    """A map that rises everywhere: what scores `raw` are worth, linear in between."""

    raw: NDArray[np.float64]
    calibrated: NDArray[np.float64]


def fit_temperature(boxes: ScoredBoxes) -> Knots:
    """Return 1 / (1 + exp(-(a logit(s) + b))) with the greatest likelihood, as knots.

    1 / a is the temperature (Guo et al., On Calibration of Modern Neural Networks, 2017, section
    4); the offset b is Platt's, since most boxes of a detector are wrong whatever its
    temperature.
    """
    logits = _logit(boxes.scores)
    signs = np.where(boxes.hits, 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> float:
        slope, offset = parameters
        return float(np.logaddexp(0.0, -signs * (slope * logits + offset)).mean())

    found = minimize(loss, x0=[1.0, 0.0], bounds=[SLOPE_BOUNDS, OFFSET_BOUNDS], method="L-BFGS-B")
    slope, offset = found.x
    return _rising(SMOOTH_KNOTS, expit(slope * _logit(SMOOTH_KNOTS) + offset))


def fit_isotonic(boxes: ScoredBoxes) -> Knots:
    """Return the rising map nearest to the shares of right boxes in bins of equal mass.

    Isotonic regression (Zadrozny and Elkan, Transforming Classifier Scores into Accurate
    Multiclass Probability Estimates, 2002) over bins rather than over single detections: its
    steps would be as many as there are chances, and flat in between.
    """
    order = np.argsort(boxes.scores, kind="stable")
    count = int(np.clip(len(order) // DETECTIONS_A_KNOT, 1, MAX_ISOTONIC_KNOTS))
    bins = np.array_split(order, count)
    means = np.array([boxes.scores[rows].mean() for rows in bins])
    shares = np.array([boxes.hits[rows].mean() for rows in bins])
    masses = np.array([len(rows) for rows in bins], dtype=np.float64)
    # Bins of one score are one bin.
    raw, places = np.unique(means, return_inverse=True)
    weights = np.bincount(places, weights=masses)
    shares = np.bincount(places, weights=shares * masses) / weights
    fitted = isotonic_regression(shares, weights=weights).x
    return _with_ends(raw, fitted)


FITS: Mapping[CalibrationMethod, Callable[[ScoredBoxes], Knots]] = {
    CalibrationMethod.ISOTONIC: fit_isotonic,
    CalibrationMethod.TEMPERATURE: fit_temperature,
}


def apply_knots(knots: Knots, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what scores are worth."""
    return np.interp(scores, knots.raw, knots.calibrated)


def _with_ends(raw: NDArray[np.float64], calibrated: NDArray[np.float64]) -> Knots:
    """Return the map from 0 to 1: nothing is worth nothing, and the best no more than was seen."""
    inner = (raw > 0) & (raw < 1)
    top = calibrated[-1]
    return _rising(
        np.concatenate([[0.0], raw[inner], [1.0]]),
        np.concatenate([[0.0], calibrated[inner], [top]]),
    )


def _rising(raw: NDArray[np.float64], calibrated: NDArray[np.float64]) -> Knots:
    """Return the map with a thousandth of the raw score mixed in, so that nowhere it is flat."""
    return Knots(raw=raw, calibrated=(1 - MIN_SLOPE) * calibrated + MIN_SLOPE * raw)


def _logit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(logit(np.clip(scores, NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN)))
