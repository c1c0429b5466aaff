"""The height of the take-off place in the heights of a model."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.ground import Bounds
from inference.geometry.takeoff import Takeoff, plan_takeoff
from inference.reading.metadata import Attitude, Band, PhotoKind, PhotoMetadata, StatedAccuracy

ORIGIN = EnuFrame(latitude_deg=30.0, longitude_deg=120.0)
Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Terrain:
    """Ground as a function of metres east and north of ORIGIN."""

    shape: Shape
    datum: str | None = None
    is_local: bool = True

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        return None if self.is_local else 100.0

    def around(self, frame: EnuFrame, bounds: Bounds) -> "TerrainPiece":
        place = [[frame.latitude_deg, frame.longitude_deg, 0.0]]
        return TerrainPiece(self.shape, wgs84_to_enu(ORIGIN, place)[0, :2])


@dataclass(frozen=True)
class TerrainPiece:
    shape: Shape
    offset: np.ndarray

    def up_m(self, east_north: np.ndarray) -> np.ndarray:
        east, north = (east_north + self.offset).T
        return self.shape(east, north)

    def cast(self, origins: np.ndarray, directions: np.ndarray, *, max_range_m: float):
        raise NotImplementedError


def level(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    return np.full_like(east, 100.0)


def wood(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Trees of 12 m with a gap of 3 m every 10 m."""
    return np.where((east % 10.0 < 3.0) & (north % 10.0 < 6.0), 100.0, 112.0)


def hill(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    return 100.0 + 0.15 * east


def lake_shore(east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """Nothing is known of the water in the west."""
    return np.where(east > 0.0, 100.0, np.nan)


def make_photo(
    east_m: float = 0.0, north_m: float = 0.0, *, takeoff_m: float | None = None, **changes: object
) -> PhotoMetadata:
    latitude, longitude, _ = enu_to_wgs84(ORIGIN, [[east_m, north_m, 0.0]])[0]
    values: dict[str, object] = {
        "width_px": 4000,
        "height_px": 3000,
        "orientation": 1,
        "kind": PhotoKind.DRONE,
        "band": Band.VISUAL,
        "latitude_deg": float(latitude),
        "longitude_deg": float(longitude),
        "relative_altitude_m": 50.0,
        "absolute_altitude_m": None if takeoff_m is None else takeoff_m + 50.0,
        "attitude": Attitude(yaw_deg=0.0, pitch_deg=-90.0, roll_deg=0.0, source="dji_gimbal"),
    }
    return PhotoMetadata(**(values | changes))


def takeoff(photos: list[PhotoMetadata], shape: Shape, datum: str | None = None) -> Takeoff:
    found = plan_takeoff(photos, Terrain(shape, datum))
    assert found is not None
    assert found.ground_height_m is not None
    return found


def test_level_ground_is_where_flights_start() -> None:
    found = takeoff([make_photo()], level)
    assert (found.ground_height_m, found.sigma_m) == (pytest.approx(100.0), 2.0)
    assert found.latitude_deg == pytest.approx(30.0)


def test_nobody_takes_off_from_the_tree_tops() -> None:
    assert takeoff([make_photo()], wood).ground_height_m == pytest.approx(100.0, abs=0.5)


def test_on_a_slope_the_doubt_grows_with_what_the_ground_rises() -> None:
    found = takeoff([make_photo()], hill)
    assert found.ground_height_m == pytest.approx(100.0, abs=2.0)
    # A hundred metres off, where flights usually start, it is 15 m higher or lower.
    assert 7.0 < found.sigma_m < 16.0


def test_the_last_photo_counts_too_since_flights_end_where_they_start() -> None:
    one_way = takeoff([make_photo(0.0), make_photo(400.0)], hill)
    assert one_way.ground_height_m == pytest.approx(130.0, abs=3.0)  # between 100 and 160
    assert one_way.sigma_m > 25.0


def test_water_that_the_model_leaves_out_is_not_where_flights_start() -> None:
    assert takeoff([make_photo(-60.0)], lake_shore).ground_height_m == pytest.approx(100.0)


def test_the_photos_own_height_is_believed_where_the_model_has_such_ground() -> None:
    flight = [make_photo(takeoff_m=92.0), make_photo(30.0, takeoff_m=92.4)]
    found = takeoff(flight, hill)
    assert found.ground_height_m == pytest.approx(92.2)
    assert found.sigma_m < takeoff([make_photo()], hill).sigma_m


@pytest.mark.parametrize("takeoff_m", [20.0, 68.0, 140.0, -300.0])
def test_a_height_in_another_datum_is_not_believed(takeoff_m: float) -> None:
    with_hint, without = (
        takeoff([make_photo(takeoff_m=stated)], level) for stated in (takeoff_m, None)
    )
    assert with_hint == without


def test_where_it_is_open_which_is_right_the_doubt_covers_both() -> None:
    found = takeoff([make_photo(takeoff_m=109.0)], level)
    other = 209.0 - (found.ground_height_m or 0.0)
    assert found.ground_height_m in (pytest.approx(100.0), pytest.approx(109.0))
    assert found.sigma_m > 2.0
    assert abs(other - 100.0) < 9.1


def test_a_model_made_for_the_flight_is_likelier_to_share_its_datum() -> None:
    flight = [make_photo(takeoff_m=108.0)]
    local, wide = (
        plan_takeoff(flight, Terrain(level, is_local=is_local)) for is_local in (True, False)
    )
    assert local is not None
    assert wide is not None
    assert local.ground_height_m == pytest.approx(108.0)
    assert wide.ground_height_m == pytest.approx(100.0)
    # Either is doubted by more than its own error.
    assert local.sigma_m > 3.0
    assert wide.sigma_m > 2.0


def test_a_model_that_names_its_datum_is_not_mixed_with_the_photos_heights() -> None:
    found = takeoff([make_photo(takeoff_m=92.0)], hill, "EGM2008 height")
    assert found == takeoff([make_photo()], hill, "EGM2008 height")


def test_photos_that_contradict_each_other_are_not_believed() -> None:
    flight = [make_photo(takeoff_m=92.0), make_photo(takeoff_m=99.0), make_photo(takeoff_m=85.0)]
    assert takeoff(flight, hill) == takeoff([make_photo(), make_photo(), make_photo()], hill)


def test_rtk_makes_no_difference_to_whose_datum_it_is() -> None:
    fixed = make_photo(takeoff_m=60.0, accuracy=StatedAccuracy(rtk_flag=50))
    assert takeoff([fixed], level).ground_height_m == pytest.approx(100.0)


def test_unknown_ground_gives_no_height_but_a_place() -> None:
    nothing = Terrain(lambda east, north: np.full_like(east, math.nan))
    found = plan_takeoff([make_photo()], nothing)
    assert found is not None
    assert found.ground_height_m is None
    assert found == plan_takeoff([make_photo()], None)


def test_photos_without_position_tell_nothing() -> None:
    assert plan_takeoff([make_photo(latitude_deg=None)], Terrain(level)) is None
    assert plan_takeoff([], Terrain(level)) is None
    later = plan_takeoff([make_photo(latitude_deg=None), make_photo(50.0)], Terrain(hill))
    assert later is not None
    assert later.ground_height_m == pytest.approx(107.5, abs=2.0)
