"""Findings beside the truth: found, missed, false, and how far off the positions are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

# Mean radius of the Earth: distances here are tens of metres, where a sphere is good to 0.5 %.
EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPoint:
    """A true object or a finding on the ground.

    Attributes:
        ce90_m: Stated circular error of a finding; None for a true object.
        extent_m: Largest side of a true object on the ground; 0 for a finding.
    """

    id: str
    class_name: str
    latitude_deg: float
    longitude_deg: float
    ce90_m: float | None = None
    extent_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A true object with the finding that is taken for it."""

    true: PlacedPoint
    found: PlacedPoint
    distance_m: float

    @property
    def within_ce90(self) -> bool:
        """Whether the stated circular error holds."""
        return self.found.ce90_m is not None and self.distance_m <= self.found.ce90_m


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionScore:
    """The outcome of a comparison."""

    pairs: tuple[Pair, ...]
    missed: tuple[PlacedPoint, ...]
    false: tuple[PlacedPoint, ...]


def distance_m(first: PlacedPoint, second: PlacedPoint) -> float:
    """Return the distance of two points over the ground (equirectangular, for short distances)."""
    mean_latitude = math.radians((first.latitude_deg + second.latitude_deg) / 2)
    north = math.radians(second.latitude_deg - first.latitude_deg)
    east = math.radians(second.longitude_deg - first.longitude_deg) * math.cos(mean_latitude)
    return EARTH_RADIUS_M * math.hypot(north, east)


def score_positions(
    true: Sequence[PlacedPoint], found: Sequence[PlacedPoint], *, slack_m: float = 3.0
) -> PositionScore:
    """Pair findings with true objects of their class so that the sum of distances is least.

    A pair must lie within the object's extent plus twice the stated CE90 plus `slack_m`: farther
    off, a finding would send a crew to the wrong place and counts as false.
    """
    costs = np.array([[_pair_cost(t, f, slack_m) for f in found] for t in true])
    costs = costs.reshape(len(true), len(found))
    rows, columns = linear_sum_assignment(np.minimum(costs, 1e6))
    pairs = tuple(
        Pair(true=true[row], found=found[column], distance_m=float(costs[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if math.isfinite(costs[row, column])
    )
    paired_true = {pair.true.id for pair in pairs}
    paired_found = {pair.found.id for pair in pairs}
    return PositionScore(
        pairs=pairs,
        missed=tuple(point for point in true if point.id not in paired_true),
        false=tuple(point for point in found if point.id not in paired_found),
    )


def _pair_cost(true: PlacedPoint, found: PlacedPoint, slack_m: float) -> float:
    if true.class_name != found.class_name:
        return math.inf
    apart = distance_m(true, found)
    limit = true.extent_m + 2 * (found.ce90_m or 0.0) + slack_m
    return apart if apart <= limit else math.inf
