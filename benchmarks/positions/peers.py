"""orthority and cameratransform on the same points, each as its own manual has it.

Neither is needed: where one is not installed (`pip install -e .[peers]`) its rows are left out.
Both know no take-off place, so they are given what a careful user would give them: over flat ground
the height of the take-off, which is the camera's less RelativeAltitude.
"""

import importlib
import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from benchmarks.positions.point_sets import PointSet, offsets_m
from benchmarks.positions.scores import Answers
from benchmarks.positions.truth_phantom import Heights
from inference.geometry.frames import EnuFrame, enu_to_wgs84
from inference.merging.flights import FlightPhoto

ORTHORITY = "orthority"
CAMERATRANSFORM = "cameratransform"
PEERS = (ORTHORITY, CAMERATRANSFORM)

ROUNDS, SETTLED_M = 50, 0.01


def missing_peers() -> list[str]:
    """Return the names of the peers that are not installed."""
    return [name for name in PEERS if importlib.util.find_spec(name) is None]


def orthority_camera(cameras: Any, photo: Path) -> Any:
    """Return the camera of a photo. It is one shared object that the next call re-poses."""
    return cameras.get(photo.name)


def read_orthority_cameras(photos: Sequence[Path]) -> Any:
    """Return orthority's cameras as its own reader finds them in the photos."""
    orthority = importlib.import_module(ORTHORITY)
    return orthority.FrameCameras.from_images([str(photo) for photo in photos])


def answer_orthority(
    sets: Sequence[PointSet], photos: Sequence[FlightPhoto], *, true_heights: bool = False
) -> list[Answers]:
    """Return orthority's answers on flat ground at the take-off, or given each point's height."""
    cameras = read_orthority_cameras([points.photo for points in sets])
    to_wgs84 = Transformer.from_crs(cameras.crs.to_wkt(), 4326, always_xy=True)
    answers = []
    for points, photo in zip(sets, photos, strict=True):
        camera = orthority_camera(cameras, points.photo)
        takeoff_m = float(camera.pos[2]) - (photo.metadata.relative_altitude_m or math.nan)
        heights = points.positions[:, 2] if true_heights else takeoff_m
        x, y, _ = camera.pixel_to_world_z(points.pixels.T, heights)
        longitude, latitude = to_wgs84.transform(x, y)
        offsets = offsets_m(np.column_stack([latitude, longitude]), points.positions)
        answers.append(Answers(photo=points.photo.name, offsets_m=offsets))
    return answers


def answer_orthority_on_model(sets: Sequence[PointSet], heights: Heights) -> list[Answers]:
    """Return orthority's answers on a surface model, by the loop that its users write.

    The camera's absolute altitude is taken as a height of the model, as orthority takes it.
    """
    cameras = read_orthority_cameras([points.photo for points in sets])
    to_wgs84 = Transformer.from_crs(cameras.crs.to_wkt(), 4326, always_xy=True)
    answers = []
    for points in sets:
        camera = orthority_camera(cameras, points.photo)
        at = loop_on_model(camera, heights, points.pixels)
        longitude, latitude = to_wgs84.transform(at[:, 0], at[:, 1])
        places = np.column_stack([latitude, longitude])
        places[~np.isfinite(at[:, 0])] = np.nan
        offsets = offsets_m(places, points.positions)
        answers.append(Answers(photo=points.photo.name, offsets_m=offsets))
    return answers


def loop_on_model(
    camera: Any,
    heights: Heights,
    pixels: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return (N, 3) places on the map, NaN for points that leave the model or do not settle.

    A level, the model's height there, that level, until it moves by less than a centimetre.
    """
    found = np.full((len(pixels), 3), np.nan)
    level_m = np.full(len(pixels), heights.median_m)
    rows = np.arange(len(pixels))
    for _ in range(ROUNDS):
        at = camera.pixel_to_world_z(pixels[rows].T, level_m[rows])
        ground_m = heights.at(at[0], at[1])
        settles = np.abs(ground_m - level_m[rows]) < SETTLED_M
        found[rows[settles]] = at.T[settles]
        level_m[rows] = ground_m
        rows = rows[~settles & np.isfinite(ground_m)]
        if not rows.size:
            break
    return found


def answer_cameratransform(
    sets: Sequence[PointSet], photos: Sequence[FlightPhoto], *, focal_px: float
) -> list[Answers]:
    """Return cameratransform's answers on flat ground, with the pose that the photos state.

    It reads no drone's attitude itself, so pose and focal length are handed over; no distortion.
    """
    answers = []
    for points, photo in zip(sets, photos, strict=True):
        camera = _cameratransform_camera(photo, focal_px)
        east_north_up = np.asarray(camera.spaceFromImage(points.pixels, Z=0.0))
        metadata = photo.metadata
        frame = EnuFrame(
            latitude_deg=metadata.latitude_deg or math.nan,
            longitude_deg=metadata.longitude_deg or math.nan,
        )
        places = enu_to_wgs84(frame, east_north_up)
        offsets = offsets_m(places[:, :2], points.positions)
        answers.append(Answers(photo=points.photo.name, offsets_m=offsets))
    return answers


def _cameratransform_camera(photo: FlightPhoto, focal_px: float) -> Any:
    """Return its camera at the origin, as high as the photo says it is above the take-off.

    Its tilt is 0 straight down, its heading clockwise from north, and its roll counter-clockwise.
    """
    library = importlib.import_module(CAMERATRANSFORM)
    metadata = photo.metadata
    attitude = metadata.attitude
    if attitude is None:
        raise ValueError(f"{photo.name} has no attitude")
    projection = library.RectilinearProjection(
        focallength_px=focal_px,
        image=(metadata.width_px, metadata.height_px),
        center_x_px=(metadata.width_px - 1) / 2.0,
        center_y_px=(metadata.height_px - 1) / 2.0,
    )
    orientation = library.SpatialOrientation(
        elevation_m=metadata.relative_altitude_m,
        tilt_deg=90.0 + attitude.pitch_deg,
        heading_deg=attitude.yaw_deg,
        roll_deg=-attitude.roll_deg,
    )
    return library.Camera(projection, orientation)
