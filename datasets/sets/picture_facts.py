"""What a picture's file says of itself: hash, size, when and where it was taken, how it looks."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from datasets.sets.capture import parse_captured_at, parse_degrees
from datasets.sets.perceptual_hash import HASHED_SIDE_PX, hash_looks

MAX_PICTURE_BYTES = 200_000_000
MAX_PICTURE_PIXELS = 150_000_000  # larger than any camera's frame; mosaics are cut first


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
        size = path.stat().st_size
        if size > MAX_PICTURE_BYTES:
            return BrokenPicture(code="too_large", reason=f"{size} bytes")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return _decode(path, sha256)
    except UnidentifiedImageError:
        return BrokenPicture(code="undecodable", reason="no picture that can be decoded")
    except Image.DecompressionBombError as error:
        return BrokenPicture(code="too_large", reason=str(error))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow says all this of broken files, and OSError of files cut short.
        code = "truncated" if "truncated" in str(error) else "unreadable"
        return BrokenPicture(code=code, reason=str(error))


def _decode(path: Path, sha256: str) -> PictureFacts | BrokenPicture:
    with Image.open(path) as image:
        width_px, height_px = image.size
        if width_px * height_px > MAX_PICTURE_PIXELS:
            return BrokenPicture(code="too_large", reason=f"{width_px} x {height_px} pixels")
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        # JPEGs are decoded at a part of their size: all their data are read, at half the time.
        image.draft("L", (4 * HASHED_SIDE_PX, 4 * HASHED_SIDE_PX))
        upright = ImageOps.exif_transpose(image).convert("L")
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
