"""Points picked evenly over a picture."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.refinement.spread import pick_spread


def test_the_best_of_each_cell_comes_before_the_second_best_of_any() -> None:
    pixels = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [11.0, 1.0], [1.0, 11.0]])
    strengths = np.array([9.0, 7.0, 8.0, 1.0, 2.0])
    picked = pick_spread(pixels, strengths, cell_px=10.0, limit=4)
    assert picked.tolist() == [0, 4, 3, 2]


def test_of_equals_the_earlier_is_picked() -> None:
    picked = pick_spread(np.ones((4, 2)), np.ones(4), cell_px=10.0, limit=2)
    assert picked.tolist() == [0, 1]


@given(
    count=st.integers(0, 50),
    limit=st.integers(0, 60),
    cell_px=st.floats(1.0, 500.0),
    seed=st.integers(0, 1000),
)
def test_as_many_as_asked_for_and_none_twice(
    count: int, limit: int, cell_px: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    picked = pick_spread(
        rng.uniform(-5.0, 400.0, (count, 2)), rng.random(count), cell_px=cell_px, limit=limit
    )
    assert len(picked) == len(set(picked.tolist())) == min(count, limit)
