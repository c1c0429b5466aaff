"""One position from several sightings of an object, no more certain than it may be."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.boxes import iou
from inference.geometry.frames import EnuFrame, plane_to_wgs84, wgs84_to_plane
from inference.geometry.uncertainty import covariance_within_flight
from inference.patrol.methods import CIRCLE_AROUND_CAMERA, RAYS, TRIANGULATED_RAYS
from inference.receipt import NotPlaced
from inference.sighting import Placement, Sighting

# 1 mm: keeps the covariance of a position without any own error invertible.
_RIDGE_M2 = 1e-6
# Two photos show an object along the same ray when its boxes lie on each other in the photo and
# each shared error moves both positions alike (a tenth of that movement, plus 1 cm).
_SAME_RAY_MIN_IOU = 0.6
_SAME_RAY_RATIO = 0.1
_SAME_RAY_MIN_M = 0.01


def fuse_placements(placements: Sequence[Placement]) -> Placement:
    """Return the weighted mean of positions of one object whose own errors are independent.

    With weights W_i that sum to the identity, the mean has the own covariance sum W_i C_i W_i^T,
    which shrinks with the number of positions, and the loading sum W_i L_i, which does not: an
    error that all share moves the mean as it moves each. The weights are the inverse covariances
    within the flight, so that a view from the side, which hangs on the object's height, counts
    less than one from above. Parts count only where no view shows the object whole.

    Method, datum and outline are those of the most accurate one; the outline moves along.
    """
    counted = _drop_circles(placements)
    # The middle of a part is not that of the object.
    whole = [place for place in counted if not place.is_part]
    ranked = sorted(whole or counted, key=_accuracy_order)
    best = ranked[0]
    if len(ranked) == 1:
        return best
    frame = EnuFrame(latitude_deg=best.latitude_deg, longitude_deg=best.longitude_deg)
    weights = _weights([covariance_within_flight(place) for place in ranked])
    positions_m = _positions_m(ranked, frame)
    mean_m = np.einsum("nij,nj->i", weights, np.nan_to_num(positions_m))
    own = np.stack([place.own_covariance_m2 for place in ranked])
    loadings = np.stack([place.shared_loading_m for place in ranked])
    return replace(
        _move(best, frame, mean_m[:2]),
        height_m=best.height_m if np.isnan(positions_m[:, 2]).any() else float(mean_m[2]),
        own_covariance_m2=(weights @ own @ weights.transpose(0, 2, 1)).sum(axis=0),
        shared_loading_m=(weights @ loadings).sum(axis=0),
        ground_size_m=_median_size_m(ranked),
        gsd_m=min(place.gsd_m for place in ranked),
        method=_joint_method(ranked),
    )


def fuse_sightings(sightings: Sequence[Sighting]) -> Placement | NotPlaced:
    """Return the place of one object from its sightings, or why none of them has one."""
    placements = [
        sighting.place
        for sighting in independent_sightings(sightings)
        if isinstance(sighting.place, Placement)
    ]
    return fuse_placements(placements) if placements else sightings[0].place


def independent_sightings(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Return the sightings whose own errors are independent, the most accurate of each kind.

    Boxes of one photo, photos of one shutter release (wide and zoom camera) and photos taken
    while hovering repeat each other's errors, so they count once.
    """
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=_sighting_order):
        if not any(_repeats(sighting, other) for other in kept):
            kept.append(sighting)
    return kept


def merged_confidence(sightings: Sequence[Sighting]) -> float:
    """Return the confidence of the surest sighting.

    Not 1 - prod(1 - c): this takes the views' mistakes as independent, but what looks like
    rubbish in one photo looks like rubbish in the next. The maximum never falls when an object
    is seen once more, and it compares with the thresholds the detector was measured at; the
    number of independent views stands beside it.
    """
    return max(sighting.detection.confidence for sighting in sightings)


def _drop_circles(placements: Sequence[Placement]) -> list[Placement]:
    """Return the placements without circles around cameras, of which the smallest counts alone.

    Where a direction or more is known, a circle adds nothing; and circles around cameras that stand
    together are off by the same way, so that their mean is no better than each.
    """
    others = [place for place in placements if place.method != CIRCLE_AROUND_CAMERA]
    return others or [min(placements, key=_accuracy_order)]


