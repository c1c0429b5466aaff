"""Which photos were turned, and which agree with no other, from how their pairs agree."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.overlapping_flights import Plan, draw_flight
from inference.geometry.camera import pixel_to_ray
from inference.geometry.distortion import Brown
from inference.geometry.pose import pose_rotation
from inference.geometry.view import View
from inference.refinement.agreement import Agreement
from inference.refinement.turned import judge_photos, turn_view


def agreement(first: int, second: int, good: tuple[int, int] | None) -> Agreement:
    """A pair that agrees for one combination of turns, or for none."""
    sigmas = np.full((4, 4), 30.0)
    if good is not None:
        sigmas[good] = 0.5
    return Agreement(first=first, second=second, sigmas=sigmas)


def make_view() -> View:
    view = next(iter(draw_flight(np.random.default_rng(1), Plan(points=10)).views.values()))
    lens = Brown(k1=-0.1, k2=0.02, p1=0.001, p2=-0.002)
    camera = replace(view.camera, cx=2010.0, cy=1480.0, distortion=lens)
    return replace(view, camera=camera)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_picture_shows_the_same_where_its_pixels_went(turns: int) -> None:
    view = make_view()
    # A square picture, so that a quarter turn keeps its shape.
    view = replace(view, camera=replace(view.camera, width_px=3000, cx=1510.0))
    pixels = np.array([[100.0, 200.0], [2500.0, 700.0], [1400.0, 2900.0]])
    middle = np.array([1499.5, 1499.5])
    moved = pixels - middle
    for _ in range(turns):
        moved = np.column_stack([-moved[:, 1], moved[:, 0]])  # clockwise: right becomes down
    turned = turn_view(view, turns)
    before = pixel_to_ray(view.camera, pixels) @ pose_rotation(view.pose).T
    after = pixel_to_ray(turned.camera, moved + middle) @ pose_rotation(turned.pose).T
    assert after == pytest.approx(before, abs=1e-6)


def test_four_quarter_turns_change_nothing() -> None:
    view = make_view()
    again = turn_view(turn_view(view, 1), 3)
    assert again.camera == view.camera
    assert again.pose.roll_deg == pytest.approx(view.pose.roll_deg)


def test_pairs_that_agree_as_stated_leave_all_as_it_is() -> None:
    judgement = judge_photos([agreement(0, 1, (0, 0)), agreement(1, 2, (0, 0))])
    assert judgement.turns == {}
    assert judgement.outsiders == judgement.bad_pairs == frozenset()


def test_one_turned_photo_is_found_by_its_neighbours() -> None:
    pairs = [agreement(0, 1, (0, 2)), agreement(1, 2, (2, 0)), agreement(0, 2, (0, 0))]
    assert judge_photos(pairs).turns == {1: 2}


def test_two_turned_photos_are_found_together() -> None:
    pairs = [agreement(0, 1, (2, 2))]
    assert judge_photos(pairs).turns == {0: 2, 1: 2}


def test_a_photo_that_agrees_with_none_is_an_outsider() -> None:
    pairs = [
        agreement(0, 1, (0, 0)),
        agreement(0, 2, (0, 0)),
        agreement(1, 2, (0, 0)),
        agreement(0, 3, None),
        agreement(1, 3, None),
        agreement(2, 3, None),
    ]
    judgement = judge_photos(pairs)
    assert judgement.outsiders == {3}
    assert judgement.turns == {}


def test_of_two_that_disagree_neither_is_believed() -> None:
    assert judge_photos([agreement(0, 1, None)]).outsiders == {0, 1}


def test_one_bad_pair_among_good_ones_is_wrong_matches() -> None:
    pairs = [agreement(i, j, (0, 0)) for i in range(4) for j in range(i + 1, 4)]
    pairs[0] = agreement(0, 1, None)
    judgement = judge_photos(pairs)
    assert judgement.outsiders == frozenset()
    assert judgement.bad_pairs == {(0, 1)}


def test_no_pairs_say_nothing() -> None:
    assert judge_photos([]).turns == {}


def test_photos_that_only_agree_upside_down_are_told_from_turned_ones_among_upright_ones() -> None:
    chain = [agreement(0, 1, (2, 2)), agreement(1, 2, (2, 2))]
    assert judge_photos(chain).upside_down == {0, 1, 2}
    beside_upright = [*chain, agreement(2, 3, (2, 0)), agreement(1, 3, (2, 0))]
    assert judge_photos(beside_upright).upside_down == frozenset()
    assert judge_photos([agreement(0, 1, (1, 1))]).upside_down == frozenset()


def test_where_most_disagree_the_rest_is_doubted_as_well() -> None:
    # Only photos 0 and 1 agree, and with three that do not.
    bad = [agreement(a, b, None) for a, b in [(0, 2), (1, 2), (2, 3), (3, 4), (1, 3), (0, 4)]]
    assert judge_photos([agreement(0, 1, (0, 0)), *bad]).outsiders == {0, 1, 2, 3, 4}
    # A group of others stays out of it.
    apart = judge_photos([agreement(0, 1, (0, 0)), *bad, agreement(5, 6, (0, 0))])
    assert apart.outsiders == {0, 1, 2, 3, 4}
