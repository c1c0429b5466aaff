"""Permits explain a place and grid cells say whose it is."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
import shapely

from inference.geometry.frames import EnuFrame, plane_to_wgs84, wgs84_to_plane
from inference.merging.areas import AreaIndex, GridCell, Permit, circle_wgs84, ellipse_wgs84
from inference.patrol.methods import CIRCLE_AROUND_CAMERA, COMPASS_RAY
from inference.sighting import Placement

FRAME = EnuFrame(latitude_deg=30.28, longitude_deg=120.15)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def make_place(*, east_m: float = 0.0, north_m: float = 0.0, own_m: float = 1.0) -> Placement:
    latitude, longitude = plane_to_wgs84(FRAME, np.array([[east_m, north_m]]))[0]
    return Placement(
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        height_m=None,
        height_datum=None,
        own_covariance_m2=own_m**2 * np.eye(3),
        shared_loading_m=np.zeros((3, 1)),
        method="flat_ground_at_takeoff",
        footprint_wgs84=(),
        ground_size_m=(1.0, 1.0),
        gsd_m=0.03,
    )


def square(west_m: float, south_m: float, east_m: float, north_m: float) -> shapely.Geometry:
    corners_m = np.array(
        [(west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m)]
    )
    return shapely.Polygon(plane_to_wgs84(FRAME, corners_m)[:, ::-1])


def make_permit(permit_id: str = "P1", **changes: object) -> Permit:
    values: dict[str, object] = {
        "class_names": frozenset({"illegal_structure"}),
        "shape": square(-10, -10, 10, 10),
        **changes,
    }
    return Permit(id=permit_id, **values)  # type: ignore[arg-type]


def suppress(
    *permits: Permit,
    place: Placement | None = None,
    class_name: str = "illegal_structure",
    seen_at: datetime | None = NOON,
):  # type: ignore[no-untyped-def]
    index = AreaIndex(permits=permits, grids=[])
    return index.find_suppression(place or make_place(), class_name=class_name, seen_at=seen_at)


def test_a_permit_around_the_place_explains_it() -> None:
    found = suppress(make_permit(holder="ACME", valid_to=date(2027, 1, 1)))
    assert found is not None
    assert (found.permit_id, found.holder, found.certain) == ("P1", "ACME", True)
    assert found.detail == "inside the area of permit P1, held by ACME, valid to 2027-01-01"


def test_a_permit_explains_only_its_classes_and_its_area() -> None:
    assert suppress(make_permit(), class_name="exposed_garbage") is None
    assert suppress(make_permit(), place=make_place(east_m=11.0)) is None


def test_near_the_border_a_permit_is_not_certain() -> None:
    # 1 m inside with a 90 % radius of 2.15 m.
    found = suppress(make_permit(), place=make_place(east_m=9.0))
    assert found is not None
    assert not found.certain


def test_a_certain_permit_goes_before_an_uncertain_one() -> None:
    narrow = make_permit("P0", shape=square(-1, -1, 1, 1))
    found = suppress(narrow, make_permit("P1"))
    assert found is not None
    assert found.permit_id == "P1"


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "explains"),
    [
        (None, None, True),
        (date(2026, 11, 24), date(2026, 11, 24), True),
        (date(2026, 11, 25), None, False),
        (None, date(2026, 11, 23), False),
    ],
)
def test_a_permit_holds_from_its_first_to_its_last_day(
    valid_from: date | None, valid_to: date | None, explains: bool
) -> None:
    permit = make_permit(valid_from=valid_from, valid_to=valid_to)
    assert (suppress(permit) is not None) is explains


def test_at_an_unknown_time_only_a_permit_without_dates_holds() -> None:
    assert suppress(make_permit(), seen_at=None) is not None
    assert suppress(make_permit(valid_from=date(2020, 1, 1)), seen_at=None) is None


def make_grid(*cells: GridCell) -> AreaIndex:
    return AreaIndex(permits=[], grids=cells)


LEFT = GridCell(id="left", shape=square(-50, -50, 0, 50), responsible_unit="Unit L", division="33")
RIGHT = GridCell(id="right", shape=square(0, -50, 50, 50))


def test_a_place_well_inside_a_cell_is_certainly_its() -> None:
    match = make_grid(LEFT, RIGHT).find_grid(make_place(east_m=-20.0))
    assert match.cell is LEFT
    assert match.certain


def test_an_ellipse_over_the_border_makes_the_cell_uncertain() -> None:
    match = make_grid(LEFT, RIGHT).find_grid(make_place(east_m=1.0))
    assert match.cell is RIGHT
    assert not match.certain


def test_outside_all_cells_there_is_none() -> None:
    match = make_grid(LEFT, RIGHT).find_grid(make_place(north_m=100.0))
    assert (match.cell, match.certain) == (None, True)
    match = make_grid(LEFT, RIGHT).find_grid(make_place(north_m=51.0))
    assert (match.cell, match.certain) == (None, False)


def test_the_smallest_of_overlapping_cells_counts() -> None:
    inner = GridCell(id="z", shape=square(-30, -10, -10, 10))
    assert make_grid(LEFT, inner).find_grid(make_place(east_m=-20.0)).cell is inner


def test_without_areas_nothing_is_found() -> None:
    index = AreaIndex(permits=[], grids=[])
    assert index.find_grid(make_place()).cell is None
    assert index.find_suppression(make_place(), class_name="x", seen_at=None) is None


def test_the_90_percent_ellipse_has_the_axes_of_the_covariance() -> None:
    # sqrt(4.605) = 2.146 sigmas.
    outline = shapely.get_coordinates(ellipse_wgs84(make_place(own_m=2.0)))
    points_m = wgs84_to_plane(FRAME, outline[:, 1], outline[:, 0])
    np.testing.assert_allclose(np.linalg.norm(points_m, axis=1), 2 * 2.146, rtol=1e-3)


def test_a_circle_keeps_its_radius_far_north() -> None:
    outline = shapely.get_coordinates(circle_wgs84(65.0, 25.0, radius_m=40.0))
    frame = EnuFrame(latitude_deg=65.0, longitude_deg=25.0)
    points_m = wgs84_to_plane(frame, outline[:, 1], outline[:, 0])
    np.testing.assert_allclose(np.linalg.norm(points_m, axis=1), 40.0, rtol=1e-4)


def test_a_circle_around_the_photographer_is_not_explained_by_where_he_stood() -> None:
    # A 90 % radius of 21 m around a permit of 20 by 20 m, which holds less than a third of it.
    circle = replace(make_place(own_m=10.0), method=CIRCLE_AROUND_CAMERA)
    assert suppress(make_permit(), place=circle) is None
    wide = suppress(make_permit(shape=square(-20, -20, 20, 20)), place=circle)
    assert wide is not None
    assert not wide.certain


def test_a_long_ellipse_is_explained_by_an_area_that_holds_most_of_it() -> None:
    east_m, north_m = 3.0, 12.0
    ray = replace(
        make_place(), own_covariance_m2=np.diag([east_m**2, north_m**2, 1.0]), method=COMPASS_RAY
    )
    across_the_street = make_permit(shape=square(-10, -30, 10, 30))
    along_the_street = make_permit(shape=square(-30, -5, 30, 5))
    assert suppress(across_the_street, place=ray) is not None
    assert suppress(along_the_street, place=ray) is None
