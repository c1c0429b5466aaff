import math

import numpy as np
import pytest

from benchmarks.positions.scores import Answers, Limit, score


def test_points_without_a_position_count_as_infinitely_far() -> None:
    offsets = np.array([[1.0, 0.0], [0.0, 2.0], [np.nan, np.nan]])
    row = score("set", "method", [Answers(photo="a", offsets_m=offsets)])
    assert (row.placed, row.count) == (2, 3)
    assert row.median_m == 2.0
    assert row.p90_m == math.inf
    assert row.max_m == 2.0


def test_an_ellipse_holds_what_lies_within_its_semi_axis() -> None:
    # One sigma of 1 m either way: the 90 % circle has a radius of sqrt(-2 ln 0.1) = 2.146 m.
    offsets = np.array([[2.1, 0.0], [0.0, 2.2]])
    covariances = np.stack([np.eye(2)] * 2)
    row = score("set", "method", [
        Answers(photo="a", offsets_m=offsets, covariances_m2=covariances)
    ])  # fmt: skip
    assert row.inside == 0.5
    assert row.semi_axis_m == pytest.approx(2.146, abs=1e-3)


def test_a_figure_that_is_not_known_holds_no_limit() -> None:
    assert not Limit(title="", figure=math.nan, most=1.0).holds
    assert Limit(title="", figure=1.0, most=1.0).holds
