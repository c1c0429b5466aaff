from datetime import UTC, datetime, timedelta, timezone

import pytest

from inference.reading.capture_time import (
    parse_capture_time,
    parse_offset,
    parse_time,
    parse_utc_offset_h,
)
from inference.reading.exif import Exif
from inference.reading.metadata import CaptureTimeSource
from inference.receipt import Reason, ReasonCode

CHINA = timezone(timedelta(hours=8))
NOON = "2022:06:02 12:00:00"


def capture(exif: Exif, xmp: dict[str, str] | None = None, *, zone: timezone | None = None):
    reasons: list[Reason] = []
    result = parse_capture_time(exif, xmp or {}, assumed_zone=zone, reasons=reasons)
    return result, [reason.code for reason in reasons]


def test_gps_time_comes_first() -> None:
    exif = Exif(
        texts={"EXIF DateTimeOriginal": NOON, "GPS GPSDate": "2022:06:02"},
        numbers={"GPS GPSTimeStamp": (4.0, 0.0, 1.5)},
    )
    expected = datetime(2022, 6, 2, 4, 0, 1, 500_000, tzinfo=UTC)
    assert capture(exif, zone=CHINA) == ((expected, CaptureTimeSource.GPS), [])


def test_the_offset_comes_before_the_named_zone() -> None:
    exif = Exif(texts={"EXIF DateTimeOriginal": NOON, "EXIF OffsetTimeOriginal": "+02:00"})
    expected = datetime(2022, 6, 2, 10, tzinfo=UTC)
    assert capture(exif, zone=CHINA) == ((expected, CaptureTimeSource.OFFSET_TIME), [])


def test_the_named_zone_makes_local_time_exact() -> None:
    exif = Exif(texts={"EXIF DateTimeOriginal": NOON})
    expected = datetime(2022, 6, 2, 4, tzinfo=UTC)
    assert capture(exif, zone=CHINA) == ((expected, CaptureTimeSource.OPTION), [])


def test_local_time_without_any_zone_is_flagged() -> None:
    exif = Exif(texts={"EXIF DateTimeOriginal": NOON, "EXIF SubSecTimeOriginal": "25"})
    expected = datetime(2022, 6, 2, 12, 0, 0, 250_000, tzinfo=UTC)
    assert capture(exif) == (
        (expected, CaptureTimeSource.LOCAL),
        [ReasonCode.TIME_ZONE_UNKNOWN],
    )


def test_no_time_at_all_is_said() -> None:
    assert capture(Exif()) == (None, [ReasonCode.NO_CAPTURE_TIME])


def test_an_unset_clock_is_no_time() -> None:
    exif = Exif(texts={"EXIF DateTimeOriginal": "0000:00:00 00:00:00"})
    assert capture(exif) == (None, [ReasonCode.NO_CAPTURE_TIME])


def test_a_wrong_time_is_reported_and_the_next_one_taken() -> None:
    exif = Exif(texts={"EXIF DateTimeOriginal": "2022:13:40 99:00:00", "Image DateTime": NOON})
    result, codes = capture(exif)
    assert result == (datetime(2022, 6, 2, 12, tzinfo=UTC), CaptureTimeSource.LOCAL)
    assert codes == [ReasonCode.BAD_VALUE, ReasonCode.TIME_ZONE_UNKNOWN]


def test_xmp_gives_its_offset_to_the_same_time_only() -> None:
    exif = Exif(texts={"EXIF DateTimeOriginal": NOON})
    same = {"xmp:CreateDate": "2022-06-02T12:00:00+02:00"}
    later = {"xmp:CreateDate": "2022-06-03T18:30:00+02:00"}
    assert capture(exif, same)[0] == (
        datetime(2022, 6, 2, 10, tzinfo=UTC),
        CaptureTimeSource.OFFSET_TIME,
    )
    assert capture(exif, later)[1] == [ReasonCode.TIME_ZONE_UNKNOWN]


