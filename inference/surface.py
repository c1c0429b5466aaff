"""A piece of ground in the local frame of one camera, and rays cast on it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.frames import SEMI_MAJOR_AXIS_M

MAX_STEPS = 4096  # of one ray through the heights that occur
BISECTIONS = 24  # a step of 100 m ends below a hundredth of a millimetre


class Surface(Protocol):
    """A piece of ground in the local frame of one camera."""

    def up_m(self, east_north: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N,) up coordinates of the ground below (N, 2) points; NaN where unknown."""

    def cast(
        self, origins: NDArray[np.float64], directions: NDArray[np.float64], *, max_range_m: float
    ) -> NDArray[np.float64]:
        """Return (N,) distances along (N, 3) unit rays to the first hit; NaN where none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatSurface:
    """A level plane. The earth's curve is left out: 2 cm at 500 m."""

    plane_up_m: float = 0.0

    def up_m(self, east_north: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the plane's up coordinate for each point."""
        return np.full(len(east_north), self.plane_up_m)

    def cast(
        self, origins: NDArray[np.float64], directions: NDArray[np.float64], *, max_range_m: float
    ) -> NDArray[np.float64]:
        """Return distances to the plane; NaN for rays that do not come down or go too far."""
        return _plane_distances(origins, directions, self.plane_up_m, max_range_m)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RasterSurface:
    """Heights of a raster's window, bilinear between cell centres.

    Attributes:
        heights_m: (rows, columns) float32; NaN where there is no data.
        to_cell: (6, 2) coefficients of column and row in the terms of `quadratic_terms`: the
            raster's projection as seen from the frame.
        cell_m: Side of a cell on the ground.
        length_m: East and north are divided by it in `to_cell`.
    """

    heights_m: NDArray[np.float32]
    to_cell: NDArray[np.float64]
    cell_m: float
    length_m: float

    def up_m(self, east_north: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the up coordinates of the ground; NaN outside and where there is no data."""
        cells = quadratic_terms(east_north / self.length_m) @ self.to_cell
        heights = _bilinear(self.heights_m, cells)
        # The frame is a plane and heights follow the earth's curve.
        drop = (east_north**2).sum(axis=1) / (2.0 * SEMI_MAJOR_AXIS_M)
        up: NDArray[np.float64] = heights - drop
        return up

    def cast(
        self, origins: NDArray[np.float64], directions: NDArray[np.float64], *, max_range_m: float
    ) -> NDArray[np.float64]:
        """Return distances to the first crossing, by marching and bisection.

        A ray that enters the known ground below its surface, or crosses it within a hole of the
        data, is a miss: what it met is not known.
        """
        start, stop = self._interval(origins, directions, max_range_m)
        before, after = self._march(origins, directions, start, stop)
        for _ in range(BISECTIONS):
            middle = (before + after) / 2.0
            below = self._clearance(origins, directions, middle) <= 0.0
            before, after = np.where(below, before, middle), np.where(below, middle, after)
        return (before + after) / 2.0

    def _interval(
        self, origins: NDArray[np.float64], directions: NDArray[np.float64], max_range_m: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where each ray is between the highest and the lowest height that occur."""
        drop = max_range_m**2 / (2.0 * SEMI_MAJOR_AXIS_M)
        top = float(np.nanmax(self.heights_m)) + 1e-3
        bottom = float(np.nanmin(self.heights_m)) - drop - 1e-3
        with np.errstate(divide="ignore", invalid="ignore"):
            to_top = (top - origins[:, 2]) / directions[:, 2]
            to_bottom = (bottom - origins[:, 2]) / directions[:, 2]
        descends = directions[:, 2] < 0.0
        start = np.where(descends, np.clip(to_top, 0.0, max_range_m), np.nan)
        return start, np.where(descends, np.clip(to_bottom, 0.0, max_range_m), np.nan)

    def _march(
        self,
        origins: NDArray[np.float64],
        directions: NDArray[np.float64],
        start: NDArray[np.float64],
        stop: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the last distance above and the first below the ground, NaN where none."""
        before, after = np.full(len(start), np.nan), np.full(len(start), np.nan)
        active = np.flatnonzero(stop > start)
        across = np.hypot(directions[:, 0], directions[:, 1])
        # One cell of ground a step at most, so that no wall is stepped over.
        with np.errstate(invalid="ignore", divide="ignore"):
            cells = np.ceil((stop - start) * across / self.cell_m)
        steps = np.clip(np.nan_to_num(cells), 2.0, MAX_STEPS)
        length = (stop - start) / steps
        was = self._clearance(origins[active], directions[active], start[active])
        for index in range(1, MAX_STEPS + 1):
            if not active.size:
                break
            distance = start[active] + index * length[active]
            now = self._clearance(origins[active], directions[active], distance)
            crossed = (was > 0.0) & (now <= 0.0)
            after[active[crossed]] = distance[crossed]
            before[active[crossed]] = (distance - length[active])[crossed]
            # Below the ground after a hole in the data or at its border: the hit was not seen.
            going = ~crossed & ~(now <= 0.0) & (index < steps[active])
            active, was = active[going], now[going]
        return before, after

    def _clearance(
        self,
        origins: NDArray[np.float64],
        directions: NDArray[np.float64],
        distances: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return how far above the ground each ray is at its distance."""
        points = origins + distances[:, None] * directions
        return points[:, 2] - self.up_m(points[:, :2])


def quadratic_terms(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 6) terms of a quadratic in two variables."""
    east, north = points.T
    return np.column_stack(
        [np.ones(len(points)), east, north, east * east, east * north, north * north]
    )


def _plane_distances(
    origins: NDArray[np.float64],
    directions: NDArray[np.float64],
    plane_up_m: float,
    max_range_m: float,
) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        distances = (plane_up_m - origins[:, 2]) / directions[:, 2]
        hit = (directions[:, 2] < 0.0) & (distances > 0.0) & (distances <= max_range_m)
    return np.where(hit, distances, np.nan)


def _bilinear(heights: NDArray[np.float32], cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heights between cell centres at (N, 2) columns and rows; NaN outside.

    One missing neighbour makes the result missing: a height model says nothing at its holes.
    """
    rows, columns = heights.shape
    with np.errstate(invalid="ignore"):
        inside = np.all((cells >= 0.0) & (cells <= (columns - 1, rows - 1)), axis=1)
    safe = np.where(inside[:, None], cells, 0.0)
    corner = np.minimum(safe.astype(np.intp), (columns - 2, rows - 2))
    right, down = (safe - corner).T
    left_column, top_row = corner.T
    top = heights[top_row, left_column] * (1.0 - right) + heights[top_row, left_column + 1] * right
    bottom = (
        heights[top_row + 1, left_column] * (1.0 - right)
        + heights[top_row + 1, left_column + 1] * right
    )
    return np.where(inside, top * (1.0 - down) + bottom * down, np.nan)
