"""The box on the map that surely holds a place."""

import math

from service.store.places import Box

METRES_PER_DEGREE = 111_320.0  # of latitude; a box may be a little too large


def box_around(latitude_deg: float, longitude_deg: float, *, radius_m: float) -> Box:
    """Return the box around a circle; across the antimeridian its west is larger than its east."""
    height_deg = radius_m / METRES_PER_DEGREE
    south_deg, north_deg = max(latitude_deg - height_deg, -90.0), min(latitude_deg + height_deg, 90)
    shrinking = math.cos(math.radians(max(abs(south_deg), abs(north_deg))))
    width_deg = height_deg / shrinking if shrinking > 1e-9 else 180.0
    if width_deg >= 180.0:  # around a pole
        return Box(west_deg=-180.0, south_deg=south_deg, east_deg=180.0, north_deg=north_deg)
    return Box(
        west_deg=_within_circle(longitude_deg - width_deg),
        south_deg=south_deg,
        east_deg=_within_circle(longitude_deg + width_deg),
        north_deg=north_deg,
    )


def _within_circle(longitude_deg: float) -> float:
    if -180.0 <= longitude_deg <= 180.0:
        return longitude_deg
    return (longitude_deg + 180.0) % 360.0 - 180.0
