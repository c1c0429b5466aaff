"""Maps are true to scale, and what is far apart gets maps of its own."""

import math
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.receipt import NotPlaced, Outcome, ReasonCode
from service.report.map_drawing import MAX_SINGLE_FOOTPRINTS, group_sites, plan_maps
from service.report.model import (
    ErrorEllipse,
    ReportArea,
    ReportFile,
    ReportIssue,
    ReportPlace,
)

HANGZHOU = (120.1551, 30.2741)
NINGBO = (121.5440, 29.8683)
# One degree at 30.2741 degrees north on WGS 84, from the radii of curvature there:
# north radius 6 351 656 m -> 110 857 m; east radius 6 383 572 m x cos -> 96 221 m.
NORTH_M_PER_DEG, EAST_M_PER_DEG = 110_857.0, 96_221.0


def offset(
    place: tuple[float, float], *, east_m: float = 0, north_m: float = 0
) -> tuple[float, float]:
    return place[0] + east_m / EAST_M_PER_DEG, place[1] + north_m / NORTH_M_PER_DEG


def square(place: tuple[float, float], *, side_m: float) -> tuple[tuple[float, float], ...]:
    half = side_m / 2
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    return tuple(offset(place, east_m=x, north_m=y) for x, y in corners)


def make_issue(
    place: tuple[float, float] | None, *, azimuth_deg: float = 0.0, issue_id: str = "a"
) -> ReportIssue:
    ellipse = ErrorEllipse(semi_major_m=4.0, semi_minor_m=2.0, azimuth_deg=azimuth_deg)
    return ReportIssue(
        id=issue_id,
        class_name="exposed_garbage",
        confidence=0.5,
        place=NotPlaced(code=ReasonCode.NO_GPS)
        if place is None
        else ReportPlace(
            latitude_deg=place[1],
            longitude_deg=place[0],
            ce90_m=3.0,
            ellipse=ellipse,
            method="flat_ground_at_takeoff",
        ),
        observation_count=1,
        first_seen=None,
        last_seen=None,
        flight_ids=(),
        photo_sha256s=(),
    )


def make_file(place: tuple[float, float] | None, *, side_m: float | None = 40.0) -> ReportFile:
    return ReportFile(
        path="a.jpg",
        outcome=Outcome.ACCEPTED,
        reasons=(),
        position_wgs84=place,
        footprint_wgs84=square(place, side_m=side_m) if place and side_m else None,
    )


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def test_metres_on_the_map_are_metres_on_the_ground() -> None:
    east = offset(HANGZHOU, east_m=100)
    north = offset(HANGZHOU, north_m=100)
    (sheet,) = plan_maps([make_issue(HANGZHOU), make_issue(east), make_issue(north)], [], [])
    origin, to_east, to_north = sheet.marks
    assert to_east.x_m - origin.x_m == pytest.approx(100, abs=0.05)
    assert to_east.y_m - origin.y_m == pytest.approx(0, abs=0.05)
    assert to_north.x_m - origin.x_m == pytest.approx(0, abs=0.05)
    assert to_north.y_m - origin.y_m == pytest.approx(-100, abs=0.05)  # north is up


@pytest.mark.parametrize(("azimuth_deg", "east", "south"), [(0, 0, -1), (90, 1, 0), (45, 1, -1)])
def test_an_ellipse_points_where_its_azimuth_says(
    azimuth_deg: float, east: float, south: float
) -> None:
    (sheet,) = plan_maps([make_issue(HANGZHOU, azimuth_deg=azimuth_deg)], [], [])
    mark = sheet.marks[0]
    assert (mark.ellipse_x_m, mark.ellipse_y_m) == (4.0, 2.0)
    turn = math.radians(mark.ellipse_turn_deg)  # SVG: x to the right, y down, clockwise
    length = math.hypot(east, south)
    assert (math.cos(turn), math.sin(turn)) == pytest.approx((east / length, south / length))


