"""Intervals by drawing whole groups: pictures of one burst or flight are no independent witnesses.

A draw is a number of times that each group is taken (0, 1, 2 ...), so that sums over a draw are
sums over groups times these weights (Efron and Tibshirani, An Introduction to the Bootstrap,
chapters 13 and 17: percentile intervals, resampling of clusters).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.evaluation.result import Interval

ROUNDS = 400
LEVEL_PERCENT = (2.5, 97.5)
# Percentiles over fewer are the groups themselves, and pretend to know the spread.
LEAST_GROUPS = 5


def draw_groups(
    group_count: int, *, rng: np.random.Generator, rounds: int = ROUNDS
) -> NDArray[np.int64]:
    """Return (rounds, groups) how often each group is taken; each row sums to their number."""
    if group_count == 0:
        return np.zeros((rounds, 0), dtype=np.int64)
    shares = np.full(group_count, 1 / group_count)
    return np.asarray(rng.multinomial(group_count, shares, size=rounds), dtype=np.int64)


def ratio_interval(
    numerators: NDArray[np.float64],
    denominators: NDArray[np.float64],
    draws: NDArray[np.int64],
) -> Interval | None:
    """Return the ratio of two sums over groups, None where the denominator is 0.

    Args:
        numerators: (G,) sums by group.
        denominators: (G,) likewise.
        draws: (rounds, G) of `draw_groups`.
    """
    total = float(denominators.sum())
    if total <= 0:
        return None
    below = draws @ denominators
    samples = (draws @ numerators)[below > 0] / below[below > 0]
    value = float(numerators.sum()) / total
    return as_interval(value, samples, groups=int((denominators > 0).sum()))


def statistic_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    draws: NDArray[np.int64],
    *,
    groups: int,
) -> Interval | None:
    """Return a figure that is no plain ratio, None where it is not defined.

    Args:
        statistic: Of (G,) weights of the groups; NaN where it is not defined.
        draws: (rounds, G) of `draw_groups`.
        groups: That have a say in it.
    """
    value = statistic(np.ones(draws.shape[1], dtype=np.int64))
    if np.isnan(value):
        return None
    samples = (
        np.array([statistic(draw) for draw in draws]) if groups >= LEAST_GROUPS else np.zeros(0)
    )
    return as_interval(value, samples[~np.isnan(samples)], groups=groups)


def as_interval(value: float, samples: NDArray[np.float64], *, groups: int) -> Interval:
    """Return a value with the percentiles of its samples, without these from too few groups."""
    if groups < LEAST_GROUPS or not len(samples):
        return Interval(value=value, low=None, high=None)
    low, high = np.percentile(samples, LEVEL_PERCENT)
    return Interval(value=value, low=float(low), high=float(high))
