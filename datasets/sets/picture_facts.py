"""What a picture's file says of itself: hash, size, when and where it was taken, how it looks."""

import hashlib
import stat
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from datasets.sets.capture import parse_captured_at, parse_degrees
from datasets.sets.perceptual_hash import HASHED_SIDE_PX, hash_looks

MAX_PICTURE_BYTES = 200_000_000
MAX_PICTURE_PIXELS = 150_000_000  # larger than any camera's frame; mosaics are cut first
# Told by their bytes, not by their names: Pillow also reads forms that run other programs. MPO,
# a JPEG with a second picture behind it as some drones write, counts as JPEG.
READ_FORMS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFacts:
    """What the file of a picture says.

    Attributes:
        width_px, height_px: Upright, as people see and label it.
        is_turned: Its EXIF orientation turns or mirrors it; readers that ignore it see
            other pixels than those that were labelled.
        looks: 64-bit perceptual hash.
        captured_at: ISO 8601, in the camera's own time where it tells no zone.
    """

    sha256: str
    width_px: int
    height_px: int
    is_turned: bool
    looks: int
    captured_at: str | None
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPicture:
    """A file that no picture can be read from.

    Attributes:
        code: unreadable, too_large, undecodable or truncated.
        reason: One line for a person.
    """

    code: str
    reason: str


def read_all_facts(paths: list[Path], *, workers: int) -> list[PictureFacts | BrokenPicture]:
    """Return what each file says, in the order of `paths`; every pixel is decoded."""
    with ThreadPoolExecutor(max_workers=workers) as pool:  # Pillow decodes beside Python
        return list(pool.map(read_picture_facts, paths))


def read_picture_facts(path: Path) -> PictureFacts | BrokenPicture:
    """Return what a picture's file says, or why it says nothing."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or device would never end
            return BrokenPicture(code="unreadable", reason="no ordinary file")
        if status.st_size > MAX_PICTURE_BYTES:
            return BrokenPicture(code="too_large", reason=f"{status.st_size} bytes")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return _decode(path, sha256)
    except UnidentifiedImageError:
        return BrokenPicture(code="undecodable", reason="no picture that can be decoded")
    except Image.DecompressionBombError as error:
        return BrokenPicture(code="too_large", reason=str(error))
    except OSError as error:
        # Without the path: reasons are handed on, and where we keep files is our own business.
        reason = error.strerror or str(error)
        return BrokenPicture(code=_code_of(reason), reason=reason)
    except _PILLOW_SAYS_OF_BROKEN_FILES as error:
        reason = str(error) or type(error).__name__
        return BrokenPicture(code=_code_of(reason), reason=reason)


_PILLOW_SAYS_OF_BROKEN_FILES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def _code_of(reason: str) -> str:
    return "truncated" if "truncated" in reason else "unreadable"


def _decode(path: Path, sha256: str) -> PictureFacts | BrokenPicture:
    with Image.open(path, formats=READ_FORMS) as image:
        width_px, height_px = image.size
        if width_px * height_px > MAX_PICTURE_PIXELS:
            return BrokenPicture(code="too_large", reason=f"{width_px} x {height_px} pixels")
        if image.mode in ("I", "F"):
            reason = "32 bits a pixel have no agreed white; save it with 8 or 16"
            return BrokenPicture(code="unreadable", reason=reason)
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        # JPEGs are decoded at a part of their size: all their data are read, at half the time.
        image.draft("L", (4 * HASHED_SIDE_PX, 4 * HASHED_SIDE_PX))
        upright = reduce_to_8_bits(ImageOps.exif_transpose(image)).convert("L")
        looks = hash_looks(
            np.asarray(upright.resize((HASHED_SIDE_PX, HASHED_SIDE_PX), Image.Resampling.LANCZOS))
        )
    if orientation in range(5, 9):  # turned by a quarter
        width_px, height_px = height_px, width_px
    captured_at, latitude, longitude = _read_capture(exif)
    return PictureFacts(
        sha256=sha256,
        width_px=width_px,
        height_px=height_px,
        is_turned=orientation in range(2, 9),
        looks=looks,
        captured_at=captured_at,
        latitude=latitude,
        longitude=longitude,
    )


def reduce_to_8_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 16 bits a pixel with 8; others as they are.

    Pillow's own conversion makes white of all that is brighter than 255 of 65,535.
    """
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))


def _read_capture(exif: Image.Exif) -> tuple[str | None, float | None, float | None]:
    """Return time, latitude and longitude; a place counts only if both are there."""
    camera, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    captured_at = parse_captured_at(
        camera.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime),
        offset=camera.get(ExifTags.Base.OffsetTimeOriginal),
    )
    latitude = parse_degrees(
        gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), limit=90
    )
    longitude = parse_degrees(
        gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), limit=180
    )
    if latitude is None or longitude is None or latitude == longitude == 0:
        return captured_at, None, None  # 0, 0 is what receivers write before their first fix
    return captured_at, latitude, longitude
