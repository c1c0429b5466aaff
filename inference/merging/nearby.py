"""What lies close to what, in metres."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from inference.geometry.frames import geodetic_to_ecef


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
