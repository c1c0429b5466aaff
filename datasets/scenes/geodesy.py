"""Between a scene's metres and WGS 84, through Earth-centred coordinates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# NIMA TR8350.2, "World Geodetic System 1984", section 3.2: semi-major axis and flattening.
_SEMI_MAJOR_M = 6378137.0
_FLATTENING = 1 / 298.257223563
_ECCENTRICITY_2 = _FLATTENING * (2 - _FLATTENING)
_LATITUDE_STEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a scene's metres start: a point on the ground."""

    latitude_deg: float
    longitude_deg: float
    height_m: float = 0.0


def to_earth_centred(
    latitude_deg: float, longitude_deg: float, height_m: float
) -> NDArray[np.float64]:
    """Return the x, y, z in metres of a place above the ellipsoid."""
    latitude, longitude = np.radians([latitude_deg, longitude_deg])
    normal = _SEMI_MAJOR_M / np.sqrt(1 - _ECCENTRICITY_2 * np.sin(latitude) ** 2)
    across = (normal + height_m) * np.cos(latitude)
    up = (normal * (1 - _ECCENTRICITY_2) + height_m) * np.sin(latitude)
    return np.array([across * np.cos(longitude), across * np.sin(longitude), up])


def enu_to_wgs84(enu: NDArray[np.float64], origin: Origin) -> tuple[float, float, float]:
    """Return latitude, longitude (degrees) and height of one (east, north, up) point."""
    start = to_earth_centred(origin.latitude_deg, origin.longitude_deg, origin.height_m)
    x, y, z = start + enu @ _enu_axes(origin)
    across = np.hypot(x, y)
    latitude = np.arctan2(z, across * (1 - _ECCENTRICITY_2))
    height = 0.0
    # Converges to below a micrometre; see any textbook on Bowring's problem.
    for _ in range(_LATITUDE_STEPS):
        normal = _SEMI_MAJOR_M / np.sqrt(1 - _ECCENTRICITY_2 * np.sin(latitude) ** 2)
        height = across / np.cos(latitude) - normal
        latitude = np.arctan2(z, across * (1 - _ECCENTRICITY_2 * normal / (normal + height)))
    return float(np.degrees(latitude)), float(np.degrees(np.arctan2(y, x))), float(height)


def _enu_axes(origin: Origin) -> NDArray[np.float64]:
    """Return the directions east, north and up at the origin as rows, Earth-centred."""
    latitude, longitude = np.radians([origin.latitude_deg, origin.longitude_deg])
    east = [-np.sin(longitude), np.cos(longitude), 0.0]
    up = [
        np.cos(latitude) * np.cos(longitude),
        np.cos(latitude) * np.sin(longitude),
        np.sin(latitude),
    ]
    return np.array([east, np.cross(up, east), up])
