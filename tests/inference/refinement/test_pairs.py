"""Which photos of a flight are compared with each other."""

from collections.abc import Sequence

import numpy as np
import pytest

from inference.geometry.frames import EnuFrame, plane_to_wgs84
from inference.geometry.heights import plan_view
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode
from inference.refinement.pairs import plan_pairs

FRAME = EnuFrame(latitude_deg=30.0, longitude_deg=120.0)
# 24 mm lens at 40 m straight down: 60 m across and 45 m along the line.
HEIGHT_M, WIDE_M, TALL_M = 40.0, 60.0, 45.0


def view_at(east_m: float, north_m: float, *, yaw_deg: float = 0.0, pitch_deg: float = -90.0):
    latitude, longitude = plane_to_wgs84(FRAME, np.array([[east_m, north_m]]))[0]
    photo = PhotoMetadata(
        width_px=4000,
        height_px=3000,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        relative_altitude_m=HEIGHT_M,
        attitude=Attitude(yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=0.0, source="dji_gimbal"),
        lens=Lens(focal_length_35mm=24.0),
    )
    return plan_view(photo)


def flight(places_m: Sequence[tuple[float, float]], **attitude: float):
    return {f"{row:04d}": view_at(*place, **attitude) for row, place in enumerate(places_m)}


def lines(*, columns: int, rows: int, east_m: float, north_m: float) -> list[tuple[float, float]]:
    """Return places along lines to and fro."""
    places = []
    for column in range(columns):
        order = range(rows) if column % 2 == 0 else reversed(range(rows))
        places += [(column * east_m, row * north_m) for row in order]
    return places


def degrees(pairs: list[tuple[str, str]]) -> dict[str, int]:
    names = [name for pair in pairs for name in pair]
    return {name: names.count(name) for name in set(names)}


def is_one_piece(pairs: list[tuple[str, str]], names: Sequence[str]) -> bool:
    reached, grown = {names[0]}, True
    while grown:
        grown = False
        for a, b in pairs:
            if (a in reached) != (b in reached):
                reached |= {a, b}
                grown = True
    return reached == set(names)


@pytest.mark.parametrize("count", [0, 1])
def test_one_photo_has_no_partner(count: int) -> None:
    assert plan_pairs(flight([(0.0, 0.0)] * count)) == []


def test_photos_that_overlap_are_paired_and_others_are_not() -> None:
    assert plan_pairs(flight([(0.0, 0.0), (30.0, 0.0), (500.0, 0.0)])) == [("0000", "0001")]


def test_a_photo_without_a_view_is_left_out() -> None:
    views = flight([(0.0, 0.0), (10.0, 0.0)])
    views["0002"] = NotPlaced(code=ReasonCode.NO_GPS, detail="")
    assert plan_pairs(views) == [("0000", "0001")]


def test_the_better_overlap_comes_first() -> None:
    assert plan_pairs(flight([(0.0, 0.0), (20.0, 0.0), (25.0, 0.0)])) == [
        ("0001", "0002"),
        ("0000", "0001"),
        ("0000", "0002"),
    ]


def test_photos_of_one_shutter_release_are_not_paired() -> None:
    views = flight([(0.0, 0.0), (0.0, 0.0), (0.0, 10.0), (0.0, 10.0)])
    captures = {"0000": "a", "0001": "a", "0002": None, "0003": None}
    assert ("0000", "0001") not in plan_pairs(views, captures=captures)
    assert ("0002", "0003") in plan_pairs(views, captures=captures)
    assert ("0000", "0001") in plan_pairs(views)


def test_a_grid_is_one_piece_with_few_partners_each_and_ties_across_its_lines() -> None:
    # 80 % overlap along the lines, 50 % across them: the best overlaps alone stay in the line.
    places = lines(columns=5, rows=12, east_m=WIDE_M * 0.5, north_m=TALL_M * 0.2)
    views = flight(places)
    pairs = plan_pairs(views, max_neighbours=6)
    assert is_one_piece(pairs, list(views))
    assert max(degrees(pairs).values()) <= 7  # one more where it holds the flight together
    assert min(degrees(pairs).values()) >= 3
    east = {name: place[0] for name, place in zip(views, places, strict=True)}
    across = [pair for pair in pairs if east[pair[0]] != east[pair[1]]]
    assert len(across) > 40


def test_the_same_flight_gives_the_same_pairs() -> None:
    places = lines(columns=4, rows=6, east_m=20.0, north_m=15.0)
    assert plan_pairs(flight(places)) == plan_pairs(flight(places))


def test_an_oblique_photo_turned_by_software_is_paired_with_those_beside_it() -> None:
    """It says that it looks south over ground 130 m from what the others show."""
    views = flight([(0.0, 0.0), (10.0, 0.0)], pitch_deg=-35.0)
    views["0002"] = view_at(20.0, 0.0, pitch_deg=-35.0, yaw_deg=180.0)
    pairs = plan_pairs(views)
    assert pairs[0] == ("0000", "0001")
    assert set(pairs) == {("0000", "0001"), ("0001", "0002"), ("0000", "0002")}


def test_a_straight_down_photo_prefers_its_like_to_an_oblique_one() -> None:
    views = flight([(0.0, 0.0), (15.0, 0.0)])
    views["0002"] = view_at(0.0, -23.0, pitch_deg=-60.0)
    assert plan_pairs(views)[0] == ("0000", "0001")


def test_photos_that_show_the_horizon_are_paired() -> None:
    views = flight([(0.0, 0.0), (8.0, 0.0)], pitch_deg=-8.0)
    assert plan_pairs(views) == [("0000", "0001")]


def test_long_hovering_does_not_cut_a_flight_in_two() -> None:
    # More photos at one place than neighbours are looked at; then the flight goes on.
    places = [(0.0, 0.0)] * 120 + [(0.0, 12.0 * step) for step in range(1, 20)]
    views = flight(places)
    pairs = plan_pairs(views)
    assert is_one_piece(pairs, list(views))
    assert len(pairs) <= 8 * len(views)


def test_large_flights_have_a_bounded_number_of_pairs() -> None:
    places = lines(columns=10, rows=30, east_m=6.0, north_m=3.0)  # a hundred overlap each
    views = flight(places)
    pairs = plan_pairs(views, max_neighbours=8)
    assert is_one_piece(pairs, list(views))
    assert len(pairs) <= 4 * len(views) + len(views)
    assert len(set(pairs)) == len(pairs)
