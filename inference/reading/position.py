"""Where a photo says that it was taken: position, heights, and how accurate they are stated."""

import math
import re
from collections.abc import Mapping

from inference.reading.exif import Exif
from inference.reading.height_datum import HeightDatum
from inference.reading.makers import MAKERS, names_of
from inference.reading.metadata import StatedAccuracy, YawReference
from inference.reading.tag_values import bad_value, first_number, first_text
from inference.receipt import Reason, ReasonCode

MIN_RELATIVE_ALTITUDE_M = -100.0
MAX_RELATIVE_ALTITUDE_M = 5000.0
MIN_LASER_DISTANCE_M, MAX_LASER_DISTANCE_M = 1.0, 5000.0  # rangefinders on drones reach 3 to 3000
LASER_HIT = "normal"
BELOW_ZERO = (1, 3)  # EXIF's GPSAltitudeRef
SEA_LEVEL_REFERENCES = (2, 3)  # since EXIF 3.0
ZERO_DEG = 1e-6  # nearer to (0, 0) than this is no place but a receiver without a fix
MAX_DISAGREEMENT_DEG = 0.001  # 100 m; EXIF and XMP come from the same receiver
DEGREES_MINUTES = re.compile(r"(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?([NSEW])")


def parse_position(
    exif: Exif, xmp: Mapping[str, str], reasons: list[Reason]
) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees, or None with the reason added.

    EXIF counts first, the maker's XMP where EXIF has nothing.
    """
    from_exif = _parse_exif_position(exif, reasons)
    from_xmp = _parse_xmp_position(xmp, reasons)
    position = from_exif or from_xmp
    if position is None:
        reasons.append(Reason(code=ReasonCode.NO_GPS))
        return None
    if from_exif and from_xmp and _differ(from_exif, from_xmp) and not _is_zero(from_xmp):
        detail = f"EXIF says {from_exif}, XMP says {from_xmp}"
        reasons.append(Reason(code=ReasonCode.BAD_VALUE, detail=detail))
    return _check_position(position, reasons)


def _check_position(
    position: tuple[float, float], reasons: list[Reason]
) -> tuple[float, float] | None:
    latitude_deg, longitude_deg = position
    if _is_zero(position):
        reasons.append(Reason(code=ReasonCode.GPS_ZERO))
        return None
    if abs(latitude_deg) > 90 or abs(longitude_deg) > 180:
        detail = f"latitude {latitude_deg:.6f}, longitude {longitude_deg:.6f}"
        reasons.append(Reason(code=ReasonCode.GPS_OUT_OF_RANGE, detail=detail))
        return None
    return position


def _is_zero(position: tuple[float, float]) -> bool:
    return max(abs(position[0]), abs(position[1])) < ZERO_DEG


def _differ(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return any(abs(a - b) > MAX_DISAGREEMENT_DEG for a, b in zip(first, second, strict=True))


def _parse_exif_position(exif: Exif, reasons: list[Reason]) -> tuple[float, float] | None:
    latitude = _parse_exif_angle(exif, "GPS GPSLatitude", "NS", reasons)
    longitude = _parse_exif_angle(exif, "GPS GPSLongitude", "EW", reasons)
    if latitude is None or longitude is None:
        return None
    return latitude, longitude


def _parse_exif_angle(
    exif: Exif, name: str, hemispheres: str, reasons: list[Reason]
) -> float | None:
    """Return signed degrees from degrees, minutes and seconds with a hemisphere.

    Args:
        exif: Tags of the photo.
        name: Of the angle; its hemisphere's tag is named the same with Ref behind.
        hemispheres: The letters of the positive and of the negative one.
        reasons: What makes no sense is added to them.
    """
    parts = exif.numbers.get(name)
    if not parts or all(part is None for part in parts):
        return None
    # A number in the wrong place (an offset read as a value, say) is no coordinate; 60 may come
    # of rounding.
    if len(parts) > 3 or not all(
        part is not None and 0 <= part <= most
        for part, most in zip(parts, (math.inf, 60, 60), strict=False)
    ):
        reasons.append(bad_value(name, parts))
        return None
    degrees: float = sum((part or 0.0) / 60**power for power, part in enumerate(parts))
    letter = (exif.text(f"{name}Ref") or "").upper()[:1]
    if not letter or letter not in hemispheres:
        # Without a hemisphere a place has up to four meanings; zero has one.
        if degrees == 0:
            return 0.0
        reasons.append(bad_value(f"{name}Ref", letter or "absent"))
        return None
    return degrees if letter == hemispheres[0] else -degrees


def _parse_xmp_position(
    xmp: Mapping[str, str], reasons: list[Reason]
) -> tuple[float, float] | None:
    latitude = first_number(xmp, names_of("latitude"), reasons)
    longitude = first_number(xmp, names_of("longitude"), reasons)
    if latitude is None or longitude is None:
        latitude = parse_degrees_minutes(xmp.get("exif:GPSLatitude", ""))
        longitude = parse_degrees_minutes(xmp.get("exif:GPSLongitude", ""))
    if latitude is None or longitude is None:
        return None
    return latitude, longitude


def parse_degrees_minutes(text: str) -> float | None:
    """Return degrees from XMP's own form of coordinates, such as `40,42.6201N`."""
    match = DEGREES_MINUTES.fullmatch(text.strip())
    if match is None:
        return None
    degrees, minutes, seconds, letter = match.groups()
    value = float(degrees) + float(minutes) / 60 + float(seconds or 0) / 3600
    return -value if letter in "SW" else value


