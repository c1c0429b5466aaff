"""The camera of the rendered scenes: its own projection maths, shared with nobody.

Nothing here comes from `inference`, so that an error made twice cannot cancel out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_UNDISTORT_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneCamera:
    """A pinhole with Brown distortion; pixel (0, 0) is the centre of the top left pixel.

    Attributes:
        distortion: k1, k2, p1, p2, k3, in the order that OpenCV and DJI use.
    """

    width_px: int
    height_px: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneView:
    """Where the camera stands and looks: metres east, north, up of the scene's origin.

    yaw_deg is clockwise from true north, pitch_deg 0 at the horizon and -90 straight down,
    roll_deg clockwise as the camera sees it.
    """

    east_m: float
    north_m: float
    up_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float

    @property
    def position(self) -> NDArray[np.float64]:
        """The camera's centre as (east, north, up) in metres."""
        return np.array([self.east_m, self.north_m, self.up_m])


def camera_axes(view: SceneView) -> NDArray[np.float64]:
    """Return the camera's right, down and forward directions as rows of a (3, 3) ENU matrix."""
    yaw, pitch, roll = np.radians([view.yaw_deg, view.pitch_deg, view.roll_deg])
    forward = np.array([np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
    level_right = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
    level_up = np.cross(level_right, forward)
    # A clockwise roll lowers the camera's right side.
    right = np.cos(roll) * level_right - np.sin(roll) * level_up
    up = np.sin(roll) * level_right + np.cos(roll) * level_up
    return np.stack([right, -up, forward])


def distort(points: NDArray[np.float64], camera: SceneCamera) -> NDArray[np.float64]:
    """Return where the lens puts ideal points.

    Brown's model as in the OpenCV documentation, "Camera Calibration and 3D Reconstruction".

    Args:
        points: (..., 2) x/z, y/z in the camera frame.
        camera: Whose distortion applies.
    """
    k1, k2, p1, p2, k3 = camera.distortion
    x, y = points[..., 0], points[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        ],
        axis=-1,
    )


def undistort(points: NDArray[np.float64], camera: SceneCamera) -> NDArray[np.float64]:
    """Return the ideal points that the lens puts at `points`, by fixed-point iteration."""
    ideal = points.copy()
    for _ in range(_UNDISTORT_STEPS):
        ideal += points - distort(ideal, camera)
    return ideal


def project(
    points: NDArray[np.float64], view: SceneView, camera: SceneCamera
) -> NDArray[np.float64]:
    """Return the photo pixels of (N, 3) ENU points as (N, 2); NaN behind the camera."""
    seen = (points - view.position) @ camera_axes(view).T
    depth = np.where(seen[..., 2:] > 0, seen[..., 2:], np.nan)
    bent = distort(seen[..., :2] / depth, camera)
    return bent * [camera.fx, camera.fy] + [camera.cx, camera.cy]


def viewing_rays(
    pixels: NDArray[np.float64], view: SceneView, camera: SceneCamera
) -> NDArray[np.float64]:
    """Return the ENU directions (not of unit length) in which (..., 2) photo pixels look."""
    bent = (pixels - [camera.cx, camera.cy]) / [camera.fx, camera.fy]
    ideal = undistort(bent, camera)
    ones = np.ones((*ideal.shape[:-1], 1))
    return np.concatenate([ideal, ones], axis=-1) @ camera_axes(view)
