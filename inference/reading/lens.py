"""What a photo says of its optics: focal lengths, calibration, distortion."""

from collections.abc import Mapping
from dataclasses import replace

from inference.reading.camera_tags import MAX_CENTER_PX, MIN_CENTER_PX, parse_camera_tags
from inference.reading.exif import Exif
from inference.reading.makers import names_of
from inference.reading.metadata import Lens
from inference.reading.tag_values import bad_value, first_number, parse_numbers
from inference.receipt import Reason

DJI_CENTER = ("drone-dji:CalibratedOpticalCenterX", "drone-dji:CalibratedOpticalCenterY")
SKYDIO_CENTER = (
    "drone-skydio:CalibratedOpticalCenter/X",
    "drone-skydio:CalibratedOpticalCenter/Y",
)
SKYDIO_FOCAL = ("drone-skydio:CalibratedFocalLength/X", "drone-skydio:CalibratedFocalLength/Y")
# A calibrated centre this near to the picture's own middle is for the picture's own size.
SAME_SIZE_RATIO = 0.1


def parse_lens(
    exif: Exif, xmp: Mapping[str, str], size_px: tuple[int, int], reasons: list[Reason]
) -> Lens:
    """Return all that is known of the lens.

    Args:
        exif: Tags of the photo.
        xmp: Properties of the photo.
        size_px: Width and height of the picture.
        reasons: What makes no sense is added to them.
    """
    focal_length_mm = exif.number("EXIF FocalLength")
    if focal_length_mm is not None and focal_length_mm <= 0:
        reasons.append(bad_value("FocalLength", focal_length_mm))
        focal_length_mm = None
    center_px = _parse_center(xmp, reasons)
    calibrated_size_px = None if center_px is None else plan_calibrated_size(center_px, size_px)
    dewarp = None
    if center_px is not None and calibrated_size_px is not None:
        dewarp = _parse_dewarp(xmp, center_px, calibrated_size_px, reasons)
    lens = Lens(
        focal_length_mm=focal_length_mm,
        # Zero means unknown in these two (EXIF 2.32, section 4.6.5).
        focal_length_35mm=_positive(exif.number("EXIF FocalLengthIn35mmFilm")),
        digital_zoom=_positive(exif.number("EXIF DigitalZoomRatio")),
        calibrated_focal_px=_parse_calibrated_focal(xmp, center_px, reasons),
        calibrated_center_px=center_px,
        calibrated_size_px=calibrated_size_px,
        dewarp_px=None if dewarp is None else dewarp[0],
        distortion=None if dewarp is None else dewarp[1],
        horizontal_fov_deg=_positive(first_number(xmp, names_of("horizontal_fov"), reasons)),
    )
    return lens if dewarp is not None else _with_camera_tags(lens, exif, xmp, size_px, reasons)


def _with_camera_tags(
    lens: Lens,
    exif: Exif,
    xmp: Mapping[str, str],
    size_px: tuple[int, int],
    reasons: list[Reason],
) -> Lens:
    """Return the lens with what Pix4D's Camera namespace says of it."""
    tags = parse_camera_tags(exif, xmp, reasons)
    if tags is None:
        return lens
    lens = replace(lens, is_fisheye=tags.is_fisheye)
    if tags.focal_px is None:
        return lens
    center_px = tags.center_px
    fx, fy = tags.focal_px
    return replace(
        lens,
        calibrated_size_px=(
            size_px if center_px is None else plan_calibrated_size(center_px, size_px)
        ),
        dewarp_px=(fx, fy, *(center_px or ((size_px[0] - 1) / 2, (size_px[1] - 1) / 2))),
        dewarp_source="camera_xmp",
        distortion=tags.distortion,
        fisheye_polynomial=tags.fisheye_polynomial,
    )


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def plan_calibrated_size(
    center_px: tuple[float, float], size_px: tuple[int, int]
) -> tuple[int, int]:
    """Return the picture size that calibrated values are for.

    Makers don't state it. The optical centre lies near the middle, so twice the centre is near
    the size; where that is the picture's own, the picture was not scaled after capture.
    """
    width_px, height_px = round(2 * center_px[0]), round(2 * center_px[1])
    if (
        abs(width_px - size_px[0]) <= SAME_SIZE_RATIO * size_px[0]
        and abs(height_px - size_px[1]) <= SAME_SIZE_RATIO * size_px[1]
    ):
        return size_px
    return width_px, height_px