def _joint_method(ranked: Sequence[Placement]) -> str:
    """Return the method of the most accurate; several rays are a method of their own."""
    best = ranked[0].method
    are_rays = best in RAYS and sum(place.method in RAYS for place in ranked) > 1
    return TRIANGULATED_RAYS if are_rays else best


def _positions_m(placements: Sequence[Placement], frame: EnuFrame) -> NDArray[np.float64]:
    """Return (N, 3) east, north in the frame and height; NaN where it is of another datum."""
    east_north_m = wgs84_to_plane(
        frame,
        [place.latitude_deg for place in placements],
        [place.longitude_deg for place in placements],
    )
    heights_m = [
        np.nan if place.height_datum != placements[0].height_datum else place.height_m
        for place in placements
    ]
    return np.column_stack([east_north_m, np.array(heights_m, dtype=np.float64)])


def _weights(covariances_m2: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return (N, 3, 3) matrices that sum to the identity, from the inverse covariances.

    Height is weighed apart from east and north: over flat ground all heights are alike and say
    nothing, but would pull the horizontal position through their correlation with it.
    """
    information = np.zeros((len(covariances_m2), 3, 3))
    stacked = np.stack(covariances_m2) + _RIDGE_M2 * np.eye(3)
    information[:, :2, :2] = np.linalg.inv(stacked[:, :2, :2])
    information[:, 2, 2] = 1.0 / stacked[:, 2, 2]
    total = np.linalg.inv(information.sum(axis=0))
    return np.asarray(total @ information, dtype=np.float64)


def _move(place: Placement, frame: EnuFrame, to_m: NDArray[np.float64]) -> Placement:
    """Return the placement with its position and outline moved to a point of the frame."""
    here_m = wgs84_to_plane(frame, place.latitude_deg, place.longitude_deg)
    position = plane_to_wgs84(frame, to_m[None])[0]
    outline: tuple[tuple[float, float], ...] = ()
    if place.footprint_wgs84:
        points = np.array(place.footprint_wgs84)
        moved_m = wgs84_to_plane(frame, points[:, 1], points[:, 0]) + to_m - here_m
        outline = tuple(
            (float(longitude), float(latitude))
            for latitude, longitude in plane_to_wgs84(frame, moved_m)
        )
    return replace(
        place,
        latitude_deg=float(position[0]),
        longitude_deg=float(position[1]),
        footprint_wgs84=outline,
    )


def _median_size_m(placements: Sequence[Placement]) -> tuple[float, float]:
    """Return the median width and the median depth on the ground."""
    width_m, depth_m = np.median([place.ground_size_m for place in placements], axis=0)
    return float(width_m), float(depth_m)


def _accuracy_order(place: Placement) -> tuple[float, float, float]:
    """Return the key that sorts the most accurate placement first, whatever the input order."""
    error_m2 = float(np.trace(covariance_within_flight(place)[:2, :2]))
    return error_m2, place.latitude_deg, place.longitude_deg


def _sighting_order(sighting: Sighting) -> tuple[float, str]:
    """Return the key that sorts the most accurate sighting first, those not placed last."""
    if isinstance(sighting.place, NotPlaced):
        return float("inf"), sighting.detection.id
    return _accuracy_order(sighting.place)[0], sighting.detection.id


def _repeats(first: Sighting, second: Sighting) -> bool:
    """Return whether two sightings of an object carry the same errors."""
    if first.detection.photo_sha256 == second.detection.photo_sha256:
        return True
    if first.capture_uuid is not None and first.capture_uuid == second.capture_uuid:
        return True
    return _same_ray(first, second)


def _same_ray(first: Sighting, second: Sighting) -> bool:
    """Return whether the camera saw the object from the same place in the same direction."""
    if isinstance(first.place, NotPlaced) or isinstance(second.place, NotPlaced):
        return False
    if iou(first.detection.box_photo, second.detection.box_photo) < _SAME_RAY_MIN_IOU:
        return False
    loadings = first.place.shared_loading_m, second.place.shared_loading_m
    apart_m = np.linalg.norm(loadings[0] - loadings[1], axis=0)
    length_m = np.maximum(*(np.linalg.norm(loading, axis=0) for loading in loadings))
    return bool(np.all(apart_m <= _SAME_RAY_RATIO * length_m + _SAME_RAY_MIN_M))
