"""How far positions are from the truth on real flights, and whether the stated ellipses hold.

Run with `python -m benchmarks.georeferencing ../shared`. The folder holds the flights with their
reconstructions; without it there is nothing to measure.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.ndimage import map_coordinates

from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.ground import Ground, read_ground
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate, locate_pixels
from inference.geometry.takeoff import plan_takeoff
from inference.geometry.uncertainty import error_ellipse, full_covariance
from inference.geometry.view import View
from inference.reading.metadata import PhotoMetadata
from inference.reading.read_photo import read_photo_metadata
from inference.sighting import Detection, Placement

BOX_HALF_SIDE_PX = 2.0
GRID = (19, 13)
MARCH_M = 0.25


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Pixels of one photo and where they are: (N, 2) and (N, 3) latitude, longitude, height."""

    photo: Path
    pixels: NDArray[np.float64]
    positions: NDArray[np.float64]


def read_brighton_truth(folder: Path, names: Sequence[str]) -> list[Truth]:
    """Return the tie points of the flight's own reconstruction, as seen in full-size pixels."""
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for part in sorted(folder.glob("sfm_400x225/submodel_*")):
        model = json.loads((part / "reconstruction.json").read_text())[0]
        origin = model["reference_lla"]
        frame = EnuFrame(
            latitude_deg=origin["latitude"],
            longitude_deg=origin["longitude"],
            height_m=origin["altitude"],
        )
        with (part / "tracks.csv").open() as lines:
            rows = [row for row in csv.reader(lines, delimiter="\t") if len(row) > 5]
        for name, track, _, x, y, *_ in rows:
            if name not in found or name not in model["shots"] or track not in model["points"]:
                continue
            point = enu_to_wgs84(frame, [model["points"][track]["coordinates"]])[0]
            # Normalised by the long side of 4000, from the picture's middle.
            pixel = (float(x) * 4000 + 1999.5, float(y) * 4000 + 1124.5)
            found[name].append((*pixel, *point))
    return [
        Truth(photo=folder / name, pixels=np.array(rows)[:, :2], positions=np.array(rows)[:, 2:])
        for name, rows in found.items()
        if rows
    ]


def read_phantom_truth(folder: Path) -> list[Truth]:
    """Return a grid of pixels per photo, cast from bundle-adjusted poses on the surface model.

    The reconstruction's axes are the map grid's, less a rounded reference, and not east-north-up.
    """
    model = json.loads((folder / "reconstruction.json").read_text())[0]
    photos = {path.stem: path for path in folder.glob("100_*.tif")}
    to_grid = Transformer.from_crs(4326, 32651, always_xy=True)
    reference = model["reference_lla"]
    offset = np.round(to_grid.transform(reference["longitude"], reference["latitude"]))
    with rasterio.open(folder / "dsm.tif") as source:
        heights, transform = source.read(1), ~source.transform
    truths = []
    for name, shot in model["shots"].items():
        camera = model["cameras"][shot["camera"]]
        pixels, rays = _brown_rays(camera)
        rotation, _ = cv2.Rodrigues(np.array(shot["rotation"]))
        center = -rotation.T @ np.array(shot["translation"]) + (*offset, 0.0)
        points = _march(center, rays @ rotation, heights, transform)
        hit = np.isfinite(points[:, 0])
        x, y, z = points[hit].T
        longitude, latitude = to_grid.transform(x, y, direction="INVERSE")
        positions = np.column_stack([latitude, longitude, z])
        truths.append(Truth(photo=photos[name], pixels=pixels[hit], positions=positions))
    return truths


