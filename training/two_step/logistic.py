"""Logistic regression with a ridge: enough to judge crops by few hundred examples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from training.errors import TrainingError

LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogisticModel:
    """A fitted model of features (N, D).

    Attributes:
        center, spread: (D,) by which features are standardised.
        weights: (D,).
    """

    center: NDArray[np.float64]
    spread: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def probability(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (N,) the probability of being positive."""
        standard = (features.astype(np.float64) - self.center) / self.spread
        return np.asarray(expit(standard @ self.weights + self.bias))


def fit_logistic(
    features: NDArray[np.floating], positive: NDArray[np.bool_], *, ridge: float = 1.0
) -> LogisticModel:
    """Return the fit with the least mean loss plus ridge.

    Positives and negatives weigh the same as two wholes, whatever their numbers, so that 0.5 is
    the middle between them.

    Args:
        features: (N, D).
        positive: (N,).
        ridge: Penalty on the squared weights, for the mean loss times N.

    Raises:
        TrainingError: One of both kinds is absent, or a feature is no number.
    """
    count = len(positive)
    if not positive.any() or positive.all():
        raise TrainingError(f"{count} examples are all of one kind: there is nothing to tell apart")
    values = features.astype(np.float64)
    if not np.isfinite(values).all():
        raise TrainingError("features are no numbers")
    center, spread = values.mean(axis=0), np.maximum(values.std(axis=0), LEAST_SPREAD)
    standard = (values - center) / spread
    signs = np.where(positive, 1.0, -1.0)
    shares = np.where(positive, 0.5 / positive.sum(), 0.5 / (~positive).sum())

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (standard @ parameters[:-1] + parameters[-1])
        penalty = 0.5 * ridge / count * float(parameters[:-1] @ parameters[:-1])
        slopes = -shares * signs * expit(-margins)
        gradient = np.append(standard.T @ slopes + ridge / count * parameters[:-1], slopes.sum())
        return float(shares @ np.logaddexp(0, -margins)) + penalty, gradient

    start = np.zeros(values.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return LogisticModel(center=center, spread=spread, weights=found[:-1], bias=float(found[-1]))
