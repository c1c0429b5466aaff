import numpy as np
import pytest

from inference.geometry.free_air import BLOCK_CELLS, block_tops, count_free_steps
from inference.geometry.surface import MIN_RAYS_FOR_TOPS, RasterSurface


def make_surface(heights_m: np.ndarray) -> RasterSurface:
    """Return a surface whose cells are 1 m, the first one's centre at east 0, north 0."""
    to_cell = np.zeros((6, 2))
    to_cell[1, 0] = to_cell[2, 1] = 1.0
    return RasterSurface(
        heights_m=heights_m.astype(np.float32), to_cell=to_cell, cell_m=1.0, length_m=1.0
    )


def rough_heights(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    heights = rng.normal(0.0, 0.5, (61, 83))
    heights[20:30, 40:50] += 15.0
    heights[10, 60] = 25.0  # a mast of one cell
    heights[40:44, 10:30] = np.nan
    return heights


def test_tops_reach_one_block_around_a_summit() -> None:
    heights = np.zeros((4 * BLOCK_CELLS, 4 * BLOCK_CELLS))
    heights[0, 0] = 9.0  # in the first block, which is the second in the frame
    tops = block_tops(heights.astype(np.float32))
    assert tops.shape == (6, 6)
    assert (tops[:3, :3] == 9.0).all()
    assert (tops[3:5, 3:5] == 0.0).all()


def test_nothing_is_high_where_nothing_is_known() -> None:
    tops = block_tops(np.full((BLOCK_CELLS, BLOCK_CELLS), np.nan, dtype=np.float32))
    assert (tops == -np.inf).all()


def test_a_ray_far_above_all_tops_is_free_to_its_end() -> None:
    paths = np.zeros((1, 3, 3))
    paths[0, 0, 1] = 1.0  # a column a metre
    paths[0, 2, 0] = 100.0
    tops = block_tops(np.zeros((40, 40), dtype=np.float32))
    steps = np.array([37.0])
    assert count_free_steps(paths, np.zeros(1), np.ones(1), steps, tops) == pytest.approx(37.0)


@pytest.mark.parametrize("seed", range(5))
def test_many_rays_at_once_meet_what_each_meets_alone(seed: int) -> None:
    surface = make_surface(rough_heights(seed))
    rng = np.random.default_rng(100 + seed)
    count = MIN_RAYS_FOR_TOPS + 200
    origins = np.column_stack(
        [rng.uniform(-20.0, 100.0, (count, 2)), rng.uniform(5.0, 60.0, count)]
    )
    down = np.radians(rng.uniform(2.0, 89.0, count))
    heading = rng.uniform(0.0, 2.0 * np.pi, count)
    directions = np.column_stack(
        [np.cos(down) * np.sin(heading), np.cos(down) * np.cos(heading), -np.sin(down)]
    )
    together = surface.cast(origins, directions, max_range_m=500.0)
    alone = np.concatenate(
        [
            surface.cast(origins[row : row + 1], directions[row : row + 1], max_range_m=500.0)
            for row in range(count)
        ]
    )
    assert np.isfinite(alone).any()
    np.testing.assert_array_equal(together, alone)
