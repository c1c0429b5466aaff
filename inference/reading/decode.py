"""Photo files → pixels, and the way between the stored and the upright picture.

Two frames: *photo* pixels are as decoded, never turned; the camera's geometry holds there.
*Upright* pixels are turned by EXIF's orientation; people and detectors look at those.
"""

import hashlib
import math
import warnings
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile

from inference.errors import rejected
from inference.reading.content_type import ContentType
from inference.reading.jpeg_segments import is_cut_off
from inference.reading.limits import DEFAULT_LIMITS, PhotoLimits
from inference.reading.photo_file import HEIF_ERRORS, PhotoFile, read_photo_file
from inference.receipt import ReasonCode
from models.detector import Image

# How each EXIF orientation turns the stored picture: first rows and columns change places, then
# columns are mirrored, then rows (EXIF 2.32, tag 274).
ORIENTATIONS: dict[int, tuple[bool, bool, bool]] = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}

# What libjpeg puts where data is missing, exactly; no sensor gives whole rows of it. A picture
# that lacks less than this part of its rows is still worth looking at.
MISSING_SHADE, MISSING_RATIO = 128, 0.05


def read_pixels(
    path: Path, *, sha256: str | None = None, limits: PhotoLimits = DEFAULT_LIMITS
) -> Image:
    """Return the picture in the photo frame: (rows, columns, 3) BGR uint8.

    Args:
        path: Of the photo.
        sha256: Of the bytes that are expected there; None for whatever there is.
        limits: How large a photo may be.

    Raises:
        PhotoRejectedError: It is no photo, beyond a limit, cut off, or cannot be decoded, or
            another file has taken its place.
    """
    photo = read_photo_file(path, limits=limits)
    if sha256 is not None and hashlib.sha256(photo.data).hexdigest() != sha256:
        raise rejected(ReasonCode.UNREADABLE_FILE, "it has changed since it was received")
    return decode_photo(photo)


def decode_photo(photo: PhotoFile) -> Image:
    """Return the picture of a photo in memory; see `read_pixels`."""
    image = DECODERS[photo.content_type](photo.data)
    if image.shape != (photo.height_px, photo.width_px, 3):
        detail = f"decoded to {image.shape}, its header says {photo.height_px, photo.width_px}"
        raise rejected(ReasonCode.CANNOT_DECODE, detail)
    return image


def _decode_jpeg(data: bytes) -> Image:
    # OpenCV fills the missing part of a cut-off picture with grey and says nothing.
    if is_cut_off(data):
        raise rejected(ReasonCode.TRUNCATED, "the picture's data ends early")
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error as error:
        raise rejected(ReasonCode.CANNOT_DECODE, str(error.err)) from error
    if image is None:
        raise rejected(ReasonCode.CANNOT_DECODE, "the picture's data is damaged")
    # A tool that mends cut-off files puts an end marker behind what is left of the data.
    if (image[-math.ceil(MISSING_RATIO * len(image)) :] == MISSING_SHADE).all():
        raise rejected(ReasonCode.TRUNCATED, "the picture's lower part is missing")
    return np.asarray(image, dtype=np.uint8)


def _decode_tiff(data: bytes) -> Image:
    # OpenCV and Pillow turn TIFF files by their orientation on their own; GDAL does not.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with MemoryFile(data) as file, file.open(driver="GTiff") as dataset:
                indexes = [1, 2, 3] if dataset.count >= 3 else [1]
                _check_values(dataset.dtypes[0], dataset.width * dataset.height * len(indexes))
                bands = dataset.read(indexes=indexes)
    except (RasterioError, rasterio.errors.RasterioIOError, ValueError) as error:
        raise rejected(ReasonCode.CANNOT_DECODE, str(error)) from error
    rows_columns_bands = np.moveaxis(stretch_to_bytes(bands), 0, -1)
    if rows_columns_bands.shape[2] == 1:
        rows_columns_bands = np.repeat(rows_columns_bands, 3, axis=2)
    return np.ascontiguousarray(rows_columns_bands[:, :, ::-1])


