"""What lies close to what, in metres."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from inference.geometry.frames import EnuFrame, enu_to_wgs84, geodetic_to_ecef, wgs84_to_enu


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


def find_neighbourhoods(
    latitudes_deg: NDArray[np.float64], longitudes_deg: NDArray[np.float64], *, radius_m: float
) -> list[NDArray[np.intp]]:
    """Return groups of indices: within a group steps of at most radius_m lead to every point.

    Groups come in the order of their first index, indices ascending.
    """
    count = len(latitudes_deg)
    if count == 0:
        return []
    # Earth-centred coordinates have no seam anywhere: a run may hold flights of two continents.
    points = geodetic_to_ecef(np.column_stack([latitudes_deg, longitudes_deg, np.zeros(count)]))
    pairs = cKDTree(points).query_pairs(radius_m, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), dtype=np.int8), pairs.T), shape=(count, count))
    _, labels = connected_components(links, directed=False)
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return sorted(groups, key=lambda group: int(group[0]))
