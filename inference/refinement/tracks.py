"""Matches of photo pairs joined to tracks: one point of the ground in two or more photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from inference.refinement.matches import PairMatches

MAX_MATCHES_PER_PAIR = 150  # more repeat each other: the errors of a lens and a ground are smooth
HELD_OUT_EVERY = 5
CELLS_PER_SIDE = 8
SAME_PIXEL_PX = 0.01  # a feature has the same pixel in all pairs of its photo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracks:
    """What was seen where, sorted by point and by photo within it.

    Attributes:
        photo: (K,) index of the photo of each observation.
        point: (K,) index of the point, 0 to `count` - 1 without gaps.
        pixels: (K, 2) photo pixels.
        count: Of points.
    """

    photo: NDArray[np.intp]
    point: NDArray[np.intp]
    pixels: NDArray[np.float64]
    count: int

    @property
    def pairs(self) -> NDArray[np.intp]:
        """Return (M, 2) rows of neighbouring observations of the same point."""
        first = np.flatnonzero(self.point[1:] == self.point[:-1])
        return np.column_stack([first, first + 1])


def join_tracks(matches: Sequence[PairMatches], index_of: Mapping[str, int]) -> Tracks:
    """Return the tracks; the order of the matches, and which photo of a pair is first, is the same.

    A track that would pass through two places of one photo holds a wrong match and is left out.

    Args:
        matches: Those with photos that `index_of` lacks are left out.
        index_of: Index of each photo by its SHA-256.
    """
    ends = [_ends(pair, index_of) for pair in matches]
    known = [pair for pair in ends if pair is not None]
    if not known:
        return _no_tracks()
    first = np.vstack([pair[0] for pair in known])
    second = np.vstack([pair[1] for pair in known])
    nodes, inverse = np.unique(np.vstack([first, second]), axis=0, return_inverse=True)
    inverse = inverse.ravel()
    edges = (np.ones(len(first)), (inverse[: len(first)], inverse[len(first) :]))
    graph = coo_matrix(edges, shape=(len(nodes), len(nodes)))
    _, label = connected_components(graph, directed=False)
    return _sort_tracks(nodes, label)


def split_held_out(tracks: Tracks) -> tuple[Tracks, Tracks]:
    """Return the tracks to adjust with, and every fifth, left out to judge the outcome by."""
    is_out = np.arange(tracks.count) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    return select_points(tracks, ~is_out), select_points(tracks, is_out)


def select_points(tracks: Tracks, is_kept: NDArray[np.bool_]) -> Tracks:
    """Return the tracks of some points, numbered anew."""
    number = np.cumsum(is_kept) - 1
    rows = is_kept[tracks.point]
    return Tracks(
        photo=tracks.photo[rows],
        point=number[tracks.point[rows]],
        pixels=tracks.pixels[rows],
        count=int(is_kept.sum()),
    )


def thin_matches(pair: PairMatches, *, at_most: int) -> NDArray[np.intp]:
    """Return the rows of a pair's matches to use, spread over the first photo."""
    pixels = pair.pixels_first
    count = len(pixels)
    if count <= at_most:
        return np.arange(count)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    cell = np.floor((pixels - low) / np.maximum(high - low, 1.0) * (CELLS_PER_SIDE - 1e-9))
    order = np.lexsort([pixels[:, 1], pixels[:, 0], cell[:, 1], cell[:, 0]])
    chosen: NDArray[np.intp] = order[np.linspace(0, count - 1, at_most).round().astype(np.intp)]
    return chosen


def orient_pair(pair: PairMatches) -> PairMatches:
    """Return the pair with its photos in the order of their names."""
    if pair.first <= pair.second:
        return pair
    return PairMatches(
        first=pair.second,
        second=pair.first,
        pixels_first=pair.pixels_second,
        pixels_second=pair.pixels_first,
    )


def _ends(
    pair: PairMatches, index_of: Mapping[str, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return (M, 3) photo, column, row of both ends of a pair's matches, or None."""
    pair = orient_pair(pair)
    if pair.first not in index_of or pair.second not in index_of or not len(pair.pixels_first):
        return None
    rows = thin_matches(pair, at_most=MAX_MATCHES_PER_PAIR)
    ends = []
    for name, pixels in ((pair.first, pair.pixels_first), (pair.second, pair.pixels_second)):
        rounded = np.round(pixels[rows] / SAME_PIXEL_PX) * SAME_PIXEL_PX
        ends.append(np.column_stack([np.full(len(rows), float(index_of[name])), rounded]))
    return ends[0], ends[1]


def _sort_tracks(nodes: NDArray[np.float64], label: NDArray[np.intp]) -> Tracks:
    """Return the tracks in the order of their first node; nodes are sorted."""
    _, first = np.unique(label, return_index=True)
    point = np.argsort(np.argsort(first))[label]
    order = np.lexsort([np.arange(len(nodes)), point])
    photo, point = nodes[order, 0].astype(np.intp), point[order]
    tracks = Tracks(photo=photo, point=point, pixels=nodes[order, 1:], count=len(first))
    twice = (point[1:] == point[:-1]) & (photo[1:] == photo[:-1])
    is_kept = np.ones(len(first), dtype=bool)
    is_kept[point[1:][twice]] = False
    return select_points(tracks, is_kept)


def _no_tracks() -> Tracks:
    none = np.zeros(0, dtype=np.intp)
    return Tracks(photo=none, point=none, pixels=np.zeros((0, 2)), count=0)
