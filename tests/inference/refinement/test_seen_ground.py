"""A refined flight without a model is cast on the ground that its overlaps show."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.overlapping_flights import (
    BASE,
    RTK,
    DrawnFlight,
    Plan,
    draw_flight,
    errors_of,
    project,
)
from inference.geometry.frames import wgs84_to_enu
from inference.geometry.point_ground import PointGround
from inference.geometry.view import FLAT_GROUND, GROUND_MODEL, SEEN_GROUND, View
from inference.refinement.block import no_deviations, plan_block
from inference.refinement.point_surface import LevelOfPoints
from inference.refinement.refine import refine_views
from inference.refinement.residuals import plan_sightlines
from inference.refinement.seen_ground import SeenGround, cast_on_seen_ground
from inference.refinement.tracks import Tracks
from inference.refinement.triangulate import cross_rays

HILLS = Plan(lines=2, per_line=3, points=600, accuracy=RTK, has_model=False, ground_amplitude_m=8.0)


def draw(plan: Plan = HILLS, seed: int = 1) -> DrawnFlight:
    return draw_flight(np.random.default_rng(seed), plan)


def refine(flight: DrawnFlight) -> dict[str, View]:
    found = refine_views(flight.views, flight.matches).views
    return {name: view for name, view in found.items() if isinstance(view, View)}


@pytest.mark.parametrize("pitch_deg", [-90.0, -60.0])
def test_hills_are_found_from_the_overlaps(pitch_deg: float) -> None:
    flight = draw(replace(HILLS, pitch_deg=pitch_deg))
    views = refine(flight)
    assert {view.method for view in views.values()} == {SEEN_GROUND}
    distances, _, _ = errors_of(flight, views, np.random.default_rng(7), 10)
    stated, _, _ = errors_of(flight, flight.views, np.random.default_rng(7), 10)
    assert np.median(distances) < 0.5 * np.median(stated)


def test_ellipses_hold_on_hills_of_several_flights() -> None:
    # What a flight's photos share is drawn once a flight: one flight alone may be out of all.
    shares = []
    for seed in range(5):
        flight = draw(seed=seed)
        shares.append(errors_of(flight, refine(flight), np.random.default_rng(7), 5)[1].mean())
    assert np.mean(shares) > 0.8


def test_heights_of_ground_seen_in_overlaps_are_not_told() -> None:
    for view in refine(draw()).values():
        assert isinstance(view.ground, PointGround)
        assert not view.has_ground_model
        assert not view.tells_height


def test_the_ground_is_the_same_from_run_to_run() -> None:
    one, other = refine(draw()), refine(draw())
    for name, view in one.items():
        ground, again = view.ground, other[name].ground
        assert isinstance(ground, PointGround)
        assert isinstance(again, PointGround)
        np.testing.assert_array_equal(ground.heights_m, again.heights_m)


def test_a_ground_model_stays_the_ground() -> None:
    flight = draw(replace(HILLS, has_model=True))
    for name, view in refine(flight).items():
        assert view.method == GROUND_MODEL
        assert view.ground is flight.views[name].ground


def test_few_matches_leave_the_plane() -> None:
    flight = draw(replace(HILLS, points=60))
    assert {view.method for view in refine(flight).values()} <= {FLAT_GROUND}


def test_a_plane_that_is_kept_is_as_doubtful_as_the_points_about_it() -> None:
    view = next(iter(draw().views.values()))
    level = LevelOfPoints(height_m=1.0, sigma_m=5.0)
    kept = cast_on_seen_ground(view, SeenGround(ground=None, level=level, about_plane_m=6.5))
    assert (kept.method, kept.ground, kept.ground_sigma_m) == (FLAT_GROUND, view.ground, 6.5)
    assert cast_on_seen_ground(view, None) is view


def test_rays_of_true_poses_cross_at_the_point_they_see() -> None:
    flight = draw(replace(HILLS, accuracy=replace(RTK, shared_horizontal_m=0.0)))
    block = plan_block(flight.views)
    point = np.array([[3.0, -5.0, 4.0]])
    deviations = no_deviations(len(block.names))
    # Seen from where the photos say that they are, so that these poses are the truth.
    seen = [_project_as_stated(flight, name, point) for name in block.names]
    tracks = Tracks(
        photo=np.arange(len(seen)),
        point=np.zeros(len(seen), dtype=np.intp),
        pixels=np.vstack(seen),
        count=1,
    )
    crossings = cross_rays(block, plan_sightlines(block, tracks), deviations, noise_px=1.0)
    origin = wgs84_to_enu(
        BASE, [[block.frame.latitude_deg, block.frame.longitude_deg, block.frame.height_m]]
    )
    np.testing.assert_allclose(crossings.points_m + origin, point, atol=0.01)
    # 60 m up with about 45 m between the outermost photos: a pixel is 2 cm on the ground.
    assert 0.01 < crossings.sigmas_m[0] < 0.06


def _project_as_stated(flight: DrawnFlight, name: str, point: np.ndarray) -> np.ndarray:
    view = flight.views[name]
    here = [[view.frame.latitude_deg, view.frame.longitude_deg, 0.0]]
    place = wgs84_to_enu(BASE, here)[0] + [0.0, 0.0, view.camera_height_m]
    truth = np.array([*place, view.pose.yaw_deg, view.pose.pitch_deg, 0.0])
    return project(point, truth, view.camera.fx)


def test_a_ray_that_misses_the_others_makes_no_point() -> None:
    flight = draw()
    block = plan_block(flight.views)
    point = np.array([[3.0, -5.0, 4.0]])
    pixels = np.vstack([_project_as_stated(flight, name, point) for name in block.names[:3]])
    pixels[1] += 300.0
    tracks = Tracks(photo=np.arange(3), point=np.zeros(3, dtype=np.intp), pixels=pixels, count=1)
    deviations = no_deviations(len(block.names))
    crossings = cross_rays(block, plan_sightlines(block, tracks), deviations, noise_px=1.0)
    assert not len(crossings.points_m)
