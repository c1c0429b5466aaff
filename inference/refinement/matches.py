"""Which points of two photos are the same point of the ground."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from inference.geometry.camera import Camera, pixel_to_ray
from inference.refinement.features import Features
from inference.refinement.spread import pick_spread
from inference.refinement.verify import verify_matches

MAX_MATCHES = 150
MIN_MATCHES = 25
MIN_RIGHT_RATIO = 0.2  # of the supposed matches; where most are wrong, the rest may be chance
# A caption or a smear on the lens is at one place in all photos, and small.
MIN_AREA_RATIO = 0.005  # of a square with the photo's long side
CELLS_ALONG_LONG_SIDE = 16

# The best neighbour must be nearer than the second-best by this ratio (Lowe, section 7.1).
MAX_DISTANCE_RATIO = 0.85
# One point may be described twice, with two directions; that is no second candidate. As a part of
# the photo's long side, and so are the next two.
SAME_PLACE_RATIO = 0.004
TOLERANCE_RATIO = 0.002
TOLERANCE_DISTORTED_RATIO = 0.006  # the lens' distortion is not known

MIN_COSINE = 0.2  # of the angle from the axis, up to which a fisheye's points are put on a plane


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairMatches:
    """Points that two photos both show.

    Attributes:
        first: SHA-256 of one photo.
        second: SHA-256 of the other.
        pixels_first: (M, 2) photo pixels.
        pixels_second: (M, 2) photo pixels, row by row the same points.
    """

    first: str
    second: str
    pixels_first: NDArray[np.float64]
    pixels_second: NDArray[np.float64]


def match_pair(
    first: str,
    features_first: Features,
    second: str,
    features_second: Features,
    *,
    cameras: tuple[Camera, Camera] | None = None,
) -> PairMatches | None:
    """Return the points that both photos surely show, evenly spread, or None.

    Args:
        first: SHA-256 of one photo.
        features_first: Its points.
        second: SHA-256 of the other.
        features_second: Its points.
        cameras: Of both, whose distortion is taken out for the check of the geometry; without
            them it is less strict.
    """
    rows_first, rows_second, ratios = _nearest_both_ways(features_first, features_second)
    if len(rows_first) < MIN_MATCHES:
        return None
    pixels_first = features_first.pixels[rows_first].astype(np.float64)
    pixels_second = features_second.pixels[rows_second].astype(np.float64)
    extent_px = max(_extent_px(features_first), _extent_px(features_second))
    right = _check_geometry(pixels_first, pixels_second, extent_px, cameras)
    if not _is_convincing(right, pixels_first, pixels_second, extent_px):
        return None
    pixels_first, pixels_second = pixels_first[right], pixels_second[right]
    cell_px = _extent_px(features_first) / CELLS_ALONG_LONG_SIDE
    picked = pick_spread(pixels_first, -ratios[right], cell_px=cell_px, limit=MAX_MATCHES)
    picked = np.sort(picked)
    return PairMatches(
        first=first,
        second=second,
        pixels_first=pixels_first[picked],
        pixels_second=pixels_second[picked],
    )


def _nearest_both_ways(
    first: Features, second: Features
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return rows of the first, rows of the second, and how clear each match is (0 is clearest).

    A match is kept where either point is the other's nearest, and by far: of tiles, waves and
    crops each resembles many, and then none of them tells where it is.
    """
    nothing = np.zeros(0, dtype=np.intp)
    if min(len(first.pixels), len(second.pixels)) < MIN_MATCHES:
        return nothing, nothing, np.zeros(0)
    squared = _squared_distances(first.descriptors, second.descriptors)
    to_second, ratio_to_second = _nearest(squared, second)
    to_first, ratio_to_first = _nearest(np.ascontiguousarray(squared.T), first)
    rows = np.arange(len(to_second))
    ratios = np.maximum(ratio_to_second, ratio_to_first[to_second])
    kept = (to_first[to_second] == rows) & (ratios <= MAX_DISTANCE_RATIO)
    return rows[kept], to_second[kept], ratios[kept]


