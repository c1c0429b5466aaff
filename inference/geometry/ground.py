"""Where heights of the ground come from: level ground, or a height model (DEM or DSM) in a file.

A `Ground` knows heights anywhere; a `Surface` is a piece of it around one camera, where rays are
cast.
"""

import math
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.errors import NotGeoreferencedWarning
from rasterio.fill import fillnodata
from rasterio.windows import Window

from inference.errors import InferenceError
from inference.geometry.frames import EnuFrame, enu_to_wgs84
from inference.geometry.surface import FlatSurface, RasterSurface, Surface, quadratic_terms
from inference.reading.height_datum import HeightDatum

Bounds = tuple[float, float, float, float]  # east_min, north_min, east_max, north_max, metres

# A piece of the model in memory: 8 million heights are 32 MB. Larger views are read coarser, which
# a model with overviews does without touching the full resolution.
MAX_SURFACE_CELLS = 8_000_000
SURFACES_KEPT = 4

# Whatever is beyond is no ground: files often hold -9999 or 1e30 for "unknown" and don't say so.
LOWEST_M, HIGHEST_M = -1000.0, 10_000.0

HOLE_CELLS = 3  # holes are bridged from as far as this
PLACEHOLDER_M = np.float32(-1e6)  # lower than any ground

UNKNOWN_SURFACE = FlatSurface(plane_up_m=math.nan)  # every ray misses it


