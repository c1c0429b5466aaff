"""Mirafiori: the same point of the ground placed from two photos, without any truth.

Points are matched here by plain SIFT, apart from the project's own features and matches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.positions.peers import orthority_camera, read_orthority_cameras
from benchmarks.positions.scores import Row
from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.locate import locate_pixels
from inference.geometry.view import View
from inference.merging.flights import FlightPhoto
from inference.receipt import NotPlaced
from inference.refinement.matches import PairMatches

LEAST_APART_M, MOST_APART_M = 3.0, 13.0
MAX_POINTS = 2000
RATIO = 0.75
EPIPOLAR_PX = 1.5
# The ground is cut into squares; every so many of them are kept out of the adjustment.
SQUARE_M = 4.0
HELD_OUT_ONE_IN = 4


@dataclass(frozen=True, kw_only=True)
class Features:
    """SIFT points of a photo."""

    pixels: NDArray[np.float64]
    descriptors: NDArray[np.float32]


def read_matches(photos: Sequence[FlightPhoto]) -> list[PairMatches]:
    """Return the matches of all pairs of photos that are 3 to 13 m apart."""
    features = {photo.sha256: _read_features(Path(photo.folder) / photo.name) for photo in photos}
    pairs = []
    for first, second in combinations(photos, 2):
        if not LEAST_APART_M <= _apart_m(first, second) <= MOST_APART_M:
            continue
        one, other = features[first.sha256], features[second.sha256]
        pixels = _match(one, other)
        pairs.append(
            PairMatches(
                first=first.sha256,
                second=second.sha256,
                pixels_first=pixels[0],
                pixels_second=pixels[1],
            )
        )
    return pairs


def split_by_place(
    pairs: Sequence[PairMatches], views: Mapping[str, View | NotPlaced]
) -> tuple[list[PairMatches], list[PairMatches]]:
    """Return the matches to adjust on and those left out of it, in whole squares of ground.

    By squares and not one by one, so that no point is left out in one pair and kept in another.
    """
    kept, left_out = [], []
    for pair in pairs:
        here = _plane_m(pair.first, pair.pixels_first, views)
        square = np.floor(np.nan_to_num(here) / SQUARE_M).astype(np.int64)
        is_out = (square[:, 0] * 7 + square[:, 1] * 3) % HELD_OUT_ONE_IN == 0
        # A point near a square's side may be seen in the next one from the other photo.
        inner = np.abs(here / SQUARE_M - square - 0.5).max(axis=1) < 0.4
        kept.append(_rows(pair, ~is_out & inner))
        left_out.append(_rows(pair, is_out & inner))
    return kept, left_out


def score_pairs(
    title: str, method: str, pairs: Sequence[PairMatches], views: Mapping[str, View | NotPlaced]
) -> Row:
    """Return how far apart the same points lie when placed from two photos."""
    return _row(title, method, [_apart_on_ground_m(pair, views) for pair in pairs])


def score_orthority(
    title: str, method: str, pairs: Sequence[PairMatches], photos: Sequence[FlightPhoto]
) -> Row:
    """Return the same for orthority, on flat ground at the take-off."""
    paths = {photo.sha256: Path(photo.folder) / photo.name for photo in photos}
    heights_m = {photo.sha256: photo.metadata.relative_altitude_m or 0.0 for photo in photos}
    cameras = read_orthority_cameras(list(paths.values()))

    def place(sha256: str, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        camera = orthority_camera(cameras, paths[sha256])
        level_m = float(camera.pos[2]) - heights_m[sha256]
        on_map: NDArray[np.float64] = camera.pixel_to_world_z(pixels.T, level_m)[:2].T
        return on_map

    apart = [
        np.hypot(*(place(pair.first, pair.pixels_first) - place(pair.second, pair.pixels_second)).T)
        for pair in pairs
    ]
    return _row(title, method, apart)


def _row(title: str, method: str, parts: Sequence[NDArray[np.float64]]) -> Row:
    apart = np.concatenate(parts)
    placed = np.isfinite(apart)
    ranked = np.where(placed, apart, np.inf)
    return Row(
        title=title,
        method=method,
        count=len(apart),
        placed=int(placed.sum()),
        median_m=float(np.median(ranked)),
        p90_m=float(np.percentile(ranked, 90, method="inverted_cdf")),
        max_m=float(apart[placed].max()),
    )


def _rows(pair: PairMatches, rows: NDArray[np.bool_]) -> PairMatches:
    return PairMatches(
        first=pair.first,
        second=pair.second,
        pixels_first=pair.pixels_first[rows],
        pixels_second=pair.pixels_second[rows],
    )


def _apart_on_ground_m(
    pair: PairMatches, views: Mapping[str, View | NotPlaced]
) -> NDArray[np.float64]:
    first = _plane_m(pair.first, pair.pixels_first, views)
    second = _plane_m(pair.second, pair.pixels_second, views)
    apart: NDArray[np.float64] = np.hypot(*(first - second).T)
    return apart


def _plane_m(
    sha256: str, pixels: NDArray[np.float64], views: Mapping[str, View | NotPlaced]
) -> NDArray[np.float64]:
    """Return (N, 2) east and north of the ground in pixels, in the first view's frame."""
    view = views[sha256]
    placed = [each for each in views.values() if isinstance(each, View)]
    if not isinstance(view, View):
        return np.full((len(pixels), 2), np.nan)
    positions = enu_to_wgs84(view.frame, locate_pixels(view, pixels))
    positions[:, 2] = 0.0
    origin = EnuFrame(
        latitude_deg=placed[0].pose.latitude_deg, longitude_deg=placed[0].pose.longitude_deg
    )
    return wgs84_to_enu(origin, positions)[:, :2]


def _apart_m(first: FlightPhoto, second: FlightPhoto) -> float:
    places = [(p.metadata.latitude_deg or 0.0, p.metadata.longitude_deg or 0.0, 0.0)
              for p in (first, second)]  # fmt: skip
    frame = EnuFrame(latitude_deg=places[0][0], longitude_deg=places[0][1])
    return float(np.hypot(*wgs84_to_enu(frame, [places[1]])[0, :2]))


def _read_features(path: Path) -> Features:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if grey is None:
        raise FileNotFoundError(path)
    points, descriptors = cv2.SIFT.create(nfeatures=MAX_POINTS).detectAndCompute(grey, None)
    pixels = np.array([point.pt for point in points], dtype=np.float64)
    return Features(pixels=pixels, descriptors=np.asarray(descriptors, dtype=np.float32))


def _match(one: Features, other: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (M, 2) pixels of both photos: clear in both directions, and on epipolar lines."""
    squared = (
        (one.descriptors**2).sum(axis=1)[:, None]
        + (other.descriptors**2).sum(axis=1)
        - 2.0 * one.descriptors @ other.descriptors.T
    )
    nearest, is_clear = _clear(squared)
    back, is_clear_back = _clear(squared.T)
    rows = np.flatnonzero(
        is_clear & is_clear_back[nearest] & (back[nearest] == np.arange(len(nearest)))
    )
    first, second = one.pixels[rows], other.pixels[nearest[rows]]
    cv2.setRNGSeed(1)
    _, right = cv2.findFundamentalMat(first, second, cv2.USAC_MAGSAC, EPIPOLAR_PX, 0.999, 10_000)
    is_right = np.asarray(right)[:, 0] > 0
    return first[is_right], second[is_right]


def _clear(squared: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the nearest of each row, and whether the second is much farther (Lowe's ratio)."""
    two = np.partition(squared, 1, axis=1)[:, :2]
    return squared.argmin(axis=1), two[:, 0] < RATIO**2 * two[:, 1]
