"""Flights made up for the coverage test: true poses, and what the photos state of them.

The true camera is that of `datasets.scenes.viewing`, which shares no code with `inference`. The
errors are drawn from the stated sigmas: those that the flight shares once a flight, the others
once a photo.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.positions.drawn_ground import LATITUDE_DEG, LONGITUDE_DEG, enu_to_lla
from datasets.scenes.viewing import SceneCamera, SceneView, camera_axes, project, viewing_rays
from inference.geometry.ground import Ground
from inference.geometry.heights import plan_view
from inference.geometry.takeoff import Takeoff
from inference.geometry.view import View
from inference.reading.metadata import (
    Attitude,
    Band,
    Lens,
    PhotoKind,
    PhotoMetadata,
    StatedAccuracy,
)
from inference.sighting import Detection

WIDTH_PX, HEIGHT_PX = 4000, 3000
FOCAL_PX = 2900.0
DISTORTION = (-0.02, 0.01, 0.0, 0.0, 0.0)
HEIGHTS_M = (40.0, 110.0)  # above the object
DEPTHS_M = (1.0, 3.0)  # of the object
INNER = 0.8  # of the picture, where objects are
ROLL_SIGMA_DEG = 1.0
BOX_SIGMA_RATIO, MIN_BOX_SIGMA_PX = 0.1, 1.0
OBJECT_HEIGHT_SIGMA_M = 0.5  # of exposed garbage
RTK_FIXED = 50
TRIES = 50

IsSeen = Callable[[NDArray[np.float64], NDArray[np.float64]], bool]


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What a flight flies over.

    Attributes:
        ground: The height model that the photos are placed on, or None for flat ground.
        takeoff: Of the flight on the model, or None.
        object_up_m: Of the ground at the object, in the local frame.
        is_seen: Tells whether a camera sees a point.
    """

    ground: Ground | None
    takeoff: Takeoff | None
    object_up_m: float
    is_seen: IsSeen


@dataclass(frozen=True, kw_only=True, eq=False)
class Errors:
    """What is wrong: east, north, height in metres, yaw, pitch, bank in degrees, focal length."""

    values: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnView:
    """A photo as it states itself, with the box on the object."""

    view: View
    detection: Detection


def draw_flight(
    rng: np.random.Generator,
    setting: Setting,
    *,
    pitches_deg: tuple[float, float],
    count: int,
    one_heading: bool = False,
) -> list[DrawnView]:
    """Return the photos of one flight that show an object at east 0, north 0.

    Args:
        rng: Of this flight.
        setting: What it flies over.
        pitches_deg: Range of the true pitch.
        count: Of photos.
        one_heading: All photos look the same way, as those of one line do.
    """
    is_rtk = bool(rng.random() < 0.5)
    heading = float(rng.uniform(0.0, 360.0))
    size_m = float(rng.uniform(*DEPTHS_M))
    poses = [
        _draw_pose(rng, setting, pitches_deg, heading if one_heading else None)
        for _ in range(count)
    ]
    # Sigmas are read from the photos as they would be without any error.
    stated = [_state(pose, setting, np.zeros(7), is_rtk=is_rtk) for pose in poses]
    shared = rng.multivariate_normal(np.zeros(7), stated[0].errors.shared)
    object_up_m = setting.object_up_m + float(
        rng.normal(0.0, math.hypot(stated[0].ground_sigma_m, OBJECT_HEIGHT_SIGMA_M))
    )
    drawn: list[DrawnView] = []
    for pose, view in zip(poses, stated, strict=True):
        errors = shared + rng.multivariate_normal(np.zeros(7), view.errors.own)
        box = _draw_box(rng, pose, errors[6], up_m=object_up_m, size_m=size_m)
        drawn.append(
            DrawnView(
                view=_state(pose, setting, errors, is_rtk=is_rtk),
                detection=_detection(box, len(drawn)),
            )
        )
    return drawn


def true_camera(focal_error: float = 0.0) -> SceneCamera:
    """Return the camera as it is, whose focal length is off the calibrated one by a part."""
    return SceneCamera(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        fx=FOCAL_PX * (1.0 + focal_error),
        fy=FOCAL_PX * (1.0 + focal_error),
        cx=(WIDTH_PX - 1) / 2.0,
        cy=(HEIGHT_PX - 1) / 2.0,
        distortion=DISTORTION,
    )


def _draw_pose(
    rng: np.random.Generator,
    setting: Setting,
    pitches_deg: tuple[float, float],
    heading_deg: float | None,
) -> SceneView:
    """Return a true pose from which the object is seen within the picture."""
    for _ in range(TRIES):
        pose = SceneView(
            east_m=0.0,
            north_m=0.0,
            up_m=0.0,
            yaw_deg=float(rng.uniform(0.0, 360.0)) if heading_deg is None else heading_deg,
            pitch_deg=float(rng.uniform(*pitches_deg)),
            roll_deg=float(rng.normal(0.0, ROLL_SIGMA_DEG)),
        )
        pixel = (0.5 + INNER * (rng.random(2) - 0.5)) * (WIDTH_PX - 1, HEIGHT_PX - 1)
        ray = viewing_rays(pixel, pose, true_camera())
        height_m = float(rng.uniform(*HEIGHTS_M))
        if ray[2] > -0.2 * np.linalg.norm(ray):  # nearer to the horizon than photos are used for
            continue
        base = np.array([0.0, 0.0, setting.object_up_m])
        place = base + ray / ray[2] * height_m
        if setting.is_seen(place, base):
            return replace(pose, east_m=place[0], north_m=place[1], up_m=place[2])
    raise ValueError("no pose sees the object")


