"""Everything that a photo's geometry needs at once: camera, pose, ground and height."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.geometry.camera import Camera, pixel_to_ray
from inference.geometry.frames import EnuFrame
from inference.geometry.ground import Bounds, FlatGround, Ground
from inference.geometry.point_ground import PointGround
from inference.geometry.pose import Pose, pose_rotation, rotation_camera_to_enu
from inference.geometry.pose_errors import PoseErrors, plan_pose_errors
from inference.geometry.rays import border_pixels, lower_to_depression
from inference.geometry.surface import Surface

# How the height above the ground was found, best first.
LASER = "laser"
GROUND_MODEL = "ground_model_ray_cast"
GROUND_MODEL_ABSOLUTE = "absolute_height_on_ground_model"
GROUND_MODEL_GAP = "level_ground_in_model_gap"
SEEN_GROUND = "ground_seen_in_overlaps"
SEEN_GROUND_GAP = "level_ground_beside_overlaps"
FLAT_AT_MODELLED_TAKEOFF = "flat_ground_at_modelled_takeoff"
FLAT_GROUND = "flat_ground_at_takeoff"

# Below this depression a degree of pitch moves the hit by a fifth of its distance and more, and
# anything that stands up hides the ground behind it.
MIN_DEPRESSION_DEG = 5.0
MAX_RANGE_PER_HEIGHT = 30.0  # slant, on falling ground

# A piece of the height model is read with room for ground that lies lower than thought.
SURFACE_HEIGHT_FACTOR = 1.3
SURFACE_MARGIN_M = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Level ground that rays go on to where the ground model knows none.

    Attributes:
        up_m: In the frame of the view.
        sigma_m: One sigma of the ground's height there, shared by all views of a place.
    """

    up_m: float
    sigma_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A photo's camera over its ground, in the local frame below the camera.

    Attributes:
        frame: Origin at the camera's latitude and longitude, at height 0 of the ground's datum.
        camera_height_m: Above height 0 of the ground's datum; above the ground where that is flat
            and its height is not told.
        above_ground_m: About how high above the ground, for limits of range.
        height_datum: Of the ground's heights, or None where not known.
        method: One of the names above.
        bounds: What of the ground may be in the picture, in metres of the frame.
        has_ground_model: Whether `ground` is one, from a file.
        errors: Of the pose, its height above the ground and the focal length.
        ground_sigma_m: Of the ground's height in one place, shared by all views of that place.
        beside_model: Where rays end that the ground model loses, or None where it is flat ground.
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
    beside_model: Level | None = None
    is_refined: bool = False

    @property
    def surface(self) -> Surface:
        """Return the ground around the camera, read when needed and not kept with the view."""
        return self.ground.around(self.frame, self.bounds)

    @property
    def tells_height(self) -> bool:
        """Whether heights of the ground mean anything beyond this view."""
        return self.has_ground_model or self.height_datum is not None


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
        roll_offset_deg: Likewise, to the bank: a gimbal that is not level rolls the picture of the
            horizon, and looks to the side at the nadir.
        focal_offset_ratio: (N,) or one, the focal length is longer by this part of itself.
    """
    pose = view.pose
    rotation = rotation_camera_to_enu(
        pose.yaw_deg + np.atleast_1d(np.asarray(yaw_offset_deg, dtype=np.float64)),
        pose.pitch_deg + np.atleast_1d(np.asarray(pitch_offset_deg, dtype=np.float64)),
        pose.roll_deg,
        pose.bank_deg + np.atleast_1d(np.asarray(roll_offset_deg, dtype=np.float64)),
    )
    rays = pixel_to_ray(view.camera, pixels)
    longer = 1.0 + np.atleast_1d(np.asarray(focal_offset_ratio, dtype=np.float64))
    rays = rays * np.column_stack([1.0 / longer, 1.0 / longer, np.ones_like(longer)])
    directions: NDArray[np.float64] = np.matmul(rotation, rays[:, :, None])[:, :, 0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions


def with_doubt_at(view: View, point: NDArray[np.float64]) -> View:
    """Return the view with the doubt of the ground at a point of its frame.

    That is the view's own, but on ground seen in overlaps, which is known better where points are.
    """
    if not isinstance(view.ground, PointGround):
        return view
    sigma_m = view.ground.sigma_m(view.frame, point)
    return view if sigma_m is None else replace(view, ground_sigma_m=sigma_m)


def ground_sample_distance_at_m(view: View, point: NDArray[np.float64]) -> float:
    """Return the size of a pixel across the view at a point of `view.frame`, in metres."""
    forward = pose_rotation(view.pose)[:, 2]
    depth_m = float(forward @ (point - (0.0, 0.0, view.camera_height_m)))
    return depth_m / view.camera.fx


def plan_bounds(camera: Camera, pose: Pose, above_ground_m: float) -> Bounds:
    """Return what of the ground may be in the picture, with room for lower ground."""
    rotation = pose_rotation(pose)
    border = pixel_to_ray(camera, border_pixels(camera, per_edge=8)) @ rotation.T
    rays = lower_to_depression(border, min_depression_deg=MIN_DEPRESSION_DEG)
    height_m = above_ground_m * SURFACE_HEIGHT_FACTOR + SURFACE_MARGIN_M
    points = np.vstack([rays[:, :2] / -rays[:, 2:] * height_m, np.zeros((1, 2))])
    east_min, north_min = points.min(axis=0) - SURFACE_MARGIN_M
    east_max, north_max = points.max(axis=0) + SURFACE_MARGIN_M
    return float(east_min), float(north_min), float(east_max), float(north_max)


def plan_level_view(camera: Camera, pose: Pose, *, method: str, above_ground_m: float) -> View:
    """Return a view over level ground of height 0, with the errors of the photo alone."""
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
        ground_sigma_m=0.0,
    )


def center_ray(camera: Camera, pose: Pose) -> NDArray[np.float64]:
    """Return the unit ray of the picture's middle in east, north, up, (3,)."""
    middle = ((camera.width_px - 1) / 2.0, (camera.height_px - 1) / 2.0)
    rotation = pose_rotation(pose)
    ray: NDArray[np.float64] = rotation @ pixel_to_ray(camera, middle)[0]
    return ray
