"""Room in a view's errors for what pictures and records contradict each other by.

What is wrong, the place or where the camera looked, is not known, and neither is by how much. The
ellipse then has to reach what the pictures say.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import wgs84_to_enu
from inference.geometry.pose_errors import EAST, NORTH, PoseErrors
from inference.geometry.rays import lower_to_depression
from inference.geometry.view import MIN_DEPRESSION_DEG, View, view_directions

PIXELS_PER_SIDE = 5
MOST_REACHES = 2.0  # looking to the other side moves what is seen by twice its distance


def widen(view: View, square_m2: float) -> View:
    """Return the view with places that may be off by so much more.

    It is an error of the flight and not of the photo alone, so that no number of photos averages it
    away, and that it does not make different objects one.

    Args:
        view: With errors that do not know of the contradiction.
        square_m2: Mean square of the horizontal distance, whichever way it goes.
    """
    shared = view.errors.shared.copy()
    shared[[EAST, NORTH], [EAST, NORTH]] += square_m2 / 2.0
    return replace(view, errors=PoseErrors(shared=shared, own=view.errors.own))


def apart_square_m2(one: View, other: View) -> float:
    """Return the mean square of the distance of where two views of one photo put its pixels."""
    here, there = _level_hits_m(one), _level_hits_m(other)
    between = wgs84_to_enu(one.frame, [[other.frame.latitude_deg, other.frame.longitude_deg, 0.0]])[
        0, :2
    ]
    return float(((there + between - here) ** 2).sum(axis=1).mean())


def reach_m(view: View) -> float:
    """Return how far from below the camera what it shows lies, as a root mean square."""
    return math.sqrt(float((_level_hits_m(view) ** 2).sum(axis=1).mean()))


def disagreement_square_m2(apart_m: float, *, baseline_m: float, reach_m: float) -> float:
    """Return the mean square of how far places may be off in a photo that disagrees with another.

    Either a place is wrong by as much as both put the same point apart; or the heading is, by as
    much as that is of the way between the cameras, and what the photo shows lies a turn away.

    Args:
        apart_m: How far apart both put the same points.
        baseline_m: Between the cameras as stated.
        reach_m: Of the photo.
    """
    by_turn_m = reach_m * min(apart_m / max(baseline_m, 1e-3), MOST_REACHES)
    return apart_m**2 + by_turn_m**2


def _level_hits_m(view: View) -> NDArray[np.float64]:
    """Return (25, 2) east and north, from below the camera, of level ground all over the photo."""
    camera = view.camera
    columns = np.linspace(0.0, camera.width_px - 1, PIXELS_PER_SIDE)
    rows = np.linspace(0.0, camera.height_px - 1, PIXELS_PER_SIDE)
    pixels = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    rays = lower_to_depression(view_directions(view, pixels), min_depression_deg=MIN_DEPRESSION_DEG)
    hits: NDArray[np.float64] = rays[:, :2] / -rays[:, 2:] * view.above_ground_m
    return hits
