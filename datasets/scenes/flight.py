"""A drone's flight over a rendered scene: photos with metadata, and the truth about them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from datasets.errors import DatasetError
from datasets.scenes.defects import SceneObject
from datasets.scenes.geodesy import Origin, enu_to_wgs84
from datasets.scenes.photo import DEFAULT_DEVELOPMENT, Development, ObjectView, take_photo
from datasets.scenes.photo_file import ReportedPhoto, write_photo
from datasets.scenes.scene import FIRST_TRAINING_SEED, Scene, ScenePlan, build_scene
from datasets.scenes.truth import (
    TRUTH_FILE_NAME,
    FlightTruth,
    TrueBox,
    TrueObject,
    TruePhoto,
    TruePose,
    write_truth,
)
from datasets.scenes.viewing import SceneCamera, SceneView

_SECONDS_BETWEEN_PHOTOS = 3
_LOWEST_PITCH_DEG = -90.0  # a gimbal stops there


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """Where one photo is planned: metres east and north of the take-off place, and attitude."""

    east_m: float
    north_m: float
    yaw_deg: float
    pitch_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightBiases:
    """Errors that all photos of a flight share: what is reported less what is true."""

    east_m: float = 0.0
    north_m: float = 0.0
    up_m: float = 0.0
    yaw_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightNoise:
    """One-sigma errors that each photo has of its own."""

    horizontal_m: float = 0.0
    vertical_m: float = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightPlan:
    """What to fly.

    Attributes:
        origin: The take-off place; its height is that of the ground above sea level.
        height_m: Of the camera above the take-off place.
        shots: The photos in the order in which they are taken.
        unsteadiness_m: One sigma of the drone's real distance from its planned place.
        unsteadiness_deg: One sigma of the camera's real turn from its planned attitude.
        rtk_sigma_m: What the metadata state, or None for plain GNSS.
    """

    scene: ScenePlan
    origin: Origin
    height_m: float
    camera: SceneCamera
    shots: tuple[Shot, ...]
    biases: FlightBiases = FlightBiases()
    noise: FlightNoise = FlightNoise()
    unsteadiness_m: float = 0.4
    unsteadiness_deg: float = 0.4
    development: Development = DEFAULT_DEVELOPMENT
    started_at: datetime = datetime(2026, 5, 12, 2, 15, tzinfo=UTC)
    local_time_offset: timedelta = timedelta(hours=8)
    rtk_sigma_m: float | None = None


def plan_shots(
    *,
    rows: int,
    columns: int,
    camera: SceneCamera,
    height_m: float,
    overlap: float,
    pitch_deg: float = -90.0,
    yaw_deg: float = 0.0,
) -> list[Shot]:
    """Return shots in lines to and fro whose aims cover a grid around the take-off place.

    Args:
        rows: Lines of the grid, from south to north for yaw 0.
        columns: Photos a line.
        camera: Decides the size of a photo on the ground.
        height_m: Above ground.
        overlap: Share of a photo that its neighbours show, too, looking straight down.
        pitch_deg: Of the camera; an oblique shot is taken from behind its place in the grid.
        yaw_deg: Of the camera and of the whole grid.
    """
    step_x = (1 - overlap) * height_m * camera.width_px / camera.fx
    step_y = (1 - overlap) * height_m * camera.height_px / camera.fy
    behind = height_m / np.tan(np.radians(-pitch_deg))
    yaw = np.radians(yaw_deg)
    shots = []
    for row in range(rows):
        order = range(columns) if row % 2 == 0 else reversed(range(columns))
        for column in order:
            right = (column - (columns - 1) / 2) * step_x
            ahead = (row - (rows - 1) / 2) * step_y - behind
            east = right * np.cos(yaw) + ahead * np.sin(yaw)
            north = ahead * np.cos(yaw) - right * np.sin(yaw)
            shots.append(
                Shot(east_m=float(east), north_m=float(north), yaw_deg=yaw_deg, pitch_deg=pitch_deg)
            )
    return shots


def render_flight(
    plan: FlightPlan,
    folder: Path,
    *,
    seed: int,
    with_objects: bool = True,
    on_photo: Callable[[], None] = lambda: None,
) -> FlightTruth:
    """Write the photos `DJI_0001.JPG` and so on and `truth.json`, and return the truth.

    Args:
        plan: What to fly.
        folder: Is made where it does not exist.
        seed: Decides noise and unsteadiness; the same seed gives the same bytes.
        with_objects: False takes the same photos of the same place without its objects.
        on_photo: Is called after each photo.

    Raises:
        DatasetError: The scene is one that detectors are trained on.
    """
    if plan.scene.seed >= FIRST_TRAINING_SEED:
        raise DatasetError(f"scene seeds from {FIRST_TRAINING_SEED} on are kept for training")
    folder.mkdir(parents=True, exist_ok=True)
    scene = build_scene(replace(plan.scene, with_objects=with_objects))
    photos = []
    for index in range(len(plan.shots)):
        rng = np.random.default_rng([seed, index])
        photos.append(_fly_shot(plan, scene, index, folder, rng))
        on_photo()
    truth = FlightTruth(
        takeoff_latitude_deg=plan.origin.latitude_deg,
        takeoff_longitude_deg=plan.origin.longitude_deg,
        objects=tuple(_true_object(entry, plan.origin) for entry in scene.objects),
        photos=tuple(photos),
    )
    write_truth(truth, folder / TRUTH_FILE_NAME)
    return truth


def _fly_shot(
    plan: FlightPlan, scene: Scene, index: int, folder: Path, rng: np.random.Generator
) -> TruePhoto:
    view = fly_to(plan, plan.shots[index], rng)
    reported_view = report_view(plan, view, rng)
    photo = take_photo(scene, view, plan.camera, development=plan.development, rng=rng)
    captured_at = plan.started_at + timedelta(seconds=index * _SECONDS_BETWEEN_PHOTOS)
    reported_pose = view_to_pose(reported_view, plan.origin)
    name = f"DJI_{index + 1:04d}.JPG"
    reported = ReportedPhoto(
        pose=reported_pose,
        absolute_height_m=plan.origin.height_m + reported_pose.height_above_takeoff_m,
        captured_at=captured_at,
        local_time_offset=plan.local_time_offset,
        camera=plan.camera,
        rtk_sigma_m=plan.rtk_sigma_m,
    )
    write_photo(folder / name, photo.pixels, reported)
    return TruePhoto(
        file_name=name,
        captured_at=captured_at,
        pose=view_to_pose(view, plan.origin),
        reported_pose=reported_pose,
        boxes=tuple(_true_box(shown) for shown in photo.objects),
    )


def fly_to(plan: FlightPlan, shot: Shot, rng: np.random.Generator) -> SceneView:
    """Return where the drone really is and looks when it takes a shot."""
    off = rng.normal(0, plan.unsteadiness_m, 3)
    turn = rng.normal(0, plan.unsteadiness_deg, 3)
    return SceneView(
        east_m=shot.east_m + float(off[0]),
        north_m=shot.north_m + float(off[1]),
        up_m=plan.height_m + float(off[2]),
        yaw_deg=shot.yaw_deg + float(turn[0]),
        pitch_deg=max(shot.pitch_deg + float(turn[1]), _LOWEST_PITCH_DEG),
        roll_deg=float(turn[2]),
    )


def report_view(plan: FlightPlan, view: SceneView, rng: np.random.Generator) -> SceneView:
    """Return what the drone believes: the truth with the flight's biases and its own noise."""
    noise, biases = plan.noise, plan.biases
    error = rng.standard_normal(6)
    return SceneView(
        east_m=view.east_m + biases.east_m + noise.horizontal_m * float(error[0]),
        north_m=view.north_m + biases.north_m + noise.horizontal_m * float(error[1]),
        up_m=view.up_m + biases.up_m + noise.vertical_m * float(error[2]),
        yaw_deg=view.yaw_deg + biases.yaw_deg + noise.yaw_deg * float(error[3]),
        pitch_deg=max(view.pitch_deg + noise.pitch_deg * float(error[4]), _LOWEST_PITCH_DEG),
        roll_deg=view.roll_deg + noise.roll_deg * float(error[5]),
    )


