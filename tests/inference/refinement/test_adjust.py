"""The adjustment's derivatives, its equations and what it finds."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.overlapping_flights import RTK, DrawnFlight, Plan, draw_flight
from inference.geometry.pose_errors import FOCAL_LENGTH
from inference.refinement.adjust import adjust
from inference.refinement.block import Block, Deviations, no_deviations, plan_block
from inference.refinement.normal_equations import Weights, add_stated, move_points, reduce_to_photos
from inference.refinement.residuals import (
    Sightlines,
    cast_sightlines,
    ground_rows,
    over_level,
    photo_rows,
    plan_sightlines,
    ray_gaps_px,
)
from inference.refinement.tracks import join_tracks

EXACT = Plan(lines=1, per_line=3, points=150, noise_px=0.0, wrong_share=0.0)


def draw(plan: Plan = EXACT, seed: int = 2) -> tuple[DrawnFlight, Block, Sightlines]:
    flight = draw_flight(np.random.default_rng(seed), plan)
    block = plan_block(flight.views)
    index_of = {name: index for index, name in enumerate(block.names)}
    return flight, block, plan_sightlines(block, join_tracks(flight.matches, index_of))


def points_of(block: Block, sightlines: Sightlines) -> np.ndarray:
    """One hit on the ground for each point."""
    hits = cast_sightlines(block, sightlines, no_deviations(len(block.names)))
    first = np.searchsorted(sightlines.tracks.point, np.arange(sightlines.tracks.count))
    return hits[first]


def some_deviations(block: Block) -> Deviations:
    rng = np.random.default_rng(5)
    return Deviations(photos=rng.normal(size=(len(block.names), 6)), common=rng.normal(size=7) / 50)


@pytest.mark.parametrize("pitch_deg", [-90.0, -55.0])
@pytest.mark.parametrize("unknown", range(6))
def test_derivatives_by_a_photo_are_those_of_the_residual(unknown: int, pitch_deg: float) -> None:
    _, block, sightlines = draw(replace(EXACT, pitch_deg=pitch_deg))
    points, at = points_of(block, sightlines), some_deviations(block)
    step = np.zeros(6)
    step[unknown] = 1e-5
    ahead, behind = (
        photo_rows(block, sightlines, replace(at, photos=at.photos + s), points).residual
        for s in (step, -step)
    )
    rows = photo_rows(block, sightlines, at, points)
    assert rows.by_photo[:, :, unknown] == pytest.approx((ahead - behind) / 2e-5, abs=1e-3)


def test_derivatives_by_focal_length_and_point_are_those_of_the_residual() -> None:
    _, block, sightlines = draw()
    points, at = points_of(block, sightlines), some_deviations(block)
    rows = photo_rows(block, sightlines, at, points)
    step = np.zeros(7)
    step[FOCAL_LENGTH] = 1e-6
    longer = photo_rows(block, sightlines, replace(at, common=at.common + step), points).residual
    assert rows.by_focal == pytest.approx((longer - rows.residual) / 1e-6, rel=1e-3, abs=0.1)
    moved = photo_rows(block, sightlines, at, points + np.array([0, 0, 1e-4])).residual
    assert rows.by_point[:, :, 2] == pytest.approx((moved - rows.residual) / 1e-4, abs=1e-2)


def test_eliminating_the_points_gives_the_step_of_all_equations_at_once() -> None:
    _, block, sightlines = draw(replace(EXACT, points=25))
    points, at = points_of(block, sightlines), some_deviations(block)
    tracks, count = sightlines.tracks, len(block.names)
    photos = photo_rows(block, sightlines, at, points)
    ground = ground_rows(block, at, points, points)
    weights = Weights(photo=np.full(len(tracks.photo), 0.5), ground=np.full(tracks.count, 2.0))
    system = reduce_to_photos(photos, ground, weights, tracks, count)
    add_stated(system, block, at)
    step = -np.linalg.solve(system.matrix, system.gradient)
    # All rows beside each other: photos and what they share, then points.
    size, rows, off = 6 * count + 7, [], []
    for k, (photo, point) in enumerate(zip(tracks.photo, tracks.point, strict=True)):
        for axis in range(2):
            row = np.zeros(size + 3 * tracks.count)
            row[6 * photo : 6 * photo + 6] = photos.by_photo[k, axis]
            row[size - 1] = photos.by_focal[k, axis]
            row[size + 3 * point : size + 3 * point + 3] = photos.by_point[k, axis]
            rows.append(row * np.sqrt(0.5))
            off.append(photos.residual[k, axis] * np.sqrt(0.5))
    for point in range(tracks.count):
        row = np.zeros(size + 3 * tracks.count)
        row[6 * count : 6 * count + 2] = ground.by_shift[point]
        row[size + 3 * point : size + 3 * point + 3] = ground.by_point[point]
        rows.append(row * np.sqrt(2.0))
        off.append(ground.residual[point] * np.sqrt(2.0))
    for photo in range(count):
        root = np.linalg.cholesky(np.linalg.inv(block.own[photo])).T
        expected = at.photos[photo] - np.concatenate([[0.0, 0.0], at.common[2:6]])
        for k in range(6):
            row = np.zeros(size + 3 * tracks.count)
            row[6 * photo : 6 * photo + 6] = root[k]
            row[6 * count + 2 : 6 * count + 6] = -root[k, 2:]
            rows.append(row)
            off.append(root[k] @ expected)
    root = np.linalg.cholesky(np.linalg.inv(block.common)).T
    for k in range(7):
        row = np.zeros(size + 3 * tracks.count)
        row[6 * count : size] = root[k]
        rows.append(row)
        off.append(root[k] @ at.common)
    whole = -np.linalg.lstsq(np.array(rows), np.array(off), rcond=None)[0]
    assert step == pytest.approx(whole[:size], rel=1e-5, abs=1e-7)
    moved = move_points(system, step)
    assert moved.ravel() == pytest.approx(whole[size:], rel=1e-4, abs=1e-5)


def test_exact_matches_meet_after_the_adjustment() -> None:
    _, block, sightlines = draw(replace(EXACT, accuracy=RTK))
    adjustment = adjust(block, sightlines)
    assert adjustment is not None
    before = ray_gaps_px(block, sightlines, no_deviations(len(block.names)))
    after = ray_gaps_px(block, sightlines, adjustment.deviations)
    assert np.median(before) > 5.0
    assert np.median(after) < 0.5


def test_over_level_ground_the_relief_is_estimated() -> None:
    plan = replace(EXACT, has_model=False, ground_amplitude_m=5.0, accuracy=RTK, lines=2)
    flight, block, sightlines = draw(replace(plan, points=400))
    adjustment = adjust(block, sightlines)
    assert adjustment is not None
    # Three waves of half an amplitude's power each, over root 1.5.
    assert adjustment.ground_sigma_m == pytest.approx(5.0, rel=0.5)
    level_m = float(flight.hills.up_at(np.random.default_rng(1).uniform(-30, 30, (500, 2))).mean())
    name = block.names[0]
    above_m = flight.views[name].camera_height_m + adjustment.deviations.photos[0, 2]
    assert above_m == pytest.approx(flight.truths[name][2] - level_m, abs=2.5)


def test_level_ground_may_slope() -> None:
    _, block, _ = draw(replace(EXACT, has_model=False))
    at = no_deviations(len(block.names))
    sloping = replace(at, common=np.array([0.1, 0.02, 0.0, 0.0, 0.0, 0.0, 0.0]))
    # 10 % up to the east and 2 % to the north, about the middle at (10, 5).
    points = np.array([[0.0, 5.0, -1.0], [10.0, 5.0, 0.0], [20.0, 5.0, 1.0], [10.0, 55.0, 1.0]])
    points = np.vstack([points, [[10.0, -45.0, 7.0]]])
    rows = ground_rows(block, sloping, points, points)
    assert rows.residual == pytest.approx([0.0, 0.0, 0.0, 0.0, 8.0])
    assert over_level(block, rows, sloping).residual == pytest.approx(points[:, 2])
    less = ground_rows(block, at, points, points).residual
    assert rows.by_shift @ sloping.common[:2] == pytest.approx(rows.residual - less)


def test_rays_that_miss_the_ground_leave_nothing_to_adjust() -> None:
    _, block, sightlines = draw()
    upwards = replace(block, angles_deg=block.angles_deg + np.array([0.0, 180.0, 0.0, 0.0]))
    assert adjust(upwards, sightlines) is None


@pytest.mark.parametrize("seed", range(3))
def test_wrong_matches_do_not_make_the_lens_longer(seed: int) -> None:
    """Hovering, nothing tells the focal length, so it stays as stated."""
    plan = Plan(lines=1, per_line=4, step_m=0.3, wrong_share=0.2, points=800)
    _, block, sightlines = draw(plan, seed)
    adjustment = adjust(block, sightlines)
    assert adjustment is not None
    sigma = np.sqrt(block.common[FOCAL_LENGTH, FOCAL_LENGTH])
    assert abs(adjustment.deviations.focal_ratio) < sigma
