"""A photo's file → PhotoMetadata."""

from datetime import tzinfo
from pathlib import Path

from inference.reading.attitude import parse_attitude
from inference.reading.capture_time import parse_capture_time, parse_utc_offset_h
from inference.reading.device import (
    clean_text,
    find_editor,
    has_flight_data,
    parse_make,
    parse_model,
    parse_serial_number,
    plan_band,
    plan_kind,
)
from inference.reading.exif import Exif, parse_exif, parse_gdal_exif
from inference.reading.lens import parse_lens
from inference.reading.limits import DEFAULT_LIMITS, PhotoLimits
from inference.reading.makers import names_of
from inference.reading.metadata import Attitude, Band, PhotoKind, PhotoMetadata
from inference.reading.photo_file import PhotoFile, read_photo_file
from inference.reading.position import (
    parse_absolute_altitude,
    parse_gps_altitude_m,
    parse_image_direction_deg,
    parse_image_direction_reference,
    parse_laser_distance_m,
    parse_position,
    parse_relative_altitude_m,
    parse_stated_accuracy,
)
from inference.reading.tag_values import bad_value, first_text
from inference.reading.xmp import parse_xmp
from inference.receipt import Reason, ReasonCode


def read_photo_metadata(
    path: Path, *, assumed_zone: tzinfo | None = None, limits: PhotoLimits = DEFAULT_LIMITS
) -> PhotoMetadata:
    """Return all that a photo says of itself.

    What is wrong with it on the way is in the metadata's reasons and stops nothing.

    Args:
        path: Of the photo.
        assumed_zone: Zone of the camera's clock where the photo does not name one.
        limits: How large a photo may be.

    Raises:
        PhotoRejectedError: It is no photo, of a kind that is not inspected, or beyond a limit.
    """
    photo = read_photo_file(path, limits=limits)
    return parse_photo_metadata(photo, assumed_zone=assumed_zone, limits=limits)


def parse_photo_metadata(
    photo: PhotoFile, *, assumed_zone: tzinfo | None, limits: PhotoLimits
) -> PhotoMetadata:
    """Return all that a photo in memory says of itself; see `read_photo_metadata`."""
    reasons: list[Reason] = []
    exif, xmp = _parse_all_exif(photo, reasons), _parse_all_xmp(photo, limits, reasons)
    make, model = parse_make(exif, xmp), parse_model(exif, xmp)
    kind = plan_kind(make, model, xmp)
    reasons += _find_losses(kind, exif, xmp)
    capture = parse_capture_time(exif, xmp, assumed_zone=assumed_zone, reasons=reasons)
    position = parse_position(exif, xmp, reasons)
    absolute_m, absolute_datum = parse_absolute_altitude(exif, xmp, reasons)
    return PhotoMetadata(
        width_px=photo.width_px,
        height_px=photo.height_px,
        orientation=1 if photo.is_upright else parse_orientation(exif, reasons),
        kind=kind,
        band=_plan_band(photo, make, model, xmp),
        make=make,
        model=model,
        serial_number=parse_serial_number(exif, xmp),
        software=clean_text(exif.text("Image Software") or xmp.get("xmp:CreatorTool")),
        captured_at=None if capture is None else capture[0],
        capture_time_source=None if capture is None else capture[1],
        utc_offset_h=parse_utc_offset_h(exif, xmp, capture),
        latitude_deg=None if position is None else position[0],
        longitude_deg=None if position is None else position[1],
        gps_altitude_m=parse_gps_altitude_m(exif),
        absolute_altitude_m=absolute_m,
        absolute_datum=absolute_datum,
        relative_altitude_m=parse_relative_altitude_m(xmp, reasons),
        laser_distance_m=parse_laser_distance_m(xmp, reasons),
        attitude=_parse_attitude(photo, exif, xmp, reasons),
        image_direction_deg=parse_image_direction_deg(exif, reasons),
        image_direction_reference=parse_image_direction_reference(exif),
        lens=parse_lens(exif, xmp, photo.size_px, reasons),
        accuracy=parse_stated_accuracy(exif, xmp, reasons),
        capture_uuid=first_text(xmp, names_of("capture_uuid")),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def parse_orientation(exif: Exif, reasons: list[Reason]) -> int:
    """Return EXIF's orientation; 1, as stored, where it is absent or senseless."""
    value = exif.number("Image Orientation")
    if value is None:
        return 1
    if value not in range(1, 9):
        # Zero is written by tools that mean "not known" and harms nobody.
        if value != 0:
            reasons.append(bad_value("Orientation", value))
        return 1
    return int(value)


def _plan_band(photo: PhotoFile, make: str | None, model: str | None, xmp: dict[str, str]) -> Band:
    is_one_band = photo.is_one_band_tiff
    return plan_band(make, model, xmp, size_px=photo.size_px, is_one_band_tiff=is_one_band)


def _find_losses(kind: PhotoKind, exif: Exif, xmp: dict[str, str]) -> list[Reason]:
    """Return the signs that a photo is not as its camera wrote it."""
    losses = []
    if kind is PhotoKind.DRONE and not has_flight_data(xmp):
        losses.append(Reason(code=ReasonCode.NO_XMP, detail="no flight data"))
    editor = find_editor(exif, xmp)
    return losses if editor is None else [*losses, editor]


def _parse_all_exif(photo: PhotoFile, reasons: list[Reason]) -> Exif:
    kept_by_gdal = Exif() if photo.gdal_metadata is None else parse_gdal_exif(photo.gdal_metadata)
    if photo.exif_tiff is None:
        reasons.append(Reason(code=ReasonCode.NO_EXIF))
        return kept_by_gdal
    exif, reason = parse_exif(photo.exif_tiff)
    if reason is not None:
        reasons.append(reason)
    return Exif(
        texts={**kept_by_gdal.texts, **exif.texts},
        numbers={**kept_by_gdal.numbers, **exif.numbers},
    )


def _parse_all_xmp(photo: PhotoFile, limits: PhotoLimits, reasons: list[Reason]) -> dict[str, str]:
    """Return the properties of all packets; the main one counts before the extended one."""
    properties: dict[str, str] = {}
    for packet in photo.xmp_packets:
        parsed, reason = parse_xmp(packet, max_bytes=limits.max_xmp_bytes)
        properties = {**parsed, **properties}
        if reason is not None:
            reasons.append(reason)
    return properties


def _parse_attitude(
    photo: PhotoFile, exif: Exif, xmp: dict[str, str], reasons: list[Reason]
) -> Attitude | None:
    """Return the attitude; maker notes are read only where they are DJI's and can help."""
    problems: list[Reason] = []
    attitude = parse_attitude(exif, Exif(), xmp, problems)
    is_dji = (exif.text("Image Make") or "").upper().startswith("DJI")
    if attitude is None and is_dji and photo.exif_tiff is not None:
        maker_notes, reason = parse_exif(photo.exif_tiff, with_maker_notes=True)
        problems += [] if reason is None else [reason]
        attitude = parse_attitude(exif, maker_notes, {}, problems)
    reasons += [
        problem for problem in problems if attitude is None or problem.code is not ReasonCode.NO_YAW
    ]
    return attitude
