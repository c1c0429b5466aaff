from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import PhotoRejectedError
from inference.receipt import ReasonCode
from inference.video.flight_moment import flight_moment, ground_speed_m_s, seconds_outside
from inference.video.telemetry import FlightMoment, Telemetry, parse_telemetry


def write_srt(texts: Sequence[str], *, step_s: float = 1.0, first_s: float = 0.0) -> bytes:
    def stamp(seconds: float) -> str:
        whole, milliseconds = divmod(round(seconds * 1000), 1000)
        return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{milliseconds:03d}"

    blocks = [
        f"{n + 1}\n{stamp(first_s + n * step_s)} --> {stamp(first_s + (n + 1) * step_s)}\n{text}\n"
        for n, text in enumerate(texts)
    ]
    return "\n".join(blocks).encode()


def parse(*texts: str, step_s: float = 1.0, first_s: float = 0.0) -> Telemetry:
    return parse_telemetry(write_srt(texts, step_s=step_s, first_s=first_s))


CLOCK = datetime(2026, 5, 4, 11, 2, 1)
# One subtitle of each dialect, and what it says.
DIALECTS: dict[str, tuple[str, FlightMoment]] = {
    "named_relative": (
        '<font size="28">FrameCnt: 1, DiffTime: 20ms\n2026-05-04 11:02:01.250\n[iso: 220] '
        "[shutter: 1/8000.0] [fnum: 3.2] [ev: 0] [color_md : default] [ae_meter_md: 1] "
        "[focal_len: 24.00] [dzoom_ratio: 2.00], [latitude: 30.25] [longitude: 120.150001] "
        "[rel_alt: 64.100 abs_alt: 84.200] [gb_yaw: -67.6 gb_pitch: -30.0 gb_roll: 0.5] </font>",
        FlightMoment(
            time_s=0.0,
            clock=CLOCK.replace(microsecond=250_000),
            latitude_deg=30.25,
            longitude_deg=120.150001,
            relative_altitude_m=64.1,
            absolute_altitude_m=84.2,
            yaw_deg=-67.6,
            pitch_deg=-30.0,
            roll_deg=0.5,
            focal_length_35mm=24.0,
            digital_zoom=2.0,
        ),
    ),
    "named": (
        '<font size="36">SrtCnt : 1, DiffTime : 33ms\n2026-05-04 11:02:01,774,808\n'
        "[iso : 100] [fnum : 280] [ct : 5744] [color_md : default] [focal_len : 240] "
        "[dzoom_ratio: 10000, delta:0] [latitude: 41.424724] [longitude: 2.234156] "
        "[altitude: 117.000000] </font>",
        FlightMoment(
            time_s=0.0,
            clock=CLOCK.replace(microsecond=774_808),
            latitude_deg=41.424724,
            longitude_deg=2.234156,
            altitude_m=117.0,
            focal_length_35mm=24.0,
            digital_zoom=1.0,
        ),
    ),
    "named_misspelt": (
        "FrameCnt : 218, DiffTime : 40ms\n2026-05-04 11:02:01,438,904\n[fnum : 280] "
        "[focal_len : 280] [latitude : -35.080155] [longtitude : -60.286702] </font>",
        FlightMoment(
            time_s=0.0,
            clock=CLOCK.replace(microsecond=438_904),
            latitude_deg=-35.080155,
            longitude_deg=-60.286702,
            focal_length_35mm=28.0,
        ),
    ),
    "gps_gimbal": (
        "F/5.6, SS 400, ISO 100, EV 0, GPS (-58.851745, -34.237922, 15), HOME (-58.847509, "
        "-34.232707, -57.98m), D 698.70m, H 85.80m, H.S 0.00m/s, V.S 0.00m/s, "
        "F.PRY (2.7°, -7.0°, 110.1°), G.PRY (-24.4°, 0.0°, 110.4°)",
        FlightMoment(
            time_s=0.0,
            latitude_deg=-34.237922,
            longitude_deg=-58.851745,
            relative_altitude_m=85.8,
            yaw_deg=110.4,
            pitch_deg=-24.4,
            roll_deg=0.0,
        ),
    ),
    "gps_distance": (
        "F/2.8, SS 30.15, ISO 260, EV -1.7, GPS (-121.7458, 48.0771, 17), D 221.21m, H 200.70m, "
        "H.S n/a, V.S n/a",
        FlightMoment(
            time_s=0.0, latitude_deg=48.0771, longitude_deg=-121.7458, relative_altitude_m=200.7
        ),
    ),
    "gps_home_barometer": (
        "HOME(-58.4563,-34.7386) 2026.05.04 11:02:01\nGPS(-58.4563,-34.7383,19) BAROMETER:20.1\n"
        "ISO:100 Shutter:400 EV:-1/3 Fnum:F2.8",
        FlightMoment(
            time_s=0.0,
            clock=CLOCK,
            latitude_deg=-34.7383,
            longitude_deg=-58.4563,
            relative_altitude_m=20.1,
        ),
    ),
    "gps_home_heights": (
        "HOME(149.0251,-20.2532) 2026.5.4 11:02:01\nGPS(149.0251,-20.2533,16) Hb:1.9 Hs:2.5\n"
        "ISO:100 TV:60 EV: 0 IR:F2.8",
        FlightMoment(
            time_s=0.0,
            clock=CLOCK,
            latitude_deg=-20.2533,
            longitude_deg=149.0251,
            relative_altitude_m=1.9,
        ),
    ),
    "gps_barometer_metres": (
        "2026.05.04 11:02:01\nGPS(36.6146,-6.1120,0.0M) BAROMETER:-0.3M",
        FlightMoment(
            time_s=0.0,
            clock=CLOCK,
            latitude_deg=36.6146,
            longitude_deg=-6.112,
            relative_altitude_m=-0.3,
        ),
    ),
    "gps": (
        "GPS(149.0251,-20.2533,16)",
        FlightMoment(time_s=0.0, latitude_deg=-20.2533, longitude_deg=149.0251),
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_each_dialect_says_what_it_writes(name: str) -> None:
    text, expected = DIALECTS[name]
    telemetry = parse(text)
    assert telemetry.dialect == name
    assert telemetry.moments == (expected,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("73.00135763743417,19.149798647687,0", "no known drone"),  # not DJI: bare numbers
        ("Look at that valley!", "no known drone"),
        ("[iso : 100] [shutter : 1/60.0] [fnum : 220]", "no known drone"),  # Mavic Air
        ("GPS(36.6146,-6.1120,12) BAROMETER:0.3", "which number of GPS"),
        ("[latitude: 0.000000] [longitude: 0.000000] [altitude: 1.0]", "no position in 1"),
        ("[latitude: 91.000000] [longitude: 10.000000] [altitude: 1.0]", "no position in 1"),
        ("[latitude: n/a] [longitude: n/a] [altitude: 1.0]", "no position in 1"),
        ("GPS(0.0,0.0,0) HOME(0.0,0.0) BAROMETER:0.3", "no position in 1"),
    ],
)
def test_what_is_no_telemetry_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(PhotoRejectedError, match=words) as caught:
        parse(text)
    assert caught.value.reason.code is ReasonCode.TELEMETRY_UNREADABLE


def test_a_cut_last_subtitle_takes_nothing_from_the_others() -> None:
    text = DIALECTS["named_misspelt"][0]
    telemetry = parse(text, text, text[: text.index("[longtitude")])
    assert [moment.time_s for moment in telemetry.moments] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("field", "value"), [("focal_len: 24", None), ("focal_len: 4.40", None)], ids=["x10", "real mm"]
)
def test_a_focal_length_that_is_not_in_terms_of_35_mm_is_none(field: str, value: None) -> None:
    telemetry = parse(f"[{field}] [latitude: 30.25] [longitude: 120.15]")
    assert telemetry.moments[0].focal_length_35mm is value


