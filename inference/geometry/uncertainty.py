"""How wrong a position may be: first-order propagation, and what an ellipse says of it."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.boxes import find_cut_axes
from inference.geometry.view import View
from inference.sighting import Placement

# Columns of `Placement.shared_loading_m`: errors that all photos of a flight have in common, and
# one that all views of an object have in common, whatever the flight.
FLIGHT_ERRORS = ("gnss_east", "gnss_north", "height", "yaw", "pitch", "roll", "focal_length")
SHARED_ERRORS = (*FLIGHT_ERRORS, "object_height")

# What is shifted to see how the position answers; the box's middle moves in photo pixels.
PARAMETERS = ("height", "yaw", "pitch", "roll", "focal_length", "column", "row")
HEIGHT = 0
FLIGHT_PARAMETERS = slice(0, 5)  # in the order of FLIGHT_ERRORS

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
    """One sigma of each of PARAMETERS: (7,) shared by the flight and (7,) of the photo alone.

    Height is in metres, angles in degrees, focal length a part of itself, the box in pixels.

    Attributes:
        object_height_m: One sigma of the height at which the object is fixed to the world, above
            the ground that rays are cast on. Not known better from further photos: seen from one
            side, they all put the object too near or too far.
    """

    shared: NDArray[np.float64]
    own: NDArray[np.float64]
    object_height_m: float

    @property
    def total(self) -> NDArray[np.float64]:
        """Return (7,) all together."""
        together: NDArray[np.float64] = np.hypot(self.shared, self.own)
        together[HEIGHT] = math.hypot(together[HEIGHT], self.object_height_m)
        return together


def plan_error_budget(
    view: View, *, class_name: str, box_photo: tuple[float, float, float, float]
) -> ErrorBudget:
    """Return the sigmas that a detection's position hangs on, but for the camera's own place."""
    accuracy = view.pose.accuracy
    object_height = OBJECT_HEIGHT_SIGMA_M.get(class_name, OTHER_OBJECT_HEIGHT_SIGMA_M)
    if view.has_ground_model:
        object_height = OBJECT_HEIGHT_ON_MODEL_SIGMA_M
    column, row = _box_sigmas_px(view, box_photo)
    own_angles = (accuracy.own_yaw_deg, accuracy.own_pitch_deg, accuracy.own_roll_deg)
    shared_angles = (accuracy.shared_yaw_deg, accuracy.shared_pitch_deg, accuracy.shared_roll_deg)
    focal = view.camera.focal_sigma_ratio
    return ErrorBudget(
        shared=np.array([view.shared_height_sigma_m, *shared_angles, focal, 0.0, 0.0]),
        own=np.array([view.own_height_sigma_m, *own_angles, 0.0, column, row]),
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
    jacobian: NDArray[np.float64], budget: ErrorBudget, *, shared_horizontal_m: float,
    own_horizontal_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return the own covariance (3, 3) in m² and the loading (3, K) in m of SHARED_ERRORS.

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
    flight = (jacobian * budget.shared)[:, FLIGHT_PARAMETERS]
    object_height = jacobian[:, HEIGHT] * budget.object_height_m
    return own, np.column_stack([place, flight, object_height])


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
