"""How wrong a position may be: first-order propagation, and what an ellipse says of it."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.boxes import find_cut_axes
from inference.geometry.pose_errors import HEIGHT, POSE_ERRORS, PoseErrors, square_root
from inference.geometry.view import View
from inference.sighting import Placement

# Columns of `Placement.shared_loading_m`: errors that all photos of a flight have in common, and
# those that all views of an object have in common, whatever the flight: its height above the ground
# and, for views from the street, its size, by which they judge the range. Where the lens sits on
# the sensor is the first kind; no angles of the pose can stand for it in pictures straight down.
FLIGHT_ERRORS = (*POSE_ERRORS, "center_column", "center_row")
SHARED_ERRORS = (*FLIGHT_ERRORS, "object_height", "object_size")

# What is shifted to see how the position answers: the pose, then the box's middle in photo pixels.
# The camera's place needs no shift: it moves the position by as much as itself.
PARAMETERS = ("height", "yaw", "pitch", "roll", "focal_length", "column", "row")
SHIFTED_POSE = slice(HEIGHT, len(POSE_ERRORS))  # of POSE_ERRORS
BOX = slice(5, 7)  # of PARAMETERS

# A box's middle is off by about a tenth of its side: two boxes shifted so overlap with an IoU of
# about 0.8.
BOX_SIGMA_RATIO = 0.1
MIN_BOX_SIGMA_PX = 1.0

# Where the photo's edge cuts the object, as much may be hidden as its longer side shows.
CUT_BOX_SIGMA_RATIO = 0.5

# One sigma of the height above the ground at which the thing seen is fixed to the world. Over flat
# ground a hoarding on a wall or a room on a roof stands above the plane that the ray is cut with;
# a surface model has walls and roofs in it.
OBJECT_HEIGHT_SIGMA_M = {
    "exposed_garbage": 0.5,
    "damaged_billboard": 3.0,
    "illegal_structure": 4.0,
}
OTHER_OBJECT_HEIGHT_SIGMA_M = 1.0
OBJECT_HEIGHT_ON_MODEL_SIGMA_M = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorBudget:
    """What a detection's position hangs on.

    Attributes:
        pose: Errors of the photo's pose.
        box_px: One sigma of the column and of the row of the object's middle.
        center_px: Likewise of the camera's principal point, the same in all photos of a flight.
        object_height_m: One sigma of the height at which the object is fixed to the world, above
            the ground that rays are cast on. Not known better from further photos: seen from one
            side, they all put the object too near or too far.
    """

    pose: PoseErrors
    box_px: tuple[float, float]
    center_px: tuple[float, float]
    object_height_m: float

    @property
    def steps(self) -> NDArray[np.float64]:
        """Return (7,) one sigma of each of PARAMETERS, all together."""
        pose = np.sqrt(np.diag(self.pose.total))[SHIFTED_POSE]
        pose[0] = math.hypot(pose[0], self.object_height_m)
        return np.concatenate([pose, self.box_px])


def plan_error_budget(
    view: View, *, class_name: str, box_photo: tuple[float, float, float, float]
) -> ErrorBudget:
    """Return the errors that a detection's position hangs on."""
    object_height = OBJECT_HEIGHT_SIGMA_M.get(class_name, OTHER_OBJECT_HEIGHT_SIGMA_M)
    if view.has_ground_model:
        object_height = OBJECT_HEIGHT_ON_MODEL_SIGMA_M
    return ErrorBudget(
        pose=view.errors,
        box_px=_box_sigmas_px(view, box_photo),
        center_px=view.camera.center_sigma_px,
        object_height_m=math.hypot(view.ground_sigma_m, object_height),
    )


def _box_sigmas_px(view: View, box_photo: tuple[float, float, float, float]) -> tuple[float, float]:
    """Return one sigma of the column and of the row of the object's middle."""
    x_min, y_min, x_max, y_max = box_photo
    width_px, height_px = x_max - x_min, y_max - y_min
    cut = find_cut_axes(box_photo, width_px=view.camera.width_px, height_px=view.camera.height_px)
    column, row = (
        CUT_BOX_SIGMA_RATIO * max(width_px, height_px) if is_cut_there else BOX_SIGMA_RATIO * side
        for is_cut_there, side in zip(cut, (width_px, height_px), strict=True)
    )
    return math.hypot(MIN_BOX_SIGMA_PX, column), math.hypot(MIN_BOX_SIGMA_PX, row)