def test_half_an_attitude_is_none() -> None:
    text = "[latitude: 30.25] [longitude: 120.15] [rel_alt: 10.0] [gb_yaw: 1.0 gb_pitch: -90.0]"
    moment = parse(text).moments[0]
    assert (moment.yaw_deg, moment.pitch_deg, moment.roll_deg) == (None, None, None)


def named(latitude: float, longitude: float, *, yaw: float = 0.0, pitch: float = -90.0) -> str:
    return (
        f"2026-05-04 11:02:01.000\n[latitude: {latitude:.6f}] [longitude: {longitude:.6f}] "
        f"[rel_alt: {10 * latitude:.1f} abs_alt: 1.0] "
        f"[gb_yaw: {yaw} gb_pitch: {pitch} gb_roll: 0.0]"
    )


def test_between_two_subtitles_everything_changes_in_proportion() -> None:
    telemetry = parse(
        named(30.0, 179.9996, yaw=170.0, pitch=-60.0),
        named(31.0, -179.9996, yaw=-150.0, pitch=-80.0),
    )
    middle = flight_moment(telemetry, 0.25)
    assert middle is not None
    assert middle.latitude_deg == pytest.approx(30.25)
    assert middle.longitude_deg == pytest.approx(179.9998)  # not the long way round the earth
    assert middle.relative_altitude_m == pytest.approx(302.5)
    assert middle.yaw_deg == pytest.approx(180.0)  # 170 and a quarter of 40 degrees
    assert middle.pitch_deg == pytest.approx(-65.0)
    assert middle.clock == CLOCK.replace(microsecond=250_000)


