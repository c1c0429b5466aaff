"""Where things on street photos are, by hand and by what must hold whatever the numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.frames import EnuFrame, wgs84_to_plane
from inference.geometry.pose_errors import EAST, NORTH, YAW
from inference.geometry.uncertainty import SHARED_ERRORS, error_ellipse, full_covariance
from inference.patrol.methods import CIRCLE_AROUND_CAMERA, COMPASS_RAY
from inference.patrol.street import locate_from_street
from inference.reading.metadata import (
    Band,
    Lens,
    PhotoKind,
    PhotoMetadata,
    StatedAccuracy,
    YawReference,
)
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement

REFUSAL = NotPlaced(code=ReasonCode.NO_ATTITUDE)
FRAME = EnuFrame(latitude_deg=30.0, longitude_deg=120.0)
# 4000 pixels across at a focal length of 3000.
FOV_DEG = math.degrees(2.0 * math.atan(2000.0 / 3000.0))
PHONE = PhotoMetadata(
    width_px=4000,
    height_px=3000,
    orientation=1,
    kind=PhotoKind.STREET,
    band=Band.VISUAL,
    latitude_deg=30.0,
    longitude_deg=120.0,
    image_direction_deg=0.0,
    image_direction_reference=YawReference.TRUE,
    lens=Lens(horizontal_fov_deg=FOV_DEG),
)
# A heap 1.2 m wide and 0.9 m high whose front is 10 m ahead of a level camera 1.5 m up: 360 by 270
# pixels, its foot 1.5 m below the axis at 10 m, that is 450 pixels below the middle row.
AHEAD = (1819.5, 1679.5, 2179.5, 1949.5)


def make_detection(
    box: tuple[float, float, float, float] = AHEAD, *, class_name: str = "exposed_garbage"
) -> Detection:
    return Detection(
        id="a",
        photo_sha256="photo",
        class_name=class_name,
        confidence=0.9,
        box_photo=box,
        appearance=np.array([1.0], dtype=np.float32),
    )


def place_of(
    metadata: PhotoMetadata = PHONE, box: tuple[float, float, float, float] = AHEAD
) -> Placement:
    place = locate_from_street(make_detection(box), metadata, refusal=REFUSAL)
    assert isinstance(place, Placement)
    return place


def east_north_m(place: Placement) -> np.ndarray:
    return wgs84_to_plane(FRAME, place.latitude_deg, place.longitude_deg)[0]


def test_a_heap_ahead_lies_along_the_compass_direction_at_about_its_range() -> None:
    place = place_of()
    east_m, north_m = east_north_m(place)
    assert place.method == COMPASS_RAY
    assert abs(east_m) < 0.05  # the box is half a pixel off the middle at most
    # The size says 10 m and the ground a little less; the mean of a distribution with a long tail
    # lies beyond its peak.
    assert 10.0 < north_m < 16.0
    sigma_north_m = math.sqrt(full_covariance(place)[1, 1])
    assert abs(north_m - 10.0) < sigma_north_m < 10.0


def test_the_ellipse_is_long_along_the_ray() -> None:
    major_m, minor_m, azimuth_deg = error_ellipse(full_covariance(place_of()))
    assert major_m > 1.5 * minor_m
    assert min(azimuth_deg, 180.0 - azimuth_deg) < 1.0


@pytest.mark.parametrize("direction_deg", [0.0, 90.0, 217.0, 360.0])
def test_the_direction_turns_the_position_around_the_camera(direction_deg: float) -> None:
    ahead_m = east_north_m(place_of())[1]
    turned = place_of(replace(PHONE, image_direction_deg=direction_deg))
    angle = math.radians(direction_deg)
    expected_m = ahead_m * np.array([math.sin(angle), math.cos(angle)])
    assert east_north_m(turned) == pytest.approx(expected_m, abs=0.02)
    major_m, _, azimuth_deg = error_ellipse(full_covariance(turned))
    off_deg = (azimuth_deg - direction_deg) % 180.0
    assert min(off_deg, 180.0 - off_deg) < 1.0
    assert major_m == pytest.approx(error_ellipse(full_covariance(place_of()))[0], rel=1e-6)


def test_the_column_of_the_box_turns_the_ray() -> None:
    # 1500 pixels right of the middle at 3000 pixels of focal length: atan(0.5) = 26.565 degrees.
    place = place_of(box=(AHEAD[0] + 1500.0, AHEAD[1], AHEAD[2] + 1500.0, AHEAD[3]))
    east_m, north_m = east_north_m(place)
    assert math.degrees(math.atan2(east_m, north_m)) == pytest.approx(26.565, abs=0.2)


@given(scale=st.floats(0.25, 4.0))
def test_a_picture_scaled_down_gives_the_same_place(scale: float) -> None:
    small = replace(PHONE, width_px=round(4000 * scale), height_px=round(3000 * scale))
    box = tuple((edge + 0.5) * scale - 0.5 for edge in AHEAD)
    assert len(box) == 4
    place = place_of(small, box)
    assert east_north_m(place) == pytest.approx(east_north_m(place_of()), abs=0.1)


@given(nearer=st.floats(1.05, 3.0))
def test_a_box_lower_down_and_larger_is_nearer(nearer: float) -> None:
    low = 1499.5 + 450.0 * nearer
    half_width, height = 180.0 * nearer, 270.0 * nearer
    box = (1999.5 - half_width, low - height, 1999.5 + half_width, low)
    assert np.linalg.norm(east_north_m(place_of(box=box))) < np.linalg.norm(
        east_north_m(place_of())
    )


def test_a_picture_held_upside_down_gives_the_same_place() -> None:
    # Turned by 180 degrees: columns and rows count from the other corner.
    box = (4000 - 2179.5, 3000 - 1949.5, 4000 - 1819.5, 3000 - 1679.5)
    place = place_of(replace(PHONE, orientation=3), box)
    assert east_north_m(place) == pytest.approx(east_north_m(place_of()), abs=0.05)


def test_a_phone_held_upright_is_turned_by_its_orientation() -> None:
    # Orientation 6: shown turned clockwise, so that the stored picture's left column is the upper
    # row. Up is where columns are small: a foot 450 pixels below the middle is 450 columns right.
    upright = replace(PHONE, orientation=6)
    box = (1999.5 + 180.0, 1499.5 - 180.0, 1999.5 + 450.0, 1499.5 + 180.0)
    assert east_north_m(place_of(upright, box)) == pytest.approx(east_north_m(place_of()), abs=0.05)


def test_the_right_of_an_upright_phone_is_up_in_the_stored_picture() -> None:
    upright = replace(PHONE, orientation=6)
    box = (2179.5, 1499.5 - 680.0, 2449.5, 1499.5 - 320.0)  # 500 rows above the stored middle
    east_m, north_m = east_north_m(place_of(upright, box))
    assert math.degrees(math.atan2(east_m, north_m)) == pytest.approx(
        math.degrees(math.atan(500.0 / 3000.0)), abs=0.1
    )


@pytest.mark.parametrize("direction_deg", [None, math.nan, math.inf, -1.0, 400.0])
def test_without_a_usable_direction_a_circle_lies_around_the_camera(
    direction_deg: float | None,
) -> None:
    place = place_of(replace(PHONE, image_direction_deg=direction_deg))
    assert place.method == CIRCLE_AROUND_CAMERA
    assert east_north_m(place) == pytest.approx([0.0, 0.0], abs=1e-6)
    covariance = full_covariance(place)[:2, :2]
    assert covariance[0, 0] == pytest.approx(covariance[1, 1])
    assert covariance[0, 1] == pytest.approx(0.0)
    # The heap is 10 m off: the 90 % circle reaches there.
    assert error_ellipse(covariance)[0] > 10.0


def test_errors_that_a_walk_shares_are_in_the_loading() -> None:
    loading = place_of().shared_loading_m
    assert loading.shape == (3, len(SHARED_ERRORS))
    assert loading[0, EAST] == loading[1, NORTH] == 3.0
    # Looking north, a compass that shows too much moves the place east.
    assert loading[0, YAW] > 1.0
    assert abs(loading[1, YAW]) < 0.1


def bearing_deg(place: Placement) -> float:
    return math.degrees(math.atan2(*east_north_m(place)))


def test_a_magnetic_direction_is_turned_by_the_declination() -> None:
    # About 6 degrees west in eastern China (chart of the World Magnetic Model 2020).
    place = place_of(replace(PHONE, image_direction_reference=YawReference.MAGNETIC))
    assert bearing_deg(place) == pytest.approx(-6.0, abs=1.0)


def test_a_direction_of_an_unnamed_north_lies_between_and_is_less_sure() -> None:
    unknown = place_of(replace(PHONE, image_direction_reference=YawReference.UNKNOWN))
    assert bearing_deg(unknown) == pytest.approx(-3.0, abs=0.5)
    true = place_of()
    assert error_ellipse(full_covariance(unknown))[1] > error_ellipse(full_covariance(true))[1]


def test_what_the_phone_states_of_its_position_makes_the_ellipse_larger_only() -> None:
    poor = place_of(replace(PHONE, accuracy=StatedAccuracy(horizontal_error_m=20.0)))
    proud = place_of(replace(PHONE, accuracy=StatedAccuracy(horizontal_error_m=0.1)))
    assert full_covariance(poor)[0, 0] > 20.0**2
    assert full_covariance(proud) == pytest.approx(full_covariance(place_of()))


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        (replace(PHONE, lens=Lens()), ReasonCode.NO_FOCAL_LENGTH),
        (replace(PHONE, latitude_deg=None, longitude_deg=None), ReasonCode.NO_GPS),
        (replace(PHONE, accuracy=StatedAccuracy(horizontal_error_m=500.0)), ReasonCode.NO_GPS),
    ],
)
def test_what_cannot_be_known_is_not_placed(metadata: PhotoMetadata, code: ReasonCode) -> None:
    place = locate_from_street(make_detection(), metadata, refusal=REFUSAL)
    assert isinstance(place, NotPlaced)
    assert place.code is code


def test_a_photo_whose_position_was_refused_stays_refused() -> None:
    refusal = NotPlaced(code=ReasonCode.GPS_ZERO)
    assert locate_from_street(make_detection(), PHONE, refusal=refusal) is refusal


def test_what_is_far_away_is_not_placed() -> None:
    # 12 pixels wide: 1.1 m would be 275 m away.
    far = make_detection((1993.5, 1500.0, 2005.5, 1512.0))
    place = locate_from_street(far, PHONE, refusal=REFUSAL)
    assert isinstance(place, NotPlaced)
    assert place.code is ReasonCode.NO_RANGE


def test_a_box_that_fits_no_camera_at_head_height_is_not_placed() -> None:
    # As on a picture from the air: small, and at the very bottom.
    low = make_detection((1993.5, 2980.0, 2005.5, 2992.0))
    place = locate_from_street(low, PHONE, refusal=REFUSAL)
    assert isinstance(place, NotPlaced)
    assert place.code is ReasonCode.NO_RANGE


def test_there_is_no_outline_but_the_ellipse() -> None:
    place = place_of()
    assert place.footprint_wgs84 == ()
    assert place.height_m is None
    assert place.height_datum is None


def test_a_cut_object_is_a_part_and_its_range_less_sure() -> None:
    cut = place_of(box=(0.0, AHEAD[1], 360.0, AHEAD[3]))
    whole = place_of(box=(30.0, AHEAD[1], 390.0, AHEAD[3]))
    assert cut.is_part
    assert not whole.is_part
    assert error_ellipse(full_covariance(cut))[0] > error_ellipse(full_covariance(whole))[0]


@given(
    x=st.floats(0.0, 3990.0),
    y=st.floats(0.0, 2990.0),
    width=st.floats(1.0, 4000.0),
    height=st.floats(1.0, 3000.0),
    orientation=st.integers(1, 8),
    class_name=st.sampled_from(
        ["exposed_garbage", "damaged_billboard", "illegal_structure", "pothole"]
    ),
)
def test_any_box_gives_a_sound_place_or_a_reason(
    x: float, y: float, width: float, height: float, orientation: int, class_name: str
) -> None:
    box = (x, y, min(x + width, 4000.0), min(y + height, 3000.0))
    detection = make_detection(box, class_name=class_name)
    photo = replace(PHONE, orientation=orientation)
    place = locate_from_street(detection, photo, refusal=REFUSAL)
    if isinstance(place, NotPlaced):
        assert place.code is ReasonCode.NO_RANGE
        return
    assert np.linalg.norm(east_north_m(place)) <= 80.5
    variances = np.linalg.eigvalsh(full_covariance(place))
    assert np.isfinite(variances).all()
    assert variances[0] > 0.0
