"""The lie of the land."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.scenes.terrain import hit_ground, plan_terrain


@given(seed=st.integers(0, 1000), slope=st.floats(-0.8, 0.8), drift=st.floats(-0.8, 0.8))
def test_rays_end_on_the_ground(seed: int, slope: float, drift: float) -> None:
    terrain = plan_terrain(np.random.default_rng(seed), relief_m=1.0)
    origin = np.array([3.0, -2.0, 40.0])
    ray = np.array([slope, drift, -1.0])
    east, north = hit_ground(terrain, origin, ray)
    reach = (east - origin[0]) / slope if abs(slope) > 1e-3 else (north - origin[1]) / (drift or 1)
    ground = float(terrain.height_m(np.array(east), np.array(north)))
    if max(abs(slope), abs(drift)) > 1e-3:
        assert origin[2] - reach == pytest.approx(ground, abs=0.01)


@given(seed=st.integers(0, 1000))
def test_the_scenes_origin_is_at_height_zero(seed: int) -> None:
    terrain = plan_terrain(np.random.default_rng(seed), relief_m=2.0)
    assert terrain.point(0.0, 0.0) == pytest.approx([0, 0, 0])
