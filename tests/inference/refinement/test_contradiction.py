"""How far places are in doubt where pictures and records contradict each other."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.overlapping_flights import Plan, draw_flight
from inference.geometry.view import View
from inference.refinement.contradiction import (
    apart_square_m2,
    disagreement_square_m2,
    reach_m,
    widen,
)


def make_view(yaw_deg: float = 0.0) -> View:
    flight = draw_flight(np.random.default_rng(1), Plan(points=10, has_model=False))
    view = flight.views["00_000"]
    return replace(view, pose=replace(view.pose, yaw_deg=yaw_deg))


def test_a_view_is_not_apart_from_itself() -> None:
    assert apart_square_m2(make_view(), make_view()) == 0.0


def test_half_a_turn_moves_what_is_seen_straight_down_by_twice_its_distance() -> None:
    view = make_view()
    assert apart_square_m2(view, make_view(180.0)) == pytest.approx(4.0 * reach_m(view) ** 2)


def test_both_a_wrong_place_and_a_wrong_heading_are_allowed_for() -> None:
    # 20 m apart where cameras are 40 m: half a radian, which at 30 m is 15 m.
    found = disagreement_square_m2(20.0, baseline_m=40.0, reach_m=30.0)
    assert found == pytest.approx(20.0**2 + 15.0**2)
    # No turn moves more than the other side of the circle.
    hovering = disagreement_square_m2(20.0, baseline_m=0.0, reach_m=30.0)
    assert hovering == pytest.approx(20.0**2 + 60.0**2)


def test_widening_is_an_error_of_the_flight_and_leaves_the_rest() -> None:
    view = make_view()
    wider = widen(view, 200.0)
    added = wider.errors.shared - view.errors.shared
    assert added == pytest.approx(np.diag([100.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert (wider.pose, wider.camera, wider.ground_sigma_m) == (
        view.pose,
        view.camera,
        view.ground_sigma_m,
    )
    assert np.array_equal(wider.errors.own, view.errors.own)
