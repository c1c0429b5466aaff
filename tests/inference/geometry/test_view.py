"""Which height a photo is given, and why it is given none."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from inference.geometry.frames import EnuFrame
from inference.geometry.ground import Bounds, FlatGround
from inference.geometry.locate import locate_pixels
from inference.geometry.pose_errors import HEIGHT
from inference.geometry.surface import FlatSurface
from inference.geometry.view import View, plan_takeoff_ground_m, plan_view
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode

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


def planned(photo: PhotoMetadata, ground=None, takeoff_ground_m: float | None = None) -> View:
    view = plan_view(photo, ground, takeoff_ground_m=takeoff_ground_m)
    assert isinstance(view, View)
    return view


def reason_code(photo: PhotoMetadata, ground=None, takeoff_ground_m=None) -> ReasonCode:
    answer = plan_view(photo, ground, takeoff_ground_m=takeoff_ground_m)
    assert isinstance(answer, NotPlaced)
    return answer.code


def test_without_a_model_the_ground_is_flat_at_takeoff() -> None:
    view = planned(make_photo())
    assert (view.method, view.camera_height_m) == ("flat_ground_at_takeoff", 40.0)
    assert view.height_datum is None


def test_with_a_model_the_camera_is_over_the_takeoff_ground_whatever_its_absolute_height() -> None:
    ground = Terrace(low_m=100.0, high_m=110.0)
    view = planned(make_photo(), ground, 100.0)
    assert (view.method, view.camera_height_m) == ("ground_model_ray_cast", 140.0)
    assert view.height_datum == "EGM2008 height"
    # The ground here is 10 m higher than at take-off: 30 m below the camera.
    assert locate_pixels(view, MIDDLE)[0] == pytest.approx([0.0, 0.0, 110.0])


def test_takeoff_ground_is_that_below_the_first_photo_on_the_model() -> None:
    ground = Terrace(low_m=100.0, high_m=110.0)
    flight = [
        make_photo(latitude_deg=None),
        make_photo(latitude_deg=65.0),
        make_photo(longitude_deg=119.5),
        make_photo(),
    ]
    assert plan_takeoff_ground_m(flight, ground) == 100.0
    assert plan_takeoff_ground_m(flight[:2], ground) is None


def test_no_photo_on_the_model_leaves_flat_ground() -> None:
    view = planned(make_photo(), Terrace(low_m=0.0, high_m=0.0), None)
    assert view.method == "flat_ground_at_takeoff"


def test_laser_tells_the_height_at_the_middle() -> None:
    # 60 degrees down and 50 m away: 50 * sin 60 = 43.30 m above the ground there.
    view = planned(make_photo(pitch_deg=-60.0, laser_distance_m=50.0))
    assert view.method == "laser"
    assert view.camera_height_m == pytest.approx(43.301, abs=1e-3)
    assert np.linalg.norm(locate_pixels(view, MIDDLE)[0] - [0.0, 0.0, 43.301]) == pytest.approx(
        50.0, abs=1e-3
    )
    assert view.errors.shared[HEIGHT, HEIGHT] == 0.0
    assert view.ground_sigma_m == 0.0


def test_laser_works_without_relative_altitude_and_puts_the_camera_over_the_model() -> None:
    photo = make_photo(relative_altitude_m=None, laser_distance_m=25.0)
    view = planned(photo, Terrace(low_m=100.0, high_m=110.0), None)
    assert view.camera_height_m == pytest.approx(135.0)
    assert view.height_datum == "EGM2008 height"
    assert planned(photo, FlatGround(), None).method == "laser"


def test_laser_of_zero_is_absent() -> None:
    assert planned(make_photo(laser_distance_m=0.0)).method == "flat_ground_at_takeoff"


def test_laser_far_ahead_says_nothing_of_the_height() -> None:
    photo = make_photo(pitch_deg=-7.0, laser_distance_m=300.0)
    assert planned(photo).method == "flat_ground_at_takeoff"


def test_reasons_why_there_is_no_view() -> None:
    assert reason_code(make_photo(relative_altitude_m=None)) is ReasonCode.NO_HEIGHT
    assert reason_code(make_photo(relative_altitude_m=0.0)) is ReasonCode.ABSURD_HEIGHT
    assert reason_code(make_photo(relative_altitude_m=-12.0)) is ReasonCode.ABSURD_HEIGHT
    assert reason_code(make_photo(relative_altitude_m=9000.0)) is ReasonCode.ABSURD_HEIGHT
    assert reason_code(make_photo(attitude=None)) is ReasonCode.NO_ATTITUDE
    assert reason_code(make_photo(lens=Lens())) is ReasonCode.NO_FOCAL_LENGTH


def test_a_camera_below_the_model_is_absurd() -> None:
    ground = Terrace(low_m=100.0, high_m=200.0)
    assert reason_code(make_photo(), ground, 100.0) is ReasonCode.ABSURD_HEIGHT


def test_a_view_past_the_model_is_planned_and_its_rays_miss() -> None:
    view = planned(make_photo(latitude_deg=65.0), Terrace(low_m=0.0, high_m=0.0), 0.0)
    assert np.isnan(locate_pixels(view, MIDDLE)).all()


def test_bounds_cover_what_is_seen_and_the_camera() -> None:
    view = planned(make_photo(pitch_deg=-45.0))
    east_min, north_min, east_max, north_max = view.bounds
    seen = locate_pixels(replace(view, camera_height_m=50.0), np.array([[0.0, 0.0], [3999.0, 0.0]]))
    assert east_min < seen[0, 0] < seen[1, 0] < east_max
    assert north_min < 0.0 < seen[0, 1] < north_max
