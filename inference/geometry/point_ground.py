"""Ground known from points: a grid of heights in memory, with how far each may be off."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.ground import SURFACES_KEPT, Bounds
from inference.geometry.surface import RasterSurface, quadratic_terms

CONTROL_POINTS_PER_SIDE = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointGround:
    """Heights between points of the ground, as a `Ground`.

    Attributes:
        frame: Of the grid; its axes are those of the grid.
        heights_m: (rows, columns) above height 0 of the views' own zero, rows to the north and
            columns to the east; NaN where points say nothing.
        sigmas_m: (rows, columns) one sigma of each height.
        first_m: East and north of the centre of the first cell.
        cell_m: Side of a cell.
        datum: Of the heights, or None where they count from a place that nobody knows.
    """

    frame: EnuFrame
    heights_m: NDArray[np.float32]
    sigmas_m: NDArray[np.float32]
    first_m: tuple[float, float]
    cell_m: float
    datum: str | None = None

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        """Return the height there, or None where points say nothing."""
        frame = EnuFrame(latitude_deg=latitude_deg, longitude_deg=longitude_deg)
        height = float(self.around(frame, (-1.0, -1.0, 1.0, 1.0)).up_m(np.zeros((1, 2)))[0])
        return height if np.isfinite(height) else None

    def around(self, frame: EnuFrame, bounds: Bounds) -> RasterSurface:
        """Return the whole grid as seen from the frame; it is in memory anyway."""
        return _surface(self, frame, bounds)

    def sigma_m(self, frame: EnuFrame, point: NDArray[np.float64]) -> float | None:
        """Return one sigma of the height at a point of the frame, (3,), or None outside."""
        here = wgs84_to_enu(self.frame, enu_to_wgs84(frame, point))[0, :2]
        column, row = np.round((here - self.first_m) / self.cell_m).astype(int)
        rows, columns = self.sigmas_m.shape
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        sigma = float(self.sigmas_m[row, column])
        return sigma if np.isfinite(sigma) else None


# A photo's detections ask for the same surface one after the other.
@lru_cache(maxsize=SURFACES_KEPT)
def _surface(ground: PointGround, frame: EnuFrame, bounds: Bounds) -> RasterSurface:
    """Return the grid with its cells as quadratics of the frame's east and north."""
    length_m = max(*(abs(value) for value in bounds), ground.cell_m)
    axis = np.linspace(-length_m, length_m, CONTROL_POINTS_PER_SIDE)
    east, north = (grid.ravel() for grid in np.meshgrid(axis, axis))
    positions = enu_to_wgs84(frame, np.column_stack([east, north, np.zeros_like(east)]))
    positions[:, 2] = 0.0  # the plane's height over the earth's curve has no part in it
    cells = (wgs84_to_enu(ground.frame, positions)[:, :2] - ground.first_m) / ground.cell_m
    terms = quadratic_terms(np.column_stack([east, north]) / length_m)
    to_cell, *_ = np.linalg.lstsq(terms, cells, rcond=None)
    return RasterSurface(
        heights_m=ground.heights_m,
        to_cell=np.asarray(to_cell, dtype=np.float64),
        cell_m=ground.cell_m,
        length_m=length_m,
    )
