"""A fused position is no more certain than its sightings allow."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.frames import EnuFrame, plane_to_wgs84, wgs84_to_plane
from inference.geometry.uncertainty import SHARED_ERRORS
from inference.merging.fuse import (
    fuse_placements,
    fuse_sightings,
    independent_sightings,
    merged_confidence,
)
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement, Sighting

FRAME = EnuFrame(latitude_deg=30.28, longitude_deg=120.15)


def make_place(
    *,
    east_m: float = 0.0,
    north_m: float = 0.0,
    own_m: float = 1.0,
    shared_m: float = 0.0,
    height_m: float | None = None,
) -> Placement:
    """Return a place with one shared error that moves it to the east."""
    latitude, longitude = plane_to_wgs84(FRAME, np.array([[east_m, north_m]]))[0]
    return Placement(
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        height_m=height_m,
        height_datum=None if height_m is None else "ground model",
        own_covariance_m2=own_m**2 * np.eye(3),
        shared_loading_m=np.array([[shared_m], [0.0], [0.0]]),
        method="flat_ground_at_takeoff",
        footprint_wgs84=((float(longitude), float(latitude)),),
        ground_size_m=(2.0, 1.0),
        gsd_m=0.03,
    )


def make_sighting(
    place: Placement | NotPlaced,
    *,
    name: str = "a",
    photo: str | None = None,
    capture_uuid: str | None = None,
    box: tuple[float, float, float, float] = (100.0, 100.0, 200.0, 200.0),
    confidence: float = 0.5,
) -> Sighting:
    return Sighting(
        detection=Detection(
            id=name,
            photo_sha256=photo or f"photo of {name}",
            class_name="exposed_garbage",
            confidence=confidence,
            box_photo=box,
            appearance=np.array([1.0], dtype=np.float32),
        ),
        place=place,
        captured_at=datetime(2026, 11, 24, tzinfo=UTC),
        capture_uuid=capture_uuid,
    )


def east_m(place: Placement) -> float:
    return float(wgs84_to_plane(FRAME, place.latitude_deg, place.longitude_deg)[0, 0])


def full_covariance_m2(place: Placement) -> np.ndarray:
    return place.own_covariance_m2 + place.shared_loading_m @ place.shared_loading_m.T


def test_the_surer_position_weighs_more() -> None:
    # Weights 1/1 and 1/4: (0 * 1 + 5 * 0.25) / 1.25 = 1; variance 1 / 1.25 = 0.8.
    fused = fuse_placements([make_place(own_m=1.0), make_place(east_m=5.0, own_m=2.0)])
    assert east_m(fused) == pytest.approx(1.0, abs=1e-4)
    assert fused.own_covariance_m2[0, 0] == pytest.approx(0.8, abs=1e-5)


def test_20_sightings_under_one_bias_do_not_shrink_below_it() -> None:
    fused = fuse_placements([make_place(own_m=2.0, shared_m=3.0) for _ in range(20)])
    assert fused.shared_loading_m[0, 0] == pytest.approx(3.0)
    # Own: 4 / 20 = 0.2. Together with the bias: 9.2, not (4 + 9) / 20.
    assert full_covariance_m2(fused)[0, 0] == pytest.approx(9.2, abs=1e-4)


def test_a_bias_that_acts_against_itself_cancels() -> None:
    fused = fuse_placements([make_place(shared_m=3.0), make_place(shared_m=-3.0)])
    assert fused.shared_loading_m[0, 0] == pytest.approx(0.0, abs=1e-12)


def make_view_of_tall_object(*, own_m: float, height_m: float, east_m: float = 0.0) -> Placement:
    """Return a place that the object's height moves to the east, as a view from the west does."""
    loading = np.zeros((3, len(SHARED_ERRORS)))
    loading[0, SHARED_ERRORS.index("object_height")] = height_m
    return replace(make_place(own_m=own_m, east_m=east_m), shared_loading_m=loading)


def test_views_of_a_tall_object_from_one_side_are_all_wrong_alike() -> None:
    fused = fuse_placements([make_view_of_tall_object(own_m=1.0, height_m=3.0) for _ in range(10)])
    # Own: 1 / 10. The object's height: 9, as for one view.
    assert full_covariance_m2(fused)[0, 0] == pytest.approx(9.1, abs=1e-3)


def test_views_of_a_tall_object_from_opposite_sides_correct_each_other() -> None:
    sides = [make_view_of_tall_object(own_m=1.0, height_m=sign * 3.0) for sign in (1, -1)]
    assert full_covariance_m2(fuse_placements(sides))[0, 0] == pytest.approx(0.5, abs=1e-3)


