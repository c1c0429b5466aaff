"""Which height a photo is given, and why it is given none."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from inference.geometry.frames import EnuFrame
from inference.geometry.ground import Bounds, FlatGround
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate, locate_pixels
from inference.geometry.pose_errors import HEIGHT
from inference.geometry.surface import FlatSurface
from inference.geometry.takeoff import Takeoff
from inference.geometry.terrain import sigma_from_takeoff
from inference.geometry.view import View
from inference.reading.height_datum import HeightDatum
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement

MIDDLE = np.array([[1999.5, 1499.5]])


@dataclass(frozen=True, kw_only=True)
class Terrace:
    """Ground at `low_m` west of 120 degrees east and at `high_m` from there on."""

    low_m: float
    high_m: float
    datum: str | None = "EGM2008 height"

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        if latitude_deg > 60.0:
            return None
        return self.low_m if longitude_deg < 120.0 else self.high_m

    def around(self, frame: EnuFrame, bounds: Bounds) -> FlatSurface:
        height = self.height_m(frame.latitude_deg, frame.longitude_deg)
        return FlatSurface(plane_up_m=math.nan if height is None else height)


@dataclass(frozen=True, kw_only=True)
class HalfKnown:
    """Ground at `level_m` of which a model knows the south only."""

    level_m: float
    datum: str | None = "EGM2008 height"

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        return self.level_m

    def around(self, frame: EnuFrame, bounds: Bounds) -> "HalfKnown":
        return self

    def up_m(self, east_north: np.ndarray) -> np.ndarray:
        return np.where(east_north[:, 1] <= 5.0, self.level_m, np.nan)

    def cast(self, origins: np.ndarray, directions: np.ndarray, *, max_range_m: float):
        plane = FlatSurface(plane_up_m=self.level_m)
        distances = plane.cast(origins, directions, max_range_m=max_range_m)
        north = (origins + distances[:, None] * directions)[:, 1]
        return np.where(north <= 5.0, distances, np.nan)


def make_photo(*, pitch_deg: float = -90.0, **changes: object) -> PhotoMetadata:
    values: dict[str, object] = {
        "width_px": 4000,
        "height_px": 3000,
        "orientation": 1,
        "kind": PhotoKind.DRONE,
        "band": Band.VISUAL,
        "latitude_deg": 30.0,
        "longitude_deg": 120.5,
        "relative_altitude_m": 40.0,
        "absolute_altitude_m": 999.0,
        "attitude": Attitude(yaw_deg=0.0, pitch_deg=pitch_deg, roll_deg=0.0, source="dji_gimbal"),
        "lens": Lens(focal_length_35mm=24.0),
    }
    return PhotoMetadata(**(values | changes))


def took_off(ground_height_m: float | None, *, sigma_m: float = 2.0) -> Takeoff:
    return Takeoff(
        latitude_deg=30.0,
        longitude_deg=120.5,
        ground_height_m=ground_height_m,
        sigma_m=sigma_m,
    )


def planned(photo: PhotoMetadata, ground=None, takeoff: Takeoff | None = None) -> View:
    view = plan_view(photo, ground, takeoff)
    assert isinstance(view, View)
    return view


def reason_code(photo: PhotoMetadata, ground=None, takeoff: Takeoff | None = None) -> ReasonCode:
    answer = plan_view(photo, ground, takeoff)
    assert isinstance(answer, NotPlaced)
    return answer.code


def placed(view: View, x: float, y: float) -> Placement:
    box = (x - 2.0, y - 2.0, x + 2.0, y + 2.0)
    place = locate(
        Detection(
            id="",
            photo_sha256="",
            class_name="exposed_garbage",
            confidence=1.0,
            box_photo=box,
            appearance=np.zeros(1, dtype=np.float32),
        ),
        view,
    )
    assert isinstance(place, Placement)
    return place


def test_without_a_model_the_ground_is_flat_at_takeoff() -> None:
    view = planned(make_photo())
    assert (view.method, view.camera_height_m) == ("flat_ground_at_takeoff", 40.0)
    assert view.height_datum is None
    assert placed(view, *MIDDLE[0]).height_m is None


def test_far_from_the_first_photo_flat_ground_is_less_sure() -> None:
    # A degree of longitude is 96.5 km at 30 degrees north: 0.01 degrees are 965 m.
    near, far = (
        planned(make_photo(longitude_deg=longitude), None, took_off(None))
        for longitude in (120.5, 120.51)
    )
    assert near.ground_sigma_m == far.ground_sigma_m == sigma_from_takeoff(0.0).own_m
    shared_m2 = far.errors.shared[HEIGHT, HEIGHT] - near.errors.shared[HEIGHT, HEIGHT]
    expected_m2 = sigma_from_takeoff(965.0).shared_m ** 2 - sigma_from_takeoff(0.0).shared_m ** 2
    assert shared_m2 == pytest.approx(expected_m2, rel=0.02)


def test_with_a_model_the_camera_is_over_the_takeoff_ground_whatever_its_absolute_height() -> None:
    ground = Terrace(low_m=100.0, high_m=110.0)
    view = planned(make_photo(), ground, took_off(100.0))
    assert (view.method, view.camera_height_m) == ("ground_model_ray_cast", 140.0)
    assert view.height_datum == "EGM2008 height"
    # The ground here is 10 m higher than at take-off: 30 m below the camera.
    assert locate_pixels(view, MIDDLE)[0] == pytest.approx([0.0, 0.0, 110.0])


def test_the_doubt_of_the_takeoff_height_is_the_cameras() -> None:
    ground = Terrace(low_m=100.0, high_m=110.0)
    sure, unsure = (
        planned(make_photo(), ground, took_off(100.0, sigma_m=sigma_m)).errors.shared[
            HEIGHT, HEIGHT
        ]
        for sigma_m in (2.0, 5.0)
    )
    assert unsure - sure == pytest.approx(25.0 - 4.0)


def test_no_photo_on_the_model_leaves_flat_ground() -> None:
    view = planned(make_photo(), Terrace(low_m=0.0, high_m=0.0), took_off(None))
    assert view.method == "flat_ground_at_takeoff"


def test_a_photo_past_the_model_is_over_level_ground_at_the_takeoff_height_in_the_model() -> None:
    ground = Terrace(low_m=100.0, high_m=100.0)
    view = planned(make_photo(latitude_deg=65.0), ground, took_off(100.0))
    assert (view.method, view.camera_height_m) == ("flat_ground_at_modelled_takeoff", 140.0)
    place = placed(view, *MIDDLE[0])
    assert place.height_m == pytest.approx(100.0)
    assert place.height_datum == "EGM2008 height"
    assert view.ground_sigma_m == sigma_from_takeoff(0.0).own_m


def test_rays_that_the_model_loses_end_on_the_level_of_what_it_knows() -> None:
    view = planned(make_photo(), HalfKnown(level_m=110.0), took_off(100.0))
    known, lost = placed(view, 1999.5, 2500.0), placed(view, 1999.5, 500.0)
    assert known.method == "ground_model_ray_cast"
    assert lost.method == "level_ground_in_model_gap"
    assert lost.height_m == pytest.approx(110.0)
    assert lost.latitude_deg > 30.0 > known.latitude_deg
    # As far up as the other is down, but for the difference of the pixels.
    ratio = (lost.latitude_deg - 30.0) / (30.0 - known.latitude_deg)
    assert ratio == pytest.approx((1499.5 - 500.0) / (2500.0 - 1499.5), rel=1e-3)
    assert np.isnan(locate_pixels(view, np.array([[1999.5, 500.0]]))).all()


def test_laser_tells_the_height_at_the_middle() -> None:
    # 60 degrees down and 50 m away: 50 * sin 60 = 43.30 m above the ground there.
    view = planned(make_photo(pitch_deg=-60.0, laser_distance_m=50.0, absolute_altitude_m=None))
    assert view.method == "laser"
    assert view.camera_height_m == pytest.approx(43.301, abs=1e-3)
    assert np.linalg.norm(locate_pixels(view, MIDDLE)[0] - [0.0, 0.0, 43.301]) == pytest.approx(
        50.0, abs=1e-3
    )
    assert view.height_datum is None
    assert view.ground_sigma_m == 0.0


def test_a_laser_tells_the_grounds_height_in_the_photos_own_datum() -> None:
    # What a rangefinder itself states: 252.475 - 71.085 = 181.39 m.
    photo = make_photo(laser_distance_m=71.085, absolute_altitude_m=252.475)
    place = placed(planned(photo), *MIDDLE[0])
    assert place.height_m == pytest.approx(181.39, abs=0.01)
    assert place.height_datum == "as the photo's absolute altitude"
    named = placed(planned(replace(photo, absolute_datum=HeightDatum.ELLIPSOID)), *MIDDLE[0])
    assert named.height_datum == "WGS 84 ellipsoid"


def test_laser_works_without_relative_altitude_and_puts_the_camera_over_the_model() -> None:
    photo = make_photo(relative_altitude_m=None, laser_distance_m=25.0)
    view = planned(photo, Terrace(low_m=100.0, high_m=110.0))
    assert view.camera_height_m == pytest.approx(135.0)
    assert view.height_datum == "EGM2008 height"
    assert planned(photo, FlatGround()).method == "laser"


def test_laser_of_zero_is_absent() -> None:
    assert planned(make_photo(laser_distance_m=0.0)).method == "flat_ground_at_takeoff"


def test_laser_far_ahead_says_nothing_of_the_height() -> None:
    photo = make_photo(pitch_deg=-7.0, laser_distance_m=300.0)
    assert planned(photo).method == "flat_ground_at_takeoff"


def make_absolute(**changes: object) -> PhotoMetadata:
    return make_photo(
        relative_altitude_m=None,
        absolute_altitude_m=150.0,
        absolute_datum=HeightDatum.SEA_LEVEL,
        **changes,
    )


def test_an_absolute_height_is_used_on_a_model_of_the_same_kind() -> None:
    view = planned(make_absolute(), Terrace(low_m=100.0, high_m=110.0))
    assert (view.method, view.camera_height_m) == ("absolute_height_on_ground_model", 150.0)
    assert view.above_ground_m == pytest.approx(40.0)
    assert locate_pixels(view, MIDDLE)[0] == pytest.approx([0.0, 0.0, 110.0])
    relative = planned(make_photo(), Terrace(low_m=100.0, high_m=110.0), took_off(110.0))
    assert view.errors.shared[HEIGHT, HEIGHT] > relative.errors.shared[HEIGHT, HEIGHT]


@pytest.mark.parametrize(
    ("photo_datum", "model_datum"),
    [
        (None, "EGM2008 height"),
        (HeightDatum.ELLIPSOID, "EGM2008 height"),
        (HeightDatum.SEA_LEVEL, "WGS 84 ellipsoid (WGS 84)"),
        (HeightDatum.SEA_LEVEL, None),
    ],
)
def test_an_absolute_height_in_another_or_an_unknown_datum_is_refused(
    photo_datum: HeightDatum | None, model_datum: str | None
) -> None:
    photo = replace(make_absolute(), absolute_datum=photo_datum)
    ground = Terrace(low_m=100.0, high_m=110.0, datum=model_datum)
    assert reason_code(photo, ground) is ReasonCode.HEIGHT_DATUM_UNKNOWN


def test_no_ground_model_is_asked_for_where_none_would_help() -> None:
    photo = replace(make_absolute(), absolute_datum=None)
    assert reason_code(photo) is ReasonCode.HEIGHT_DATUM_UNKNOWN


def test_an_absolute_height_needs_ground_below_it() -> None:
    ground = Terrace(low_m=100.0, high_m=200.0)
    assert reason_code(make_absolute()) is ReasonCode.NO_HEIGHT
    assert reason_code(make_absolute(), ground) is ReasonCode.ABSURD_HEIGHT
    outside = make_absolute(latitude_deg=65.0)
    assert reason_code(outside, ground) is ReasonCode.OUTSIDE_GROUND_MODEL


def test_reasons_why_there_is_no_view() -> None:
    no_height = make_photo(relative_altitude_m=None, absolute_altitude_m=None)
    assert reason_code(no_height) is ReasonCode.NO_HEIGHT
    assert reason_code(no_height, Terrace(low_m=0.0, high_m=0.0)) is ReasonCode.NO_HEIGHT
    assert reason_code(make_photo(relative_altitude_m=0.0)) is ReasonCode.ABSURD_HEIGHT
    assert reason_code(make_photo(relative_altitude_m=-12.0)) is ReasonCode.ABSURD_HEIGHT
    assert reason_code(make_photo(relative_altitude_m=9000.0)) is ReasonCode.ABSURD_HEIGHT
    assert reason_code(make_photo(attitude=None)) is ReasonCode.NO_ATTITUDE
    assert reason_code(make_photo(lens=Lens())) is ReasonCode.NO_FOCAL_LENGTH


def test_a_camera_below_the_model_is_absurd() -> None:
    ground = Terrace(low_m=100.0, high_m=200.0)
    assert reason_code(make_photo(), ground, took_off(100.0)) is ReasonCode.ABSURD_HEIGHT


def test_bounds_cover_what_is_seen_and_the_camera() -> None:
    view = planned(make_photo(pitch_deg=-45.0))
    east_min, north_min, east_max, north_max = view.bounds
    seen = locate_pixels(replace(view, camera_height_m=50.0), np.array([[0.0, 0.0], [3999.0, 0.0]]))
    assert east_min < seen[0, 0] < seen[1, 0] < east_max
    assert north_min < 0.0 < seen[0, 1] < north_max