def _check_values(dtype: str, count: int) -> None:
    """Raise where so many values of a type cannot be held in memory, or are no shades."""
    # GDAL's integer types of complex numbers are none of numpy's.
    if dtype.startswith("complex"):
        raise rejected(ReasonCode.CANNOT_DECODE, f"values of the type {dtype}")
    byte_count, most = np.dtype(dtype).itemsize * count, DEFAULT_LIMITS.max_decoded_bytes
    if byte_count > most:
        raise rejected(ReasonCode.TOO_MANY_BYTES, f"{byte_count} decoded, the limit is {most}")


def stretch_to_bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return values as bytes: uint8 unchanged, others from their least to their greatest.

    Sixteen bits are seldom used whole: sensors give 10 to 14 of them.

    Args:
        values: (bands, rows, columns).
    """
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, dtype=np.uint8)
    low, high = float(values[finite].min()), float(values[finite].max())
    stretched = np.empty(values.shape, dtype=np.uint8)
    for index, band in enumerate(values):  # one at a time: the copies are four times as large
        wide = band.astype(np.result_type(band.dtype, np.float32))
        scaled = (wide - low) * (255.0 / max(high - low, 1e-12))
        stretched[index] = np.rint(np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0))
    return stretched


def _decode_heic(data: bytes) -> Image:
    try:
        heif = pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True, bgr_mode=True)
        pixels = np.asarray(heif)
    except HEIF_ERRORS as error:
        raise rejected(ReasonCode.CANNOT_DECODE, str(error)) from error
    return np.ascontiguousarray(pixels[:, :, :3], dtype=np.uint8)


DECODERS = {
    ContentType.JPEG: _decode_jpeg,
    ContentType.TIFF: _decode_tiff,
    ContentType.HEIC: _decode_heic,
}


def turn_upright(image: Image, orientation: int) -> Image:
    """Return the picture as people see it; the argument is unchanged.

    Args:
        image: In the photo frame.
        orientation: EXIF Orientation, 1 to 8.
    """
    transpose, mirror_columns, mirror_rows = ORIENTATIONS[orientation]
    turned = image.transpose(1, 0, 2) if transpose else image
    turned = turned[:, ::-1] if mirror_columns else turned
    turned = turned[::-1] if mirror_rows else turned
    return np.ascontiguousarray(turned)


def box_photo_to_upright(
    boxes: NDArray[np.floating], orientation: int, *, width_px: int, height_px: int
) -> NDArray[np.floating]:
    """Return boxes of the photo frame in the upright frame.

    Args:
        boxes: (N, 4) x_min, y_min, x_max, y_max in photo pixels.
        orientation: EXIF Orientation, 1 to 8.
        width_px: Of the photo frame.
        height_px: Of the photo frame.

    Returns:
        (N, 4) new array.
    """
    transpose, mirror_columns, mirror_rows = ORIENTATIONS[orientation]
    turned = boxes[:, [1, 0, 3, 2]] if transpose else boxes.copy()
    width, height = (height_px, width_px) if transpose else (width_px, height_px)
    return _mirror(turned, width if mirror_columns else None, height if mirror_rows else None)


def box_upright_to_photo(
    boxes: NDArray[np.floating], orientation: int, *, width_px: int, height_px: int
) -> NDArray[np.floating]:
    """Return boxes of the upright frame in the photo frame: the way back of `box_photo_to_upright`.

    Args:
        boxes: (N, 4) x_min, y_min, x_max, y_max in upright pixels.
        orientation: EXIF Orientation, 1 to 8.
        width_px: Of the photo frame, as there.
        height_px: Likewise.
    """
    transpose, mirror_columns, mirror_rows = ORIENTATIONS[orientation]
    width, height = (height_px, width_px) if transpose else (width_px, height_px)
    turned = _mirror(boxes, width if mirror_columns else None, height if mirror_rows else None)
    return turned[:, [1, 0, 3, 2]] if transpose else turned


def _mirror(
    boxes: NDArray[np.floating], width: int | None, height: int | None
) -> NDArray[np.floating]:
    """Mirror boxes left to right in this width, top to bottom in this height."""
    mirrored = boxes.copy()
    if width is not None:
        mirrored[:, [0, 2]] = width - boxes[:, [2, 0]]
    if height is not None:
        mirrored[:, [1, 3]] = height - boxes[:, [3, 1]]
    return mirrored
