"""Which height a photo is given, best first, and the view that follows from it."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.geometry.camera import Camera
from inference.geometry.frames import wgs84_to_enu
from inference.geometry.ground import FlatGround, Ground
from inference.geometry.laser import has_laser, plan_laser_view
from inference.geometry.model_view import plan_absolute_view, plan_relative_view
from inference.geometry.plan_camera import plan_camera
from inference.geometry.pose import Pose, plan_pose
from inference.geometry.pose_errors import HEIGHT, PoseErrors, plan_pose_errors
from inference.geometry.rays import lower_to_depression
from inference.geometry.takeoff import Takeoff
from inference.geometry.terrain import sigma_from_takeoff
from inference.geometry.vertical_datum import PHOTO_WITHOUT_ZERO
from inference.geometry.view import (
    FLAT_AT_MODELLED_TAKEOFF,
    FLAT_GROUND,
    MIN_DEPRESSION_DEG,
    View,
    center_ray,
    plan_level_view,
)
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode

MIN_RELATIVE_ALTITUDE_M = 1.0  # lower, and the aircraft stood on the ground or the value is unset
MAX_RELATIVE_ALTITUDE_M = 2000.0  # higher than small drones are let fly
MAX_LASER_SIGMAS = 4.0  # from what terrain and barometer let expect


def plan_view(
    metadata: PhotoMetadata, ground: Ground | None = None, takeoff: Takeoff | None = None
) -> View | NotPlaced:
    """Return the photo's geometry with the best height that it has, or why it has none.

    Heights, best first: the laser's distance to the picture's middle; on the ground model, the
    relative altitude over the take-off place, whose height comes from the model; the absolute
    altitude where photo and model name datums that agree; level ground at the take-off place. So
    heights in different datums are never mixed.

    Args:
        metadata: Of the photo.
        ground: The height model, or None.
        takeoff: What is known of the take-off place, see `inference.geometry.takeoff`.
    """
    pose = plan_pose(metadata)
    if isinstance(pose, NotPlaced):
        return pose
    camera = plan_camera(metadata)
    if isinstance(camera, NotPlaced):
        return camera
    if has_laser(camera, pose):
        return _beside_relative_altitude(plan_laser_view(camera, pose, ground), takeoff)
    if pose.height_above_takeoff_m is None:
        return _without_relative_altitude(camera, pose, ground)
    bad_height = _bad_relative_altitude(pose.height_above_takeoff_m)
    if bad_height is not None:
        return bad_height
    if ground is None or takeoff is None or takeoff.ground_height_m is None:
        return _flat_view(camera, pose, takeoff)
    view = plan_relative_view(camera, pose, ground, takeoff)
    return view or _flat_view_beside_model(camera, pose, ground, takeoff)


def _without_relative_altitude(
    camera: Camera, pose: Pose, ground: Ground | None
) -> View | NotPlaced:
    """Return the view at the absolute altitude, or why that says nothing."""
    if pose.absolute_height_m is None:
        return NotPlaced(code=ReasonCode.NO_HEIGHT, detail="no laser and no altitude")
    if pose.absolute_datum is None:  # with a ground model or without
        return NotPlaced(code=ReasonCode.HEIGHT_DATUM_UNKNOWN, detail=PHOTO_WITHOUT_ZERO)
    if ground is None:
        return NotPlaced(
            code=ReasonCode.NO_HEIGHT, detail="an absolute altitude, no ground model to set it on"
        )
    return plan_absolute_view(camera, pose, ground, camera_height_m=pose.absolute_height_m)


def _beside_relative_altitude(view: View, takeoff: Takeoff | None) -> View:
    """Return a laser's view, in doubt by as much as the relative altitude contradicts it.

    A bird, a wire or a leaf is what the laser met; a roof, and what lies beside it is lower.
    """
    relative_m = view.pose.height_above_takeoff_m
    if relative_m is None or _bad_relative_altitude(relative_m) is not None:
        return view
    seen = _center_on_level_m(view.camera, view.pose, view.above_ground_m)
    terrain_m = sigma_from_takeoff(_distance_m(seen, view, takeoff)).total_m
    height_m, expected_m = view.above_ground_m, relative_m
    if view.has_ground_model and takeoff is not None and takeoff.ground_height_m is not None:
        height_m, expected_m = view.camera_height_m, takeoff.ground_height_m + relative_m
        terrain_m = takeoff.sigma_m
    off_m = abs(height_m - expected_m)
    if off_m <= MAX_LASER_SIGMAS * math.hypot(terrain_m, view.pose.accuracy.shared_vertical_m):
        return view
    own = view.errors.own.copy()
    own[HEIGHT, HEIGHT] += off_m**2
    return replace(view, errors=PoseErrors(shared=view.errors.shared, own=own))


def _bad_relative_altitude(height_m: float) -> NotPlaced | None:
    """Return why the relative altitude cannot be used, or None."""
    if not MIN_RELATIVE_ALTITUDE_M < height_m < MAX_RELATIVE_ALTITUDE_M:
        return NotPlaced(
            code=ReasonCode.ABSURD_HEIGHT,
            detail=f"relative altitude {height_m:.1f} m, expected {MIN_RELATIVE_ALTITUDE_M:g} to "
            f"{MAX_RELATIVE_ALTITUDE_M:g}",
        )
    return None


def _flat_view_beside_model(camera: Camera, pose: Pose, ground: Ground, takeoff: Takeoff) -> View:
    """Return the view over level ground where the model has a take-off height but none here."""
    height_m = takeoff.ground_height_m or 0.0
    view = _flat_view(camera, pose, takeoff)
    return replace(
        view,
        ground=FlatGround(level_m=height_m, datum=ground.datum),
        camera_height_m=height_m + view.camera_height_m,
        height_datum=ground.datum,
        method=FLAT_AT_MODELLED_TAKEOFF,
    )


def _flat_view(camera: Camera, pose: Pose, takeoff: Takeoff | None) -> View:
    """Return the view over level ground at the take-off height."""
    relative_m = pose.height_above_takeoff_m or 0.0
    view = plan_level_view(camera, pose, method=FLAT_GROUND, above_ground_m=relative_m)
    seen = _center_on_level_m(camera, pose, relative_m)
    sigma = sigma_from_takeoff(_distance_m(seen, view, takeoff))
    errors = plan_pose_errors(
        pose.accuracy,
        camera,
        shared_height_m=math.hypot(pose.accuracy.shared_vertical_m, sigma.shared_m),
        own_height_m=pose.accuracy.own_vertical_m,
    )
    return replace(view, errors=errors, ground_sigma_m=sigma.own_m)


def _center_on_level_m(camera: Camera, pose: Pose, height_m: float) -> NDArray[np.float64]:
    """Return (2,) east and north of level ground at the picture's middle."""
    ray = lower_to_depression(
        center_ray(camera, pose)[None], min_depression_deg=MIN_DEPRESSION_DEG
    )[0]
    seen: NDArray[np.float64] = ray[:2] / -ray[2] * height_m
    return seen


def _distance_m(seen: NDArray[np.float64], view: View, takeoff: Takeoff | None) -> float:
    """Return how far the ground at the picture's middle is from the flight's first photo."""
    if takeoff is None:
        return float(np.hypot(*seen))
    first = wgs84_to_enu(view.frame, [[takeoff.latitude_deg, takeoff.longitude_deg, 0.0]])[0]
    return float(np.hypot(*(seen - first[:2])))