def _parse_center(xmp: Mapping[str, str], reasons: list[Reason]) -> tuple[float, float] | None:
    for names in (DJI_CENTER, SKYDIO_CENTER):
        x = first_number(xmp, names[:1], reasons)
        y = first_number(xmp, names[1:], reasons)
        # Cameras without a calibration write (0, 0).
        if x is not None and y is not None and max(x, y) > 0:
            if all(MIN_CENTER_PX <= value <= MAX_CENTER_PX for value in (x, y)):
                return x, y
            reasons.append(bad_value("CalibratedOpticalCenter", (x, y)))
    return None


def _parse_calibrated_focal(
    xmp: Mapping[str, str], center_px: tuple[float, float] | None, reasons: list[Reason]
) -> float | None:
    """Return DJI's calibrated focal length; without a centre it is no calibration.

    A Mavic 3T's thermal photos say 9100 (micrometres, it seems) with the centre (0, 0).
    """
    focal_px = _positive(first_number(xmp, ("drone-dji:CalibratedFocalLength",), reasons))
    if focal_px is not None and center_px is None:
        reasons.append(bad_value("CalibratedFocalLength", f"{focal_px} with no optical centre"))
        return None
    return focal_px


Dewarp = tuple[tuple[float, float, float, float], tuple[float, float, float, float, float]]


def _parse_dewarp(
    xmp: Mapping[str, str],
    center_px: tuple[float, float],
    calibrated_size_px: tuple[int, int],
    reasons: list[Reason],
) -> Dewarp | None:
    """Return the camera matrix and distortion that the maker measured, or None."""
    text = xmp.get("drone-dji:DewarpData")
    # Flag 1: the camera has taken the distortion out of the picture already.
    if text and xmp.get("drone-dji:DewarpFlag") != "1":
        try:
            return parse_dji_dewarp(text, calibrated_size_px)
        except ValueError:
            reasons.append(bad_value("DewarpData", text))
    return _parse_skydio_dewarp(xmp, center_px, reasons)


def parse_dji_dewarp(text: str, size_px: tuple[int, int]) -> Dewarp:
    """Return fx, fy, cx, cy and k1, k2, p1, p2, k3 out of DJI's DewarpData.

    It reads `date;fx,fy,cx,cy,k1,k2,p1,p2,k3`, with cx and cy counted from the middle of the
    picture of the given size (DJI's manuals of the Phantom 4 RTK and the Mavic 3 Enterprise).

    Raises:
        ValueError: The text reads otherwise.
    """
    numbers = parse_numbers(text.rpartition(";")[2])
    if len(numbers) != 9 or numbers[0] <= 0 or numbers[1] <= 0:
        raise ValueError(f"{text!r} is not nine numbers with focal lengths above zero")
    fx, fy, offset_x, offset_y, k1, k2, p1, p2, k3 = numbers
    cx, cy = size_px[0] / 2 + offset_x, size_px[1] / 2 + offset_y
    return (fx, fy, cx, cy), (k1, k2, p1, p2, k3)


def _parse_skydio_dewarp(
    xmp: Mapping[str, str], center_px: tuple[float, float], reasons: list[Reason]
) -> Dewarp | None:
    """Return Skydio's calibration: focal lengths and centre apart, k1, k2, k3 in DewarpData."""
    fx = first_number(xmp, SKYDIO_FOCAL[:1], reasons)
    fy = first_number(xmp, SKYDIO_FOCAL[1:], reasons)
    if fx is None or fy is None or fx <= 0 or fy <= 0:
        return None
    text = xmp.get("drone-skydio:DewarpData", "0,0,0")
    try:
        k1, k2, k3 = parse_numbers(text)
    except ValueError:
        reasons.append(bad_value("DewarpData", text))
        k1 = k2 = k3 = 0.0
    return (fx, fy, *center_px), (k1, k2, 0.0, 0.0, k3)
