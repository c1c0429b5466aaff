"""A piece of ground in the local frame of one camera, and rays cast on it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import SEMI_MAJOR_AXIS_M
from inference.geometry.free_air import along, block_tops, count_free_steps

MAX_STEPS = 4096  # of one ray through the heights that occur
BISECTIONS = 8  # of a step; then the rest is as good as straight
RAYS_AT_ONCE = 4096  # what they need stays in the processor's cache
SAMPLES_AT_ONCE = 32768
MAX_STEPS_AT_ONCE = 64
# Fewer rays are cast faster than the raster is looked through for its tops.
MIN_RAYS_FOR_TOPS = 512


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
        column, row = (quadratic_terms(east_north / self.length_m) @ self.to_cell).T
        heights = _bilinear(self.heights_m, column, row)
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
        tops = block_tops(self.heights_m) if len(directions) >= MIN_RAYS_FOR_TOPS else None
        distances: NDArray[np.float64] = np.full(len(directions), np.nan)
        for first in range(0, len(directions), RAYS_AT_ONCE):
            part = slice(first, first + RAYS_AT_ONCE)
            distances[part] = self._cast_some(
                origins[part], directions[part], max_range_m=max_range_m, tops=tops
            )
        return distances

    def _cast_some(
        self,
        origins: NDArray[np.float64],
        directions: NDArray[np.float64],
        *,
        max_range_m: float,
        tops: NDArray[np.float32] | None,
    ) -> NDArray[np.float64]:
        paths = self._paths(origins, directions)
        start, stop = self._interval(origins, directions, max_range_m)
        across = np.hypot(directions[:, 0], directions[:, 1])
        # One cell of ground a step at most, so that no wall is stepped over.
        cells = np.ceil(np.nan_to_num(stop - start) * across / self.cell_m)
        steps = np.clip(cells, 2.0, MAX_STEPS)
        length = (stop - start) / steps
        done: NDArray[np.float64] = np.zeros(len(paths))
        if tops is not None:
            done = count_free_steps(paths, start, length, steps, tops)
        before, after = self._march(paths, start, length, steps, done)
        met = np.flatnonzero(np.isfinite(after))
        distances = np.full(len(paths), np.nan)
        distances[met] = self._refine(paths[met], before[met], after[met])
        return distances

    def _paths(
        self, origins: NDArray[np.float64], directions: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return (N, 3, 3): column, row and height along each ray as quadratics in the distance.

        The raster's map is quadratic in east and north, and so it is along a straight ray; the
        height is that over the earth's curve. The last axis is 1, distance, distance squared.
        """
        e, n = (origins[:, :2] / self.length_m).T
        de, dn = (directions[:, :2] / self.length_m).T
        zero = np.zeros_like(e)
        terms = np.stack(
            [
                quadratic_terms(np.column_stack([e, n])),
                np.column_stack([zero, de, dn, 2 * e * de, e * dn + n * de, 2 * n * dn]),
                np.column_stack([zero, zero, zero, de * de, de * dn, dn * dn]),
            ],
            axis=-1,
        )
        cells = np.einsum("nkp,kc->ncp", terms, self.to_cell)
        bend = self.length_m**2 / (2.0 * SEMI_MAJOR_AXIS_M)
        height = np.column_stack([origins[:, 2], directions[:, 2], zero])
        height += bend * (terms[:, 3] + terms[:, 5])
        return np.concatenate([cells, height[:, None, :]], axis=1)

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
        paths: NDArray[np.float64],
        start: NDArray[np.float64],
        length: NDArray[np.float64],
        steps: NDArray[np.float64],
        done: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the last distance above and the first below the ground, NaN where none.

        Rays go from `start` in `steps` steps of `length`, of which the first `done` are known to
        lie above the ground.
        """
        before, after = np.full(len(paths), np.nan), np.full(len(paths), np.nan)
        active = np.flatnonzero((length > 0.0) & (done < steps))
        while active.size:
            # Many steps at once for few rays, few for many: bounded memory either way.
            count = min(max(1, SAMPLES_AT_ONCE // active.size), MAX_STEPS_AT_ONCE)
            index = np.minimum(done[active, None] + np.arange(count + 1), steps[active, None])
            distances = start[active, None] + index * length[active, None]
            clearance = self._clearance(paths[active], distances)
            is_below = clearance[:, 1:] <= 0.0
            first = np.argmax(is_below, axis=1)
            rows = np.arange(active.size)
            ended = is_below[rows, first]
            # Below the ground after a hole in the data or at its border: the hit was not seen.
            seen = ended & (clearance[rows, first] > 0.0)
            before[active[seen]] = distances[rows, first][seen]
            after[active[seen]] = distances[rows, first + 1][seen]
            done[active] += count
            active = active[~ended & (done[active] < steps[active])]
        return before, after

    def _refine(
        self,
        paths: NDArray[np.float64],
        before: NDArray[np.float64],
        after: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the crossings between distances above and below the ground."""
        for _ in range(BISECTIONS):
            middle = (before + after) / 2.0
            is_below = self._clearance(paths, middle[:, None])[:, 0] <= 0.0
            before, after = np.where(is_below, before, middle), np.where(is_below, middle, after)
        above, below = self._clearance(paths, np.column_stack([before, after])).T
        share: NDArray[np.float64] = above / np.maximum(above - below, 1e-12)
        return before + (after - before) * share

    def _clearance(
        self, paths: NDArray[np.float64], distances: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return (N, M) heights above the ground of N rays at M distances each; NaN unknown."""
        column, row, height = along(paths, distances)
        clearance: NDArray[np.float64] = height - _bilinear(self.heights_m, column, row)
        return clearance


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


def _bilinear(
    heights: NDArray[np.float32], column: NDArray[np.float64], row: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return heights between cell centres, in the shape of `column` and `row`; NaN outside.

    One missing neighbour makes the result missing: a height model says nothing at its holes.
    """
    rows, columns = heights.shape
    with np.errstate(invalid="ignore"):
        inside = (column >= 0.0) & (column <= columns - 1) & (row >= 0.0) & (row <= rows - 1)
    column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
    left = np.minimum(column.astype(np.intp), columns - 2)
    top = np.minimum(row.astype(np.intp), rows - 2)
    right, down = column - left, row - top
    flat, corner = heights.ravel(), top * columns + left
    upper = flat[corner] * (1.0 - right) + flat[corner + 1] * right
    corner += columns
    lower = flat[corner] * (1.0 - right) + flat[corner + 1] * right
    between: NDArray[np.float64] = np.where(inside, upper * (1.0 - down) + lower * down, np.nan)
    return between
