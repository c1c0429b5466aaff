"""Metres on a plane that touches the ellipsoid, and what lies close to what."""

from dataclasses import dataclass
from math import cos, radians, sin, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

# WGS 84: semi-major axis and first eccentricity squared.
_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_2 = 6.694_379_990_141_316e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPlane:
    """East and north in metres around a point, from the ellipsoid's radii of curvature there.

    Good for neighbours: at 5 km from its origin a distance is wrong by about 0.1 %.
    """

    latitude_deg: float
    longitude_deg: float

    def to_plane_m(
        self, latitudes_deg: ArrayLike, longitudes_deg: ArrayLike
    ) -> NDArray[np.float64]:
        """Return (N, 2) east and north in metres."""
        east_m_per_deg, north_m_per_deg = self._metres_per_degree()
        # Across the date line 179 and -179 degrees are neighbours.
        turn = np.asarray(longitudes_deg, dtype=np.float64) - self.longitude_deg
        east = (np.mod(turn + 180.0, 360.0) - 180.0) * east_m_per_deg
        north = (np.asarray(latitudes_deg, dtype=np.float64) - self.latitude_deg) * north_m_per_deg
        return np.stack([np.atleast_1d(east), np.atleast_1d(north)], axis=-1)

    def to_wgs84(self, east_north_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N, 2) latitude and longitude in degrees of (N, 2) east and north."""
        east_m_per_deg, north_m_per_deg = self._metres_per_degree()
        latitudes = self.latitude_deg + east_north_m[:, 1] / north_m_per_deg
        longitudes = self.longitude_deg + east_north_m[:, 0] / east_m_per_deg
        return np.stack([latitudes, np.mod(longitudes + 180.0, 360.0) - 180.0], axis=-1)

    def _metres_per_degree(self) -> tuple[float, float]:
        """Return the metres that a degree of longitude and one of latitude measure here."""
        latitude = radians(self.latitude_deg)
        flattening = 1.0 - _ECCENTRICITY_2 * sin(latitude) ** 2
        across_m = _SEMI_MAJOR_M / sqrt(flattening)
        along_m = across_m * (1.0 - _ECCENTRICITY_2) / flattening
        return radians(across_m * cos(latitude)), radians(along_m)


def find_neighbourhoods(
    latitudes_deg: NDArray[np.float64], longitudes_deg: NDArray[np.float64], *, radius_m: float
) -> list[NDArray[np.intp]]:
    """Return groups of indices: within a group steps of at most radius_m lead to every point.

    Groups come in the order of their first index, indices ascending.
    """
    count = len(latitudes_deg)
    if count == 0:
        return []
    points = _to_geocentric_m(latitudes_deg, longitudes_deg)
    pairs = cKDTree(points).query_pairs(radius_m, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), dtype=np.int8), pairs.T), shape=(count, count))
    group_count, labels = connected_components(links, directed=False)
    groups = [np.flatnonzero(labels == label) for label in range(group_count)]
    return sorted(groups, key=lambda group: int(group[0]))


def _to_geocentric_m(
    latitudes_deg: NDArray[np.float64], longitudes_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (N, 3) geocentric coordinates at the ellipsoid: no seam anywhere on Earth."""
    latitudes, longitudes = np.radians(latitudes_deg), np.radians(longitudes_deg)
    across_m = _SEMI_MAJOR_M / np.sqrt(1.0 - _ECCENTRICITY_2 * np.sin(latitudes) ** 2)
    return np.stack(
        [
            across_m * np.cos(latitudes) * np.cos(longitudes),
            across_m * np.cos(latitudes) * np.sin(longitudes),
            across_m * (1.0 - _ECCENTRICITY_2) * np.sin(latitudes),
        ],
        axis=-1,
    )