def test_outside_of_all_subtitles_the_drone_flies_on_for_one_subtitle() -> None:
    telemetry = parse(
        named(30.0, 120.0, yaw=10.0), named(31.0, 121.0, yaw=20.0), named(33.0, 122.0), first_s=1.0
    )
    early, late = flight_moment(telemetry, 0.5), flight_moment(telemetry, 4.0)
    assert early is not None
    assert late is not None
    assert (early.latitude_deg, early.longitude_deg) == pytest.approx((29.5, 119.5))
    assert early.relative_altitude_m == pytest.approx(295.0)
    assert early.yaw_deg == 10.0
    assert early.clock == CLOCK.replace(second=0, microsecond=500_000)
    assert (late.latitude_deg, late.longitude_deg) == pytest.approx((35.0, 123.0))
    assert (seconds_outside(telemetry, 0.5), seconds_outside(telemetry, 4.0)) == (0.5, 1.0)
    assert flight_moment(telemetry, 4.5) is None


def test_a_subtitle_a_frame_is_read_ten_times_a_second() -> None:
    telemetry = parse(*(named(30.0 + n, 120.0) for n in range(12)), step_s=0.02)
    assert [moment.latitude_deg for moment in telemetry.moments] == [30.0, 35.0, 40.0]
    between = flight_moment(telemetry, 0.14)
    assert between is not None
    assert between.latitude_deg == pytest.approx(37.0)


def test_a_single_subtitle_holds_where_it_is() -> None:
    late = flight_moment(parse(named(30.0, 120.0)), 0.75)
    assert late is not None
    assert late.latitude_deg == 30.0


def test_in_a_long_gap_nothing_is_known() -> None:
    telemetry = parse(named(30.0, 120.0), named(31.0, 120.0), step_s=4.0)
    assert flight_moment(telemetry, 2.0) is None
    assert flight_moment(telemetry, 4.0) == telemetry.moments[1]


def test_a_way_from_no_fix_to_a_place_is_not_interpolated() -> None:
    telemetry = parse(named(0.0, 0.0), named(31.0, 120.0))
    early, late = flight_moment(telemetry, 0.4), flight_moment(telemetry, 0.6)
    assert early is not None
    assert late is not None
    assert (early.latitude_deg, late.latitude_deg) == (0.0, 31.0)


def test_ground_speed_is_the_way_over_the_time() -> None:
    # 0.0001 degrees of latitude a second are 11.132 m.
    telemetry = parse(*(named(30.0 + 0.0001 * n, 120.0) for n in range(5)))
    assert ground_speed_m_s(telemetry, 2.0) == pytest.approx(11.132, rel=1e-6)
    assert ground_speed_m_s(telemetry, 100.0) is None