def test_a_drone_may_write_utc_itself() -> None:
    xmp = {"drone-dji:UTCAtExposure": "2022-07-23T07:12:22.872778"}
    exif = Exif(texts={"EXIF DateTimeOriginal": "2022:07:23 15:12:19"})
    expected = datetime(2022, 7, 23, 7, 12, 22, 872_778, tzinfo=UTC)
    assert capture(exif, xmp) == ((expected, CaptureTimeSource.GPS), [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022:06:02 14:35:32", datetime(2022, 6, 2, 14, 35, 32)),
        ("2022-06-02T14:35:32.5", datetime(2022, 6, 2, 14, 35, 32, 500_000)),
        ("20220602 143532.125", datetime(2022, 6, 2, 14, 35, 32, 125_000)),
        ("2022:06:02 24:00:00", datetime(2022, 6, 3)),
        ("2024-07-31T19:17:50.000000Z", datetime(2024, 7, 31, 19, 17, 50, tzinfo=UTC)),
        ("    :  :     :  :  ", None),
        ("", None),
    ],
)
def test_times_are_read_in_the_forms_that_cameras_write(
    text: str, expected: datetime | None
) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("day", ["9999:12:31", "9" * 5000 + ":1:1", "²²²²:¹:¹", "2022:13:1"])
def test_a_senseless_gps_time_gives_way_to_the_next_one(day: str) -> None:
    exif = Exif(
        texts={
            "EXIF DateTimeOriginal": NOON,
            "EXIF SubSecTimeOriginal": "²",
            "EXIF OffsetTimeOriginal": "+02:00",
            "GPS GPSDate": day,
        },
        numbers={"GPS GPSTimeStamp": (23.0, 59.0, 60.0)},
    )
    result, _ = capture(exif)
    assert result == (datetime(2022, 6, 2, 10, tzinfo=UTC), CaptureTimeSource.OFFSET_TIME)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1970:01:01 00:04:37", "between 1995 and 2100"),
        ("2022:02:30 12:00:00", "day is out of range"),
        ("9999:12:31 24:00:60", "between 1995 and 2100"),  # that is after the last day there is
        ("yesterday", "not a date"),
        ("２０２６:05:04 03:02:01", "not a date"),
    ],
)
def test_what_is_no_time_raises(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_time(text)


def test_offsets() -> None:
    assert parse_offset("+08:00") == CHINA
    assert parse_offset("-0330") == timezone(-timedelta(hours=3, minutes=30))
    assert parse_offset("Z") == UTC
    assert parse_offset("+99:00") is None
    assert parse_offset("") is None


@pytest.mark.parametrize(
    ("clock", "offset", "gps_hour", "expected"),
    [
        ("2022:06:02 12:00:00", "+02:00", None, 2.0),
        ("2022:06:02 12:00:02", None, 4.0, 8.0),  # the clock is two seconds fast
        ("2022:06:02 09:30:00", None, 4.0, 5.5),  # India
        ("2022:06:01 23:00:00", None, 4.0, -5.0),  # the day before
        ("2022:06:02 12:10:00", None, 4.0, None),  # ten minutes are no zone: the clock is wrong
        ("2015:01:01 00:00:00", None, 4.0, None),
        ("2022:06:02 12:00:00", None, None, None),
    ],
)
def test_how_far_the_clock_is_ahead_of_utc(
    clock: str, offset: str | None, gps_hour: float | None, expected: float | None
) -> None:
    texts = {"EXIF DateTimeOriginal": clock}
    if offset is not None:
        texts["EXIF OffsetTimeOriginal"] = offset
    numbers: dict[str, tuple[float | None, ...]] = {}
    if gps_hour is not None:
        texts["GPS GPSDate"] = "2022:06:02"
        numbers["GPS GPSTimeStamp"] = (gps_hour, 0.0, 0.0)
    exif = Exif(texts=texts, numbers=numbers)
    taken = parse_capture_time(exif, {}, assumed_zone=None, reasons=[])
    assert parse_utc_offset_h(exif, {}, taken) == expected
