"""Attitude, lens, position and band as the makers' tables say."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.reading.attitude import parse_attitude, tilt_from_nadir
from inference.reading.device import find_editor, plan_band, plan_kind
from inference.reading.exif import Exif
from inference.reading.height_datum import HeightDatum
from inference.reading.lens import parse_lens
from inference.reading.makers import MAKERS, names_of
from inference.reading.metadata import Band, PhotoKind
from inference.reading.position import (
    parse_absolute_altitude,
    parse_degrees_minutes,
    parse_laser_distance_m,
    parse_position,
    parse_relative_altitude_m,
    parse_stated_accuracy,
)
from inference.receipt import Reason, ReasonCode

DJI_GIMBAL = {
    "drone-dji:GimbalYawDegree": "-132.00",
    "drone-dji:GimbalPitchDegree": "-89.90",
    "drone-dji:GimbalRollDegree": "+0.00",
}


NO_EXIF = Exif()


def attitude(xmp: dict[str, str], exif: Exif = NO_EXIF, notes: Exif = NO_EXIF):
    reasons: list[Reason] = []
    result = parse_attitude(exif, notes, xmp, reasons)
    angles = None if result is None else (result.yaw_deg, result.pitch_deg, result.roll_deg)
    return angles, result and result.source, [reason.code for reason in reasons]


def test_every_name_belongs_to_one_maker() -> None:
    names = [name for field in ("latitude", "longitude", "rtk_flag") for name in names_of(field)]
    assert len(names) == len(set(names))
    assert len({maker.maker for maker in MAKERS}) == len(MAKERS)


def test_dji_gimbal_angles() -> None:
    assert attitude(DJI_GIMBAL) == ((-132.0, -89.9, 0.0), "dji_gimbal", [])


def test_dji_maker_notes_help_when_xmp_is_lost() -> None:
    notes = Exif(
        numbers={
            "MakerNote CameraYaw": (-2.700000047,),
            "MakerNote CameraPitch": (-89.9000015,),
            "MakerNote CameraRoll": (0.0,),
        }
    )
    assert attitude({}, notes=notes) == ((-2.7, -89.9, 0.0), "dji_maker_notes", [])


def test_an_angle_that_is_no_number_gives_no_attitude() -> None:
    xmp = {**DJI_GIMBAL, "drone-dji:GimbalYawDegree": "NaN"}
    assert attitude(xmp) == (None, None, [ReasonCode.BAD_VALUE])


def test_a_pitch_without_yaw_is_told_apart_from_no_attitude_at_all() -> None:
    assert attitude({"drone-dji:GimbalPitchDegree": "-80.00"}) == (None, None, [ReasonCode.NO_YAW])
    assert attitude({"drone-dji:GimbalYawDegree": "12.00"}) == (None, None, [])
    assert attitude({}) == (None, None, [])


def test_a_maker_that_is_not_the_photos_does_not_miss_a_yaw() -> None:
    # Camera:Pitch is senseFly's name; in a Parrot Disco's photo it is not the camera's pitch.
    xmp = {"Camera:Pitch": "3.0", "tiff:Make": "Parrot", "tiff:Model": "Disco"}
    assert attitude(xmp) == (None, None, [])


def test_skydio_angles_lie_in_a_structure() -> None:
    xmp = {
        f"drone-skydio:CameraOrientationNED/{name}": value
        for name, value in (("Yaw", "127.4"), ("Pitch", "-7.5"), ("Roll", "0.2"))
    }
    assert attitude(xmp) == ((127.4, -7.5, 0.2), "skydio_ned", [])


def test_teal_writes_ratios() -> None:
    xmp = {
        "exif:CameraYaw": "90/1",
        "exif:CameraPitch": "-86831/1600",
        "exif:CameraRoll": "0/1",
    }
    assert attitude(xmp)[0] == (90.0, -54.269375, 0.0)


def test_older_autel_counts_the_pitch_from_straight_down() -> None:
    xmp = {"Camera:Yaw": "2.42", "Camera:Pitch": "66.04", "Camera:Roll": "0"}
    angles, source, _ = attitude(xmp, Exif(texts={"Image Make": "Autel Robotics"}))
    assert angles == pytest.approx((2.42, -23.96, 0.0))
    assert source == "autel_camera"


def test_the_camera_namespace_alone_says_nothing_of_an_unknown_maker() -> None:
    xmp = {"Camera:Yaw": "2.42", "Camera:Pitch": "66.04", "Camera:Roll": "0"}
    assert attitude(xmp, Exif(texts={"Image Make": "Parrot", "Image Model": "Disco"}))[0] is None


def test_micasense_writes_radians() -> None:
    xmp = {"DLS:Yaw": str(math.pi / 2), "DLS:Pitch": "0", "DLS:Roll": "0"}
    assert attitude(xmp)[0] == pytest.approx((90.0, -90.0, 0.0))


def test_nose_up_lifts_a_camera_that_looks_down() -> None:
    assert tilt_from_nadir(30.0, 5.0, 0.0) == pytest.approx((30.0, -85.0, 0.0))


def test_right_side_down_looks_to_the_left() -> None:
    # Heading north and banking right by 10 degrees, the belly turns to the west.
    yaw_deg, pitch_deg, _ = tilt_from_nadir(0.0, 0.0, 10.0)
    assert yaw_deg == pytest.approx(270.0)
    assert pitch_deg == pytest.approx(-80.0)


@given(yaw=st.floats(0, 359), pitch=st.floats(-40, 40), roll=st.floats(-40, 40))
def test_the_view_from_a_tilted_body_is_its_belly(yaw: float, pitch: float, roll: float) -> None:
    yaw_deg, pitch_deg, _ = tilt_from_nadir(yaw, pitch, roll)
    y, p, r = np.radians([yaw, pitch, roll])
    # Third column of the Z-Y-X rotation matrix, written out: the body's down axis in NED.
    belly = [
        math.cos(y) * math.sin(p) * math.cos(r) + math.sin(y) * math.sin(r),
        math.sin(y) * math.sin(p) * math.cos(r) - math.cos(y) * math.sin(r),
        math.cos(p) * math.cos(r),
    ]
    y, p = np.radians([yaw_deg, pitch_deg])
    view = [math.cos(p) * math.cos(y), math.cos(p) * math.sin(y), -math.sin(p)]
    assert view == pytest.approx(belly, abs=1e-6)


def test_dji_dewarp_data_counts_the_centre_from_the_middle() -> None:
    # A Phantom 4 RTK photo scaled down to a quarter.
    xmp = {
        "drone-dji:CalibratedFocalLength": "3666.666504",
        "drone-dji:CalibratedOpticalCenterX": "2736.000000",
        "drone-dji:CalibratedOpticalCenterY": "1824.000000",
        "drone-dji:DewarpData": " 2018-09-07;3657,3650,-4,23,-0.27,0.11,0.001,0.002,-0.03",
        "drone-dji:DewarpFlag": "0",
    }
    reasons: list[Reason] = []
    lens = parse_lens(Exif(), xmp, (1368, 912), reasons)
    assert lens.calibrated_size_px == (5472, 3648)
    assert lens.dewarp_px == (3657, 3650, 2736 - 4, 1824 + 23)
    assert lens.distortion == (-0.27, 0.11, 0.001, 0.002, -0.03)
    assert reasons == []


def test_distortion_is_not_taken_out_twice() -> None:
    xmp = {
        "drone-dji:CalibratedOpticalCenterX": "800",
        "drone-dji:CalibratedOpticalCenterY": "650",
        "drone-dji:DewarpData": "2022-03-02;1973,1955,0,0,-0.4,0.3,0,0,-0.2",
        "drone-dji:DewarpFlag": "1",
    }
    lens = parse_lens(Exif(), xmp, (1600, 1300), [])
    assert lens.distortion is None
    assert lens.calibrated_size_px == (1600, 1300)


def test_a_calibrated_focal_length_without_a_centre_is_none() -> None:
    xmp = {
        "drone-dji:CalibratedFocalLength": "9100.000000",
        "drone-dji:CalibratedOpticalCenterX": "0.000000",
        "drone-dji:CalibratedOpticalCenterY": "0.000000",
    }
    reasons: list[Reason] = []
    assert parse_lens(Exif(), xmp, (640, 512), reasons).calibrated_focal_px is None
    assert [reason.code for reason in reasons] == [ReasonCode.BAD_VALUE]


def test_damaged_dewarp_data_is_reported() -> None:
    xmp = {
        "drone-dji:CalibratedOpticalCenterX": "800",
        "drone-dji:CalibratedOpticalCenterY": "650",
        "drone-dji:DewarpData": "2022-03-02;1973,nan,0",
    }
    reasons: list[Reason] = []
    assert parse_lens(Exif(), xmp, (1600, 1300), reasons).dewarp_px is None
    assert [reason.code for reason in reasons] == [ReasonCode.BAD_VALUE]


def test_a_focal_length_of_zero_is_absent_and_reported() -> None:
    reasons: list[Reason] = []
    exif = Exif(numbers={"EXIF FocalLength": (0.0,), "EXIF FocalLengthIn35mmFilm": (0.0,)})
    lens = parse_lens(exif, {}, (800, 450), reasons)
    assert (lens.focal_length_mm, lens.focal_length_35mm) == (None, None)
    assert [reason.code for reason in reasons] == [ReasonCode.BAD_VALUE]


def position(
    latitude: tuple[float, ...], longitude: tuple[float, ...], refs: str = "NE", **xmp: str
):
    names = ("GPS GPSLatitudeRef", "GPS GPSLongitudeRef")
    exif = Exif(
        texts={name: ref for name, ref in zip(names, refs, strict=False) if ref != "-"},
        numbers={"GPS GPSLatitude": latitude, "GPS GPSLongitude": longitude},
    )
    reasons: list[Reason] = []
    named = {f"drone-dji:{key}": value for key, value in xmp.items()}
    return parse_position(exif, named, reasons), [reason.code for reason in reasons]


def test_degrees_minutes_seconds_and_hemisphere() -> None:
    expected = (-(46 + 50 / 60 + 36 / 3600), -(91 + 59.5 / 60))
    result, codes = position((46.0, 50.0, 36.0), (91.0, 59.5, 0.0), "SW")
    assert result == pytest.approx(expected)
    assert codes == []


@pytest.mark.parametrize(
    ("latitude", "longitude", "refs", "code"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), "NE", ReasonCode.GPS_ZERO),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), "--", ReasonCode.GPS_ZERO),
        ((146.0, 48.0, 0.0), (91.0, 0.0, 0.0), "NE", ReasonCode.GPS_OUT_OF_RANGE),
        ((46.0, 48.0, 0.0), (191.0, 0.0, 0.0), "NE", ReasonCode.GPS_OUT_OF_RANGE),
        ((), (), "NE", ReasonCode.NO_GPS),
        ((None, None, None), (None, None, None), "NE", ReasonCode.NO_GPS),
    ],
)
def test_positions_that_are_none(latitude, longitude, refs: str, code: ReasonCode) -> None:
    assert position(latitude, longitude, refs) == (None, [code])


def test_a_missing_hemisphere_is_never_guessed() -> None:
    result, codes = position((46.0, 50.0, 36.0), (91.0, 0.0, 0.0), "N-")
    assert result is None
    assert codes == [ReasonCode.BAD_VALUE, ReasonCode.NO_GPS]


def test_xmp_helps_where_exif_has_no_position() -> None:
    # DJI's own misspelling.
    result, codes = position((), (), "--", GpsLatitude="24.68", GpsLongtitude="120.95")
    assert result == (24.68, 120.95)
    assert codes == []


def test_two_positions_that_disagree_are_flagged() -> None:
    result, codes = position(
        (24.0, 0.0, 0.0), (120.0, 0.0, 0.0), "SE", GpsLatitude="24.0", GpsLongitude="120.0"
    )
    assert result == (-24.0, 120.0)
    assert codes == [ReasonCode.BAD_VALUE]


def test_xmp_coordinates_in_degrees_and_minutes() -> None:
    assert parse_degrees_minutes("40,42.6W") == pytest.approx(-40.71)
    assert parse_degrees_minutes("40,30,36N") == pytest.approx(40.51)
    assert parse_degrees_minutes("") is None


@pytest.mark.parametrize(
    ("text", "expected", "codes"),
    [
        ("+39.80", 39.8, []),
        ("-3.20", -3.2, []),
        ("0.00", 0.0, []),
        ("-250", None, [ReasonCode.ABSURD_HEIGHT]),
        ("99999", None, [ReasonCode.ABSURD_HEIGHT]),
        ("nan", None, [ReasonCode.BAD_VALUE]),
        ("high", None, [ReasonCode.BAD_VALUE]),
    ],
)
def test_relative_altitude(text: str, expected: float | None, codes: list[ReasonCode]) -> None:
    reasons: list[Reason] = []
    assert parse_relative_altitude_m({"drone-dji:RelativeAltitude": text}, reasons) == expected
    assert [reason.code for reason in reasons] == codes


def test_a_laser_that_hit_nothing_is_absent() -> None:
    assert parse_laser_distance_m({"drone-dji:LRFTargetDistance": "0.000"}, []) is None
    assert parse_laser_distance_m({"drone-dji:LRFTargetDistance": "71.085"}, []) == 71.085


def test_stated_accuracies() -> None:
    xmp = {
        "drone-dji:RtkFlag": "50",
        "drone-dji:RtkStdLon": "0.010",
        "drone-dji:RtkStdLat": "0.014",
        "drone-dji:RtkStdHgt": "0.020",
    }
    accuracy = parse_stated_accuracy(Exif(numbers={"GPS GPSDOP": (0.0,)}), xmp, [])
    assert accuracy.rtk_flag == 50
    assert (accuracy.std_east_m, accuracy.std_north_m, accuracy.std_up_m) == (0.010, 0.014, 0.020)
    assert accuracy.gps_dop is None


@pytest.mark.parametrize(
    ("make", "model", "xmp", "expected"),
    [
        ("DJI", "FC6310R", {}, PhotoKind.DRONE),
        ("Hasselblad", "L1D-20c", {}, PhotoKind.DRONE),
        ("Canon", "ELPH", {"sensefly:Heading": "237"}, PhotoKind.DRONE),
        (None, None, {"drone-dji:RelativeAltitude": "+40"}, PhotoKind.DRONE),
        ("DJI", "DJI Pocket 2", {}, PhotoKind.STREET),
        ("Apple", "iPhone 4", {}, PhotoKind.STREET),
        (None, None, {}, PhotoKind.STREET),
    ],
)
def test_kind(make: str | None, model: str | None, xmp: dict[str, str], expected) -> None:
    assert plan_kind(make, model, xmp) is expected


@pytest.mark.parametrize(
    ("make", "model", "xmp", "size_px", "one_band", "expected"),
    [
        ("DJI", "M3T", {"drone-dji:ImageSource": "InfraredCamera"}, (640, 512), 0, Band.THERMAL),
        ("DJI", "M3T", {"drone-dji:ImageSource": "WideCamera"}, (4000, 3000), 0, Band.VISUAL),
        ("DJI", "ZH20N", {}, (640, 512), 0, Band.THERMAL),
        ("DJI", "ZH20N", {}, (4056, 3040), 0, Band.VISUAL),
        ("FLIR", None, {}, (640, 512), 0, Band.THERMAL),
        ("Skydio", "X2", {"drone-skydio:CameraSource": "INFRARED"}, (640, 512), 0, Band.THERMAL),
        ("MicaSense", "Altum", {"Camera:BandName": "LWIR"}, (160, 120), 1, Band.THERMAL),
        ("MicaSense", "Altum", {"Camera:BandName": "NIR"}, (2064, 1544), 1, Band.SINGLE_BAND),
        ("DJI", "FC6360", {}, (1600, 1300), 1, Band.SINGLE_BAND),
        ("Parrot", "Sequoia", {"Camera:BandName": "Red,Green,Blue"}, (4608, 3456), 0, Band.VISUAL),
        ("DJI", "FC300S", {}, (640, 480), 0, Band.VISUAL),
    ],
)
def test_band(make, model, xmp, size_px, one_band, expected) -> None:
    band = plan_band(make, model, xmp, size_px=size_px, is_one_band_tiff=bool(one_band))
    assert band is expected


@pytest.mark.parametrize(
    ("software", "tool", "edited"),
    [
        ("v01.23.4920", None, False),
        ("10.00.03.09", "6eb4918033f74783a77e54b2040c1c69", False),
        ("Adobe Photoshop 22.1 (Macintosh)", None, True),
        (None, "Microsoft Windows Photo Viewer 10.0.10240.16384", True),
    ],
)
def test_editors_leave_their_name(software: str | None, tool: str | None, edited: bool) -> None:
    exif = Exif(texts={"Image Software": software} if software else {})
    reason = find_editor(exif, {"xmp:CreatorTool": tool} if tool else {})
    assert (reason is not None) == edited
    assert reason is None or reason.code is ReasonCode.EDITED_AFTER_CAPTURE


@pytest.mark.parametrize(
    ("make", "model", "xmp", "reference", "expected"),
    [
        ("Skydio", "2", {"drone-skydio:AbsoluteAltitude": "1034.4"}, 0, HeightDatum.SEA_LEVEL),
        ("Skydio", "X2 Narrow", {"drone-skydio:AbsoluteAltitude": "46"}, 0, HeightDatum.SEA_LEVEL),
        ("Skydio", "VT300-L_93", {"drone-skydio:AbsoluteAltitude": "46"}, 0, None),
        ("DJI", "FC6310R", {"drone-dji:AbsoluteAltitude": "+186.57"}, 0, None),
        ("Parrot", "anafiai", {}, 0, HeightDatum.SEA_LEVEL),
        ("Parrot", "Anafi", {}, 0, None),
        ("Teledyne FLIR", "Hadron 640R EO", {}, 0, None),
        ("Canon", "EOS", {}, 2, HeightDatum.SEA_LEVEL),  # as EXIF 3.0 has it
    ],
)
def test_absolute_altitudes_count_from_where_it_is_known(
    make: str, model: str, xmp: dict[str, str], reference: int, expected: HeightDatum | None
) -> None:
    exif = Exif(
        texts={"Image Make": make, "Image Model": model},
        numbers={"GPS GPSAltitude": (120.5,), "GPS GPSAltitudeRef": (reference,)},
    )
    metres, datum = parse_absolute_altitude(exif, xmp, [])
    assert metres == (float(next(iter(xmp.values()))) if xmp else 120.5)
    assert datum is expected


@pytest.mark.parametrize(("reference", "expected"), [(0, 5.0), (1, -5.0), (2, 5.0), (3, -5.0)])
def test_below_the_reference_is_negative(reference: int, expected: float) -> None:
    exif = Exif(numbers={"GPS GPSAltitude": (5.0,), "GPS GPSAltitudeRef": (reference,)})
    assert parse_absolute_altitude(exif, {}, [])[0] == expected


def test_no_altitude_has_no_datum() -> None:
    assert parse_absolute_altitude(Exif(), {}, []) == (None, None)


def test_a_laser_that_met_nothing_tells_nothing() -> None:
    distance = {"drone-dji:LRFTargetDistance": "71.085"}
    assert parse_laser_distance_m(distance, []) == 71.085
    assert parse_laser_distance_m(distance | {"drone-dji:LRFStatus": "Normal"}, []) == 71.085
    assert parse_laser_distance_m(distance | {"drone-dji:LRFStatus": "TooFar"}, []) is None


def test_skydio_height_above_takeoff_is_that_of_its_local_frame() -> None:
    assert parse_relative_altitude_m({"drone-skydio:CameraPositionFLU/Z": "52.566"}, []) == 52.566
