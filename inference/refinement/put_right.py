"""Views with their poses put right."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.geometry.camera import Camera
from inference.geometry.frames import EnuFrame, enu_to_wgs84
from inference.geometry.pose import Pose
from inference.geometry.pose_errors import HEIGHT, PITCH, ROLL, YAW, PoseErrors
from inference.geometry.view import View, plan_bounds
from inference.refinement.block import Deviations


def put_right(
    view: View,
    deviations: Deviations,
    index: int,
    errors: PoseErrors,
    *,
    ground_sigma_m: float,
) -> View:
    """Return a view whose pose and camera are the stated ones plus their deviations.

    Args:
        view: As stated.
        deviations: Of its block.
        index: Of the photo in its block.
        errors: What is left of them.
        ground_sigma_m: Likewise of the ground's height in one place.
    """
    of_photo = deviations.photos[index]
    pose, height_m = _moved(view, of_photo)
    camera = _longer(view.camera, deviations.focal_ratio)
    above_ground_m = float(view.above_ground_m + of_photo[HEIGHT])
    return replace(
        view,
        camera=camera,
        pose=pose,
        frame=EnuFrame(latitude_deg=pose.latitude_deg, longitude_deg=pose.longitude_deg),
        camera_height_m=height_m,
        above_ground_m=above_ground_m,
        bounds=plan_bounds(camera, pose, above_ground_m),
        errors=errors,
        ground_sigma_m=ground_sigma_m,
        is_refined=True,
    )


def _moved(view: View, of_photo: NDArray[np.float64]) -> tuple[Pose, float]:
    """Return the pose put right and the camera's height above the ground's datum."""
    place = np.array([*of_photo[:HEIGHT], view.camera_height_m + of_photo[HEIGHT]])
    latitude, longitude, height_m = map(float, enu_to_wgs84(view.frame, place)[0])
    pose = replace(
        view.pose,
        latitude_deg=latitude,
        longitude_deg=longitude,
        yaw_deg=float(view.pose.yaw_deg + of_photo[YAW]) % 360.0,
        pitch_deg=float(view.pose.pitch_deg + of_photo[PITCH]),
        bank_deg=float(view.pose.bank_deg + of_photo[ROLL]),
    )
    return pose, height_m


def _longer(camera: Camera, focal_ratio: float) -> Camera:
    """Return the camera with another focal length; the distortion is in units of it."""
    return replace(camera, fx=camera.fx * (1.0 + focal_ratio), fy=camera.fy * (1.0 + focal_ratio))
