"""Neighbours in metres."""

import numpy as np

from inference.merging.nearby import find_neighbourhoods


def test_steps_join_neighbours_and_gaps_part_them() -> None:
    # On the equator a degree of longitude is 111.32 km: 10 m steps, then a gap of 30 m.
    longitudes = np.array([0.0, 60.0, 10.0, 20.0, 50.0]) / 111_320
    groups = find_neighbourhoods(np.zeros(5), longitudes, radius_m=11.0)
    assert [group.tolist() for group in groups] == [[0, 2, 3], [1, 4]]


def test_neighbours_across_the_date_line_are_found() -> None:
    groups = find_neighbourhoods(
        np.array([10.0, 10.0]), np.array([179.99999, -179.99999]), radius_m=5.0
    )
    assert len(groups) == 1


def test_nothing_has_no_neighbourhoods() -> None:
    assert find_neighbourhoods(np.zeros(0), np.zeros(0), radius_m=5.0) == []
