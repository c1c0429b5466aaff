"""Which photos are adjusted together, and how they lie in one frame."""

from dataclasses import replace

import numpy as np
import pytest

import inference.refinement.block as block_module
from benchmarks.overlapping_flights import Plan, draw_flight
from inference.geometry.frames import enu_to_wgs84, wgs84_to_enu
from inference.geometry.view import View
from inference.refinement.block import (
    as_deviations,
    group_blocks,
    no_deviations,
    places_at,
    plan_block,
    rotations_at,
)


def draw_views(count: int = 4) -> dict[str, View]:
    plan = Plan(lines=1, per_line=count, points=10)
    return draw_flight(np.random.default_rng(1), plan).views


def test_photos_of_one_camera_over_one_ground_go_together() -> None:
    views = draw_views()
    names = sorted(views)
    views[names[0]] = replace(views[names[0]], camera=replace(views[names[0]].camera, fx=1.0))
    assert group_blocks(views) == [names[1:]]


def test_a_single_photo_is_no_block() -> None:
    assert group_blocks(draw_views(1)) == []


def test_large_flights_are_cut_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_module, "MOST_PHOTOS", 3)
    views = draw_views(8)
    parts = group_blocks(views)
    assert sorted(name for part in parts for name in part) == sorted(views)
    assert all(len(part) <= 3 for part in parts)
    # Names are numbered along the line.
    assert all(int(part[-1][3:]) - int(part[0][3:]) == len(part) - 1 for part in parts)


def test_places_and_rays_are_those_of_the_views() -> None:
    views = draw_views()
    block = plan_block(views)
    state = no_deviations(len(views))
    for index, name in enumerate(block.names):
        view = views[name]
        ahead = np.array([[0.0, 0.0, view.camera_height_m], [30.0, 40.0, 0.0]])
        ends = wgs84_to_enu(block.frame, enu_to_wgs84(view.frame, ahead))
        assert places_at(block, state)[index] == pytest.approx(ends[0], abs=1e-6)
        assert ends[0] + block.axes[index] @ (ahead[1] - ahead[0]) == pytest.approx(
            ends[1], abs=1e-5
        )
        rotation = rotations_at(block, state)[index]
        assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-6)


def test_errors_turned_into_deviations_twice_are_the_same() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(7, 7))
    errors = root @ root.T
    assert as_deviations(as_deviations(errors)) == pytest.approx(errors, abs=1e-6)
    assert as_deviations(errors)[2, 3] == pytest.approx(-errors[2, 3])
