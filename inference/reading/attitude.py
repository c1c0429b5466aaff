"""Where a photo says that the camera looked, in one convention for all makers."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from inference.reading.exif import Exif
from inference.reading.makers import MAKERS, AttitudeTags, Mount
from inference.reading.metadata import Attitude
from inference.reading.tag_values import bad_value, parse_number
from inference.receipt import Reason, ReasonCode


def parse_attitude(
    exif: Exif, maker_notes: Exif, xmp: Mapping[str, str], reasons: list[Reason]
) -> Attitude | None:
    """Return the camera's attitude from XMP, else from DJI's maker notes, else None."""
    known = tuple(_tags_of_maker(exif, xmp))
    for tags in known:
        if all(xmp.get(name) for name in (tags.yaw, tags.pitch, tags.roll)):
            return _parse_xmp_attitude(xmp, tags, reasons)
    attitude = _parse_maker_notes(maker_notes, reasons)
    if attitude is None and any(xmp.get(tags.pitch) and not xmp.get(tags.yaw) for tags in known):
        reasons.append(Reason(code=ReasonCode.NO_YAW, detail="a pitch and no yaw"))
    return attitude


def _tags_of_maker(exif: Exif, xmp: Mapping[str, str]) -> Iterator[AttitudeTags]:
    """Yield the names that this make and model may use."""
    make = (exif.text("Image Make") or xmp.get("tiff:Make", "")).lower()
    model = (exif.text("Image Model") or xmp.get("tiff:Model", "")).lower()
    for tags in (tags for maker in MAKERS for tags in maker.attitudes):
        is_make = not tags.makes or make.startswith(tags.makes)
        if is_make and (not tags.models or model.startswith(tags.models)):
            yield tags


def _parse_xmp_attitude(
    xmp: Mapping[str, str], tags: AttitudeTags, reasons: list[Reason]
) -> Attitude | None:
    angles = []
    for name in (tags.yaw, tags.pitch, tags.roll):
        try:
            angle = parse_number(xmp[name])
        except ValueError:
            reasons.append(bad_value(name, xmp[name]))
            return None
        angles.append(math.degrees(angle) if tags.in_radians else angle)
    yaw_deg, pitch_deg, roll_deg = angles
    if not _are_possible(yaw_deg, pitch_deg, roll_deg):
        reasons.append(bad_value(tags.pitch, (yaw_deg, pitch_deg, roll_deg)))
        return None
    if tags.mount is Mount.NADIR:
        yaw_deg, pitch_deg, roll_deg = tilt_from_nadir(yaw_deg, pitch_deg, roll_deg)
    return Attitude(
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
        source=tags.source,
        yaw_reference=tags.yaw_reference,
    )


def _parse_maker_notes(maker_notes: Exif, reasons: list[Reason]) -> Attitude | None:
    """Return the gimbal's angles that DJI writes outside XMP; they survive when XMP is lost."""
    yaw_deg = maker_notes.number("MakerNote CameraYaw")
    pitch_deg = maker_notes.number("MakerNote CameraPitch")
    roll_deg = maker_notes.number("MakerNote CameraRoll")
    if yaw_deg is None and pitch_deg is not None:
        reasons.append(Reason(code=ReasonCode.NO_YAW, detail="a pitch and no yaw"))
    if yaw_deg is None or pitch_deg is None or roll_deg is None:
        return None
    if not _are_possible(yaw_deg, pitch_deg, roll_deg):
        reasons.append(bad_value("MakerNote CameraPitch", (yaw_deg, pitch_deg, roll_deg)))
        return None
    # Stored as 4-byte floats: -89.9 comes back as -89.9000015.
    return Attitude(
        yaw_deg=round(yaw_deg, 4),
        pitch_deg=round(pitch_deg, 4),
        roll_deg=round(roll_deg, 4),
        source="dji_maker_notes",
    )


def _are_possible(yaw_deg: float, pitch_deg: float, roll_deg: float) -> bool:
    return abs(yaw_deg) <= 360 and abs(pitch_deg) <= 180 and abs(roll_deg) <= 360


def tilt_from_nadir(
    yaw_deg: float, pitch_deg: float, roll_deg: float
) -> tuple[float, float, float]:
    """Return yaw, pitch and roll counted from the horizon for angles counted from straight down.

    The camera is fixed to a body that is turned by yaw, then pitch (nose up), then roll (right
    side down); at zero it looks straight down with the picture's top to the front. In a gimbal's
    terms that is the body's rotation followed by a pitch of -90 degrees; yaw, pitch and roll
    are read off the product (aerospace sequence Z-Y-X in north-east-down).
    """
    camera = _rotation(yaw_deg, pitch_deg, roll_deg) @ _rotation(0.0, -90.0, 0.0)
    forward, right, down = camera[:, 0], camera[:, 1], camera[:, 2]
    pitch = math.asin(max(-1.0, min(1.0, -forward[2])))
    if math.hypot(forward[0], forward[1]) < 1e-9:
        # Exactly straight down any split between yaw and roll is right; all goes to the yaw.
        return math.degrees(math.atan2(-right[0], right[1])) % 360, math.degrees(pitch), 0.0
    yaw = math.atan2(forward[1], forward[0])
    roll = math.atan2(right[2], down[2])
    return math.degrees(yaw) % 360, math.degrees(pitch), math.degrees(roll)


def _rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """Return the matrix that turns body axes (front, right, below) to north, east, down."""
    cos_y, sin_y = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    cos_p, sin_p = math.cos(math.radians(pitch_deg)), math.sin(math.radians(pitch_deg))
    cos_r, sin_r = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    about_down = np.array([[cos_y, -sin_y, 0.0], [sin_y, cos_y, 0.0], [0.0, 0.0, 1.0]])
    about_right = np.array([[cos_p, 0.0, sin_p], [0.0, 1.0, 0.0], [-sin_p, 0.0, cos_p]])
    about_front = np.array([[1.0, 0.0, 0.0], [0.0, cos_r, -sin_r], [0.0, sin_r, cos_r]])
    turned: NDArray[np.float64] = about_down @ about_right @ about_front
    return turned
