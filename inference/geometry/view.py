"""Everything that a photo's geometry needs at once: camera, pose, ground and height."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.geometry.camera import Camera, pixel_to_ray, plan_camera
from inference.geometry.frames import EnuFrame
from inference.geometry.ground import Bounds, FlatGround, Ground
from inference.geometry.pose import Pose, plan_pose, rotation_camera_to_enu
from inference.geometry.pose_errors import PoseErrors, plan_pose_errors
from inference.geometry.rays import border_pixels, depression_deg, lower_to_depression
from inference.geometry.surface import Surface
from inference.geometry.takeoff import relief_m, takeoff_ground_m, takeoff_sigma_m
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode

LASER = "laser"
GROUND_MODEL = "ground_model_ray_cast"
FLAT_GROUND = "flat_ground_at_takeoff"

MIN_RELATIVE_ALTITUDE_M = 1.0  # lower, and the aircraft stood on the ground or the value is unset
MAX_RELATIVE_ALTITUDE_M = 2000.0  # higher than small drones are let fly

# Below this depression a degree of pitch moves the hit by a fifth of its distance and more, and
# anything that stands up hides the ground behind it.
MIN_DEPRESSION_DEG = 5.0
MAX_RANGE_PER_HEIGHT = 30.0  # slant, on falling ground
# The distance to what is seen at the middle tells little of the height when looking far ahead.
MIN_LASER_DEPRESSION_DEG = 15.0

# One sigma of the ground's height in one place against the take-off place, shared by all views of
# that place; `inference.geometry.takeoff` has that over a height model.
FLAT_GROUND_SIGMA_M = 4.5
# One sigma of a photo's own.
LASER_SIGMA_M = 0.5
LASER_FLAT_SIGMA_M = 1.0  # the ground around the point that the laser met is not level

# A piece of the height model is read with room for ground that lies lower than thought.
SURFACE_HEIGHT_FACTOR = 1.3
SURFACE_MARGIN_M = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A photo's camera over its ground, in the local frame below the camera.

    Attributes:
        frame: Origin at the camera's latitude and longitude, at height 0 of the ground's datum.
        camera_height_m: Above height 0 of the ground's datum; over flat ground above the ground.
        above_ground_m: About how high above the ground, for limits of range.
        height_datum: Of the ground model, or None where not known.
        method: laser, ground_model_ray_cast or flat_ground_at_takeoff.
        bounds: What of the ground may be in the picture, in metres of the frame.
        has_ground_model: Whether `ground` is one, so that its heights may be told.
        errors: Of the pose, its height above the ground and the focal length.
        ground_sigma_m: Of the ground's height in one place, shared by all views of that place.
        is_refined: Whether overlapping photos have put the pose right.
    """

    camera: Camera
    pose: Pose
    ground: Ground
    bounds: Bounds
    frame: EnuFrame
    camera_height_m: float
    above_ground_m: float
    height_datum: str | None
    method: str
    has_ground_model: bool
    errors: PoseErrors
    ground_sigma_m: float
    is_refined: bool = False

    @property
    def surface(self) -> Surface:
        """Return the ground around the camera, read when needed and not kept with the view."""
        return self.ground.around(self.frame, self.bounds)


def plan_view(
    metadata: PhotoMetadata, ground: Ground | None, *, takeoff_ground_m: float | None
) -> View | NotPlaced:
    """Return the photo's geometry with the best height that it has, or why it has none.

    Heights, best first: the laser's distance to the picture's middle; the ground model with the
    relative altitude over the take-off place; the relative altitude over flat ground. A photo's
    absolute altitude is not put beside the model's heights unless `inference.geometry.takeoff`
    finds that they agree.

    Args:
        metadata: Of the photo.
        ground: The height model, or None.
        takeoff_ground_m: The model's height at the take-off place, see `plan_takeoff_ground_m`.
    """
    pose = plan_pose(metadata)
    if isinstance(pose, NotPlaced):
        return pose
    camera = plan_camera(metadata)
    if isinstance(camera, NotPlaced):
        return camera
    if _has_laser(camera, pose):
        return _laser_view(camera, pose, ground)
    bad_height = _bad_relative_altitude(pose)
    if bad_height is not None:
        return bad_height
    if ground is not None and takeoff_ground_m is not None:
        return _model_view(camera, pose, ground, takeoff_ground_m)
    return _view(
        camera, pose, method=FLAT_GROUND, above_ground_m=pose.height_above_takeoff_m or 0.0
    )


