"""Whether a photo's places hang on a height above ground that nothing confirms."""

import math

import numpy as np

from inference.geometry.pose_errors import HEIGHT
from inference.geometry.rays import border_pixels, depression_deg
from inference.geometry.view import (
    FLAT_AT_MODELLED_TAKEOFF,
    FLAT_GROUND,
    LASER,
    MIN_DEPRESSION_DEG,
    View,
    view_directions,
)
from inference.receipt import Reason, ReasonCode

# A crew looks around for this far; and with the height above ground wrong by a quarter, the sizes
# of things are wrong by as much.
MAX_DISPLACEMENT_M = 10.0
MAX_HEIGHT_RATIO = 0.25


def doubt_height(view: View) -> Reason | None:
    """Return why the height above ground should be verified, or None.

    Only level ground at the take-off height is in question. How far the ground may be off from
    that grows with the distance from the take-off place; what that does to places grows with the
    slant of the view. So a photo straight down from the usual height near the start passes; one
    that looks far ahead, was taken far off or from near the ground does not. A laser confirms the
    height, unless the relative altitude contradicts it.
    """
    if view.method == LASER:
        return _doubt_laser(view)
    if view.method not in (FLAT_GROUND, FLAT_AT_MODELLED_TAKEOFF) or view.is_refined:
        return None
    sigma_m = math.hypot(math.sqrt(view.errors.shared[HEIGHT, HEIGHT]), view.ground_sigma_m)
    ratio = sigma_m / view.above_ground_m
    moved_m = sigma_m / np.tan(np.radians(_least_depression_deg(view)))
    if moved_m <= MAX_DISPLACEMENT_M and ratio <= MAX_HEIGHT_RATIO:
        return None
    detail = (
        f"the ground may be {sigma_m:.0f} m higher or lower than where the flight started; "
        f"that moves places by up to {moved_m:.0f} m"
    )
    return Reason(code=ReasonCode.HEIGHT_UNVERIFIED, detail=detail)


def _doubt_laser(view: View) -> Reason | None:
    sigma_m = math.sqrt(view.errors.total[HEIGHT, HEIGHT])
    if view.is_refined or sigma_m <= MAX_HEIGHT_RATIO * view.above_ground_m:
        return None
    detail = (
        f"by the laser {view.above_ground_m:.0f} m, by the relative altitude {sigma_m:.0f} m "
        "higher or lower"
    )
    return Reason(code=ReasonCode.HEIGHT_UNVERIFIED, detail=detail)


def _least_depression_deg(view: View) -> float:
    """Return how flat the flattest ray of the picture's border is that places are taken from."""
    directions = view_directions(view, border_pixels(view.camera, per_edge=4))
    return max(float(depression_deg(directions).min()), MIN_DEPRESSION_DEG)
