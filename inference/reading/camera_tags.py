"""Calibrations in Pix4D's Camera namespace of XMP, as Parrot, MicaSense and senseFly write them.

Source: Pix4D, Specifications of XMP camera tags, and How are the Internal and External Camera
Parameters defined? Lengths are in millimetres on the sensor; EXIF's focal plane resolution turns
them into pixels.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from inference.reading.exif import Exif
from inference.reading.tag_values import bad_value, parse_number, parse_numbers
from inference.receipt import Reason

# EXIF 2.32, section 4.6.5: FocalPlaneResolutionUnit; 4 and 5 are of TIFF/EP and written too.
MM_OF_UNIT = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
INCH = 2  # EXIF's default
MIN_PIXELS_PER_MM, MAX_PIXELS_PER_MM = 10.0, 5000.0  # pixels of 0.2 to 100 micrometres
MIN_CENTER_PX, MAX_CENTER_PX = 16.0, 100_000.0  # half of the smallest and the largest picture
MAX_SKEW_RATIO = 0.01  # of a fisheye's affine matrix: more would turn and shear the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraTags:
    """What the namespace says of the lens.

    Attributes:
        is_fisheye: ModelType says so.
        focal_px: Along rows and columns; of a fisheye on the axis. None where it is not stated.
        center_px: Principal point from the top left corner.
        distortion: k1, k2, p1, p2, k3 as in OpenCV, of a perspective lens.
        fisheye_polynomial: Of the angle over 90 degrees.
    """

    is_fisheye: bool
    focal_px: tuple[float, float] | None = None
    center_px: tuple[float, float] | None = None
    distortion: tuple[float, float, float, float, float] | None = None
    fisheye_polynomial: tuple[float, ...] | None = None


def parse_camera_tags(
    exif: Exif, xmp: Mapping[str, str], reasons: list[Reason]
) -> CameraTags | None:
    """Return what the namespace says of the lens, or None where it says nothing.

    Args:
        exif: For the size of the pixels.
        xmp: Properties of the photo.
        reasons: What makes no sense is added to them.
    """
    model_type = xmp.get("Camera:ModelType", "").strip().lower()
    is_fisheye = model_type == "fisheye"
    if not model_type and "Camera:PerspectiveFocalLength" not in xmp:
        return None
    try:
        parsed = _parse_fisheye(exif, xmp) if is_fisheye else _parse_perspective(exif, xmp)
    except ValueError as error:
        reasons.append(bad_value("Camera", error))
        parsed = None
    return parsed or CameraTags(is_fisheye=is_fisheye)


def _parse_perspective(exif: Exif, xmp: Mapping[str, str]) -> CameraTags | None:
    """Return the pinhole with Brown's distortion.

    Raises:
        ValueError: A value makes no sense.
    """
    text = xmp.get("Camera:PerspectiveFocalLength")
    per_mm = _pixels_per_mm(exif)
    if not text or per_mm is None:
        return None
    units = xmp.get("Camera:PerspectiveFocalLengthUnits", "mm").strip().lower()
    if units != "mm":
        raise ValueError(f"PerspectiveFocalLengthUnits {units}")
    focal_mm = parse_number(text)
    if focal_mm <= 0.0:
        raise ValueError(f"PerspectiveFocalLength {focal_mm}")
    return CameraTags(
        is_fisheye=False,
        focal_px=(focal_mm * per_mm[0], focal_mm * per_mm[1]),
        center_px=_parse_center(xmp, per_mm),
        distortion=_parse_distortion(xmp),
    )


def _parse_distortion(
    xmp: Mapping[str, str],
) -> tuple[float, float, float, float, float] | None:
    """Return R1, R2, R3, T1, T2 in OpenCV's order, as MicaSense's own software takes them."""
    text = xmp.get("Camera:PerspectiveDistortion")
    if not text:
        return None
    numbers = parse_numbers(text)
    if len(numbers) != 5:
        raise ValueError(f"PerspectiveDistortion {text}")
    r1, r2, r3, t1, t2 = numbers
    return r1, r2, t1, t2, r3


def _parse_fisheye(exif: Exif, xmp: Mapping[str, str]) -> CameraTags | None:
    """Return the equidistant fisheye.

    The affine matrix C, D, E, F takes a radius of 1 at 90 degrees to pixels: on the axis a radian
    is C times 2 / pi of them.

    Raises:
        ValueError: A value makes no sense.
    """
    matrix, polynomial = xmp.get("Camera:FisheyeAffineMatrix"), xmp.get("Camera:FisheyePolynomial")
    if not matrix or not polynomial:
        return None
    numbers = parse_numbers(matrix)
    if len(numbers) != 4:
        raise ValueError(f"FisheyeAffineMatrix {matrix}")
    c, d, e, f = numbers
    if min(c, f) <= 0.0 or max(abs(d), abs(e)) > MAX_SKEW_RATIO * min(c, f):
        raise ValueError(f"FisheyeAffineMatrix {matrix}")
    per_mm = _pixels_per_mm(exif)
    return CameraTags(
        is_fisheye=True,
        focal_px=(c * 2.0 / math.pi, f * 2.0 / math.pi),
        center_px=None if per_mm is None else _parse_center(xmp, per_mm),
        fisheye_polynomial=parse_numbers(polynomial),
    )


def _parse_center(
    xmp: Mapping[str, str], per_mm: tuple[float, float]
) -> tuple[float, float] | None:
    text = xmp.get("Camera:PrincipalPoint")
    if not text:
        return None
    numbers = parse_numbers(text)
    if len(numbers) != 2:
        raise ValueError(f"PrincipalPoint {text}")
    center_px = numbers[0] * per_mm[0], numbers[1] * per_mm[1]
    if not all(MIN_CENTER_PX <= value <= MAX_CENTER_PX for value in center_px):
        raise ValueError(f"PrincipalPoint {text}")
    return center_px


def _pixels_per_mm(exif: Exif) -> tuple[float, float] | None:
    """Return how many pixels there are to a millimetre of the sensor, across and down."""
    across = exif.number("EXIF FocalPlaneXResolution")
    down = exif.number("EXIF FocalPlaneYResolution") or across
    unit_mm = MM_OF_UNIT.get(int(exif.number("EXIF FocalPlaneResolutionUnit") or INCH))
    if across is None or down is None or unit_mm is None:
        return None
    per_mm = across / unit_mm, down / unit_mm
    is_sensible = all(MIN_PIXELS_PER_MM <= value <= MAX_PIXELS_PER_MM for value in per_mm)
    return per_mm if is_sensible else None
