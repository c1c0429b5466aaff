"""A ground through points that rays crossed at: odd ones dropped, heights between them, doubts."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.point_ground import PointGround
from inference.geometry.terrain import HURST_EXPONENT, SIGMA_AT_100_M
from inference.refinement.triangulate import Crossings

LEAST_POINTS = 30
# Rays that cross at a small angle say little of the height: those much worse than most are left.
MOST_MEDIAN_SIGMAS = 3.0
WORTHWHILE = 0.5  # or whose sigma is up to this part of what heights differ by
NEIGHBOURS = 8
SPACING_NEIGHBOURS = 4
LEAST_WIDTH = 0.02  # of the length: else points are in a line
MOST_ODD_SIGMAS = 4.0  # of a point's height from its neighbours'
NODE_SPACINGS = 2.0  # side of the squares of which each keeps a median point
MOST_NODES_PER_SIDE = 400
CELLS_PER_NODE = 2.0
MOST_CELLS_PER_SIDE = 1000
MARGIN_RATIO = 0.5  # of the points' extent, around them
FOLDS = 5
LOCAL_POINTS = 30  # by which the doubt of a place is judged
CONTINUED_NODES = 6  # nearest ones, whose mean goes on beyond the points
MOST_REACH_M = 100.0
# 90 % of a normal distribution lie within so many sigmas: what ellipses promise is what counts,
# and what points scatter by has longer tails than its median tells.
SIGMAS_OF_90 = 1.645


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelOfPoints:
    """Level ground through the points: its height, and one sigma of what they are about it."""

    height_m: float
    sigma_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Nodes:
    """Points that the ground goes through: (M, 2) places and (M,) heights."""

    places: NDArray[np.float64]
    heights: NDArray[np.float64]

    def heights_at(
        self, places: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return (K,) heights, linear between nodes and the mean of the nearest beyond.

        With it, which places are beyond.
        """
        inside: NDArray[np.float64] = LinearNDInterpolator(self.places, self.heights)(places)
        beyond = np.isnan(inside)
        if beyond.any():
            count = min(CONTINUED_NODES, len(self.heights))
            distances, rows = cKDTree(self.places).query(places[beyond], k=count)
            weights = 1.0 / np.maximum(distances, 1e-3) ** 2
            inside[beyond] = (weights * self.heights[rows]).sum(axis=1) / weights.sum(axis=1)
        return inside, beyond


def level_of_points(frame: EnuFrame, crossings: Crossings) -> LevelOfPoints | None:
    """Return level ground through the points, None where they are too few to tell."""
    places, sigmas = _heights_over_curve(frame, crossings)
    rows = _sure_rows(places, sigmas)
    if len(rows) < LEAST_POINTS:
        return None
    heights = places[rows, 2]
    level = float(np.median(heights))
    return LevelOfPoints(height_m=level, sigma_m=_sigma_of(heights - level))


def sigma_about_level_m(frame: EnuFrame, crossings: Crossings, level_m: float) -> float | None:
    """Return one sigma of what points are about level ground, None where they are too few."""
    places, sigmas = _heights_over_curve(frame, crossings)
    rows = _sure_rows(places, sigmas)
    return _sigma_of(places[rows, 2] - level_m) if len(rows) else None