def plan_takeoff_ground_m(metadatas: Iterable[PhotoMetadata], ground: Ground) -> float | None:
    """Return the model's height at the take-off place, or None where no photo lies on the model.

    It is judged by the first photo that does, so that relative altitudes can be used without
    trusting blindly the vertical datum of either the photo or the model.

    Args:
        metadatas: In the order of capture.
        ground: The height model.
    """
    for metadata in metadatas:
        pose = plan_pose(metadata)
        if isinstance(pose, NotPlaced) or pose.height_above_takeoff_m is None:
            continue
        height = takeoff_ground_m(pose, ground)
        if height is not None:
            return height
    return None


def view_directions(
    view: View,
    pixels: ArrayLike,
    *,
    yaw_offset_deg: ArrayLike = 0.0,
    pitch_offset_deg: ArrayLike = 0.0,
    roll_offset_deg: ArrayLike = 0.0,
    focal_offset_ratio: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Return (N, 3) unit rays in east, north, up.

    Args:
        view: Camera and pose.
        pixels: (N, 2) photo pixels.
        yaw_offset_deg: (N,) or one, added to the pose.
        pitch_offset_deg: Likewise.
        roll_offset_deg: Likewise.
        focal_offset_ratio: (N,) or one, the focal length is longer by this part of itself.
    """
    pose = view.pose
    rotation = rotation_camera_to_enu(
        pose.yaw_deg + np.atleast_1d(np.asarray(yaw_offset_deg, dtype=np.float64)),
        pose.pitch_deg + np.atleast_1d(np.asarray(pitch_offset_deg, dtype=np.float64)),
        pose.roll_deg + np.atleast_1d(np.asarray(roll_offset_deg, dtype=np.float64)),
    )
    rays = pixel_to_ray(view.camera, pixels)
    longer = 1.0 + np.atleast_1d(np.asarray(focal_offset_ratio, dtype=np.float64))
    rays = rays * np.column_stack([1.0 / longer, 1.0 / longer, np.ones_like(longer)])
    directions: NDArray[np.float64] = np.matmul(rotation, rays[:, :, None])[:, :, 0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions


def ground_sample_distance_at_m(view: View, point: NDArray[np.float64]) -> float:
    """Return the size of a pixel across the view at a point of `view.frame`, in metres."""
    pose = view.pose
    forward = rotation_camera_to_enu(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)[0, :, 2]
    depth_m = float(forward @ (point - (0.0, 0.0, view.camera_height_m)))
    return depth_m / view.camera.fx


def _has_laser(camera: Camera, pose: Pose) -> bool:
    """Tell whether the laser's distance says how high the camera is above the ground ahead."""
    distance = pose.laser_distance_m
    if distance is None or not math.isfinite(distance) or distance <= 0.0:
        return False
    return float(depression_deg(_center_ray(camera, pose)[None])[0]) >= MIN_LASER_DEPRESSION_DEG


def _bad_relative_altitude(pose: Pose) -> NotPlaced | None:
    """Return why the relative altitude cannot be used, or None."""
    height = pose.height_above_takeoff_m
    if height is None:
        return NotPlaced(code=ReasonCode.NO_HEIGHT, detail="no laser and no relative altitude")
    if not MIN_RELATIVE_ALTITUDE_M < height < MAX_RELATIVE_ALTITUDE_M:
        return NotPlaced(
            code=ReasonCode.ABSURD_HEIGHT,
            detail=f"relative altitude {height:.1f} m, expected {MIN_RELATIVE_ALTITUDE_M:g} to "
            f"{MAX_RELATIVE_ALTITUDE_M:g}",
        )
    return None


def _laser_view(camera: Camera, pose: Pose, ground: Ground | None) -> View:
    """Return the view whose picture's middle is at the laser's distance.

    On a height model the camera is put so that the laser's point lies on the model; the model's
    shape around it is kept and its datum does not matter.
    """
    point = _center_ray(camera, pose) * (pose.laser_distance_m or 0.0)
    above_ground_m = -float(point[2])
    view = _view(camera, pose, method=LASER, above_ground_m=above_ground_m)
    flat_errors = plan_pose_errors(
        pose.accuracy, camera, shared_height_m=0.0, own_height_m=LASER_FLAT_SIGMA_M
    )
    view = replace(view, errors=flat_errors, ground_sigma_m=0.0)
    if ground is None:
        return view
    surface = ground.around(view.frame, view.bounds)
    ground_up_m = float(surface.up_m(point[None, :2])[0])
    if not math.isfinite(ground_up_m):
        return view
    return replace(
        view,
        ground=ground,
        camera_height_m=ground_up_m + above_ground_m,
        height_datum=ground.datum,
        has_ground_model=True,
        errors=plan_pose_errors(
            pose.accuracy, camera, shared_height_m=0.0, own_height_m=LASER_SIGMA_M
        ),
    )


def _model_view(
    camera: Camera, pose: Pose, ground: Ground, takeoff_height_m: float
) -> View | NotPlaced:
    """Return the view over the height model, at the relative altitude over the take-off place."""
    relative_m = pose.height_above_takeoff_m or 0.0
    view = _view(camera, pose, method=GROUND_MODEL, above_ground_m=relative_m)
    surface = ground.around(view.frame, view.bounds)
    below_m = float(surface.up_m(np.zeros((1, 2)))[0])
    if below_m >= takeoff_height_m + relative_m:
        return NotPlaced(
            code=ReasonCode.ABSURD_HEIGHT,
            detail=f"{relative_m:.1f} m above take-off is below the ground model here",
        )
    relief = relief_m(surface, view.bounds)
    sigma_m = takeoff_sigma_m(pose, takeoff_height_m, relief_m=relief)
    return replace(
        view,
        ground=ground,
        camera_height_m=takeoff_height_m + relative_m,
        height_datum=ground.datum,
        has_ground_model=True,
        errors=plan_pose_errors(
            pose.accuracy,
            camera,
            shared_height_m=math.hypot(pose.accuracy.shared_vertical_m, sigma_m),
            own_height_m=pose.accuracy.own_vertical_m,
        ),
        ground_sigma_m=0.0,
    )


def _view(camera: Camera, pose: Pose, *, method: str, above_ground_m: float) -> View:
    """Return a view over flat ground whose height is 0."""
    return View(
        camera=camera,
        pose=pose,
        ground=FlatGround(),
        bounds=plan_bounds(camera, pose, above_ground_m),
        frame=EnuFrame(latitude_deg=pose.latitude_deg, longitude_deg=pose.longitude_deg),
        camera_height_m=above_ground_m,
        above_ground_m=above_ground_m,
        height_datum=None,
        method=method,
        has_ground_model=False,
        errors=plan_pose_errors(
            pose.accuracy,
            camera,
            shared_height_m=pose.accuracy.shared_vertical_m,
            own_height_m=pose.accuracy.own_vertical_m,
        ),
        ground_sigma_m=FLAT_GROUND_SIGMA_M,
    )


def plan_bounds(camera: Camera, pose: Pose, above_ground_m: float) -> Bounds:
    """Return what of the ground may be in the picture, with room for lower ground."""
    rotation = rotation_camera_to_enu(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)[0]
    border = pixel_to_ray(camera, border_pixels(camera, per_edge=8)) @ rotation.T
    rays = lower_to_depression(border, min_depression_deg=MIN_DEPRESSION_DEG)
    height_m = above_ground_m * SURFACE_HEIGHT_FACTOR + SURFACE_MARGIN_M
    points = np.vstack([rays[:, :2] / -rays[:, 2:] * height_m, np.zeros((1, 2))])
    east_min, north_min = points.min(axis=0) - SURFACE_MARGIN_M
    east_max, north_max = points.max(axis=0) + SURFACE_MARGIN_M
    return float(east_min), float(north_min), float(east_max), float(north_max)


def _center_ray(camera: Camera, pose: Pose) -> NDArray[np.float64]:
    """Return the unit ray of the picture's middle in east, north, up, (3,)."""
    middle = ((camera.width_px - 1) / 2.0, (camera.height_px - 1) / 2.0)
    rotation = rotation_camera_to_enu(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)[0]
    ray: NDArray[np.float64] = rotation @ pixel_to_ray(camera, middle)[0]
    return ray
