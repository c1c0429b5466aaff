"""Pictures small enough to travel inside a report."""

import base64
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.detector import Image

LARGEST_THUMBNAIL_BYTES = 30_000
ALL_THUMBNAILS_BYTES = 15_000_000  # a third more as text: 20 MB of a report's 25
SMALLEST_THUMBNAIL_BYTES = 3_000  # below it nothing can be recognised
QUALITIES = (82, 72, 60, 48, 36)
SHRINK = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A small JPEG as a data URI.

    Attributes:
        box_px: x, y, width, height of the object in the thumbnail's pixels.
    """

    data_uri: str
    width_px: int
    height_px: int
    box_px: tuple[float, float, float, float]


def plan_thumbnail_bytes(picture_count: int) -> int | None:
    """Return how many bytes each of so many thumbnails may have, or None where it is too few."""
    limit = min(LARGEST_THUMBNAIL_BYTES, ALL_THUMBNAILS_BYTES // max(picture_count, 1))
    return limit if limit >= SMALLEST_THUMBNAIL_BYTES else None


def read_thumbnail(
    path: Path, *, box_px: tuple[float, float, float, float], side_px: int, max_bytes: int
) -> Thumbnail | None:
    """Return a picture scaled down, or None where the file is not there.

    Args:
        path: JPEG, upright.
        box_px: x_min, y_min, x_max, y_max of the object in the picture's pixels.
        side_px: Longest side of the thumbnail.
        max_bytes: Of the JPEG before it becomes text.
    """
    if not path.is_file():
        return None
    # Not cv2.imread: it cannot open paths with Chinese characters on Windows.
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return None
    data, small = encode_thumbnail(np.asarray(image, dtype=np.uint8), side_px, max_bytes)
    scale = small.shape[1] / image.shape[1]
    x_min, y_min, x_max, y_max = (round(value * scale, 1) for value in box_px)
    return Thumbnail(
        data_uri="data:image/jpeg;base64," + base64.b64encode(data).decode("ascii"),
        width_px=small.shape[1],
        height_px=small.shape[0],
        box_px=(x_min, y_min, round(x_max - x_min, 1), round(y_max - y_min, 1)),
    )


def encode_thumbnail(image: Image, side_px: int, max_bytes: int) -> tuple[bytes, Image]:
    """Return a JPEG of at most `max_bytes` and the scaled picture that it shows."""
    side = float(side_px)
    while True:
        small = scale_down(image, round(side))
        for quality in QUALITIES:
            data = encode_jpeg(small, quality)
            if len(data) <= max_bytes or side < 32:
                return data, small
        side *= SHRINK


def scale_down(image: Image, side_px: int) -> Image:
    """Return a picture whose longest side is at most `side_px`; smaller ones stay as they are."""
    rows, columns = image.shape[:2]
    scale = side_px / max(rows, columns)
    if scale >= 1:
        return image
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def encode_jpeg(image: Image, quality: int) -> bytes:
    """Return a JPEG without metadata; equal pixels give equal bytes."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {image.shape} cannot become a JPEG")
    return bytes(data)
