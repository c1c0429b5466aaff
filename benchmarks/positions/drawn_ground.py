"""Ground made up for the coverage test, with a reader of its own: nothing of `inference`."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.transform import from_origin
from scipy.ndimage import map_coordinates

LATITUDE_DEG, LONGITUDE_DEG = 47.0, 8.2  # off the zone's meridian: the grid is turned by 0.6 deg
MAP_CRS = 32632
SIDE_M, CELL_M = 800.0, 2.0
LEVEL_M = 500.0
# Waves of the ground: length and amplitude in metres.
WAVES = ((220.0, 5.0), (90.0, 2.0), (35.0, 0.6))
BLOCK_SHARE, BLOCK_SIDE_CELLS, BLOCK_HEIGHT_M = 0.03, 6, 5.0
STEP_M = 0.5

_TO_ENU = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 "
    f"+step +proj=topocentric +ellps=WGS84 +lon_0={LONGITUDE_DEG} +lat_0={LATITUDE_DEG} +h_0=0"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnGround:
    """Heights on a map grid, seen from a local frame at LATITUDE_DEG, LONGITUDE_DEG, height 0.

    Attributes:
        path: The GeoTIFF.
        cells: (rows, columns) heights in metres.
        left_m, top_m: The raster's corner on the map.
    """

    path: Path
    cells: NDArray[np.float32]
    left_m: float
    top_m: float

    def up_m(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N,) heights of the ground at (N, 3) points of the local frame."""
        longitude, latitude, _ = enu_to_lla(points)
        x, y = _to_map().transform(longitude, latitude)
        column, row = (x - self.left_m) / CELL_M - 0.5, (self.top_m - y) / CELL_M - 0.5
        found: NDArray[np.float64] = map_coordinates(
            self.cells, [row, column], order=1, cval=np.nan, mode="constant"
        )
        return found

    def is_seen(self, eye: NDArray[np.float64], target: NDArray[np.float64]) -> bool:
        """Tell whether nothing of the ground lies between two points."""
        length = float(np.linalg.norm(target - eye))
        # The last metre is left out: there the ground meets the target.
        share = np.arange(0.0, length - 1.0, STEP_M) / length
        points = eye + share[:, None] * (target - eye)
        _, _, height = enu_to_lla(points)
        return bool((height > self.up_m(points)).all())


def write_rough_ground(path: Path, rng: np.random.Generator) -> DrawnGround:
    """Write waves with blocks like houses on them, and return them."""
    longitude, latitude, _ = enu_to_lla(np.zeros((1, 3)))
    x, y = _to_map().transform(longitude[0], latitude[0])
    left, top = round(x - SIDE_M / 2.0), round(y + SIDE_M / 2.0)
    count = int(SIDE_M / CELL_M)
    cells = _waves(count, rng) + _blocks(count, rng)
    transform = from_origin(left, top, CELL_M, CELL_M)
    with rasterio.open(
        path, "w", driver="GTiff", width=count, height=count, count=1, dtype="float32",
        crs=f"EPSG:{MAP_CRS}", transform=transform, nodata=-9999.0,
    ) as target:  # fmt: skip
        target.write(cells.astype(np.float32), 1)
    return DrawnGround(path=path, cells=cells.astype(np.float32), left_m=left, top_m=top)


def enu_to_lla(
    points: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return longitudes, latitudes and heights of (N, 3) points of the local frame, by PROJ."""
    longitude, latitude, height = _to_enu().transform(
        points[:, 0], points[:, 1], points[:, 2], direction="INVERSE"
    )
    return np.asarray(longitude), np.asarray(latitude), np.asarray(height)


def lla_to_enu(longitude_deg: float, latitude_deg: float, height_m: float) -> NDArray[np.float64]:
    """Return east, north, up of a place, by PROJ."""
    found = _to_enu().transform(longitude_deg, latitude_deg, height_m)
    return np.array(found)


@cache
def _to_enu() -> Transformer:
    return Transformer.from_pipeline(_TO_ENU)


@cache
def _to_map() -> Transformer:
    return Transformer.from_crs(4326, MAP_CRS, always_xy=True)


def _waves(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    x, y = np.meshgrid(np.arange(count) * CELL_M, np.arange(count) * CELL_M)
    heights = np.full((count, count), LEVEL_M)
    for length_m, amplitude_m in WAVES:
        for _ in range(3):
            angle, phase = rng.uniform(0.0, 2.0 * math.pi, 2)
            along = x * math.cos(angle) + y * math.sin(angle)
            heights += amplitude_m / 2.0 * np.sin(2.0 * math.pi * along / length_m + phase)
    return heights + rng.normal(0.0, 0.05, heights.shape)


def _blocks(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    heights = np.zeros((count, count))
    for _ in range(int(BLOCK_SHARE * (count / BLOCK_SIDE_CELLS) ** 2)):
        row, column = rng.integers(0, count - BLOCK_SIDE_CELLS, 2)
        heights[row : row + BLOCK_SIDE_CELLS, column : column + BLOCK_SIDE_CELLS] = BLOCK_HEIGHT_M
    return heights
