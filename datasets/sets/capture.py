"""When and where a picture was taken, as its EXIF block says it."""

import math
import re
from collections.abc import Sequence
from datetime import datetime

# The EXIF form `2022:07:23 09:19:46`, and what dashcams write: `20220723 091946.110`.
TIME = re.compile(r"(\d{4}):?(\d\d):?(\d\d)[ T](\d\d):?(\d\d):?(\d\d)(?:\.(\d{1,6}))?")
OFFSET = re.compile(r"[+-](?P<hours>\d\d):(?P<minutes>\d\d)", re.ASCII)
MAX_OFFSET_HOURS = 14  # of the easternmost zone


def parse_captured_at(text: object, *, offset: object = None) -> str | None:
    """Return EXIF DateTimeOriginal as ISO 8601 to the second, or None where it is no time.

    Args:
        text: The tag as it was read.
        offset: OffsetTimeOriginal, such as `+03:00`; without it the time is the camera's own.
    """
    found = TIME.match(str(text).strip("\0 "))
    if found is None:
        return None
    try:
        time = datetime(*(int(part) for part in found.groups()[:6]))  # type: ignore[arg-type]  # six of seven
    except ValueError:  # such as 0000:00:00 of a camera whose clock was never set
        return None
    return time.isoformat() + _parse_offset(offset)


def _parse_offset(offset: object) -> str:
    """Return a zone as it stands in a time; nothing where it is none, such as `+99:99`."""
    zone = str(offset).strip("\0 ")
    found = OFFSET.fullmatch(zone)
    if found is None or int(found["hours"]) > MAX_OFFSET_HOURS or int(found["minutes"]) > 59:
        return ""
    return zone


def parse_degrees(parts: object, reference: object, *, limit: float) -> float | None:
    """Return a GPS latitude or longitude in degrees, or None where it is none.

    Args:
        parts: Degrees, minutes and seconds.
        reference: N, S, E or W.
        limit: 90 for latitudes, 180 for longitudes.
    """
    hemisphere = str(reference).strip("\0 ").upper()
    if not isinstance(parts, Sequence) or len(parts) != 3 or hemisphere not in set("NSEW"):
        return None
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or min(degrees, minutes, seconds) < 0 or value > limit:
        return None
    return round(-value if hemisphere in "SW" else value, 7)  # 7 digits: a centimetre