def test_the_last_digit_of_the_coordinates_is_known() -> None:
    assert parse(DIALECTS["gps_distance"][0]).resolution_deg == pytest.approx(1e-4)
    text = named(30.0, 120.0).replace("30.000000", "30.0").replace("120.000000", "120.00")
    assert parse(text, named(30.0, 120.0)).resolution_deg == pytest.approx(1e-6)


@given(st.text(max_size=200))
def test_any_text_is_telemetry_or_refused(text: str) -> None:
    try:
        telemetry = parse(text)
    except PhotoRejectedError:
        return
    assert telemetry.moments


# The dialect of each recording, its first latitude and longitude, and when its last subtitle with
# a position begins.
RECORDINGS: dict[str, tuple[str, float, float, float]] = {
    "MAVIC3_first120kB.srt": ("named_relative", 3.41531, -3.3744, 8.26),
    "air2s.srt": ("named", 41.424724, 2.234156, 0.533),
    "broken_incomplete.SRT": ("gps_home_barometer", -34.7383, -58.4563, 19.0),
    "broken_incomplete2.SRT": ("named_misspelt", -34.86995, -57.823395, 0.16),
    "m2zoom_first120kB.SRT": ("named_misspelt", 31.452012, 74.398751, 6.756),
    "matrice_300.srt": ("gps_barometer_metres", 36.6146, -6.112, 380.0),  # Jerez, Spain
    "mavic_2pro_new_first120kB.SRT": ("named_misspelt", -35.080155, -60.286702, 20.08),
    "mavic_air2.srt": ("named", 41.420684, 2.162162, 0.4),  # Barcelona
    "mavic_mini.SRT": ("gps_distance", 48.0771, -121.7458, 116.0),
    "mavic_pro.SRT": ("gps_home_barometer", -20.2533, 149.0251, 468.0),
    "mavic_pro_buggy.SRT": ("gps_home_barometer", 42.4668, -1.2218, 546.0),
    "old_format.SRT": ("gps_home_heights", -20.2533, 149.0251, 468.0),
    "p4_rtk.SRT": ("gps_gimbal", -34.237922, -58.851745, 54.0),
    "p4p_sample.SRT": ("gps_distance", 47.4692, 8.209, 4.0),
}
REFUSED = {
    "broken_empty.SRT": "empty",
    "broken_empty2.SRT": "no subtitle",
    "mavic_2_style.SRT": "no subtitle",  # written by hand, without times
    "skylark/DJI_0301.SRT": "no known drone",
}


def test_recordings_are_read_at_the_place_where_they_were_made(shared_folder: Path) -> None:
    folder = shared_folder / "photos" / "srt"
    for name, (dialect, latitude_deg, longitude_deg, last_s) in RECORDINGS.items():
        telemetry = parse_telemetry((folder / name).read_bytes())
        first = telemetry.moments[0]
        assert telemetry.dialect == dialect, name
        assert (first.latitude_deg, first.longitude_deg) == (latitude_deg, longitude_deg), name
        assert last_s - 0.1 <= telemetry.moments[-1].time_s <= last_s, name


def test_recordings_that_are_no_telemetry_are_refused(shared_folder: Path) -> None:
    folder = shared_folder / "photos" / "srt"
    for name, words in REFUSED.items():
        with pytest.raises(PhotoRejectedError, match=words):
            parse_telemetry((folder / name).read_bytes())
    known = {path.relative_to(folder).as_posix() for path in folder.rglob("*.[sS][rR][tT]")}
    assert known == {*RECORDINGS, *REFUSED}


@pytest.mark.parametrize("written", ["1e1", "3.0e+1", "1234567890", "30.1.2", "30,25", "30,25 120"])
def test_the_beginning_of_a_number_in_another_notation_is_no_position(written: str) -> None:
    text = f"[latitude: {written}] [longitude: 120.1] [rel_alt: 1.0 abs_alt: 2.0]"
    with pytest.raises(PhotoRejectedError, match=r"no position|no known drone"):
        parse(text, text)


def test_more_digits_than_any_drone_writes_are_read_to_the_last() -> None:
    text = "[latitude: 30.2500000000000000] [longitude: 120.1500009999999999] [rel_alt: 1.0]"
    assert parse(text).moments[0].longitude_deg == pytest.approx(120.150001, abs=1e-12)
