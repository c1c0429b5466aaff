"""The height that the rangefinder's distance to the picture's middle tells."""

import math
from dataclasses import replace

from inference.geometry.camera import Camera
from inference.geometry.ground import FlatGround, Ground
from inference.geometry.model_view import beside_model
from inference.geometry.pose import Pose
from inference.geometry.pose_errors import PoseErrors, plan_pose_errors, tie_height_to_pitch
from inference.geometry.rays import depression_deg
from inference.geometry.terrain import ground_sigma_m
from inference.geometry.vertical_datum import AS_PHOTO
from inference.geometry.view import LASER, View, center_ray, plan_level_view

# The distance to what is seen at the middle tells little of the height when looking far ahead.
MIN_DEPRESSION_DEG = 15.0

LASER_SIGMA_M = 0.5  # of a photo's own
# Without a model, the ground is not level around the point that the laser met; things seen are
# about this part of the height away from it.
DISTANCE_PER_HEIGHT = 0.5


def has_laser(camera: Camera, pose: Pose) -> bool:
    """Tell whether the laser's distance says how high the camera is above the ground ahead."""
    distance = pose.laser_distance_m
    if distance is None or not math.isfinite(distance) or distance <= 0.0:
        return False
    return float(depression_deg(center_ray(camera, pose)[None])[0]) >= MIN_DEPRESSION_DEG


def plan_laser_view(camera: Camera, pose: Pose, ground: Ground | None) -> View:
    """Return the view whose picture's middle is at the laser's distance.

    On a height model the camera is put so that the laser's point lies on the model; the model's
    shape around it is kept and its datum does not matter. Else the ground is level, and its height
    is the photo's absolute altitude less the laser's fall, in whatever datum that is.
    """
    distance_m = pose.laser_distance_m or 0.0
    point = center_ray(camera, pose) * distance_m
    above_ground_m = -float(point[2])
    view = plan_level_view(camera, pose, method=LASER, above_ground_m=above_ground_m)
    surface = None if ground is None else ground.around(view.frame, view.bounds)
    ground_up_m = math.nan if surface is None else float(surface.up_m(point[None, :2])[0])
    if ground is None or surface is None or not math.isfinite(ground_up_m):
        return replace(
            _at_absolute_height(view, pose),
            errors=_laser_errors(camera, pose, own_height_m=_unevenness_m(above_ground_m)),
        )
    return replace(
        view,
        ground=ground,
        camera_height_m=ground_up_m + above_ground_m,
        height_datum=ground.datum,
        has_ground_model=True,
        errors=_laser_errors(camera, pose, own_height_m=LASER_SIGMA_M),
        beside_model=beside_model(view, surface),
    )


def _at_absolute_height(view: View, pose: Pose) -> View:
    """Return a view over level ground with that ground's height in the photo's own datum."""
    camera_m = pose.absolute_height_m
    if camera_m is None:
        return view
    datum = None if pose.absolute_datum is None else pose.absolute_datum.value
    return replace(
        view,
        ground=FlatGround(level_m=camera_m - view.above_ground_m, datum=datum),
        camera_height_m=camera_m,
        height_datum=datum or AS_PHOTO,
    )


def _unevenness_m(above_ground_m: float) -> float:
    return math.hypot(LASER_SIGMA_M, ground_sigma_m(above_ground_m * DISTANCE_PER_HEIGHT))


def _laser_errors(camera: Camera, pose: Pose, *, own_height_m: float) -> PoseErrors:
    """Return the errors; a pitch that is wrong also makes the laser's fall wrong."""
    errors = plan_pose_errors(pose.accuracy, camera, shared_height_m=0.0, own_height_m=own_height_m)
    across_m = (pose.laser_distance_m or 0.0) * math.cos(math.radians(pose.pitch_deg))
    return tie_height_to_pitch(errors, distance_m=across_m)