def parse_gps_altitude_m(exif: Exif) -> float | None:
    """Return EXIF's altitude in metres; negative where the reference says below."""
    metres = exif.number("GPS GPSAltitude")
    if metres is None:
        return None
    return -metres if exif.number("GPS GPSAltitudeRef") in BELOW_ZERO else metres


def parse_absolute_altitude(
    exif: Exif, xmp: Mapping[str, str], reasons: list[Reason]
) -> tuple[float | None, HeightDatum | None]:
    """Return the altitude in metres and from where it counts, each None where it is not known.

    The maker's XMP counts first, EXIF's altitude where there is none. EXIF's references 0 and 1
    were for sea level until version 3.0 made them the ellipsoid, so that they tell nothing.
    """
    metres = first_number(xmp, names_of("absolute_altitude"), reasons)
    datum = _datum_of_maker(exif, xmp)
    if metres is not None:
        return metres, datum
    metres = parse_gps_altitude_m(exif)
    is_sea_level = exif.number("GPS GPSAltitudeRef") in SEA_LEVEL_REFERENCES
    if metres is None or is_sea_level:
        return metres, None if metres is None else HeightDatum.SEA_LEVEL
    return metres, datum


def _datum_of_maker(exif: Exif, xmp: Mapping[str, str]) -> HeightDatum | None:
    make = (exif.text("Image Make") or xmp.get("tiff:Make", "")).lower()
    model = (exif.text("Image Model") or xmp.get("tiff:Model", "")).lower()
    return next(
        (
            datum
            for maker in MAKERS
            if make.startswith(maker.maker)
            for beginning, datum in maker.datum_of_models
            if model.startswith(beginning)
        ),
        None,
    )


def parse_relative_altitude_m(xmp: Mapping[str, str], reasons: list[Reason]) -> float | None:
    """Return the height above the take-off place, or None where it is absent or absurd."""
    metres = first_number(xmp, names_of("relative_altitude"), reasons)
    return None if metres is None else check_relative_altitude_m(metres, reasons)


def check_relative_altitude_m(metres: float, reasons: list[Reason]) -> float | None:
    """Return the height above the take-off place, or None where it is absurd."""
    if not MIN_RELATIVE_ALTITUDE_M <= metres <= MAX_RELATIVE_ALTITUDE_M:
        detail = f"{metres} m above the take-off place"
        reasons.append(Reason(code=ReasonCode.ABSURD_HEIGHT, detail=detail))
        return None
    return metres


def parse_laser_distance_m(xmp: Mapping[str, str], reasons: list[Reason]) -> float | None:
    """Return the rangefinder's distance; it writes 0 or another status where it hit nothing."""
    metres = first_number(xmp, names_of("laser_distance"), reasons)
    status = first_text(xmp, names_of("laser_status")) or LASER_HIT
    if metres is None or metres <= 0 or status.lower() != LASER_HIT:
        return None
    if not MIN_LASER_DISTANCE_M <= metres <= MAX_LASER_DISTANCE_M:
        reasons.append(bad_value("laser distance", metres))
        return None
    return metres


def parse_stated_accuracy(
    exif: Exif, xmp: Mapping[str, str], reasons: list[Reason]
) -> StatedAccuracy:
    """Return what the photo says of its position's accuracy; zeros there mean unknown."""

    def positive(field: str) -> float | None:
        metres = first_number(xmp, names_of(field), reasons)
        return metres if metres is not None and metres > 0 else None

    flag = first_number(xmp, names_of("rtk_flag"), reasons)
    # exifread has no name for tag 0x001F, GPSHPositioningError.
    error_m = exif.number("GPS Tag 0x001F") or positive("horizontal_error")
    return StatedAccuracy(
        rtk_flag=None if flag is None else int(flag),
        std_east_m=positive("std_east"),
        std_north_m=positive("std_north"),
        std_up_m=positive("std_up"),
        gps_dop=exif.number("GPS GPSDOP") or None,
        horizontal_error_m=error_m,
    )


def parse_image_direction_deg(exif: Exif, reasons: list[Reason]) -> float | None:
    """Return where the picture looks by a phone's compass, 0 to 360, or None."""
    degrees = exif.number("GPS GPSImgDirection")
    if degrees is None:
        return None
    if not 0 <= degrees <= 360:
        reasons.append(bad_value("GPSImgDirection", degrees))
        return None
    return degrees


def parse_image_direction_reference(exif: Exif) -> YawReference:
    """Return which north the picture's direction is from (EXIF 2.32, GPSImgDirectionRef)."""
    letter = (exif.text("GPS GPSImgDirectionRef") or "").upper()[:1]
    return {"T": YawReference.TRUE, "M": YawReference.MAGNETIC}.get(letter, YawReference.UNKNOWN)
