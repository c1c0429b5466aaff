"""What makes one photo's geometry doubtful, judged by itself alone."""

import numpy as np

from inference.geometry.height_doubt import doubt_height
from inference.geometry.plan_camera import camera_reasons
from inference.geometry.rays import border_pixels, depression_deg
from inference.geometry.view import MIN_DEPRESSION_DEG, View, view_directions
from inference.reading.metadata import PhotoMetadata
from inference.receipt import Reason, ReasonCode

BORDER_PER_EDGE = 16
# At 20 degrees below the horizon one degree of pitch moves the hit by 0.15 of the camera's
# height: h / sin(a)² * radians(1). At 30 degrees it is 0.07, at 10 degrees 0.58.
MIN_CENTER_DEPRESSION_DEG = 20.0

# Solar time differs from clock time by up to 3.5 hours (western China, Argentina).
MAX_ZONE_DISAGREEMENT_H = 4.5
DEGREES_PER_HOUR = 15.0


def lint_photo(metadata: PhotoMetadata, view: View | None) -> tuple[Reason, ...]:
    """Return what a person should know before trusting positions from this photo.

    Args:
        metadata: As the photo states it.
        view: Its geometry, or None where it has none.
    """
    reasons = [_wrong_side_by_clock(metadata)]
    if view is not None:
        # Whoever mounted a fixed camera knows that it sees the horizon.
        if metadata.registered is None:
            reasons += [_horizon(view), _too_flat(view)]
        reasons.append(doubt_height(view))
    found = tuple(reason for reason in reasons if reason is not None)
    return (*camera_reasons(metadata), *found)


def _horizon(view: View) -> Reason | None:
    pixels = border_pixels(view.camera, per_edge=BORDER_PER_EDGE)
    share = float(np.mean(depression_deg(view_directions(view, pixels)) < MIN_DEPRESSION_DEG))
    if share == 0.0:
        return None
    detail = f"{share:.0%} of the border is less than {MIN_DEPRESSION_DEG:g} deg below the horizon"
    return Reason(code=ReasonCode.HORIZON_IN_VIEW, detail=detail)


def _too_flat(view: View) -> Reason | None:
    middle = np.array([[(view.camera.width_px - 1) / 2.0, (view.camera.height_px - 1) / 2.0]])
    down_deg = float(depression_deg(view_directions(view, middle))[0])
    if down_deg >= MIN_CENTER_DEPRESSION_DEG:
        return None
    return Reason(
        code=ReasonCode.OBLIQUE_BEYOND_MODEL,
        detail=f"the middle is {down_deg:.1f} deg below the horizon, "
        f"expected {MIN_CENTER_DEPRESSION_DEG:g} or more",
    )


def _wrong_side_by_clock(metadata: PhotoMetadata) -> Reason | None:
    """Return the reason where the clock's zone fits the mirrored longitude and not this one."""
    offset_h, longitude_deg = metadata.utc_offset_h, metadata.longitude_deg
    # An offset of zero is what clocks that were never set say.
    if not offset_h or longitude_deg is None:
        return None
    as_stated = abs(_hours_between(offset_h, longitude_deg))
    mirrored = abs(_hours_between(offset_h, -longitude_deg))
    if as_stated <= MAX_ZONE_DISAGREEMENT_H or mirrored > MAX_ZONE_DISAGREEMENT_H:
        return None
    return Reason(
        code=ReasonCode.HEMISPHERE_SUSPECT,
        detail=f"longitude {longitude_deg:.4f} with a clock {offset_h:+g} h from UTC",
    )


def _hours_between(offset_h: float, longitude_deg: float) -> float:
    """Return by how much a zone differs from solar time; the date line is no difference."""
    return (offset_h - longitude_deg / DEGREES_PER_HOUR + 12.0) % 24.0 - 12.0
