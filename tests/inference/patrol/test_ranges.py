"""How far away a box is: each of the two ways by hand, and both together."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.patrol.ranges import (
    OBJECT_PRIORS,
    RangeEstimate,
    estimate_range,
    ground_likelihood,
    size_likelihood,
)
from inference.patrol.seen_box import SeenBox
from inference.receipt import NotPlaced, ReasonCode

GARBAGE = OBJECT_PRIORS["exposed_garbage"]
RANGES_M = np.geomspace(0.7, 400.0, 2000)
# 1.1 m by 1.1 m whose front is 10 m ahead of a level camera 1.5 m up.
TEN_METRES = SeenBox(
    column=0.0, bottom=0.15, width=0.11, height=0.11, is_cut_below=False, is_cut=False
)


def estimate(seen: SeenBox, class_name: str = "exposed_garbage") -> RangeEstimate:
    found = estimate_range(seen, class_name=class_name)
    assert isinstance(found, RangeEstimate)
    return found


def peak_m(likelihood: np.ndarray) -> float:
    return float(RANGES_M[np.argmax(likelihood)])


def test_the_usual_size_by_the_angle_is_the_range() -> None:
    likelihood = size_likelihood(TEN_METRES, GARBAGE, RANGES_M)
    assert peak_m(likelihood) == pytest.approx(1.1 / 0.11, rel=0.01)
    assert likelihood.max() == pytest.approx(1.0, abs=1e-4)


def test_one_sigma_of_size_is_one_sigma_of_range() -> None:
    further_m = 10.0 * math.exp(GARBAGE.size_sigma_log)
    (likelihood,) = size_likelihood(TEN_METRES, GARBAGE, np.array([further_m]))
    assert likelihood == pytest.approx(math.exp(-0.5))


def test_off_the_axis_the_level_range_is_longer_than_the_depth() -> None:
    aside = replace(TEN_METRES, column=0.75)
    # A depth of 10 m at 0.75 beside it: the hypotenuse of 10 m and 7.5 m.
    assert peak_m(size_likelihood(aside, GARBAGE, RANGES_M)) == pytest.approx(12.5, rel=0.01)


def test_the_lower_edge_on_the_ground_is_the_range() -> None:
    # 8.5 degrees below the axis, that is tilted down by 4 on the average, and 1.25 to 2.3 m up:
    # 1.25 / tan(12.5°) is 5.6 m and 2.3 / tan(12.5°) is 10.4 m.
    assert 5.6 < peak_m(ground_likelihood(TEN_METRES, GARBAGE, RANGES_M)) < 10.4


def test_an_object_cut_below_may_be_nearer_but_not_further() -> None:
    cut = replace(TEN_METRES, is_cut_below=True, is_cut=True)
    likelihood = ground_likelihood(cut, GARBAGE, RANGES_M)
    assert (np.diff(likelihood) <= 1e-12).all()


def test_both_ways_together_are_surer_than_the_size_alone() -> None:
    found = estimate(TEN_METRES)
    of_size_alone = math.expm1(GARBAGE.size_sigma_log**2) ** 0.5  # of a log-normal distribution
    assert math.sqrt(found.variance_m2) / found.mean_m < of_size_alone
    assert found.mean_square_m2 == pytest.approx(found.mean_m**2 + found.variance_m2)


def test_near_by_the_ground_counts_and_far_away_the_size() -> None:
    near = SeenBox(
        column=0.0, bottom=0.75, width=0.55, height=0.55, is_cut_below=False, is_cut=False
    )
    far = SeenBox(
        column=0.0, bottom=0.05, width=0.037, height=0.037, is_cut_below=False, is_cut=False
    )
    assert estimate(near).object_share < 0.5 < estimate(far).object_share


def test_a_hoarding_high_up_is_no_nearer_than_its_size_says() -> None:
    # 1.8 m wide and high, 15 m off, its lower edge 3.5 m up: above a level camera's axis.
    seen = SeenBox(
        column=0.0, bottom=-0.13, width=0.12, height=0.12, is_cut_below=False, is_cut=False
    )
    found = estimate(seen, "damaged_billboard")
    assert abs(found.mean_m - 15.0) < math.sqrt(found.variance_m2)


def test_a_box_as_from_a_roof_has_no_range() -> None:
    # 1.1 m at 50 m, and 60 degrees below the axis.
    steep = SeenBox(
        column=0.0, bottom=1.73, width=0.022, height=0.022, is_cut_below=False, is_cut=False
    )
    found = estimate_range(steep, class_name="exposed_garbage")
    assert isinstance(found, NotPlaced)
    assert found.code is ReasonCode.NO_RANGE


@given(
    column=st.floats(-1.5, 1.5),
    bottom=st.floats(-1.0, 2.0),
    width=st.floats(1e-3, 3.0),
    height=st.floats(1e-3, 3.0),
    is_cut_below=st.booleans(),
    class_name=st.sampled_from([*OBJECT_PRIORS, "pothole"]),
)
def test_any_box_has_a_sound_range_or_none(
    column: float, bottom: float, width: float, height: float, is_cut_below: bool, class_name: str
) -> None:
    seen = SeenBox(
        column=column,
        bottom=bottom,
        width=width,
        height=height,
        is_cut_below=is_cut_below,
        is_cut=is_cut_below,
    )
    found = estimate_range(seen, class_name=class_name)
    if isinstance(found, NotPlaced):
        assert found.code is ReasonCode.NO_RANGE
        return
    assert 0.0 < found.mean_m <= 80.0
    assert found.variance_m2 > 0.0
    shares = (found.object_share, found.camera_height_share, found.tilt_share)
    assert min(shares) >= 0.0
    assert sum(shares) <= 1.0 + 1e-9
