"""How far positions are from the truth, and whether the errors that they state hold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from inference.geometry.uncertainty import circular_error_90_m

LEVELS = (0.50, 0.90, 0.95)  # of the stated ellipses
CONFIDENCE = 0.95  # of the intervals around the shares


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PositionErrors:
    """Errors of N positions, found less true.

    Attributes:
        offsets_m: (N, 2) east and north.
        covariances_m2: (N, 2, 2) as stated with the positions, east and north.
        view_azimuths_deg: (N,) clockwise from north, from the camera's foot to the true place.
        groups: (N,) what tells the photos apart; points of one photo share its errors.
    """

    offsets_m: NDArray[np.float64]
    covariances_m2: NDArray[np.float64]
    view_azimuths_deg: NDArray[np.float64]
    groups: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of the stated ellipses of a level hold the truth.

    Attributes:
        interval: Of the share that lies behind what was seen, if all points were independent.
        interval_by_photo: Likewise with one trial a photo, for points of one photo share its
            errors. The biases of a flight are shared by its photos, too: one flight is one trial
            of these, whatever is counted.
    """

    level: float
    inside: int
    share: float
    interval: tuple[float, float]
    interval_by_photo: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionStatistics:
    """What the errors of some positions amount to, in metres on the ground.

    Attributes:
        bias_along_m: Mean towards where the camera looked: positive is too far away.
        bias_across_m: Mean to the right of it.
        rmse_m: Of the distances, that is of east and north together.
        ce90_m: Least radius around the truth that holds at least 90 % of the positions.
        stated_ce90_median_m: Median of what the positions state for it.
        mean_normalised_square: Mean of e' C^-1 e / 2, for an error e of stated covariance C. It
            is 1 where the stated errors are right and more where they are too small.
    """

    count: int
    photos: int
    bias_east_m: float
    bias_north_m: float
    bias_along_m: float
    bias_across_m: float
    median_m: float
    p90_m: float
    max_m: float
    rmse_m: float
    rmse_east_m: float
    rmse_north_m: float
    ce90_m: float
    stated_ce90_median_m: float
    mean_normalised_square: float
    coverages: tuple[Coverage, ...]


def summarise_errors(errors: PositionErrors) -> PositionStatistics | None:
    """Return the statistics, or None of no positions."""
    offsets = errors.offsets_m
    if not len(offsets):
        return None
    distances = np.hypot(*offsets.T)
    along, across = turn_to_view(offsets, errors.view_azimuths_deg).T
    rmse_east_m, rmse_north_m = np.sqrt((offsets**2).mean(axis=0))
    stated = [circular_error_90_m(covariance) for covariance in errors.covariances_m2]
    squares = normalised_squares(errors)
    return PositionStatistics(
        count=len(offsets),
        photos=len(np.unique(errors.groups)),
        bias_east_m=float(offsets[:, 0].mean()),
        bias_north_m=float(offsets[:, 1].mean()),
        bias_along_m=float(along.mean()),
        bias_across_m=float(across.mean()),
        median_m=float(np.median(distances)),
        p90_m=float(np.percentile(distances, 90)),
        max_m=float(distances.max()),
        rmse_m=float(np.hypot(rmse_east_m, rmse_north_m)),
        rmse_east_m=float(rmse_east_m),
        rmse_north_m=float(rmse_north_m),
        ce90_m=float(np.percentile(distances, 90, method="inverted_cdf")),
        stated_ce90_median_m=float(np.median(stated)),
        mean_normalised_square=float(squares.mean() / 2.0),
        coverages=tuple(_coverage(squares, errors.groups, level) for level in LEVELS),
    )


def turn_to_view(
    offsets_m: NDArray[np.float64], view_azimuths_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (N, 2) along the view and to the right of it, of (N, 2) east and north."""
    east, north = offsets_m.T
    azimuth = np.radians(view_azimuths_deg)
    sine, cosine = np.sin(azimuth), np.cos(azimuth)
    return np.column_stack([east * sine + north * cosine, east * cosine - north * sine])


def normalised_squares(errors: PositionErrors) -> NDArray[np.float64]:
    """Return (N,) e' C^-1 e; for right covariances they follow chi squared of 2 degrees."""
    solved = np.linalg.solve(errors.covariances_m2, errors.offsets_m[:, :, None])
    squares: NDArray[np.float64] = (errors.offsets_m[:, None, :] @ solved)[:, 0, 0]
    return squares


def binomial_interval(successes: float, trials: float) -> tuple[float, float]:
    """Return the interval of the chance behind `successes` out of `trials`, with 95 % confidence.

    Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26 (1934), by quantiles of the beta distribution, which also take parts
    of a success.
    """
    tail = (1.0 - CONFIDENCE) / 2.0
    failures = trials - successes
    low = betaincinv(successes, failures + 1.0, tail) if successes > 0.0 else 0.0
    high = betaincinv(successes + 1.0, failures, 1.0 - tail) if failures > 0.0 else 1.0
    return float(low), float(high)


def _coverage(squares: NDArray[np.float64], groups: NDArray[np.intp], level: float) -> Coverage:
    is_inside = squares <= -2.0 * np.log(1.0 - level)  # the quantile of chi squared of 2 degrees
    inside = int(is_inside.sum())
    _, members = np.unique(groups, return_inverse=True)
    shares = np.bincount(members, weights=is_inside) / np.bincount(members)
    return Coverage(
        level=level,
        inside=inside,
        share=inside / len(squares),
        interval=binomial_interval(inside, len(squares)),
        interval_by_photo=binomial_interval(float(shares.sum()), len(shares)),
    )
