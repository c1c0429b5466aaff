"""The plan of a place: roads in a grid, and between them parcels with a use each."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[float, float, float, float]  # x_min, y_min, x_max, y_max in plan metres


class Use(StrEnum):
    """What a parcel is used for."""

    HOUSES = "houses"
    BLOCK = "block"  # one large building
    PARKING = "parking"
    YARD = "yard"  # paved, with stores and containers
    VACANT = "vacant"
    PARK = "park"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A piece of land between the roads."""

    area: Rectangle
    use: Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A straight road; `along_x` runs with the plan's x axis, else with y."""

    along_x: bool
    middle_m: float
    width_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Roads and parcels in plan metres; the plan is turned clockwise by the heading."""

    heading_deg: float
    half_size_m: float
    roads: tuple[Road, ...]
    parcels: tuple[Parcel, ...]


PAVEMENT_M = 2.2
_USES = (Use.HOUSES, Use.BLOCK, Use.PARKING, Use.YARD, Use.VACANT, Use.PARK)
_USE_SHARES = (0.28, 0.22, 0.12, 0.16, 0.14, 0.08)


def plan_layout(rng: np.random.Generator, *, half_size_m: float) -> Layout:
    """Return a random plan that reaches `half_size_m` to all four sides."""
    reach = half_size_m
    across = _plan_roads(rng, reach, along_x=True)
    along = _plan_roads(rng, reach, along_x=False)
    parcels: list[Parcel] = []
    for x_min, x_max in _gaps(along, reach):
        for y_min, y_max in _gaps(across, reach):
            for area in _split(rng, (x_min, y_min, x_max, y_max)):
                use = Use(str(rng.choice(_USES, p=_USE_SHARES)))
                parcels.append(Parcel(area=area, use=use))
    return Layout(
        heading_deg=float(rng.uniform(0, 360)),
        half_size_m=half_size_m,
        roads=(*across, *along),
        parcels=tuple(parcels),
    )


def plan_to_enu(layout: Layout, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (..., 2) east and north of (..., 2) plan points."""
    return np.asarray(points @ _turn(layout))


def enu_to_plan(layout: Layout, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (..., 2) plan points of (..., 2) east and north metres."""
    return np.asarray(points @ _turn(layout).T)


def _turn(layout: Layout) -> NDArray[np.float64]:
    angle = np.radians(layout.heading_deg)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def road_area(road: Road, reach_m: float, *, extra_m: float = 0.0) -> Rectangle:
    """Return a road's rectangle, widened by `extra_m` on both sides."""
    half = road.width_m / 2 + extra_m
    if road.along_x:
        return (-reach_m, road.middle_m - half, reach_m, road.middle_m + half)
    return (road.middle_m - half, -reach_m, road.middle_m + half, reach_m)


def _plan_roads(rng: np.random.Generator, reach: float, *, along_x: bool) -> list[Road]:
    roads = []
    middle = -reach + rng.uniform(5, 35)
    while middle < reach:
        width = float(rng.choice([5.0, 6.5, 7.5, 10.0], p=[0.25, 0.35, 0.25, 0.15]))
        roads.append(Road(along_x=along_x, middle_m=float(middle), width_m=width))
        middle += rng.uniform(38, 70)
    return roads


def _gaps(roads: list[Road], reach: float) -> list[tuple[float, float]]:
    edges = [(-reach, -reach)]
    edges += [
        (r.middle_m - r.width_m / 2 - PAVEMENT_M, r.middle_m + r.width_m / 2 + PAVEMENT_M)
        for r in roads
    ]
    edges.append((reach, reach))
    return [(left[1], right[0]) for left, right in pairwise(edges) if right[0] - left[1] > 6]


def _split(rng: np.random.Generator, area: Rectangle) -> list[Rectangle]:
    x0, y0, x1, y1 = area
    if max(x1 - x0, y1 - y0) < rng.uniform(26, 42):
        return [area]
    if x1 - x0 > y1 - y0:
        cut = x0 + (x1 - x0) * rng.uniform(0.35, 0.65)
        return _split(rng, (x0, y0, cut, y1)) + _split(rng, (cut, y0, x1, y1))
    cut = y0 + (y1 - y0) * rng.uniform(0.35, 0.65)
    return _split(rng, (x0, y0, x1, cut)) + _split(rng, (x0, cut, x1, y1))