class Ground(Protocol):
    """Heights of the ground, in one datum."""

    @property
    def datum(self) -> str | None:
        """Name of the datum of heights, or None where it is not known."""

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        """Return the height there, or None outside."""

    def around(self, frame: EnuFrame, bounds: Bounds) -> Surface:
        """Return the piece within `bounds` of the frame; where nothing is known all rays miss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatGround:
    """Level ground of one height."""

    level_m: float = 0.0
    datum: str | None = None

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:  # noqa: ARG002
        """Return the level, wherever."""
        return self.level_m

    def around(self, frame: EnuFrame, bounds: Bounds) -> FlatSurface:  # noqa: ARG002
        """Return the plane."""
        return FlatSurface(plane_up_m=self.level_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterGround:
    """A height model in a file. It is opened for each read, so threads and processes may share it.

    Attributes:
        datum: The vertical CRS's name where the file has one; else the file does not say.
        unit_m: Metres of its heights' unit: vertical systems in feet are common in the USA.
        max_cells: Windows of more cells are read coarser.
    """

    path: Path
    crs_wkt: str
    datum: str | None
    unit_m: float = 1.0
    max_cells: int = MAX_SURFACE_CELLS

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        """Return the height there, bilinear between cells, or None outside or without data."""
        frame = EnuFrame(latitude_deg=latitude_deg, longitude_deg=longitude_deg)
        surface = self.around(frame, (-1.0, -1.0, 1.0, 1.0))
        height = float(surface.up_m(np.zeros((1, 2)))[0])
        return height if math.isfinite(height) else None

    def around(self, frame: EnuFrame, bounds: Bounds) -> Surface:
        """Return the window that covers `bounds`; only that window is read."""
        return _read_surface(self, frame, bounds)


def read_ground(path: Path) -> RasterGround:
    """Return the height model in a raster file; heights are read later, window by window.

    Raises:
        InferenceError: The file is no raster or has no coordinate reference system.
        OSError: It cannot be opened.
    """
    try:
        with path.open("rb"), warnings.catch_warnings():
            # What it warns of is an error below, in one line.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as source:
                crs, transform, band_count = source.crs, source.transform, source.count
    except rasterio.errors.RasterioError as error:
        cause = str(error).replace(f"'{path}'", "").replace(f"{path}: ", "").strip()
        raise InferenceError(f"{path} cannot be read as a height model: {cause}") from error
    if band_count > 2:  # a second one may be a mask
        raise InferenceError(f"{path} has {band_count} bands: it is a picture, no height model")
    if crs is None:
        raise InferenceError(f"{path} has no coordinate reference system")
    wkt = crs.to_wkt()
    if transform.is_degenerate or not _is_on_earth(wkt):
        raise InferenceError(f"{path} does not say where on the earth its heights are")
    datum, unit_m = _vertical_system(CRS.from_wkt(wkt), path)
    return RasterGround(path=path, crs_wkt=wkt, datum=datum, unit_m=unit_m)


# A photo's detections ask for the same window one after the other; the windows of a whole flight
# would not fit into memory.
@lru_cache(maxsize=SURFACES_KEPT)
def _read_surface(ground: RasterGround, frame: EnuFrame, bounds: Bounds) -> Surface:
    """Return the window around a camera, see `RasterGround.around`.

    Raises:
        InferenceError: The file is damaged there or gone.
    """
    try:
        return _read_window(ground, frame, bounds)
    except rasterio.errors.RasterioError as error:
        raise InferenceError(f"{ground.path}: heights cannot be read: {error}") from error


def _read_window(ground: RasterGround, frame: EnuFrame, bounds: Bounds) -> Surface:
    with rasterio.open(ground.path) as source:
        cells, length_m = _fit_cells(frame, bounds, ground.crs_wkt, ~source.transform)
        window = _window(cells, bounds, length_m, source.width, source.height)
        if window is None:
            return UNKNOWN_SURFACE
        reduce = max(1.0, math.sqrt(window.width * window.height / ground.max_cells))
        shape = (math.ceil(window.height / reduce), math.ceil(window.width / reduce))
        stored = source.read(1, window=window, out_shape=shape).astype(np.float32)
        # Models in whole numbers store decimetres, say, with a scale and an offset.
        heights = (stored * source.scales[0] + source.offsets[0]) * ground.unit_m
        valid = source.read_masks(1, window=window, out_shape=shape) > 0
    valid &= (heights > LOWEST_M) & (heights < HIGHEST_M)
    if not valid.any():
        return UNKNOWN_SURFACE
    # Surface models made from points have pinholes, which would swallow every second ray.
    filled = fillnodata(
        np.where(valid, heights, PLACEHOLDER_M).astype(np.float32),
        mask=valid,
        max_search_distance=HOLE_CELLS,
    )
    heights = np.where(filled == PLACEHOLDER_M, np.float32(np.nan), filled)
    return _surface(heights, cells, window, length_m)


def _is_on_earth(wkt: str) -> bool:
    try:
        Transformer.from_crs("EPSG:4326", CRS.from_wkt(wkt).to_2d(), always_xy=True)
    except ProjError:  # such as of a building site's own axes
        return False
    return True


def _vertical_system(crs: CRS, path: Path) -> tuple[str | None, float]:
    """Return the name of what heights count from, None where not known, and metres of their unit.

    Raises:
        InferenceError: It counts downwards, as depths of water do.
    """
    vertical = next((part for part in crs.sub_crs_list if part.is_vertical), None)
    axes = crs.axis_info
    if vertical is None:
        # A system of three dimensions in one counts from its own ellipsoid.
        if crs.is_bound or len(axes) < 3:
            return None, 1.0
        return f"{HeightDatum.ELLIPSOID.value} ({crs.name})", axes[2].unit_conversion_factor
    axis = vertical.axis_info[0]
    if axis.direction == "down":
        raise InferenceError(f"{path} holds depths ({vertical.name}), no heights")
    return vertical.name, axis.unit_conversion_factor


def _fit_cells(
    frame: EnuFrame, bounds: Bounds, wkt: str, to_cell: rasterio.Affine
) -> tuple[NDArray[np.float64], float]:
    """Return (6, 2) quadratic coefficients from east and north to column and row, and their unit.

    Millions of points go through this in place of the projection itself: over some kilometres a
    quadratic follows any map projection to millimetres, grid convergence and scale included.
    """
    length_m = max(abs(value) for value in bounds)
    axis = np.linspace(-length_m, length_m, 5)
    east, north = (grid.ravel() for grid in np.meshgrid(axis, axis))
    positions = enu_to_wgs84(frame, np.column_stack([east, north, np.zeros_like(east)]))
    # Heights have no part in it: only the horizontal parts of both systems are asked for.
    horizontal = CRS.from_wkt(wkt).to_2d()
    project = Transformer.from_crs("EPSG:4326", horizontal, always_xy=True)
    x, y = project.transform(positions[:, 1], positions[:, 0])
    # The centre of the first cell becomes (0, 0).
    columns = to_cell.a * x + to_cell.b * y + to_cell.c - 0.5
    rows = to_cell.d * x + to_cell.e * y + to_cell.f - 0.5
    terms = quadratic_terms(np.column_stack([east, north]) / length_m)
    coefficients, *_ = np.linalg.lstsq(terms, np.column_stack([columns, rows]), rcond=None)
    return np.asarray(coefficients, dtype=np.float64), length_m


def _window(
    cells: NDArray[np.float64], bounds: Bounds, length_m: float, width: int, height: int
) -> Window | None:
    """Return the part of the raster that covers the bounds and two cells more, or None."""
    east_min, north_min, east_max, north_max = bounds
    axis = np.linspace(0.0, 1.0, 5)
    east, north = np.meshgrid(
        east_min + axis * (east_max - east_min), north_min + axis * (north_max - north_min)
    )
    points = np.column_stack([east.ravel(), north.ravel()]) / length_m
    found = quadratic_terms(points) @ cells
    low = np.floor(found.min(axis=0)).astype(int) - 2
    high = np.ceil(found.max(axis=0)).astype(int) + 3
    left, top = max(low[0], 0), max(low[1], 0)
    right, bottom = min(high[0], width), min(high[1], height)
    if right - left < 2 or bottom - top < 2:
        return None
    return Window(left, top, right - left, bottom - top)


def _surface(
    heights: NDArray[np.float32], cells: NDArray[np.float64], window: Window, length_m: float
) -> RasterSurface:
    """Return the surface with the coefficients moved to the window and its resolution."""
    scale = np.array([heights.shape[1] / window.width, heights.shape[0] / window.height])
    moved = cells.copy()
    moved[0] += 0.5 - np.array([window.col_off, window.row_off])
    moved *= scale
    moved[0] -= 0.5
    cells_per_m = math.sqrt(abs(float(np.linalg.det(moved[1:3])))) / length_m
    return RasterSurface(
        heights_m=heights, to_cell=moved, cell_m=1.0 / cells_per_m, length_m=length_m
    )