def _squared_distances(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (N, M), exact: whole numbers below 2^24, so that no order of adding matters."""
    a, b = first.astype(np.float32), second.astype(np.float32)
    squares_a, squares_b = (a * a).sum(axis=1), (b * b).sum(axis=1)
    distances: NDArray[np.float32] = squares_a[:, None] + squares_b - 2.0 * (a @ b.T)
    return distances


def _nearest(
    squared: NDArray[np.float32], candidates: Features
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return each row's nearest candidate, and its distance over that of the next other place.

    Args:
        squared: (N, M) squared distances of the descriptors.
        candidates: M of them.
    """
    nearest = squared.argmin(axis=1)  # of equals the first, so that nothing is left to chance
    least = np.take_along_axis(squared, nearest[:, None], axis=1)[:, 0]
    rows, there = _same_places(candidates)[nearest].nonzero()
    elsewhere = squared.copy()
    elsewhere[rows, there] = np.inf
    next_best = np.maximum(elsewhere.min(axis=1), 1.0)
    ratios = np.sqrt(least / next_best, dtype=np.float64)
    return nearest, np.where(np.isfinite(next_best), ratios, 1.0)


def _same_places(features: Features) -> csr_array:
    """Return (M, M) which points lie at about the same place, each with itself."""
    count = len(features.pixels)
    radius_px = SAME_PLACE_RATIO * _extent_px(features)
    pairs = cKDTree(features.pixels).query_pairs(radius_px, output_type="ndarray")
    own = np.arange(count)
    rows = np.concatenate([own, pairs[:, 0], pairs[:, 1]])
    columns = np.concatenate([own, pairs[:, 1], pairs[:, 0]])
    return csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(count, count))


def _extent_px(features: Features) -> float:
    """Return about the long side of the photo; points are spread over it."""
    return max(float(features.pixels.max(initial=0.0)) + 1.0, 1.0)


def _check_geometry(
    pixels_first: NDArray[np.float64],
    pixels_second: NDArray[np.float64],
    extent_px: float,
    cameras: tuple[Camera, Camera] | None,
) -> NDArray[np.bool_]:
    """Return (M,) which matches can be of one scene."""
    tolerance_px = TOLERANCE_DISTORTED_RATIO * extent_px
    if cameras is not None:
        tolerance_px = TOLERANCE_RATIO * extent_px
        pixels_first = _undistort(cameras[0], pixels_first)
        pixels_second = _undistort(cameras[1], pixels_second)
    both = np.column_stack([pixels_first, pixels_second])
    right = np.asarray(np.isfinite(both).all(axis=1), dtype=np.bool_)
    right[right] = verify_matches(
        pixels_first[right], pixels_second[right], extent_px=extent_px, tolerance_px=tolerance_px
    )
    return right


def _undistort(camera: Camera, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 2) where a lens without distortion would have put the points.

    NaN where it could not have: behind it, or so far to the side that pixels have no size there.
    """
    rays = pixel_to_ray(camera, pixels)
    depth = np.where(rays[:, 2] > MIN_COSINE, rays[:, 2], np.nan)
    plane = rays[:, :2] / depth[:, None]
    ideal: NDArray[np.float64] = plane * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    return ideal


def _is_convincing(
    right: NDArray[np.bool_],
    pixels_first: NDArray[np.float64],
    pixels_second: NDArray[np.float64],
    extent_px: float,
) -> bool:
    """Tell whether so many matches, over so much of both photos, are no chance."""
    if right.sum() < max(MIN_MATCHES, MIN_RIGHT_RATIO * len(right)):
        return False
    least_px2 = MIN_AREA_RATIO * extent_px**2
    return all(
        _hull_area_px2(pixels[right]) >= least_px2 for pixels in (pixels_first, pixels_second)
    )


def _hull_area_px2(points: NDArray[np.float64]) -> float:
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32))))
