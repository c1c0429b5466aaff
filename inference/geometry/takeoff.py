"""How high the take-off place is in the heights of a ground model."""

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame
from inference.geometry.ground import Ground
from inference.geometry.pose import Pose, is_rtk_fixed
from inference.geometry.surface import Surface

# Nobody takes off from a tree or in one: the low ground around the first photo is taken, which
# also bridges small holes of the model.
NEIGHBOURHOOD_M = 15.0
LOW_PERCENTILE = 10.0

RELIEF_RADIUS_M = 200.0
SAMPLES_PER_SIDE = 21

LEAST_SIGMA_M = 3.0
SAME_HEIGHT_M = 1.0


def takeoff_ground_m(pose: Pose, ground: Ground) -> float | None:
    """Return the model's height at the take-off place, judged by the first photo, or None.

    The photo does not say where the aircraft took off. With fixed RTK it says how high that was,
    if in an unknown datum: this is believed where the model names no datum of its own and has
    ground at about that height. Else the low ground below the photo is taken.
    """
    frame = EnuFrame(latitude_deg=pose.latitude_deg, longitude_deg=pose.longitude_deg)
    surface = ground.around(frame, _square(RELIEF_RADIUS_M))
    near = surface.up_m(_grid(NEIGHBOURHOOD_M))
    near = near[np.isfinite(near)]
    if not near.size:
        return None
    low_m = float(np.percentile(near, LOW_PERCENTILE))
    stated_m = stated_takeoff_height_m(pose)
    if stated_m is None or ground.datum is not None:
        return low_m
    doubt_m = 2.0 * max(relief_m(surface, _square(RELIEF_RADIUS_M)), LEAST_SIGMA_M)
    return stated_m if abs(stated_m - low_m) <= doubt_m else low_m


def takeoff_sigma_m(pose: Pose, height_m: float, *, relief_m: float) -> float:
    """Return one sigma of `takeoff_ground_m`.

    A height that RTK tells is off by what the datums differ without showing; any other is off by
    as much as heights differ around.
    """
    stated_m = stated_takeoff_height_m(pose)
    if stated_m is not None and abs(stated_m - height_m) < SAME_HEIGHT_M:
        return LEAST_SIGMA_M
    return max(LEAST_SIGMA_M, relief_m)


def stated_takeoff_height_m(pose: Pose) -> float | None:
    """Return absolute less relative height with fixed RTK; other absolute heights say little."""
    absolute_m, relative_m = pose.absolute_height_m, pose.height_above_takeoff_m
    if not is_rtk_fixed(pose) or absolute_m is None or relative_m is None:
        return None
    return absolute_m - relative_m


def relief_m(surface: Surface, bounds: tuple[float, float, float, float]) -> float:
    """Return the standard deviation of the heights within the bounds; 0 where none is known."""
    east_min, north_min, east_max, north_max = bounds
    east = np.linspace(east_min, east_max, SAMPLES_PER_SIDE)
    north = np.linspace(north_min, north_max, SAMPLES_PER_SIDE)
    points = np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2)
    heights = surface.up_m(points)
    heights = heights[np.isfinite(heights)]
    return float(heights.std()) if heights.size else 0.0


def _square(half_side_m: float) -> tuple[float, float, float, float]:
    return (-half_side_m, -half_side_m, half_side_m, half_side_m)


def _grid(half_side_m: float) -> NDArray[np.float64]:
    axis = np.linspace(-half_side_m, half_side_m, SAMPLES_PER_SIDE)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
