"""Flights are put right from matches, within what they state, or left as they are."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.overlapping_flights import (
    HEIGHT_PX,
    RTK,
    WIDTH_PX,
    DrawnFlight,
    Plan,
    draw_flight,
    errors_of,
)
from inference.geometry.frames import EnuFrame
from inference.geometry.view import View
from inference.receipt import NotPlaced, ReasonCode
from inference.refinement.matches import PairMatches
from inference.refinement.refine import Refinement, refine_views

SMALL = Plan(lines=2, per_line=3, points=300)


def draw(plan: Plan = SMALL, seed: int = 1) -> DrawnFlight:
    return draw_flight(np.random.default_rng(seed), plan)


def views_of(refinement: Refinement) -> dict[str, View]:
    return {name: view for name, view in refinement.views.items() if isinstance(view, View)}


def median_error_m(flight: DrawnFlight, views: dict[str, View]) -> float:
    return float(np.median(errors_of(flight, views, np.random.default_rng(7), 4)[0]))


def turn_pixels(pixels: np.ndarray) -> np.ndarray:
    """Where the pixels of a picture are after it was turned by half a turn."""
    return np.array([WIDTH_PX - 1, HEIGHT_PX - 1]) - pixels


def turn_in_matches(matches: list[PairMatches], names: set[str]) -> list[PairMatches]:
    turned = []
    for pair in matches:
        first = turn_pixels(pair.pixels_first) if pair.first in names else pair.pixels_first
        second = turn_pixels(pair.pixels_second) if pair.second in names else pair.pixels_second
        turned.append(
            PairMatches(
                first=pair.first, second=pair.second, pixels_first=first, pixels_second=second
            )
        )
    return turned


@pytest.mark.parametrize(
    "plan",
    [
        replace(SMALL, accuracy=RTK),
        replace(SMALL, accuracy=RTK, has_model=False),
        replace(SMALL, accuracy=RTK, pitch_deg=-60.0),
        replace(SMALL, accuracy=RTK, lines=1, per_line=5),
    ],
    ids=["nadir on a model", "nadir over level ground", "oblique", "strip"],
)
def test_positions_get_better(plan: Plan) -> None:
    flight = draw(plan)
    refinement = refine_views(flight.views, flight.matches)
    assert all(view.is_refined for view in views_of(refinement).values())
    assert median_error_m(flight, views_of(refinement)) < 0.7 * median_error_m(flight, flight.views)
    assert refinement.held_out_before_m is not None
    assert refinement.held_out_after_m is not None
    assert refinement.held_out_after_m < 0.5 * refinement.held_out_before_m
    assert refinement.reasons == {}


def test_what_the_flight_shares_is_found() -> None:
    flight = draw(replace(SMALL, accuracy=RTK, points=1000))
    refined = views_of(refine_views(flight.views, flight.matches))
    heights = [refined[name].camera_height_m - flight.truths[name][2] for name in refined]
    pitches = [refined[name].pose.pitch_deg - flight.truths[name][4] for name in refined]
    yaws = [
        (refined[name].pose.yaw_deg - flight.truths[name][3] + 180.0) % 360.0 - 180.0
        for name in refined
    ]
    assert np.mean(heights) == pytest.approx(0.0, abs=0.3)
    assert np.mean(pitches) == pytest.approx(0.0, abs=0.2)
    assert np.mean(yaws) == pytest.approx(0.0, abs=0.3)


def test_two_photos_are_enough() -> None:
    flight = draw(replace(SMALL, lines=1, per_line=2, accuracy=RTK))
    refinement = refine_views(flight.views, flight.matches)
    assert median_error_m(flight, views_of(refinement)) < median_error_m(flight, flight.views)


def test_photos_without_matches_stay_as_they_were() -> None:
    flight = draw()
    refinement = refine_views(flight.views, [])
    assert refinement.views == flight.views
    assert refinement.held_out_before_m is refinement.held_out_after_m is None


def test_what_has_no_place_passes_through() -> None:
    flight = draw()
    lost = NotPlaced(code=ReasonCode.NO_GPS)
    refinement = refine_views({**flight.views, "lost": lost}, flight.matches)
    assert refinement.views["lost"] is lost


@pytest.mark.parametrize("has_model", [True, False])
@pytest.mark.parametrize("names", [{"00_001"}, {"00_001", "00_002"}, {"00_000", "01_000"}])
def test_turned_pictures_are_found_and_put_right(names: set[str], has_model: bool) -> None:
    flight = draw(replace(SMALL, has_model=has_model))
    refinement = refine_views(flight.views, turn_in_matches(flight.matches, names))
    assert {
        name
        for name, reasons in refinement.reasons.items()
        if reasons[0].code is ReasonCode.TURNED_AFTER_CAPTURE
    } == names
    straight = refine_views(flight.views, flight.matches)
    for name in flight.views:
        turned, upright = refinement.views[name], straight.views[name]
        assert isinstance(turned, View)
        assert isinstance(upright, View)
        assert turned.camera_height_m == pytest.approx(upright.camera_height_m, abs=0.15)
        assert turned.pose.pitch_deg == pytest.approx(upright.pose.pitch_deg, abs=0.15)


def test_a_pair_of_which_both_pictures_are_turned_is_found() -> None:
    flight = draw(replace(SMALL, lines=1, per_line=2))
    names = set(flight.views)
    refinement = refine_views(flight.views, turn_in_matches(flight.matches, names))
    assert set(refinement.reasons) == names
    assert median_rolls(refinement) == pytest.approx(180.0)


def median_rolls(refinement: Refinement) -> float:
    return float(np.median([abs(view.pose.roll_deg) for view in views_of(refinement).values()]))


@pytest.mark.parametrize("seed", range(8))
def test_good_photos_are_not_turned_or_doubted(seed: int) -> None:
    flight = draw(replace(SMALL, points=300, has_model=seed % 2 == 0), seed)
    assert refine_views(flight.views, flight.matches).reasons == {}


def test_a_frozen_position_is_told_and_left_alone() -> None:
    flight = draw(replace(SMALL, lines=1, per_line=5, step_m=20.0))
    first, frozen = flight.views["00_000"], flight.views["00_003"]
    pose = replace(
        frozen.pose, latitude_deg=first.pose.latitude_deg, longitude_deg=first.pose.longitude_deg
    )
    frame = EnuFrame(latitude_deg=pose.latitude_deg, longitude_deg=pose.longitude_deg)
    views = flight.views | {"00_003": replace(frozen, pose=pose, frame=frame)}
    refinement = refine_views(views, flight.matches)
    assert set(refinement.reasons) == {"00_003"}
    assert refinement.reasons["00_003"][0].code is ReasonCode.DISAGREES_WITH_NEIGHBOURS
    told = views_of(refinement)["00_003"]
    assert told.pose == views["00_003"].pose
    # 60 m from where it was taken: as a mean square that is at least 42 m to the east and north.
    assert np.sqrt(told.errors.shared[0, 0]) > 60.0 / np.sqrt(2.0)
    assert views_of(refinement)["00_001"].is_refined


@pytest.mark.parametrize("off_deg", [12.0, 40.0])
def test_a_compass_that_is_off_beyond_its_error_is_told(off_deg: float) -> None:
    flight = draw(replace(SMALL, lines=1, per_line=5))
    stated = flight.views["00_002"]
    pose = replace(stated.pose, yaw_deg=stated.pose.yaw_deg + off_deg)
    views = flight.views | {"00_002": replace(stated, pose=pose)}
    refinement = refine_views(views, flight.matches)
    assert set(refinement.reasons) == {"00_002"}
    assert refinement.reasons["00_002"][0].code is ReasonCode.DISAGREES_WITH_NEIGHBOURS
    told = views_of(refinement)["00_002"]
    assert told.pose == views["00_002"].pose
    assert told.errors.shared[0, 0] > stated.errors.shared[0, 0]


@pytest.mark.parametrize("half_turns", [0, 1])
def test_a_flight_that_only_fits_the_other_way_round_is_doubted_both_ways(half_turns: int) -> None:
    """All pictures upside down, or a track of another time: nothing tells which."""
    flight = draw(replace(SMALL, lines=1, per_line=5))
    names = set(flight.views) if half_turns else set()
    straight = views_of(refine_views(flight.views, flight.matches))
    refined = views_of(refine_views(flight.views, turn_in_matches(flight.matches, names)))
    for name in flight.views:
        # Over 60 m the corners are 50 m away, and twice as far from each other; the middle is not.
        sigma_m = np.sqrt(refined[name].errors.shared[0, 0])
        assert (sigma_m > 30.0) == bool(half_turns)
        assert np.sqrt(straight[name].errors.shared[0, 0]) < 4.0


def test_a_heading_off_for_the_whole_flight_is_told_with_an_ellipse_that_holds_the_truth() -> None:
    flight = draw(replace(SMALL, lines=1, per_line=5, step_m=15.0))
    views = {
        name: replace(view, pose=replace(view.pose, yaw_deg=view.pose.yaw_deg + 25.0))
        for name, view in flight.views.items()
    }
    refinement = refine_views(views, flight.matches)
    assert set(refinement.reasons) == set(views)
    before = errors_of(flight, views, np.random.default_rng(1), 4)[1]
    after = errors_of(flight, views_of(refinement), np.random.default_rng(1), 4)[1]
    assert before.mean() < 0.5
    assert after.mean() > 0.9


def test_a_height_that_is_off_for_the_whole_flight_is_told() -> None:
    """Such as a start from a roof, of which the ground model does not know."""
    flight = draw(replace(SMALL, ground_amplitude_m=1.0))
    views = {
        name: replace(
            view,
            camera_height_m=view.camera_height_m + 25.0,
            above_ground_m=view.above_ground_m + 25.0,
        )
        for name, view in flight.views.items()
    }
    refinement = refine_views(views, flight.matches)
    assert set(refinement.reasons) == set(views)
    assert errors_of(flight, views_of(refinement), np.random.default_rng(1), 4)[1].mean() > 0.85


def test_a_photo_placed_in_another_country_does_not_spoil_the_flight() -> None:
    flight = draw(replace(SMALL, accuracy=RTK))
    astray = flight.views["00_001"]
    pose = replace(astray.pose, longitude_deg=-astray.pose.longitude_deg)
    frame = EnuFrame(latitude_deg=pose.latitude_deg, longitude_deg=pose.longitude_deg)
    views = flight.views | {"00_001": replace(astray, pose=pose, frame=frame)}
    refinement = refine_views(views, flight.matches)
    assert refinement.views["00_001"] is views["00_001"]
    rest = [view for name, view in views_of(refinement).items() if name != "00_001"]
    assert all(view.is_refined for view in rest)


def test_two_cameras_of_one_flight_are_adjusted_apart() -> None:
    flight = draw(replace(SMALL, accuracy=RTK))
    other = {"00_000", "00_001", "00_002"}
    views = {
        name: replace(view, camera=replace(view.camera, source="calibrated", cx=2000.0))
        if name in other
        else view
        for name, view in flight.views.items()
    }
    refined = views_of(refine_views(views, flight.matches))
    shared = [refined[name].errors.shared for name in sorted(refined)]
    assert np.array_equal(shared[0], shared[2])
    assert not np.array_equal(shared[0], shared[3])


@pytest.mark.parametrize("wrong_share", [0.3, 0.9])
def test_wrong_matches_do_no_harm(wrong_share: float) -> None:
    flight = draw(replace(SMALL, accuracy=RTK, wrong_share=wrong_share))
    refinement = refine_views(flight.views, flight.matches)
    after_m = median_error_m(flight, views_of(refinement))
    assert after_m < 1.05 * median_error_m(flight, flight.views)


def test_matches_of_nothing_move_nothing() -> None:
    flight, rng = draw(), np.random.default_rng(3)
    size = (WIDTH_PX, HEIGHT_PX)
    noise = [
        replace(pair, pixels_second=rng.random(pair.pixels_second.shape) * size)
        for pair in flight.matches
    ]
    left = views_of(refine_views(flight.views, noise))
    assert {name: view.pose for name, view in left.items()} == {
        name: view.pose for name, view in flight.views.items()
    }


def test_order_does_not_matter() -> None:
    flight = draw()
    mirrored = [
        PairMatches(
            first=pair.second,
            second=pair.first,
            pixels_first=pair.pixels_second[::-1],
            pixels_second=pair.pixels_first[::-1],
        )
        for pair in reversed(flight.matches)
    ]
    one = views_of(refine_views(flight.views, flight.matches))
    other = views_of(refine_views(dict(reversed(flight.views.items())), mirrored))
    for name in flight.views:
        assert one[name].pose == other[name].pose
        assert np.array_equal(one[name].errors.own, other[name].errors.own)


def test_errors_after_are_covariances_with_one_shared_part() -> None:
    flight = draw()
    views = list(views_of(refine_views(flight.views, flight.matches)).values())
    for view in views:
        assert np.array_equal(view.errors.shared, views[0].errors.shared)
        for matrix in (view.errors.shared, view.errors.own):
            assert np.allclose(matrix, matrix.T)
            assert np.linalg.eigvalsh(matrix).min() > -1e-9
    stated = flight.views["00_000"].errors
    # Matches do not tell where the flight was, but how high and how tilted.
    assert views[0].errors.shared[0, 0] >= stated.shared[0, 0]
    assert views[0].errors.shared[2, 2] < stated.shared[2, 2]


def test_the_ground_that_is_seen_lies_within_the_bounds() -> None:
    flight = draw(replace(SMALL, pitch_deg=-50.0))
    for name, view in views_of(refine_views(flight.views, flight.matches)).items():
        assert view.frame.latitude_deg == view.pose.latitude_deg
        assert view.bounds != flight.views[name].bounds


@pytest.mark.slow
def test_nine_of_ten_truths_lie_in_the_ellipse() -> None:
    inside = []
    for seed in range(24):
        plan = Plan(lines=1, per_line=4, points=150, pitch_deg=-90.0 if seed % 2 else -60.0)
        flight = draw(plan, seed)
        views = views_of(refine_views(flight.views, flight.matches))
        inside.append(errors_of(flight, views, np.random.default_rng(seed), 1)[1].mean())
    # Photos of a flight share most of their error: of 24 flights, 18 and more hold it mostly.
    assert np.mean(inside) > 0.75
