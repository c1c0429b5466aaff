"""The camera as a map between pixels and viewing rays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.geometry.distortion import NO_DISTORTION, Distortion

MAX_UNDISTORTION_ERROR_PX = 1.0
EDGE_STEPS = 17  # points on each edge of the picture that are tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera in pixels of the decoded, unturned picture.

    Attributes:
        fx, fy, cx, cy: In pixels; cx, cy from the top left pixel's centre.
        distortion: Brown or fisheye; no distortion where unknown.
        source: Such as dewarp_data, calibrated, camera_table, equivalent_35mm, horizontal_fov.
        focal_sigma_ratio: One sigma of the focal length as a part of itself.
        center_sigma_px: One sigma of cx and of cy; zero where they are exact, as in drawn scenes.
    """

    width_px: int
    height_px: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: Distortion = NO_DISTORTION
    source: str
    focal_sigma_ratio: float
    center_sigma_px: tuple[float, float] = (0.0, 0.0)


def pixel_to_ray(camera: Camera, pixels: ArrayLike) -> NDArray[np.float64]:
    """Return unit viewing rays (x right, y down, z forward), (N, 3).

    Args:
        camera: Its distortion is taken out.
        pixels: (N, 2) columns and rows in photo pixels. A box's edges are taken in the same
            coordinates; the half pixel between edge and centre is neglected.
    """
    points = np.atleast_2d(np.asarray(pixels, dtype=np.float64))
    plane = (points - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    rays = camera.distortion.unproject(plane)
    unit: NDArray[np.float64] = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return unit


def ray_to_pixel(camera: Camera, rays: ArrayLike) -> NDArray[np.float64]:
    """Return (N, 2) photo pixels of rays in the camera frame; NaN for rays that it cannot see."""
    directions = np.atleast_2d(np.asarray(rays, dtype=np.float64))
    plane = camera.distortion.project(directions)
    return plane * (camera.fx, camera.fy) + (camera.cx, camera.cy)


def can_undistort(camera: Camera) -> bool:
    """Tell whether there is a ray to each pixel: senseless coefficients fold the picture over.

    The edges are tried, because what folds does so on the way outwards.
    """
    step = np.linspace(0.0, 1.0, EDGE_STEPS)
    zero, one = np.zeros(EDGE_STEPS), np.ones(EDGE_STEPS)
    x = np.concatenate([step, step, zero, one])
    y = np.concatenate([zero, one, step, step])
    edge = np.column_stack([x * (camera.width_px - 1), y * (camera.height_px - 1)])
    with np.errstate(all="ignore"):
        again = ray_to_pixel(camera, pixel_to_ray(camera, edge))
        return bool(np.abs(again - edge).max() < MAX_UNDISTORTION_ERROR_PX)
