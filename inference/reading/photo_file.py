"""A photo's file in memory: its kind, its size and where its metadata are, nothing decoded."""

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pillow_heif

from inference.errors import PhotoRejectedError, rejected
from inference.reading.content_type import (
    HEAD_BYTES,
    ContentType,
    detect_content_type,
    reason_to_reject,
    reason_to_reject_unknown,
)
from inference.reading.jpeg_segments import find_exif, find_extended_xmp, find_frame, find_xmp
from inference.reading.limits import PhotoLimits
from inference.reading.tiff_directory import TiffDirectory, parse_tiff_directory
from inference.receipt import ReasonCode

EXTENDED_GUID = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")


# What pillow-heif raises on damaged files; IndexError where there is no picture inside.
HEIF_ERRORS = (ValueError, OSError, SyntaxError, RuntimeError, EOFError, IndexError)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoFile:
    """One photo as read from disk.

    Attributes:
        width_px, height_px: Of the decoded picture, before any turning.
        exif_tiff: The TIFF structure that holds the EXIF tags, or None.
        xmp_packets: The main one first.
        is_one_band_tiff: A grey TIFF, as multispectral and thermal cameras write.
        is_upright: The decoder turns it itself, whatever EXIF's orientation says.
    """

    data: bytes
    content_type: ContentType
    width_px: int
    height_px: int
    exif_tiff: bytes | None = None
    xmp_packets: tuple[bytes, ...] = ()
    gdal_metadata: bytes | None = None
    is_one_band_tiff: bool = False
    is_upright: bool = False

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the decoded picture, before any turning."""
        return self.width_px, self.height_px


def read_photo_file(path: Path, *, limits: PhotoLimits) -> PhotoFile:
    """Read a photo's bytes and find its parts.

    Raises:
        PhotoRejectedError: It is no photo, of a kind that is not inspected, or beyond a limit.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            content_type = detect_content_type(head)
            if content_type is ContentType.UNKNOWN:
                raise PhotoRejectedError(reason_to_reject_unknown(path.name, head))
            reason = reason_to_reject(content_type)
            if reason is not None:
                raise PhotoRejectedError(reason)
            file.seek(0)
            # One byte more than allowed tells that there are more, without reading them all.
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise rejected(ReasonCode.UNREADABLE_FILE, error.strerror or str(error)) from error
    if len(data) > limits.max_bytes:
        raise rejected(ReasonCode.TOO_MANY_BYTES, f"more than {limits.max_bytes} bytes")
    photo = PARSERS[content_type](data)
    _check_size(photo, limits)
    return photo


def _check_size(photo: PhotoFile, limits: PhotoLimits) -> None:
    size = f"{photo.width_px} x {photo.height_px} pixels"
    if photo.width_px * photo.height_px > limits.max_pixels:
        raise rejected(ReasonCode.TOO_MANY_PIXELS, f"{size}, the limit is {limits.max_pixels}")
    if min(photo.width_px, photo.height_px) < limits.min_side_px:
        raise rejected(ReasonCode.TOO_SMALL, f"{size}, the least side is {limits.min_side_px}")


def _parse_jpeg(data: bytes) -> PhotoFile:
    frame = find_frame(data)
    if frame is None:
        raise rejected(ReasonCode.CANNOT_DECODE, "no frame header: damaged or cut off")
    main = find_xmp(data)
    packets = [] if main is None else [main]
    guid = EXTENDED_GUID.search(main or b"")
    if guid is not None:
        extended = find_extended_xmp(data, guid=guid.group(1).decode("ascii"))
        packets += [] if extended is None else [extended]
    return PhotoFile(
        data=data,
        content_type=ContentType.JPEG,
        width_px=frame.width_px,
        height_px=frame.height_px,
        exif_tiff=find_exif(data),
        xmp_packets=tuple(packets),
    )


def _parse_tiff(data: bytes) -> PhotoFile:
    directory = parse_tiff_directory(data)
    if directory is None:
        raise rejected(ReasonCode.CANNOT_DECODE, "no image directory: damaged or cut off")
    _check_tiff_kind(directory)
    return PhotoFile(
        data=data,
        content_type=ContentType.TIFF,
        width_px=directory.width_px,
        height_px=directory.height_px,
        exif_tiff=data,
        xmp_packets=() if directory.xmp is None else (directory.xmp,),
        gdal_metadata=directory.gdal_metadata,
        is_one_band_tiff=directory.bands == 1,
    )


def _check_tiff_kind(directory: TiffDirectory) -> None:
    if directory.is_raw:
        raise rejected(ReasonCode.UNSUPPORTED_FORMAT, "raw sensor data")
    if directory.is_map and directory.bands == 1:
        raise rejected(ReasonCode.HEIGHT_MODEL, "a map of one value (GeoTIFF), such as a DEM")


def _parse_heic(data: bytes) -> PhotoFile:
    try:
        heif = pillow_heif.open_heif(BytesIO(data))
        exif, xmp = heif.info.get("exif"), heif.info.get("xmp")
        width_px, height_px = heif.size
    except HEIF_ERRORS as error:
        raise rejected(ReasonCode.CANNOT_DECODE, str(error)) from error
    return PhotoFile(
        data=data,
        content_type=ContentType.HEIC,
        width_px=width_px,
        height_px=height_px,
        exif_tiff=exif.removeprefix(b"Exif\x00\x00") if exif else None,
        xmp_packets=(xmp,) if xmp else (),
        # HEIF turns pictures by properties of its own, which its decoder obeys.
        is_upright=True,
    )


PARSERS = {
    ContentType.JPEG: _parse_jpeg,
    ContentType.TIFF: _parse_tiff,
    ContentType.HEIC: _parse_heic,
}
