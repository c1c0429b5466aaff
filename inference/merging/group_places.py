"""Places sorted into the objects that they show, however many and however far apart."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, wgs84_to_plane
from inference.geometry.uncertainty import full_covariance
from inference.merging.associate import MAX_DISTANCE_M, Views, associate_views
from inference.merging.nearby import find_neighbourhoods
from inference.patrol.methods import FROM_STREET
from inference.sighting import Placement

MIN_SIZE_M = 0.05
# Of the longest sigma of a place seen from the street. Two of them, one from each of two views,
# leave hardly any pair of one object out; what is nearer is judged by the whole covariance.
REACH_SIGMAS = 2.0
# Of the ground's height against the cameras. Flat ground at the take-off height may be further
# off, but with more of it neighbours seen from different sides could not be told apart any more; a
# flight that is so wrong is put right from its overlaps, or its objects stay split.
MAX_HEIGHT_SIGMA_M = 4.5
LIFT_M = 0.5  # errors that lift a place by less are not of its height


def group_places(
    places: Sequence[Placement],
    *,
    appearances: Sequence[NDArray[np.float32]],
    batches: Sequence[str],
) -> list[NDArray[np.intp]]:
    """Return the indices of each object's places, ascending; see `inference.merging.associate`.

    Args:
        places: Of one class, in the order in which they are settled. Their loadings are those of
            errors that all of them share.
        appearances: (K,) of unit length, one a place.
        batches: The photo or the flight of each place; those of one batch stand together.
    """
    latitudes_deg = np.array([place.latitude_deg for place in places])
    longitudes_deg = np.array([place.longitude_deg for place in places])
    sizes_m = np.array([_ground_size_m(place) for place in places])
    reaches_m = np.array([_reach_m(place) for place in places])
    radius_m = MAX_DISTANCE_M + float(sizes_m.max()) + 2.0 * float(reaches_m.max())
    groups: list[NDArray[np.intp]] = []
    for members in find_neighbourhoods(latitudes_deg, longitudes_deg, radius_m=radius_m):
        near, first = [places[i] for i in members], members[0]
        # A plane of their own: a run may hold flights of two continents.
        frame = EnuFrame(latitude_deg=latitudes_deg[first], longitude_deg=longitudes_deg[first])
        labels = associate_views(
            Views(
                east_north_m=wgs84_to_plane(frame, latitudes_deg[members], longitudes_deg[members]),
                covariance_m2=np.stack([place.own_covariance_m2[:2, :2] for place in near]),
                loading_m=np.stack([_loading_to_compare_m(place) for place in near]),
                size_m=sizes_m[members],
                is_part=np.array([place.is_part for place in near]),
                reach_m=reaches_m[members],
                appearance=np.stack([appearances[i] for i in members]).astype(np.float64),
                batch=_number_batches([batches[i] for i in members]),
            )
        )
        groups += [members[labels == label] for label in range(int(labels.max()) + 1)]
    return groups


def _loading_to_compare_m(place: Placement) -> NDArray[np.float64]:
    """Return (2, K) the place's loading, as if the ground's height were not all too uncertain.

    Ground that is higher by a sigma lifts the place by as much: the last row has the sigmas.
    """
    loading_m = place.shared_loading_m
    lift_m = np.abs(loading_m[2])
    sigma_m = float(np.linalg.norm(lift_m))
    ratio = min(1.0, MAX_HEIGHT_SIGMA_M / max(sigma_m, LIFT_M))
    scaled: NDArray[np.float64] = loading_m[:2] * np.where(lift_m > LIFT_M, ratio, 1.0)
    return scaled


def _ground_size_m(place: Placement) -> float:
    """Return one size for an object: the geometric mean of width and depth on the ground."""
    width_m, depth_m = place.ground_size_m
    return max(float(np.sqrt(width_m * depth_m)), MIN_SIZE_M)


def _reach_m(place: Placement) -> float:
    """Return how far a place seen from the street may be off; 0 for all others."""
    if place.method not in FROM_STREET:
        return 0.0
    longest_m2 = float(np.linalg.eigvalsh(full_covariance(place)[:2, :2])[1])
    return REACH_SIGMAS * float(np.sqrt(longest_m2))


def _number_batches(names: Sequence[str]) -> NDArray[np.intp]:
    """Return ascending numbers, another one where the next name is another."""
    texts = np.array(names)
    return np.cumsum(np.concatenate([[0], texts[1:] != texts[:-1]])).astype(np.intp)