def plan_point_ground(frame: EnuFrame, crossings: Crossings) -> PointGround | None:
    """Return the ground through the points, or None where they are too few or in a line.

    Beyond the points it goes over into level ground, at where that is as sure as their height.

    Args:
        frame: Of the points.
        crossings: The points.
    """
    places, sigmas = _heights_over_curve(frame, crossings)
    rows = _sure_rows(places, sigmas)
    places, sigmas = places[rows], sigmas[rows]
    if len(places) < LEAST_POINTS:
        return None
    level_m = float(np.median(places[:, 2]))
    level = LevelOfPoints(height_m=level_m, sigma_m=_sigma_of(places[:, 2] - level_m))
    spacing_m = _spacing_m(places[:, :2])
    if spacing_m is None:
        return None
    nodes = _nodes(places, spacing_m)
    if len(nodes.heights) < LEAST_POINTS / 2:
        return None
    residuals = _left_out_residuals(places, spacing_m)
    doubt = _plan_doubt(places, sigmas, residuals, level=level, spacing_m=spacing_m)
    return _grid(frame, nodes, doubt)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Doubt:
    """What the doubt of a place follows from.

    Attributes:
        places: (P, 2) of the points.
        local_m: (P,) one sigma of the ground at each.
        growth_ratio: The ground's roughness in terms of the usual law of `terrain`.
        level: What the ground goes over into; no place is worse.
        spacing_m: Between points.
    """

    places: NDArray[np.float64]
    local_m: NDArray[np.float64]
    growth_ratio: float
    level: LevelOfPoints
    spacing_m: float

    @property
    def reach_m(self) -> float:
        """Return how far from the points the ground is as doubtful as level ground."""
        usual_m = max(SIGMA_AT_100_M * self.growth_ratio, 1e-6)
        reach = 100.0 * (self.level.sigma_m / usual_m) ** (1.0 / HURST_EXPONENT)
        return float(np.clip(reach, 2.0 * self.spacing_m, MOST_REACH_M))

    def at(self, places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (K,) one sigma of the ground, and (K,) distances from the points."""
        distance, row = cKDTree(self.places).query(places)
        # Up to the usual distance the residuals of points left out have it in them.
        further = np.maximum(distance - self.spacing_m, 0.0)
        grown = self.growth_ratio * SIGMA_AT_100_M * (further / 100.0) ** HURST_EXPONENT
        sigma = np.hypot(self.local_m[row], grown)
        return np.minimum(sigma, np.maximum(self.level.sigma_m, self.local_m[row])), distance


def _plan_doubt(
    places: NDArray[np.float64],
    sigmas: NDArray[np.float64],
    residuals: NDArray[np.float64],
    *,
    level: LevelOfPoints,
    spacing_m: float,
) -> _Doubt:
    """Return the doubt from what points left out are off by, and how heights part with distance."""
    count = min(LOCAL_POINTS, len(places))
    distances, rows = cKDTree(places[:, :2]).query(places[:, :2], k=count)
    scatter = np.percentile(np.abs(residuals)[rows], 90, axis=1) / SIGMAS_OF_90
    apart, furthest = np.maximum(distances[:, -1], 1e-3), rows[:, -1]
    usual = SIGMA_AT_100_M * (apart / 100.0) ** HURST_EXPONENT
    return _Doubt(
        places=places[:, :2],
        local_m=np.hypot(scatter, np.median(sigmas[rows], axis=1)),
        growth_ratio=_sigma_of((places[furthest, 2] - places[:, 2]) / usual),
        level=level,
        spacing_m=spacing_m,
    )


def _heights_over_curve(
    frame: EnuFrame, crossings: Crossings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (P, 3) east, north and height over the earth's curve, and (P,) its sigmas."""
    if not len(crossings.points_m):
        return np.zeros((0, 3)), np.zeros(0)
    positions = enu_to_wgs84(frame, crossings.points_m)
    heights = positions[:, 2].copy()
    positions[:, 2] = 0.0
    east_north = wgs84_to_enu(frame, positions)[:, :2]
    return np.column_stack([east_north, heights]), crossings.sigmas_m


def _sure_rows(places: NDArray[np.float64], sigmas: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rows of points that are surely seen and not odd among their neighbours."""
    if len(places) < LEAST_POINTS:
        return np.zeros(0, dtype=np.intp)
    relief_m = _sigma_of(places[:, 2] - np.median(places[:, 2]))
    most_m = max(MOST_MEDIAN_SIGMAS * float(np.median(sigmas)), WORTHWHILE * relief_m)
    sure = np.flatnonzero(sigmas <= most_m)
    if len(sure) < LEAST_POINTS:
        return np.zeros(0, dtype=np.intp)
    some = places[sure]
    _, near = cKDTree(some[:, :2]).query(some[:, :2], k=NEIGHBOURS + 1)
    off = some[:, 2] - np.median(some[near[:, 1:], 2], axis=1)
    # Where the ground is rough all around, neighbours differ by more.
    around = np.median(np.abs(off)[near], axis=1)
    scatter = 1.4826 * np.maximum(around, np.median(np.abs(off)))
    is_usual = np.abs(off) <= MOST_ODD_SIGMAS * np.hypot(scatter, sigmas[sure])
    chosen: NDArray[np.intp] = sure[is_usual]
    return chosen


def _spacing_m(places: NDArray[np.float64]) -> float | None:
    """Return about how far points are from each other where most are, None if all in a line."""
    across = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)
    if not across[1] > LEAST_WIDTH * across[0]:
        return None
    distances, _ = cKDTree(places).query(places, k=SPACING_NEIGHBOURS + 1)
    # A circle around a point that reaches its k-th neighbour holds about k squares of the spacing.
    spacing_m = math.sqrt(math.pi / SPACING_NEIGHBOURS) * float(np.median(distances[:, -1]))
    length_m = float(np.ptp(places, axis=0).max())
    return max(spacing_m, length_m / MOST_NODES_PER_SIDE)


def _nodes(places: NDArray[np.float64], spacing_m: float) -> _Nodes:
    """Return the middle and median height of the points of each square."""
    square = np.floor(places[:, :2] / (NODE_SPACINGS * spacing_m)).astype(np.int64)
    order = np.lexsort([places[:, 2], square[:, 1], square[:, 0]])
    square, places = square[order], places[order]
    is_first = np.ones(len(places), dtype=bool)
    is_first[1:] = (np.diff(square, axis=0) != 0).any(axis=1)
    starts = np.flatnonzero(is_first)
    counts = np.diff(np.append(starts, len(places)))
    # Within a square points are sorted by height.
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    middles = np.add.reduceat(places[:, :2], starts, axis=0) / counts[:, None]
    return _Nodes(places=middles, heights=(places[low, 2] + places[high, 2]) / 2.0)


def _left_out_residuals(places: NDArray[np.float64], spacing_m: float) -> NDArray[np.float64]:
    """Return (P,) heights over a ground that the point itself had no part in."""
    order = np.lexsort([places[:, 2], places[:, 1], places[:, 0]])
    fold = np.zeros(len(places), dtype=np.intp)
    fold[order] = np.arange(len(places)) % FOLDS
    residuals = np.zeros(len(places))
    for number in range(FOLDS):
        out = fold == number
        ground = _nodes(places[~out], spacing_m)
        residuals[out] = places[out, 2] - ground.heights_at(places[out, :2])[0]
    return residuals


def _sigma_of(residuals: NDArray[np.float64]) -> float:
    return float(np.percentile(np.abs(residuals), 90)) / SIGMAS_OF_90


def _grid(frame: EnuFrame, nodes: _Nodes, doubt: _Doubt) -> PointGround:
    """Return the ground as a grid around the points, with room for rays that end beside them."""
    low, high = doubt.places.min(axis=0), doubt.places.max(axis=0)
    margin_m = max(doubt.reach_m, MARGIN_RATIO * float((high - low).max()))
    low, high = low - margin_m, high + margin_m
    cell_m = max(
        NODE_SPACINGS * doubt.spacing_m / CELLS_PER_NODE,
        float((high - low).max()) / MOST_CELLS_PER_SIDE,
    )
    columns, rows = (int(count) for count in np.ceil((high - low) / cell_m) + 1)
    east, north = low[0] + cell_m * np.arange(columns), low[1] + cell_m * np.arange(rows)
    places = np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2)
    heights, beyond = nodes.heights_at(places)
    sigmas, distances = doubt.at(places)
    kept = np.where(beyond, np.clip(1.0 - distances / doubt.reach_m, 0.0, 1.0), 1.0)
    heights = doubt.level.height_m + kept * (heights - doubt.level.height_m)
    return PointGround(
        frame=frame,
        heights_m=heights.reshape(rows, columns).astype(np.float32),
        sigmas_m=sigmas.reshape(rows, columns).astype(np.float32),
        first_m=(float(low[0]), float(low[1])),
        cell_m=cell_m,
    )
