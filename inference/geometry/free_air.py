"""How far rays surely fly through free air above a raster of heights."""

import numpy as np
from numpy.typing import NDArray

# Cells along a block's side. Larger ones are passed faster and hug the ground less.
BLOCK_CELLS = 8


def block_tops(heights_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the highest heights of blocks and of all blocks around them.

    Args:
        heights_m: (rows, columns); NaN where there is no data.

    Returns:
        (block rows + 2, block columns + 2): a frame of one block goes around the raster. -inf
        where nothing is known.
    """
    known = np.where(np.isnan(heights_m), np.float32(-np.inf), heights_m)
    rows, columns = (-(-size // BLOCK_CELLS) for size in known.shape)
    size = (rows * BLOCK_CELLS, columns * BLOCK_CELLS)
    whole = np.full(size, np.float32(-np.inf))
    whole[: known.shape[0], : known.shape[1]] = known
    tops = whole.reshape(rows, BLOCK_CELLS, columns, BLOCK_CELLS).max(axis=(1, 3))
    framed = np.pad(tops, 2, constant_values=-np.inf)
    around = np.maximum(np.maximum(framed[:-2], framed[1:-1]), framed[2:])
    highest: NDArray[np.float32] = np.maximum(
        np.maximum(around[:, :-2], around[:, 1:-1]), around[:, 2:]
    )
    return highest


def count_free_steps(
    paths: NDArray[np.float64],
    start_m: NDArray[np.float64],
    step_m: NDArray[np.float64],
    steps: NDArray[np.float64],
    tops: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return how many steps of each ray, from its start, surely lie above the ground.

    Steps are taken together as many as a block has cells. Such a stride lies within the blocks
    around its ends as long as a step is no longer than two cells either way, which a step of one
    cell is unless cells are four times as high as wide.

    Args:
        paths: (N, 3, 3) columns, rows and heights as quadratics in the distance.
        start_m: (N,) distances where the rays begin.
        step_m: (N,) lengths of a step.
        steps: (N,) how many they make.
        tops: Of `block_tops`.

    Returns:
        (N,) multiples of BLOCK_CELLS; all steps where the ground is nowhere near.
    """
    strides = int(np.ceil(steps.max(initial=0.0) / BLOCK_CELLS))
    done = np.minimum(np.arange(strides + 1) * BLOCK_CELLS, steps[:, None])
    column, row, height = along(paths, start_m[:, None] + done * step_m[:, None])
    top = tops[_block(row, tops.shape[0]), _block(column, tops.shape[1])]
    lowest = np.minimum(height[:, :-1], height[:, 1:])
    is_near = lowest <= np.maximum(top[:, :-1], top[:, 1:])
    free = np.where(is_near.any(axis=1), np.argmax(is_near, axis=1) * BLOCK_CELLS, steps)
    return np.asarray(free, dtype=np.float64)


def along(
    paths: NDArray[np.float64], distances: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return columns, rows and heights of N rays at M distances each, all (N, M)."""
    column, row, height = (
        paths[:, axis, 0, None]
        + distances * (paths[:, axis, 1, None] + distances * paths[:, axis, 2, None])
        for axis in range(3)
    )
    return column, row, height


def _block(cell: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Return the rows or columns of `block_tops` in which cells lie, those outside on its rim."""
    # Cells are counted from their centres.
    block = np.floor((cell + 0.5) * (1.0 / BLOCK_CELLS)) + 1.0
    return np.clip(block, 0, count - 1).astype(np.intp)
