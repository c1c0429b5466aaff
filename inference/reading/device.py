"""What took a photo: a drone or somebody in the street, in which band, and edited since?"""

from collections.abc import Mapping

from inference.reading.device_names import (
    DRONE_MAKES,
    DRONE_MODELS,
    EDITORS,
    HANDHELD_MODELS,
    THERMAL_BANDS,
    THERMAL_MODELS,
    THERMAL_ONLY_MODELS,
    THERMAL_SIZES_PX,
    THERMAL_SOURCES,
    VISUAL_SOURCES,
)
from inference.reading.exif import Exif
from inference.reading.makers import MAKERS, names_of
from inference.reading.metadata import Band, PhotoKind
from inference.reading.tag_values import first_text
from inference.receipt import Reason, ReasonCode

MAX_TEXT = 120  # characters kept of a name; damaged files hold kilobytes


def parse_make(exif: Exif, xmp: Mapping[str, str]) -> str | None:
    """Return the maker's name as the photo has it."""
    return clean_text(exif.text("Image Make") or xmp.get("tiff:Make"))


def parse_model(exif: Exif, xmp: Mapping[str, str]) -> str | None:
    """Return the camera's name as the photo has it."""
    return clean_text(exif.text("Image Model") or xmp.get("tiff:Model"))


def parse_serial_number(exif: Exif, xmp: Mapping[str, str]) -> str | None:
    """Return the aircraft's number, else the camera's: it tells two of one model apart."""
    aircraft = first_text(xmp, names_of("serial_number"))
    camera = exif.text("EXIF BodySerialNumber") or first_text(
        xmp, ("drone-dji:CameraSerialNumber", "exifEX:BodySerialNumber", "aux:SerialNumber")
    )
    number = clean_text(aircraft or camera)
    # Cameras that don't know theirs write zeros.
    return number if number and number.strip("0") else None


def clean_text(text: str | None) -> str | None:
    """Return a text without control characters and of bounded length, or None where empty."""
    if text is None:
        return None
    printable = "".join(character for character in text if character.isprintable())
    return printable[:MAX_TEXT].strip() or None


def has_flight_data(xmp: Mapping[str, str]) -> bool:
    """Return whether the XMP holds what only drones write."""
    return any(
        name.startswith(f"{prefix}:")
        for maker in MAKERS
        for prefix in maker.marks_drone
        for name in xmp
    ) or any(xmp.get(tags.pitch) for maker in MAKERS for tags in maker.attitudes if not tags.makes)


def plan_kind(make: str | None, model: str | None, xmp: Mapping[str, str]) -> PhotoKind:
    """Return whether a photo looks at the ground from the air or from the street."""
    make_name, model_name = (make or "").lower(), (model or "").lower()
    if has_flight_data(xmp):
        return PhotoKind.DRONE
    if model_name.startswith(HANDHELD_MODELS):
        return PhotoKind.STREET
    if make_name.startswith(DRONE_MAKES) or model_name.startswith(DRONE_MODELS):
        return PhotoKind.DRONE
    return PhotoKind.STREET


def plan_band(
    make: str | None,
    model: str | None,
    xmp: Mapping[str, str],
    *,
    size_px: tuple[int, int],
    is_one_band_tiff: bool,
) -> Band:
    """Return the light that a photo shows.

    Args:
        make: The maker's name.
        model: The camera's name.
        xmp: Properties of the photo.
        size_px: Width and height; combined cameras take thermal pictures of sizes of their own.
        is_one_band_tiff: Grey TIFF files come from multispectral and thermal cameras. A grey
            JPEG is a visual photo without colour.
    """
    source = (first_text(xmp, names_of("image_source")) or "").lower()
    band_name = xmp.get("Camera:BandName", "").lower()
    make_name, model_name = (make or "").lower(), (model or "").lower()
    if source in VISUAL_SOURCES:
        return Band.VISUAL
    if source in THERMAL_SOURCES or band_name in THERMAL_BANDS:
        return Band.THERMAL
    if model_name.startswith(THERMAL_ONLY_MODELS):
        return Band.THERMAL
    has_thermal_sensor = model_name.startswith(THERMAL_MODELS) or make_name.startswith("flir")
    if has_thermal_sensor and size_px in THERMAL_SIZES_PX:
        return Band.THERMAL
    if is_one_band_tiff or (band_name and "," not in band_name and band_name != "rgb"):
        return Band.SINGLE_BAND
    return Band.VISUAL


def find_editor(exif: Exif, xmp: Mapping[str, str]) -> Reason | None:
    """Return the reason that a program on a computer saved this photo, or None.

    Such programs turn the pixels and leave the attitude as it was, so that positions are wrong
    without any other sign.
    """
    for text in (exif.text("Image Software"), xmp.get("xmp:CreatorTool")):
        if text and any(editor in text.lower() for editor in EDITORS):
            return Reason(code=ReasonCode.EDITED_AFTER_CAPTURE, detail=clean_text(text))
    return None