def split_errors(
    jacobian: NDArray[np.float64], budget: ErrorBudget
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the own covariance (3, 3) in m² and the loading (3, K) in m of SHARED_ERRORS.

    Args:
        jacobian: (3, 7) metres of east, north, up for a unit of each of PARAMETERS.
        budget: The errors.
    """
    of_pose = np.column_stack([np.eye(3)[:, :2], jacobian[:, : BOX.start]])
    box = jacobian[:, BOX] * budget.box_px
    own = of_pose @ budget.pose.own @ of_pose.T + box @ box.T
    # The symmetric root is the same for all photos of a flight, so that its columns are the same
    # errors for all of them.
    flight = of_pose @ square_root(budget.pose.shared)
    center = jacobian[:, BOX] * budget.center_px
    object_height = jacobian[:, 0] * budget.object_height_m
    object_size = np.zeros(3)  # no part of a ray that meets the ground
    return own, np.column_stack([flight, center, object_height, object_size])


def full_covariance(placement: Placement) -> NDArray[np.float64]:
    """Return the (3, 3) covariance in m², both parts together."""
    loading = placement.shared_loading_m
    total: NDArray[np.float64] = placement.own_covariance_m2 + loading @ loading.T
    return total


def covariance_within_flight(placement: Placement) -> NDArray[np.float64]:
    """Return the (3, 3) covariance in m² without what moves all objects of a flight alike."""
    loading = placement.shared_loading_m[:, len(FLIGHT_ERRORS) :]
    rest: NDArray[np.float64] = placement.own_covariance_m2 + loading @ loading.T
    return rest


def take_flight_errors_as_own(placement: Placement) -> Placement:
    """Return the place as it stands beside those of other flights, which have other biases.

    What hangs on the object's height stays shared: that is the same for every flight.
    """
    flight = placement.shared_loading_m.copy()
    flight[:, len(FLIGHT_ERRORS) :] = 0.0
    return replace(
        placement,
        own_covariance_m2=placement.own_covariance_m2 + flight @ flight.T,
        shared_loading_m=placement.shared_loading_m - flight,
    )


def error_ellipse(
    covariance_m2: NDArray[np.float64], *, level: float = 0.90
) -> tuple[float, float, float]:
    """Return the ellipse that holds the truth with the probability `level`.

    Args:
        covariance_m2: East and north, (2, 2) or the upper left of more.
        level: Between 0 and 1.

    Returns:
        Major and minor semi-axis in metres, and the major axis' azimuth clockwise from north in
        degrees, 0 to 180.
    """
    variances, axes = np.linalg.eigh(covariance_m2[:2, :2])
    scale = math.sqrt(-2.0 * math.log(1.0 - level))
    minor_m, major_m = scale * np.sqrt(np.maximum(variances, 0.0))
    east, north = axes[:, 1]
    return float(major_m), float(minor_m), math.degrees(math.atan2(east, north)) % 180.0


def circular_error_90_m(covariance_m2: NDArray[np.float64]) -> float:
    """Return the radius of the circle that holds the truth with a probability of 90 % (CE90).

    Along a direction at angle t of the unit circle the normal distribution reaches g(t), the
    hypotenuse of sigma_1 cos t and sigma_2 sin t. The circle of radius r then holds
    1 - mean over t of exp(-(r / g)² / 2), which is solved for r by bisection. The mean over equal
    steps converges faster than any power for this smooth, periodic function.

    Args:
        covariance_m2: East and north, (2, 2) or the upper left of more.
    """
    variances = np.maximum(np.linalg.eigvalsh(covariance_m2[:2, :2]), 0.0)
    largest = float(variances[1])
    if largest == 0.0:
        return 0.0
    angles = (np.arange(256) + 0.5) * (math.pi / 256)
    ratio = variances[0] / largest
    squared = np.cos(angles) ** 2 + ratio * np.sin(angles) ** 2
    low, high = 1.6, 2.2  # 1.6449 sigma for a line, 2.1460 sigma for a circle
    for _ in range(40):
        middle = (low + high) / 2.0
        outside = float(np.mean(np.exp(-(middle**2) / (2.0 * squared))))
        low, high = (middle, high) if outside > 0.1 else (low, middle)
    return math.sqrt(largest) * (low + high) / 2.0
