"""How wrong a position may be: first-order propagation, and what an ellipse says of it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.sighting import Placement
from inference.view import View

# Columns of `Placement.shared_loading_m`: errors that all photos of a flight have in common.
SHARED_ERRORS = ("gnss_east", "gnss_north", "height", "yaw", "pitch", "focal_length")

# What is shifted to see how the position answers; the box's middle moves in photo pixels.
PARAMETERS = ("height", "yaw", "pitch", "roll", "focal_length", "column", "row")
SHARED_PARAMETERS = (0, 1, 2, 4)  # in the order of SHARED_ERRORS

# A box's middle is off by about a tenth of its side: two boxes shifted so overlap with an IoU of
# about 0.8.
BOX_SIGMA_RATIO = 0.1
MIN_BOX_SIGMA_PX = 1.0

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

CHI_SQUARED_DEGREES = 2  # of freedom in the plane: level = 1 - exp(-k^2 / 2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorBudget:
    """One sigma of each of PARAMETERS: (7,) shared by the flight and (7,) of the photo alone.

    Height is in metres, angles in degrees, focal length a part of itself, the box in pixels.
    """

    shared: NDArray[np.float64]
    own: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        """Return (7,) both together."""
        both: NDArray[np.float64] = np.hypot(self.shared, self.own)
        return both


def plan_error_budget(
    view: View, *, class_name: str, box_photo: tuple[float, float, float, float]
) -> ErrorBudget:
    """Return the sigmas that a detection's position hangs on, but for the camera's own place."""
    accuracy = view.pose.accuracy
    x_min, y_min, x_max, y_max = box_photo
    object_height = OBJECT_HEIGHT_SIGMA_M.get(class_name, OTHER_OBJECT_HEIGHT_SIGMA_M)
    if view.has_ground_model:
        object_height = OBJECT_HEIGHT_ON_MODEL_SIGMA_M
    own_height = math.hypot(view.own_height_sigma_m, object_height)
    column = math.hypot(MIN_BOX_SIGMA_PX, BOX_SIGMA_RATIO * (x_max - x_min))
    row = math.hypot(MIN_BOX_SIGMA_PX, BOX_SIGMA_RATIO * (y_max - y_min))
    own_angles = (accuracy.own_yaw_deg, accuracy.own_pitch_deg, accuracy.own_roll_deg)
    shared_angles = (accuracy.shared_yaw_deg, accuracy.shared_pitch_deg, 0.0)
    focal = view.camera.focal_sigma_ratio
    return ErrorBudget(
        shared=np.array([view.shared_height_sigma_m, *shared_angles, focal, 0.0, 0.0]),
        own=np.array([own_height, *own_angles, 0.0, column, row]),
    )


def split_errors(
    jacobian: NDArray[np.float64], budget: ErrorBudget, *, shared_horizontal_m: float,
    own_horizontal_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return the own covariance (3, 3) in m² and the shared loading (3, K) in m.

    Args:
        jacobian: (3, 7) metres of east, north, up for a unit of each of PARAMETERS.
        budget: Their sigmas.
        shared_horizontal_m: One sigma of the camera's place on each axis, shared by the flight.
        own_horizontal_m: Likewise, of the photo alone.
    """
    own_columns = jacobian * budget.own
    # The camera's place moves the position by as much as itself.
    own = own_columns @ own_columns.T + np.diag([1.0, 1.0, 0.0]) * own_horizontal_m**2
    place = np.eye(3)[:, :2] * shared_horizontal_m
    shared_columns = (jacobian * budget.shared)[:, SHARED_PARAMETERS]
    return own, np.column_stack([place, shared_columns])


def full_covariance(placement: Placement) -> NDArray[np.float64]:
    """Return the (3, 3) covariance in m², both parts together."""
    loading = placement.shared_loading_m
    total: NDArray[np.float64] = placement.own_covariance_m2 + loading @ loading.T
    return total


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
