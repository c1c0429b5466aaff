"""Exact steps between WGS 84 and a local east-north-up frame, in closed form.

Calculation is done in metres in such a frame, never in degrees and never on a map grid, so that
grid convergence and scale cannot creep in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# WGS 84 ellipsoid (NGA.STND.0036, table 3.1 and 3.5).
SEMI_MAJOR_AXIS_M = 6378137.0
FLATTENING = 1.0 / 298.257223563
SEMI_MINOR_AXIS_M = SEMI_MAJOR_AXIS_M * (1.0 - FLATTENING)
ECCENTRICITY_SQUARED = FLATTENING * (2.0 - FLATTENING)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnuFrame:
    """A plane that touches the ellipsoid's parallel surface at one place: east, north, up.

    Attributes:
        height_m: Of the origin. A height above the geoid or the take-off place may be used here
            as if it were above the ellipsoid: 40 m of difference change a distance of 1 km by
            6 mm.
    """

    latitude_deg: float
    longitude_deg: float
    height_m: float = 0.0


def wgs84_to_enu(frame: EnuFrame, positions: ArrayLike) -> NDArray[np.float64]:
    """Return east, north, up in metres.

    Args:
        frame: Its origin becomes (0, 0, 0).
        positions: (N, 3) latitude, longitude in degrees and height in metres, the height in the
            same sense as the frame's.

    Returns:
        (N, 3) east, north, up.
    """
    origin = np.array([[frame.latitude_deg, frame.longitude_deg, frame.height_m]])
    offsets = geodetic_to_ecef(positions) - geodetic_to_ecef(origin)
    return offsets @ _ecef_axes_of_enu(frame).T


def enu_to_wgs84(frame: EnuFrame, points: ArrayLike) -> NDArray[np.float64]:
    """Return latitude, longitude in degrees and height in metres, (N, 3); see `wgs84_to_enu`."""
    origin = np.array([[frame.latitude_deg, frame.longitude_deg, frame.height_m]])
    enu = np.atleast_2d(np.asarray(points, dtype=np.float64))
    return ecef_to_geodetic(enu @ _ecef_axes_of_enu(frame) + geodetic_to_ecef(origin))


def wgs84_to_plane(
    frame: EnuFrame, latitudes_deg: ArrayLike, longitudes_deg: ArrayLike
) -> NDArray[np.float64]:
    """Return (N, 2) east and north in metres of points at the frame's height."""
    latitudes = np.atleast_1d(np.asarray(latitudes_deg, dtype=np.float64))
    longitudes = np.atleast_1d(np.asarray(longitudes_deg, dtype=np.float64))
    heights = np.full(len(latitudes), frame.height_m)
    return wgs84_to_enu(frame, np.column_stack([latitudes, longitudes, heights]))[:, :2]


def plane_to_wgs84(frame: EnuFrame, east_north_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 2) latitude and longitude in degrees of (N, 2) east and north in metres.

    For points within some kilometres of the frame's origin, where the ground's curvature may be
    left out.
    """
    up_m = np.zeros((len(east_north_m), 1))
    return enu_to_wgs84(frame, np.concatenate([east_north_m, up_m], axis=1))[:, :2]


def geodetic_to_ecef(positions: ArrayLike) -> NDArray[np.float64]:
    """Return earth-centred x, y, z in metres, (N, 3), of latitude, longitude, height."""
    rows = np.atleast_2d(np.asarray(positions, dtype=np.float64))
    latitude, longitude, height = np.radians(rows[:, 0]), np.radians(rows[:, 1]), rows[:, 2]
    normal = SEMI_MAJOR_AXIS_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * np.sin(latitude) ** 2)
    across = (normal + height) * np.cos(latitude)
    z = (normal * (1.0 - ECCENTRICITY_SQUARED) + height) * np.sin(latitude)
    return np.column_stack([across * np.cos(longitude), across * np.sin(longitude), z])


def ecef_to_geodetic(points: ArrayLike) -> NDArray[np.float64]:
    """Return latitude, longitude in degrees and height in metres, (N, 3).

    Bowring, "Transformation from spatial to geographical coordinates", Survey Review 181 (1976):
    one step is good to a nanometre near the ground, a second costs nothing.
    """
    x, y, z = np.atleast_2d(np.asarray(points, dtype=np.float64)).T
    across = np.hypot(x, y)
    second_squared = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED)
    reduced = np.arctan2(z * SEMI_MAJOR_AXIS_M, across * SEMI_MINOR_AXIS_M)
    latitude = reduced
    for _ in range(2):
        latitude = np.arctan2(
            z + second_squared * SEMI_MINOR_AXIS_M * np.sin(reduced) ** 3,
            across - ECCENTRICITY_SQUARED * SEMI_MAJOR_AXIS_M * np.cos(reduced) ** 3,
        )
        reduced = np.arctan2((1.0 - FLATTENING) * np.sin(latitude), np.cos(latitude))
    # This form of the height has no trouble at the poles, unlike across / cos(latitude).
    sine = np.sin(latitude)
    surface = SEMI_MAJOR_AXIS_M * np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine**2)
    height = across * np.cos(latitude) + z * sine - surface
    return np.column_stack([np.degrees(latitude), np.degrees(np.arctan2(y, x)), height])


def _ecef_axes_of_enu(frame: EnuFrame) -> NDArray[np.float64]:
    """Return (3, 3): rows are east, north and up as earth-centred unit vectors."""
    latitude, longitude = np.radians([frame.latitude_deg, frame.longitude_deg])
    sin_lat, cos_lat = np.sin(latitude), np.cos(latitude)
    sin_lon, cos_lon = np.sin(longitude), np.cos(longitude)
    return np.array(
        [
            [-sin_lon, cos_lon, 0.0],
            [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        ]
    )
