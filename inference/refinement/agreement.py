"""Whether pairs of photos, cast as stated or turned, see the same point in the same place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from inference.geometry.pose_errors import HEIGHT
from inference.refinement.block import (
    PHOTO_UNKNOWNS,
    Block,
    no_deviations,
    places_at,
    rotations_at,
)
from inference.refinement.matches import PairMatches
from inference.refinement.residuals import (
    Sightlines,
    cast_sightlines,
    plan_sightlines,
    rotation_derivatives,
)
from inference.refinement.tracks import Tracks, orient_pair, thin_matches

QUARTER_TURNS = 4
SAMPLES_PER_PAIR = 24
LEAST_DOWN = 0.05  # sine of a ray's depression: flatter ones are left out of expectations
MOST_SIGMAS = 99.0  # of pairs that miss the ground


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """How far apart two photos put what both of them show.

    Attributes:
        first: Index of one photo.
        second: Index of the other.
        sigmas: (4, 4) median distance in terms of what the stated errors let expect, for each
            number of clockwise quarter turns of the first and of the second picture.
        apart_m: Likewise in metres, as stated; None where one of both does not see the ground.
    """

    first: int
    second: int
    sigmas: NDArray[np.float64]
    apart_m: float | None = None


def measure_agreement(block: Block, matches: Sequence[PairMatches]) -> list[Agreement]:
    """Return the agreement of each pair of the block, sorted by its photos."""
    pairs = _sample(block, matches)
    if not pairs:
        return []
    ends = [_sightlines(block, pairs, end) for end in range(2)]
    hits = [np.stack([_cast_turned(block, end, turns) for turns in range(4)]) for end in ends]
    expected = _expected_m(block, ends[0], ends[1], hits[0][0], hits[1][0])
    index_of = {name: index for index, name in enumerate(block.names)}
    limits = np.cumsum([0] + [len(pair.pixels_first) for pair in pairs])
    found = []
    for pair, (start, stop) in zip(pairs, pairwise(limits), strict=True):
        known_m = expected[start:stop][np.isfinite(expected[start:stop])]
        if not known_m.size:
            continue  # as stated, neither sees the ground: nothing can be said
        apart_m = _median_m(hits[0][:, None, start:stop] - hits[1][None, :, start:stop])
        found.append(
            Agreement(
                first=index_of[pair.first],
                second=index_of[pair.second],
                sigmas=np.minimum(apart_m / np.median(known_m), MOST_SIGMAS),
                apart_m=float(apart_m[0, 0]) if np.isfinite(apart_m[0, 0]) else None,
            )
        )
    return found


def _median_m(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (4, 4) median distances of (4, 4, K, 3) differences; a ray that misses is far off."""
    distance = np.linalg.norm(apart[..., :2], axis=-1)
    median: NDArray[np.float64] = np.median(
        np.where(np.isfinite(distance), distance, np.inf), axis=-1
    )
    return median


def _sample(block: Block, matches: Sequence[PairMatches]) -> list[PairMatches]:
    """Return some matches of each pair of the block's photos."""
    names = set(block.names)
    chosen = []
    for pair in map(orient_pair, matches):
        if pair.first in names and pair.second in names and len(pair.pixels_first):
            # In an order of their own, so that the choice does not hang on the matcher's.
            ordered = _rows(pair, np.lexsort([*pair.pixels_second.T, *pair.pixels_first.T]))
            chosen.append(_rows(ordered, thin_matches(ordered, at_most=SAMPLES_PER_PAIR)))
    return sorted(chosen, key=lambda pair: (pair.first, pair.second))


def _rows(pair: PairMatches, rows: NDArray[np.intp]) -> PairMatches:
    return replace(
        pair, pixels_first=pair.pixels_first[rows], pixels_second=pair.pixels_second[rows]
    )


def _sightlines(block: Block, pairs: Sequence[PairMatches], end: int) -> Sightlines:
    """Return the rays of one end of all pairs, row by row."""
    index_of = {name: index for index, name in enumerate(block.names)}
    photos, pixels = [], []
    for pair in pairs:
        of_end = (pair.pixels_first, pair.pixels_second)[end]
        photos.append(np.full(len(of_end), index_of[(pair.first, pair.second)[end]]))
        pixels.append(of_end)
    photo = np.concatenate(photos)
    tracks = Tracks(
        photo=photo, point=np.arange(len(photo)), pixels=np.vstack(pixels), count=len(photo)
    )
    return plan_sightlines(block, tracks)


def _cast_turned(block: Block, sightlines: Sightlines, turns: int) -> NDArray[np.float64]:
    """Return (K, 3) where rays meet the ground if the pictures were turned by so many quarters."""
    x, y = sightlines.plane.T
    # Back by a quarter, counter-clockwise: what is on the right was at the top.
    for _ in range(turns):
        x, y = y, -x
    turned = Sightlines(
        tracks=sightlines.tracks, plane=np.column_stack([x, y]), focal_px=sightlines.focal_px
    )
    return cast_sightlines(block, turned, no_deviations(len(block.names)))


def _expected_m(
    block: Block,
    first: Sightlines,
    second: Sightlines,
    hits_first: NDArray[np.float64],
    hits_second: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return (K,) one sigma of the distance between two hits, from the stated errors."""
    left, right = (
        _hit_derivatives(block, first, hits_first),
        _hit_derivatives(block, second, hits_second),
    )
    variance = np.zeros(len(left))
    for derivatives, photo in ((left, first.tracks.photo), (right, second.tracks.photo)):
        of_photo = derivatives[:, :, :PHOTO_UNKNOWNS]
        variance += np.einsum("kri,kij,krj->k", of_photo, block.own[photo], of_photo)
    shared = left - right
    variance += np.einsum("kri,ij,krj->k", shared, block.common, shared)
    # A point is not quite on the ground that the rays are cast on.
    variance += ((shared[:, :, HEIGHT] * 2.0 * block.point_sigma_m) ** 2).sum(axis=1)
    expected: NDArray[np.float64] = np.sqrt(variance)
    return expected


def _hit_derivatives(
    block: Block, sightlines: Sightlines, hits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (K, 2, 7) of the hit's east and north on level ground, by POSE_ERRORS; NaN if none."""
    photo = sightlines.tracks.photo
    stated = no_deviations(len(block.names))
    rays = np.column_stack([sightlines.plane, np.ones(len(photo))])
    directions = np.einsum("kij,kj->ki", rotations_at(block, stated)[photo], rays)
    down = np.where(-directions[:, 2] > LEAST_DOWN, directions[:, 2], np.nan)
    times = (hits[:, 2] - places_at(block, stated)[photo, 2]) / down
    # A shift of a ray's origin, or of a point on it, moves along the ray back to level ground.
    up = np.array([0.0, 0.0, 1.0])
    level = np.eye(3) - directions[:, :, None] * (up / down[:, None])[:, None, :]
    turns = rotation_derivatives(block, stated)[:, photo]
    by_angle = np.einsum("kij,akjl,kl->kia", block.axes[photo], turns, rays)
    by_focal = -np.einsum(
        "kij,kj->ki", rotations_at(block, stated)[photo][:, :, :2], sightlines.plane
    )
    moved = np.concatenate([by_angle, by_focal[:, :, None]], axis=2) * times[:, None, None]
    by_all = np.concatenate([block.axes[photo], moved], axis=2)
    derivatives: NDArray[np.float64] = (level @ by_all)[:, :2]
    return derivatives
