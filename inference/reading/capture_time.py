"""When a photo was taken, in UTC, and how that is known.

GPS date and time come first, then a time with an offset, then the zone that the operator names.
A camera's local time without any zone is eight hours wrong in China when taken as UTC, so it is
flagged.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from inference.reading.exif import Exif
from inference.reading.makers import names_of
from inference.reading.metadata import CaptureTimeSource
from inference.reading.tag_values import bad_value
from inference.receipt import Reason, ReasonCode

# 2022:06:02 14:35:32, 2022-06-02T14:35:32.123+02:00, 20220602 143532.123
LOCAL_TIME = re.compile(
    r"(\d{4})[:\-/.]?(\d\d)[:\-/.]?(\d\d)[ T](\d\d):?(\d\d):?(\d\d)(?:[.,](\d+))?"
    r"\s*(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
MAX_OFFSET_H = 14.0
MAX_CLOCK_ERROR_H = 1.0 / 20.0
FIRST_YEAR = 1995  # there are no digital photos with EXIF before; clocks without battery say 1970
LAST_YEAR = 2100  # a number that happens to look like a year is no time
EXIF_TIMES = (
    ("EXIF DateTimeOriginal", "EXIF SubSecTimeOriginal", "EXIF OffsetTimeOriginal"),
    ("EXIF DateTimeDigitized", "EXIF SubSecTimeDigitized", "EXIF OffsetTimeDigitized"),
    ("Image DateTime", "EXIF SubSecTime", "EXIF OffsetTime"),
)
XMP_TIMES = ("exif:DateTimeOriginal", "xmp:CreateDate")

Capture = tuple[datetime, CaptureTimeSource]


def parse_capture_time(
    exif: Exif, xmp: Mapping[str, str], *, assumed_zone: tzinfo | None, reasons: list[Reason]
) -> Capture | None:
    """Return the time in UTC and its source, or None with the reason added.

    Args:
        exif: Tags of the photo.
        xmp: Properties of the photo.
        assumed_zone: Zone of the camera's clock where the photo does not say, or None.
        reasons: What is wrong or doubtful is added to them.
    """
    from_gps = _parse_gps_time(exif, reasons) or _parse_maker_utc(xmp)
    if from_gps is not None:
        return from_gps, CaptureTimeSource.GPS
    local = next(_iterate_local_times(exif, xmp, reasons), None)
    if local is None:
        reasons.append(Reason(code=ReasonCode.NO_CAPTURE_TIME))
        return None
    if local.tzinfo is None:
        local = _zone_from_xmp(local, xmp)
    if local.tzinfo is not None:
        return local.astimezone(UTC), CaptureTimeSource.OFFSET_TIME
    if assumed_zone is not None:
        return local.replace(tzinfo=assumed_zone).astimezone(UTC), CaptureTimeSource.OPTION
    reasons.append(Reason(code=ReasonCode.TIME_ZONE_UNKNOWN, detail=local.isoformat(sep=" ")))
    return local.replace(tzinfo=UTC), CaptureTimeSource.LOCAL


def parse_utc_offset_h(exif: Exif, xmp: Mapping[str, str], capture: Capture | None) -> float | None:
    """Return by how many hours the camera's clock is ahead of UTC, or None where untold.

    It is stated, or it is the difference between the clock and the receiver's UTC where this is
    near to a quarter of an hour, as all zones are.
    """
    local = next(_iterate_local_times(exif, xmp, []), None)
    if local is None:
        return None
    if local.tzinfo is None:
        local = _zone_from_xmp(local, xmp)
    stated = local.utcoffset()
    if stated is not None:
        return stated / timedelta(hours=1)
    if capture is None or capture[1] is not CaptureTimeSource.GPS:
        return None
    ahead_h = (local.replace(tzinfo=UTC) - capture[0]) / timedelta(hours=1)
    zone_h = round(ahead_h * 4.0) / 4.0
    is_zone = abs(zone_h) <= MAX_OFFSET_H and abs(ahead_h - zone_h) < MAX_CLOCK_ERROR_H
    return zone_h if is_zone else None


def parse_time(text: str) -> datetime | None:
    """Return the time that a text stands for, aware where it names an offset, else naive.

    None where the text is blank or only zeros, as cameras write when their clock is not set.

    Raises:
        ValueError: The text is neither.
    """
    digits = [character for character in text if character.isalnum()]
    if all(character == "0" for character in digits):
        return None
    match = LOCAL_TIME.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date and a time")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"{text!r} is not between {FIRST_YEAR} and {LAST_YEAR}")
    # A few cameras write 24:00:00 or second 60; timedelta carries them over.
    moment = datetime(year, month, day) + timedelta(hours=hour, minutes=minute, seconds=second)
    moment += _fraction(match.group(7))
    return moment.replace(tzinfo=parse_offset(match.group(8) or ""))


def parse_offset(text: str) -> timezone | None:
    """Return the zone of an offset such as `+08:00` or `Z`, or None where it is none."""
    if text.strip() == "Z":
        return UTC
    match = OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > timedelta(hours=14):
        return None
    return timezone(-offset if sign == "-" else offset)


def _fraction(digits: str | None) -> timedelta:
    match = re.match(r"\d{1,6}", (digits or "").strip(), re.ASCII)
    return timedelta(microseconds=int(match[0].ljust(6, "0")) if match else 0)


def _iterate_local_times(
    exif: Exif, xmp: Mapping[str, str], reasons: list[Reason]
) -> Iterator[datetime]:
    """Yield the times that the photo holds, best first, naive where the zone is unknown."""
    for time_name, fraction_name, offset_name in EXIF_TIMES:
        moment = _parse_or_report(time_name, exif.text(time_name), reasons)
        if moment is None:
            continue
        if moment.microsecond == 0:
            moment += _fraction(exif.text(fraction_name))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=parse_offset(exif.text(offset_name) or ""))
        yield moment
    for name in XMP_TIMES:
        text = xmp.get(name, "")
        # DJI writes only the date there on older drones.
        moment = _parse_or_report(name, text if ":" in text else None, reasons)
        if moment is not None:
            yield moment


def _parse_or_report(name: str, text: str | None, reasons: list[Reason]) -> datetime | None:
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError:
        reasons.append(bad_value(name, text))
        return None


def _zone_from_xmp(local: datetime, xmp: Mapping[str, str]) -> datetime:
    """Return the time with the offset that XMP gives to the very same time, else unchanged.

    Recent DJI drones write the offset in XMP only. A time that differs is another event, such as
    the file's last change.
    """
    for name in XMP_TIMES:
        try:
            other = parse_time(xmp.get(name, ""))
        except ValueError:
            continue
        if other is None or other.tzinfo is None:
            continue
        if abs(other.replace(tzinfo=None) - local) < timedelta(seconds=2):
            return local.replace(tzinfo=other.tzinfo)
    return local


def _parse_gps_time(exif: Exif, reasons: list[Reason]) -> datetime | None:
    """Return the receiver's UTC time, or None where date or time is missing or wrong."""
    day = exif.text("GPS GPSDate")
    clock = exif.numbers.get("GPS GPSTimeStamp", ())
    if not day or len(clock) != 3:
        return None
    hour, minute, second = clock
    if hour is None or minute is None or second is None:
        return None
    parts = re.findall(r"\d+", day, re.ASCII)
    try:
        year, month, day_of_month = (int(part) for part in parts)
        start = date(year, month, day_of_month)
    except (ValueError, OverflowError):
        if any(part.strip("0") for part in parts):
            reasons.append(bad_value("GPSDateStamp", day))
        return None
    is_time = 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 61
    if not (is_time and FIRST_YEAR <= year <= LAST_YEAR):
        reasons.append(bad_value("GPSTimeStamp", f"{day} {hour}:{minute}:{second}"))
        return None
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return midnight + timedelta(hours=hour, minutes=minute, seconds=round(second, 6))


def _parse_maker_utc(xmp: Mapping[str, str]) -> datetime | None:
    """Return the UTC time of the exposure that some drones write themselves."""
    for name in names_of("utc_time"):
        try:
            moment = parse_time(xmp.get(name, ""))
        except ValueError:
            continue
        if moment is not None:
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
