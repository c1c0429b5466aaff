"""Views over a height model, from the relative altitude or the absolute one."""

import math
from dataclasses import replace

import numpy as np

from inference.geometry.camera import Camera
from inference.geometry.ground import Ground
from inference.geometry.pose import Pose
from inference.geometry.pose_errors import plan_pose_errors
from inference.geometry.surface import Surface
from inference.geometry.takeoff import Takeoff
from inference.geometry.vertical_datum import Comparison, compare_datums
from inference.geometry.view import (
    GROUND_MODEL,
    GROUND_MODEL_ABSOLUTE,
    Level,
    View,
    plan_level_view,
)
from inference.receipt import NotPlaced, ReasonCode

# One sigma of an absolute height by satellites without corrections: twice the horizontal one.
SATELLITE_HEIGHT_SIGMA_M = 4.0
MODEL_SIGMA_M = 2.0  # of the model itself

SAMPLES_PER_SIDE = 21


def plan_relative_view(
    camera: Camera, pose: Pose, ground: Ground, takeoff: Takeoff
) -> View | NotPlaced | None:
    """Return the view at the relative altitude over the take-off place as the model has it.

    None where the model knows none of the ground that may be in the picture.
    """
    relative_m = pose.height_above_takeoff_m or 0.0
    view = _model_view(
        camera,
        pose,
        ground,
        method=GROUND_MODEL,
        camera_height_m=(takeoff.ground_height_m or 0.0) + relative_m,
        above_ground_m=relative_m,
    )
    if not isinstance(view, View):
        return view
    errors = plan_pose_errors(
        pose.accuracy,
        camera,
        shared_height_m=math.hypot(pose.accuracy.shared_vertical_m, takeoff.sigma_m),
        own_height_m=pose.accuracy.own_vertical_m,
    )
    return replace(view, errors=errors)


def plan_absolute_view(
    camera: Camera, pose: Pose, ground: Ground, *, camera_height_m: float
) -> View | NotPlaced:
    """Return the view at the absolute altitude over a model whose datum agrees.

    Args:
        camera: Of the photo.
        pose: Likewise, with its datum.
        ground: The model.
        camera_height_m: The photo's absolute altitude.
    """
    comparison = compare_datums(pose.absolute_datum, ground.datum)
    if not isinstance(comparison, Comparison):
        return NotPlaced(code=ReasonCode.HEIGHT_DATUM_UNKNOWN, detail=comparison)
    below_m = ground.height_m(pose.latitude_deg, pose.longitude_deg)
    if below_m is None:
        return NotPlaced(code=ReasonCode.OUTSIDE_GROUND_MODEL, detail="no ground below the camera")
    view = _model_view(
        camera,
        pose,
        ground,
        method=GROUND_MODEL_ABSOLUTE,
        camera_height_m=camera_height_m,
        above_ground_m=max(camera_height_m - below_m, MODEL_SIGMA_M),
    )
    if view is None:
        return NotPlaced(code=ReasonCode.OUTSIDE_GROUND_MODEL, detail="no ground in view")
    if isinstance(view, NotPlaced):
        return view
    sigma_m = math.hypot(SATELLITE_HEIGHT_SIGMA_M, MODEL_SIGMA_M, comparison.sigma_m)
    errors = plan_pose_errors(
        pose.accuracy,
        camera,
        shared_height_m=sigma_m,
        own_height_m=pose.accuracy.own_horizontal_m,
    )
    return replace(view, errors=errors)


def _model_view(
    camera: Camera,
    pose: Pose,
    ground: Ground,
    *,
    method: str,
    camera_height_m: float,
    above_ground_m: float,
) -> View | NotPlaced | None:
    """Return the view over the height model, None where the model knows nothing in it."""
    view = plan_level_view(camera, pose, method=method, above_ground_m=above_ground_m)
    surface = ground.around(view.frame, view.bounds)
    beside = beside_model(view, surface)
    if beside is None:
        return None
    below_m = float(surface.up_m(np.zeros((1, 2)))[0])
    if below_m >= camera_height_m:
        return NotPlaced(
            code=ReasonCode.ABSURD_HEIGHT,
            detail=f"{camera_height_m - below_m:.1f} m above the ground model here",
        )
    return replace(
        view,
        ground=ground,
        camera_height_m=camera_height_m,
        height_datum=ground.datum,
        has_ground_model=True,
        beside_model=beside,
    )


def beside_model(view: View, surface: Surface) -> Level | None:
    """Return the level of the ground where the model knows it within the view's bounds."""
    east_min, north_min, east_max, north_max = view.bounds
    east = np.linspace(east_min, east_max, SAMPLES_PER_SIDE)
    north = np.linspace(north_min, north_max, SAMPLES_PER_SIDE)
    heights = surface.up_m(np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2))
    heights = heights[np.isfinite(heights)]
    if not heights.size:
        return None
    spread_m = max(float(heights.std()), MODEL_SIGMA_M)
    return Level(up_m=float(np.median(heights)), sigma_m=spread_m)