def test_a_view_from_above_weighs_more_than_one_from_the_side() -> None:
    above = make_view_of_tall_object(own_m=1.0, height_m=0.0)
    side = make_view_of_tall_object(own_m=1.0, height_m=3.0, east_m=11.0)
    # Weights 1/1 and 1/(1 + 9): 11 * 0.1 / 1.1 = 1.
    assert east_m(fuse_placements([above, side])) == pytest.approx(1.0, abs=1e-3)


def test_parts_count_only_where_no_view_shows_the_object_whole() -> None:
    whole = make_place(own_m=2.0)
    part = replace(make_place(own_m=0.5, east_m=5.0), is_part=True)
    assert fuse_placements([part, whole]) is whole
    assert fuse_placements([part]) is part


def test_directions_are_weighed_apart() -> None:
    # One view is sure of east, the other of north: the mean takes the best of both.
    sure_east = replace(make_place(), own_covariance_m2=np.diag([0.01, 100.0, 1.0]))
    sure_north = replace(
        make_place(east_m=10.0, north_m=10.0), own_covariance_m2=np.diag([100.0, 0.01, 1.0])
    )
    fused = fuse_placements([sure_east, sure_north])
    east, north = wgs84_to_plane(FRAME, fused.latitude_deg, fused.longitude_deg)[0]
    assert (east, north) == pytest.approx((0.0, 10.0), abs=0.01)


def test_heights_are_averaged_only_when_all_are_known() -> None:
    known = [make_place(height_m=10.0), make_place(height_m=12.0)]
    assert fuse_placements(known).height_m == pytest.approx(11.0)
    surest = make_place(own_m=0.5)
    assert fuse_placements([*known, surest]).height_m is None


def test_the_outline_moves_with_the_position() -> None:
    fused = fuse_placements([make_place(), make_place(east_m=4.0)])
    longitude, latitude = fused.footprint_wgs84[0]
    assert (latitude, longitude) == pytest.approx((fused.latitude_deg, fused.longitude_deg))


def test_one_position_stays_as_it_is() -> None:
    place = make_place()
    assert fuse_placements([place]) is place


def test_a_position_without_own_error_can_be_fused() -> None:
    fused = fuse_placements([make_place(own_m=0.0), make_place(own_m=0.0, east_m=2.0)])
    assert east_m(fused) == pytest.approx(1.0, abs=1e-4)


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 5)), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_positions_changes_no_bit(rows: list[tuple[float, float]], random) -> None:  # type: ignore[no-untyped-def]
    places = [make_place(east_m=east, own_m=own) for east, own in rows]
    shuffled = list(places)
    random.shuffle(shuffled)
    first, second = fuse_placements(places), fuse_placements(shuffled)
    assert first.latitude_deg == second.latitude_deg
    assert first.longitude_deg == second.longitude_deg
    assert first.own_covariance_m2.tobytes() == second.own_covariance_m2.tobytes()


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=8))
def test_fusing_never_makes_the_own_error_larger(own_m: list[float]) -> None:
    fused = fuse_placements([make_place(own_m=own) for own in own_m])
    assert fused.own_covariance_m2[0, 0] <= min(own_m) ** 2 * (1 + 1e-6)


def test_photos_of_one_shutter_release_count_once() -> None:
    wide = make_sighting(make_place(own_m=2.0), name="wide", capture_uuid="u1")
    zoom = make_sighting(
        make_place(own_m=1.0, east_m=1.0), name="zoom", capture_uuid="u1", box=(0, 0, 900, 900)
    )
    assert [s.detection.id for s in independent_sightings([wide, zoom])] == ["zoom"]
    assert fuse_sightings([wide, zoom]) is zoom.place


def test_photos_taken_while_hovering_count_once() -> None:
    place = make_place(shared_m=3.0)
    first = make_sighting(place, name="a", box=(100, 100, 200, 200))
    hover = make_sighting(make_place(east_m=0.1, shared_m=3.1), name="b", box=(105, 100, 205, 200))
    moved = make_sighting(place, name="c", box=(800, 100, 900, 200))
    turned = make_sighting(make_place(shared_m=-3.0), name="d", box=(100, 100, 200, 200))
    assert len(independent_sightings([first, hover])) == 1
    assert len(independent_sightings([first, moved])) == 2
    assert len(independent_sightings([first, turned])) == 2


def test_sightings_without_a_place_do_not_spoil_the_position() -> None:
    nowhere = NotPlaced(code=ReasonCode.ABOVE_HORIZON)
    placed = make_sighting(make_place(), name="a")
    assert fuse_sightings([make_sighting(nowhere, name="b"), placed]) is placed.place
    assert fuse_sightings([make_sighting(nowhere, name="b")]) is nowhere


def test_confidence_is_that_of_the_surest_view() -> None:
    views = [make_sighting(make_place(), confidence=value) for value in (0.4, 0.7, 0.6)]
    assert merged_confidence(views) == 0.7