def view_to_pose(view: SceneView, origin: Origin) -> TruePose:
    """Return a view as WGS 84 position and angles; yaw from -180 to 180."""
    latitude, longitude, _ = enu_to_wgs84(view.position, origin)
    return TruePose(
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_above_takeoff_m=view.up_m,
        yaw_deg=(view.yaw_deg + 180) % 360 - 180,
        pitch_deg=view.pitch_deg,
        roll_deg=view.roll_deg,
    )


def _true_object(entry: SceneObject, origin: Origin) -> TrueObject:
    latitude, longitude, _ = enu_to_wgs84(entry.centre, origin)
    foot = float(entry.centre[2])
    corners = [np.array([east, north, foot]) for east, north in entry.footprint]
    footprint = [enu_to_wgs84(corner, origin) for corner in corners]
    return TrueObject(
        id=entry.id,
        class_name=entry.class_name,
        latitude_deg=latitude,
        longitude_deg=longitude,
        ground_height_m=entry.ground_height_m,
        foot_height_m=foot,
        size_m=entry.size_m,
        footprint_wgs84=tuple((corner[1], corner[0]) for corner in footprint),
    )


def _true_box(shown: ObjectView) -> TrueBox:
    return TrueBox(
        object_id=shown.object_id,
        class_name=shown.class_name,
        box_photo=shown.box_photo,
        visible_share=round(shown.visible_share, 4),
    )