def _state(pose: SceneView, setting: Setting, errors: NDArray[np.float64], *, is_rtk: bool) -> View:
    """Return the view that the photo's own, wrong statement gives."""
    place = pose.position + errors[:3]
    longitude, latitude, height = enu_to_lla(place[None])
    zero_m = 0.0 if setting.takeoff is None else setting.takeoff.ground_height_m or 0.0
    yaw, pitch, roll = _turned(pose, yaw_deg=errors[3], pitch_deg=errors[4], bank_deg=errors[5])
    metadata = PhotoMetadata(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        latitude_deg=float(latitude[0]),
        longitude_deg=float(longitude[0]),
        relative_altitude_m=float(height[0]) - zero_m,
        attitude=Attitude(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll, source="dji_gimbal"),
        lens=Lens(
            calibrated_size_px=(WIDTH_PX, HEIGHT_PX),
            dewarp_px=(FOCAL_PX, FOCAL_PX, (WIDTH_PX - 1) / 2.0, (HEIGHT_PX - 1) / 2.0),
            distortion=DISTORTION,
        ),
        accuracy=StatedAccuracy(rtk_flag=RTK_FIXED if is_rtk else None),
    )
    view = plan_view(metadata, setting.ground, setting.takeoff)
    if not isinstance(view, View):
        raise ValueError(f"a photo that was drawn has no view: {view}")
    return view


def _turned(
    pose: SceneView, *, yaw_deg: float, pitch_deg: float, bank_deg: float
) -> tuple[float, float, float]:
    """Return yaw, pitch and roll of a camera that is turned, tilted and then not level.

    A gimbal that is not level turns the camera about the horizontal axis along its heading. At
    the nadir no roll about the viewing axis does that.
    """
    yaw = math.radians(pose.yaw_deg + yaw_deg)
    axes = camera_axes(
        replace(pose, yaw_deg=pose.yaw_deg + yaw_deg, pitch_deg=pose.pitch_deg + pitch_deg)
    )
    heading = np.array([math.sin(yaw), math.cos(yaw), 0.0])
    angle = math.radians(bank_deg)
    # Rodrigues' formula for each row.
    right, _, forward = (
        axes * math.cos(angle)
        + np.cross(heading, axes) * math.sin(angle)
        + np.outer(axes @ heading, heading) * (1.0 - math.cos(angle))
    )
    heading_after = math.atan2(forward[0], forward[1])
    level_right = np.array([math.cos(heading_after), -math.sin(heading_after), 0.0])
    level_up = np.cross(level_right, forward)
    roll = math.atan2(-float(right @ level_up), float(right @ level_right))
    return (
        math.degrees(heading_after) % 360.0,
        math.degrees(math.asin(max(-1.0, min(1.0, float(forward[2]))))),
        math.degrees(roll),
    )


def _draw_box(
    rng: np.random.Generator,
    pose: SceneView,
    focal_error: float,
    *,
    up_m: float,
    size_m: float,
) -> tuple[float, float, float, float]:
    """Return the box around the object in the picture, as well as a detector draws it.

    The object is half as high as deep. It faces the camera.
    """
    yaw = math.radians(pose.yaw_deg)
    half = size_m / 2.0
    across = np.array([math.cos(yaw), -math.sin(yaw), 0.0]) * half
    along = np.array([math.sin(yaw), math.cos(yaw), 0.0]) * half
    corners = [
        np.array([0.0, 0.0, up_m]) + a * across + b * along + (0.0, 0.0, c * half)
        for a in (-1, 1)
        for b in (-1, 1)
        for c in (0, 1)
    ]
    pixels = project(np.array(corners), pose, true_camera(focal_error))
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    sigma = np.hypot(MIN_BOX_SIGMA_PX, BOX_SIGMA_RATIO * (high - low))
    shift = rng.normal(0.0, sigma)
    low, high = low + shift, high + shift
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _detection(box: tuple[float, float, float, float], number: int) -> Detection:
    return Detection(
        id=str(number),
        photo_sha256=f"{number:064d}",
        class_name="exposed_garbage",
        confidence=1.0,
        box_photo=box,
        appearance=np.zeros(1, dtype=np.float32),
    )


def flat_setting() -> Setting:
    """Return level ground that no height model tells of."""
    takeoff = Takeoff(latitude_deg=LATITUDE_DEG, longitude_deg=LONGITUDE_DEG)
    return Setting(ground=None, takeoff=takeoff, object_up_m=0.0, is_seen=lambda *_: True)
