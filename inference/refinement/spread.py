"""The strongest points of a picture, evenly over it."""

import numpy as np
from numpy.typing import NDArray


def pick_spread(
    pixels: NDArray[np.floating],
    strengths: NDArray[np.floating],
    *,
    cell_px: float,
    limit: int,
) -> NDArray[np.intp]:
    """Return the indices of at most `limit` points: the best of each cell, then the second, ….

    Order and choice depend on the points alone; where strengths are equal, the earlier row wins.

    Args:
        pixels: (N, 2).
        strengths: (N,) the higher the better.
        cell_px: Side of the square cells.
        limit: How many are returned at most.
    """
    cells = np.floor(np.asarray(pixels, dtype=np.float64) / cell_px).astype(np.int64)
    order = np.lexsort((-strengths, cells[:, 1], cells[:, 0]))
    starts_cell = np.ones(len(order), dtype=bool)
    starts_cell[1:] = (np.diff(cells[order], axis=0) != 0).any(axis=1)
    positions = np.arange(len(order))
    rank = positions - np.maximum.accumulate(np.where(starts_cell, positions, 0))
    best_first = np.lexsort((order, -strengths[order], rank))
    picked: NDArray[np.intp] = order[best_first][:limit]
    return picked