def test_footprints_are_drawn_in_true_size() -> None:
    (sheet,) = plan_maps([], [make_file(HANGZHOU, side_m=40)], [])
    corners = points(sheet.footprints[0].path)
    assert len(corners) == 4
    assert max(x for x, _ in corners) - min(x for x, _ in corners) == pytest.approx(40, abs=0.2)
    assert sheet.covered_m2 == pytest.approx(1600, rel=0.01)


def test_ground_seen_twice_counts_once() -> None:
    files = [make_file(HANGZHOU), make_file(offset(HANGZHOU, east_m=20))]
    (sheet,) = plan_maps([], files, [])
    assert sheet.covered_m2 == pytest.approx(60 * 40, rel=0.01)
    assert sheet.photo_count == 2


def test_two_cities_get_a_map_each_the_one_with_more_findings_first() -> None:
    issues = [make_issue(HANGZHOU), make_issue(NINGBO), make_issue(offset(NINGBO, east_m=30))]
    files = [make_file(HANGZHOU), make_file(NINGBO)]
    first, second = plan_maps(issues, files, [])
    assert [mark.number for mark in first.marks] == [1, 2]
    assert [mark.number for mark in second.marks] == [0]
    assert [shape.number for shape in first.footprints] == [1]


def test_nothing_placed_gives_no_map() -> None:
    assert plan_maps([make_issue(None)], [make_file(None)], []) == ()


def test_the_view_shows_every_finding_and_camera() -> None:
    issues = [make_issue(offset(HANGZHOU, east_m=300, north_m=-200))]
    (sheet,) = plan_maps(issues, [make_file(HANGZHOU)], [])
    x_min, y_min, width, height = sheet.view_m
    cameras = points(sheet.cameras)
    for x, y in [*cameras, (sheet.marks[0].x_m, sheet.marks[0].y_m)]:
        assert x_min < x < x_min + width
        assert y_min < y < y_min + height


def test_a_far_reaching_footprint_does_not_shrink_the_rest() -> None:
    files = [make_file(offset(HANGZHOU, east_m=10 * i)) for i in range(10)]
    (usual,) = plan_maps([], files, [])
    (with_long,) = plan_maps([], [*files, make_file(HANGZHOU, side_m=3000)], [])
    assert with_long.view_m[2] == pytest.approx(usual.view_m[2], rel=0.05)


def test_many_photos_are_drawn_as_the_ground_that_they_cover() -> None:
    files = [make_file(offset(HANGZHOU, east_m=i)) for i in range(MAX_SINGLE_FOOTPRINTS + 1)]
    (sheet,) = plan_maps([], files, [])
    assert sheet.footprints == ()
    assert sheet.covered
    assert sheet.photo_count == MAX_SINGLE_FOOTPRINTS + 1


def test_only_areas_in_view_are_drawn() -> None:
    near = ReportArea(kind="grid", name="near", outline_wgs84=square(HANGZHOU, side_m=30))
    far = ReportArea(kind="grid", name="far", outline_wgs84=square(NINGBO, side_m=30))
    (sheet,) = plan_maps([make_issue(HANGZHOU)], [], [near, far])
    assert [area.name for area in sheet.areas] == ["near"]


def test_a_site_across_the_180th_meridian_stays_in_one_piece() -> None:
    (sheet,) = plan_maps([make_issue((179.9999, -17.0)), make_issue((-179.9999, -17.0))], [], [])
    first, second = sheet.marks
    assert second.x_m - first.x_m == pytest.approx(0.0002 * EAST_M_PER_DEG, rel=0.2)


def test_a_footprint_whose_edges_cross_is_still_drawn() -> None:
    corners = square(HANGZHOU, side_m=40)
    crossed = (corners[0], corners[2], corners[1], corners[3])
    file = ReportFile(path="a.jpg", outcome=Outcome.ACCEPTED, reasons=(), footprint_wgs84=crossed)
    (sheet,) = plan_maps([], [file], [])
    assert sheet.covered.count("M") == 2


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-85, 85)), min_size=1, max_size=40))
def test_every_point_belongs_to_one_site(places: Sequence[tuple[float, float]]) -> None:
    groups = group_sites(places)
    assert sorted(i for group in groups for i in group) == list(range(len(places)))
