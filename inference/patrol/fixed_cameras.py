"""Cameras that stand still and whose pose somebody has measured and registered.

What is registered takes the place of what their photos say. All photos of a camera share its
errors, for ever: no number of them makes its place better known.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import PurePath

import numpy as np

from inference.errors import InferenceError
from inference.geometry.pose import POSITION_REASONS
from inference.geometry.pose_errors import PoseErrors
from inference.geometry.view import View
from inference.patrol.methods import FIXED_CAMERA
from inference.reading.metadata import (
    Attitude,
    Lens,
    PhotoMetadata,
    RegisteredPose,
    StatedAccuracy,
    YawReference,
)
from inference.receipt import NotPlaced

REGISTERED = "registered"

# One sigma of where a picture looks against the registered direction: wind, and lorries passing.
SWAY_SIGMA_DEG = 0.1
# One sigma of the ground's height by the camera's own. Streets fall by 2 % or so, and most of what
# is placed lies within five heights of the foot of the pole.
GROUND_SIGMA_RATIO = 0.1
MIN_GROUND_SIGMA_M = 0.2


class AmbiguousCameraError(InferenceError):
    """Two registered cameras claim one photo; the message names all three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMatch:
    """Which photos are a camera's; what is None does not matter, the rest has to fit together.

    Attributes:
        serial: As the photo states it.
        folder: Name of a folder above the photo, or several as in `yard/gate-3`.
        name: Pattern of the file's name such as `CAM3_*.jpg`, as in a shell.
    """

    serial: str | None = None
    folder: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCamera:
    """A camera as registered.

    Attributes:
        yaw_deg: Clockwise from true north.
        pitch_deg: 0 at the horizon, -90 straight down.
        roll_deg: Clockwise as the camera sees it.
        horizontal_fov_deg: Across the width of the picture as it is stored.
        pose: Its id and how well it is known.
    """

    match: CameraMatch
    latitude_deg: float
    longitude_deg: float
    height_above_ground_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    horizontal_fov_deg: float
    pose: RegisteredPose


def find_camera(
    cameras: Sequence[FixedCamera], metadata: PhotoMetadata, path: PurePath
) -> FixedCamera | None:
    """Return the registered camera that took a photo, or None.

    Args:
        cameras: All that are registered.
        metadata: Of the photo, as it says itself.
        path: Of its file.

    Raises:
        AmbiguousCameraError: Several cameras fit.
    """
    found = [camera for camera in cameras if _fits(camera.match, metadata, path)]
    if len(found) > 1:
        ids = ", ".join(camera.pose.camera_id for camera in found)
        raise AmbiguousCameraError(f"{path} fits several registered cameras: {ids}")
    return found[0] if found else None


def register_photo(metadata: PhotoMetadata, camera: FixedCamera) -> PhotoMetadata:
    """Return the metadata with pose and lens as registered in place of what the photo says."""
    return replace(
        metadata,
        latitude_deg=camera.latitude_deg,
        longitude_deg=camera.longitude_deg,
        gps_altitude_m=None,
        absolute_altitude_m=None,
        relative_altitude_m=camera.height_above_ground_m,
        laser_distance_m=None,
        attitude=Attitude(
            yaw_deg=camera.yaw_deg,
            pitch_deg=camera.pitch_deg,
            roll_deg=camera.roll_deg,
            source=REGISTERED,
            yaw_reference=YawReference.TRUE,
        ),
        image_direction_deg=None,
        lens=Lens(horizontal_fov_deg=camera.horizontal_fov_deg),
        accuracy=StatedAccuracy(),
        registered=camera.pose,
        # What was wrong with the position that the photo states is of no account.
        reasons=tuple(r for r in metadata.reasons if r.code not in POSITION_REASONS),
    )


def as_registered(view: View | NotPlaced, registered: RegisteredPose | None) -> View | NotPlaced:
    """Return the view with the errors of a registered pose; other views stay as they are."""
    if registered is None or isinstance(view, NotPlaced):
        return view
    shared = np.array(
        [
            registered.place_sigma_m,
            registered.place_sigma_m,
            registered.height_sigma_m,
            registered.yaw_sigma_deg,
            registered.pitch_sigma_deg,
            registered.roll_sigma_deg,
            view.camera.focal_sigma_ratio,
        ]
    )
    own = np.array([0.0, 0.0, 0.0, SWAY_SIGMA_DEG, SWAY_SIGMA_DEG, SWAY_SIGMA_DEG, 0.0])
    return replace(
        view,
        pose=replace(view.pose, position_source=REGISTERED),
        method=FIXED_CAMERA,
        errors=PoseErrors(shared=np.diag(shared**2), own=np.diag(own**2)),
        ground_sigma_m=math.hypot(
            MIN_GROUND_SIGMA_M,
            0.0 if view.has_ground_model else GROUND_SIGMA_RATIO * view.above_ground_m,
        ),
    )


def _fits(match: CameraMatch, metadata: PhotoMetadata, path: PurePath) -> bool:
    return (
        (match.serial is None or match.serial == metadata.serial_number)
        and (match.name is None or fnmatchcase(path.name, match.name))
        and (match.folder is None or _lies_in(path.parent, match.folder))
    )


def _lies_in(folder: PurePath, wanted: str) -> bool:
    """Return whether the wanted folders follow each other anywhere in the path."""
    parts = tuple(part for part in wanted.replace("\\", "/").split("/") if part)
    count = len(parts)
    starts = range(len(folder.parts) - count + 1)
    return any(folder.parts[start : start + count] == parts for start in starts)
