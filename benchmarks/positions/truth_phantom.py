"""P4 RTK oblique: rays from the bundle-adjusted poses cast on the flight's surface model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.ndimage import map_coordinates

from benchmarks.positions.point_sets import PointSet

COLUMNS, ROWS = 19, 13
MARGIN = 0.05
STEP_M, NEAREST_M, FARTHEST_M = 0.25, 40.0, 400.0
ROUNDS, SETTLED_M = 50, 0.5
TAKEOFF_BELOW_M = 99.96


@dataclass(frozen=True, kw_only=True, eq=False)
class Heights:
    """A raster of heights on the map grid; its own reader, shared with nobody."""

    cells: NDArray[np.float32]
    to_cell: rasterio.Affine
    median_m: float

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return heights between cell centres, NaN outside and beside holes."""
        column, row = self.to_cell * (x, y)
        found: NDArray[np.float64] = map_coordinates(
            self.cells, [row - 0.5, column - 0.5], order=1, cval=np.nan, mode="constant"
        )
        return found


def read_heights(path: Path) -> Heights:
    """Return a raster's heights."""
    with rasterio.open(path) as source:
        cells = source.read(1, masked=True).filled(np.nan)
        return Heights(cells=cells, to_cell=~source.transform, median_m=float(np.nanmedian(cells)))


def read_phantom_points(folder: Path, *, settled_only: bool = True) -> list[PointSet]:
    """Return a grid of pixels per photo with the first point of the surface that each looks at.

    The reconstruction's axes are the map grid's, less a rounded reference, and not east-north-up.

    Args:
        folder: With reconstruction, photos and surface model.
        settled_only: Leave out the pixels whose ray, found by a fixed-point loop over the heights,
            does not settle: those are at walls, and the peers' published baseline left them out.
    """
    model = json.loads((folder / "reconstruction.json").read_text())[0]
    heights = read_heights(folder / "dsm.tif")
    photos = {path.stem: path for path in folder.glob("100_*.tif")}
    to_grid = Transformer.from_crs(4326, 32651, always_xy=True)
    reference = model["reference_lla"]
    offset = np.round(to_grid.transform(reference["longitude"], reference["latitude"]))
    sets = []
    for name, shot in sorted(model["shots"].items()):
        pixels, rays = _rays(model["cameras"][shot["camera"]])
        rotation, _ = cv2.Rodrigues(np.array(shot["rotation"]))
        center = -rotation.T @ np.array(shot["translation"]) + (*offset, 0.0)
        points = first_hits(center, rays @ rotation, heights)
        if settled_only:
            points[~_settles(center, rays @ rotation, heights)] = np.nan
        hit = np.isfinite(points[:, 0])
        x, y, z = points[hit].T
        longitude, latitude = to_grid.transform(x, y, direction="INVERSE")
        positions = np.column_stack([latitude, longitude, z])
        sets.append(PointSet(photo=photos[name], pixels=pixels[hit], positions=positions))
    return sets


def _rays(camera: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the grid's pixels and their unit rays in the camera's axes."""
    width, height = camera["width"], camera["height"]
    axis_x = np.linspace(MARGIN, 1.0 - MARGIN, COLUMNS) * width
    axis_y = np.linspace(MARGIN, 1.0 - MARGIN, ROWS) * height
    pixels = np.stack(np.meshgrid(axis_x, axis_y), axis=-1).reshape(-1, 2)
    plane = (pixels + 0.5 - np.array([width, height]) / 2.0) / max(width, height)
    matrix = np.array(
        [
            [camera["focal_x"], 0.0, camera["c_x"]],
            [0.0, camera["focal_y"], camera["c_y"]],
            [0.0, 0.0, 1.0],
        ]
    )
    distortion = np.array([camera[key] for key in ("k1", "k2", "p1", "p2", "k3")])
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
    ideal = cv2.undistortPointsIter(plane[:, None], matrix, distortion, None, None, criteria)
    rays = np.column_stack([ideal[:, 0], np.ones(len(ideal))])
    return pixels, rays / np.linalg.norm(rays, axis=1, keepdims=True)


def first_hits(
    center: NDArray[np.float64], rays: NDArray[np.float64], heights: Heights
) -> NDArray[np.float64]:
    """Return (N, 3) first points of the rays below the surface, in equal steps; NaN if none."""
    points = np.full(rays.shape, np.nan)
    still_open = np.ones(len(rays), dtype=bool)
    for distance in np.arange(NEAREST_M, FARTHEST_M, STEP_M):
        at = center + distance * rays
        below = still_open & (at[:, 2] <= heights.at(at[:, 0], at[:, 1]))
        points[below] = at[below]
        still_open &= ~below
    return points


def _settles(
    center: NDArray[np.float64], rays: NDArray[np.float64], heights: Heights
) -> NDArray[np.bool_]:
    """Tell of which rays a fixed-point loop over the heights settles, from take-off height."""
    z: NDArray[np.float64] = np.full(len(rays), center[2] - TAKEOFF_BELOW_M)
    settled: NDArray[np.bool_] = np.zeros(len(rays), dtype=np.bool_)
    for _ in range(ROUNDS):
        at = center + ((z - center[2]) / rays[:, 2])[:, None] * rays
        found = heights.at(at[:, 0], at[:, 1])
        settled = np.abs(found - z) < SETTLED_M
        z = found
    return settled
