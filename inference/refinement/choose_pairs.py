"""The pairs that hold a flight together best, when each photo may have a few partners only."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

SECTORS = 4  # one neighbour each way comes first: those along the line alone leave it loose


def choose_pairs(
    pairs: NDArray[np.intp], cameras_m: NDArray[np.float64], *, max_neighbours: int
) -> NDArray[np.intp]:
    """Return (Q, 2) the pairs that are kept, those that hold the flight together first.

    Then come each photo's best neighbour each way, its second-best each way, and so on.

    Args:
        pairs: (P, 2) rows of two photos, best first.
        cameras_m: (N, 2) east and north of the photos.
        max_neighbours: Of one photo; only pairs that hold the flight together may exceed it.
    """
    count = len(cameras_m)
    chosen = _spanning(pairs, count=count)
    spans = np.zeros(len(pairs), dtype=bool)
    spans[chosen] = True
    neighbours = np.bincount(pairs[chosen].ravel(), minlength=count)
    further = []
    for index in np.argsort(_ranks(pairs, cameras_m), kind="stable"):
        first, second = pairs[index]
        if not spans[index] and max(neighbours[first], neighbours[second]) < max_neighbours:
            neighbours[[first, second]] += 1
            further.append(index)
    return np.concatenate([pairs[chosen], pairs[np.array(further, dtype=np.intp)]])


def _spanning(pairs: NDArray[np.intp], *, count: int) -> NDArray[np.intp]:
    """Return the indices of the best pairs that link all photos that can be linked, ascending."""
    # No two costs are equal, so that nothing is left to chance.
    costs = np.arange(1.0, len(pairs) + 1.0)
    graph = coo_array((costs, pairs.T), shape=(count, count)).tocsr()
    kept: NDArray[np.intp] = np.sort(minimum_spanning_tree(graph).data.astype(np.intp) - 1)
    return kept


def _ranks(pairs: NDArray[np.intp], cameras_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return (P,) the better of a pair's ranks among those of either photo that lead its way."""
    ahead_m = cameras_m[pairs[:, 1]] - cameras_m[pairs[:, 0]]
    angles = np.arctan2(ahead_m[:, 1], ahead_m[:, 0]) / (2.0 * np.pi) * SECTORS
    forth = np.rint(angles).astype(np.int64) % SECTORS
    back = (forth + SECTORS // 2) % SECTORS
    seen: dict[tuple[int, int], int] = defaultdict(int)
    ranks = np.zeros(len(pairs), dtype=np.int64)
    for index, (first, second) in enumerate(pairs.tolist()):
        ways = (first, int(forth[index])), (second, int(back[index]))
        ranks[index] = min(seen[way] for way in ways)
        for way in ways:
            seen[way] += 1
    return ranks