def _brown_rays(camera: dict[str, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    width, height = camera["width"], camera["height"]
    axis_x = np.linspace(0.02, 0.98, GRID[0]) * width
    axis_y = np.linspace(0.02, 0.98, GRID[1]) * height
    pixels = np.stack(np.meshgrid(axis_x, axis_y), axis=-1).reshape(-1, 2)
    plane = (pixels + 0.5 - np.array([width, height]) / 2) / max(width, height)
    matrix = np.array(
        [
            [camera["focal_x"], 0, camera["c_x"]],
            [0, camera["focal_y"], camera["c_y"]],
            [0, 0, 1],
        ]
    )
    distortion = np.array([camera[key] for key in ("k1", "k2", "p1", "p2", "k3")])
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
    ideal = cv2.undistortPointsIter(plane[:, None], matrix, distortion, None, None, criteria)
    rays = np.column_stack([ideal[:, 0], np.ones(len(ideal))])
    return pixels, rays / np.linalg.norm(rays, axis=1, keepdims=True)


def _march(
    center: NDArray[np.float64],
    rays: NDArray[np.float64],
    heights: NDArray[np.float32],
    to_cell: rasterio.Affine,
) -> NDArray[np.float64]:
    """Return the first points of the rays below the surface, in small equal steps; NaN if none."""
    points = np.full(rays.shape, np.nan)
    open_rays = np.ones(len(rays), dtype=bool)
    for distance in np.arange(60.0, 400.0, MARCH_M):
        at = center + distance * rays
        column, row = to_cell * (at[:, 0], at[:, 1])
        ground = map_coordinates(
            heights, [row - 0.5, column - 0.5], order=1, cval=np.nan, mode="constant"
        )
        below = open_rays & (at[:, 2] <= ground)
        points[below] = at[below]
        open_rays &= ~below
    return points


def measure(
    title: str,
    truths: Sequence[Truth],
    ground: Ground | None,
    *,
    camera_above_m: float | None = None,
) -> None:
    """Print how far the positions are from the truth.

    Args:
        title: Of the row.
        truths: Photos of one flight.
        ground: The height model, or None for flat ground.
        camera_above_m: The ground's height in the model at the take-off place where it is known;
            else that below the first photo is taken.
    """
    metadatas = {truth.photo: read_photo_metadata(truth.photo) for truth in truths}
    takeoff = plan_takeoff(_by_name(metadatas), ground)
    if takeoff is not None and camera_above_m is not None:
        takeoff = replace(takeoff, ground_height_m=camera_above_m)
    errors, inside, axes = [], [], []
    for truth in truths:
        view = plan_view(metadatas[truth.photo], ground, takeoff)
        if not isinstance(view, View):
            print(f"{title}: {truth.photo.name} {view}")
            continue
        for pixel, position in zip(truth.pixels, truth.positions, strict=True):
            place = locate(_small_box(pixel), view)
            if isinstance(place, Placement):
                offset = _offset_m(place, position)
                covariance = full_covariance(place)[:2, :2]
                errors.append(float(np.hypot(*offset)))
                inside.append(offset @ np.linalg.solve(covariance, offset) < -2 * np.log(0.1))
                axes.append(error_ellipse(covariance)[0])
    count = sum(len(truth.pixels) for truth in truths)
    print(
        f"{title:<58} n {len(errors):4d} of {count:4d}  median {np.median(errors):6.2f}"
        f"  p90 {np.percentile(errors, 90):6.2f}  max {max(errors):6.2f}"
        f"  in 90 % ellipse {np.mean(inside):6.1%}  its median semi-axis {np.median(axes):5.2f}"
    )


def _by_name(metadatas: dict[Path, PhotoMetadata]) -> list[PhotoMetadata]:
    return [metadatas[path] for path in sorted(metadatas)]


def _small_box(pixel: NDArray[np.float64]) -> Detection:
    x, y = map(float, pixel)
    half = BOX_HALF_SIDE_PX
    return Detection(
        id="", photo_sha256="", class_name="exposed_garbage", confidence=1.0,
        box_photo=(x - half, y - half, x + half, y + half),
        appearance=np.zeros(1, dtype=np.float32),
    )  # fmt: skip


def _offset_m(place: Placement, position: NDArray[np.float64]) -> NDArray[np.float64]:
    frame = EnuFrame(latitude_deg=float(position[0]), longitude_deg=float(position[1]))
    return wgs84_to_enu(frame, [[place.latitude_deg, place.longitude_deg, 0.0]])[0, :2]


def measure_speed(truth: Truth, ground: Ground) -> None:
    """Print rays a second on the surface model, window in memory."""
    metadata = read_photo_metadata(truth.photo)
    takeoff = plan_takeoff([metadata], ground)
    view = plan_view(metadata, ground, takeoff)
    if not isinstance(view, View):
        return
    size = (metadata.width_px - 1, metadata.height_px - 1)
    pixels = np.random.default_rng(1).uniform(0, 1, (200_000, 2)) * size
    locate_pixels(view, pixels[:10])
    started = time.perf_counter()
    hits = locate_pixels(view, pixels)
    seconds = time.perf_counter() - started
    print(f"rays on the surface model: {len(hits) / seconds:,.0f} a second")


def main(shared: Path) -> None:
    """Print all rows."""
    flights = shared / "photos" / "flights"
    brighton = flights / "brighton_beach"
    names = ["DJI_0018.JPG", "DJI_0019.JPG", "DJI_0026.JPG", "DJI_0027.JPG"]
    all_four = read_brighton_truth(brighton, names)
    untouched = [truth for truth in all_four if truth.photo.name in names[:2]]
    surface = read_ground(brighton / "dsm_from_model_laz_0.5m.tif")
    measure("Brighton, 4 photos as they are, flat", all_four, None)
    measure("Brighton, 2 untouched photos, flat", untouched, None)
    measure("Brighton, 2 untouched photos, surface model", untouched, surface)
    folder = flights / "orthority_odm_p4rtk"
    phantom = read_phantom_truth(folder)
    surface = read_ground(folder / "dsm.tif")
    measure("P4 RTK oblique, flat", phantom, None)
    measure("P4 RTK oblique, surface model, take-off below 1st photo", phantom, surface)
    # What the photos' absolute heights say: 186.57 - 99.96.
    measure("P4 RTK oblique, surface model, take-off known", phantom, surface, camera_above_m=86.6)
    measure_speed(phantom[0], surface)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How far positions are off on real flights.")
    parser.add_argument("shared", type=Path, nargs="?", default=Path("../shared"))
    parser.add_argument("--quick", action="store_true", help="the same: it takes ten seconds")
    folder = parser.parse_args().shared
    if not folder.is_dir():
        sys.exit(f"nothing to measure: {folder} with the real flights is not here")
    main(folder)
