"""Points of a photo by which other photos of the same ground are recognised.

SIFT: D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60 (2004), as
OpenCV has it, with the square roots of its histograms: R. Arandjelovic, A. Zisserman, "Three
things everyone should know to improve object retrieval", CVPR 2012.
"""

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.refinement.spread import pick_spread
from models.detector import Image

MAX_POINTS = 1500
DESCRIPTOR_LENGTH = 128

# SIFT doubles the picture before it looks for points. So about 580 x 430 pixels are searched as
# 1150 x 870; on real flights twice as many took twice the time and gave no more matches, since
# finer details are not seen again in the next photo. Points are still good to a third of a pixel
# of a 12 MP photo: they are placed to a fraction of a pixel of the reduced one.
SEARCHED_PIXELS = 250_000
MIN_SIDE_PX = 16  # of the reduced picture; smaller ones hold nothing to recognise
CELLS_ALONG_LONG_SIDE = 16

# Shade and sun, haze and thermal cameras: contrast is brought to one level before the search, but
# what varies by less than this many shades is noise.
NORMALISING_WINDOW_PX = 33
NORMALISED_DEVIATION = 50.0
NOISE_SHADES = 5.0
MIN_CONTRAST = 0.05  # of SIFT; low enough for meadows, high enough to be quick on gravel

# Length of a descriptor. Eight times as much tells no more and packs half as well.
DESCRIPTOR_NORM = 64.0

# What a photo's points are kept as: magic, version, number of points, checksum of the rest.
HEADER = struct.Struct("<4sHHI")
MAGIC, VERSION = b"SKYF", 1
BYTES_PER_POINT = 2 * 4 + DESCRIPTOR_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """Points with what they look like.

    Attributes:
        pixels: (N, 2) float32 photo pixels as decoded, unturned.
        descriptors: (N, 128) uint8.
    """

    pixels: NDArray[np.float32]
    descriptors: NDArray[np.uint8]


def describe_features(pixels: Image) -> Features:
    """Return a photo's most telling points, evenly over it, in the order of rows and columns.

    The same pixels give the same bytes, however many threads OpenCV uses.

    Args:
        pixels: (rows, columns, 3) uint8 BGR as decoded, unturned: a photo whose EXIF orientation
            differs has its points in the same frame as its camera.
    """
    grey = _reduce(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    if min(grey.shape) < MIN_SIDE_PX:
        return _no_features()
    grey = _normalise_contrast(grey)
    # Without the precise doubling all points lie a quarter of a pixel off.
    sift = cv2.SIFT.create(contrastThreshold=MIN_CONTRAST, enable_precise_upscale=True)
    found = _pick_points(sift.detect(grey, None), grey)
    if not found:
        return _no_features()
    described, histograms = sift.compute(grey, found)
    height_px, width_px = pixels.shape[:2]
    return Features(
        pixels=map_to_photo(
            np.array([point.pt for point in described]),
            reduced_size_px=(grey.shape[1], grey.shape[0]),
            photo_size_px=(width_px, height_px),
        ).astype(np.float32),
        descriptors=_root_histograms(histograms),
    )


def map_to_photo(
    points: NDArray[np.float64],
    *,
    reduced_size_px: tuple[int, int],
    photo_size_px: tuple[int, int],
) -> NDArray[np.float64]:
    """Return photo pixels of pixels of a reduced copy, both counted from pixel centres.

    Areas map onto each other by their edges, which lie half a pixel outside the centres.

    Args:
        points: (N, 2) columns and rows of the reduced copy.
        reduced_size_px: Width and height.
        photo_size_px: Width and height.
    """
    scale = np.array(photo_size_px, dtype=np.float64) / np.array(reduced_size_px)
    mapped: NDArray[np.float64] = (points + 0.5) * scale - 0.5
    return mapped


def features_to_bytes(features: Features) -> bytes:
    """Return the points in some 110 kB for 1500 of them; `parse_features` is the way back."""
    pixels = np.ascontiguousarray(features.pixels, dtype="<f4")
    body = zlib.compress(pixels.tobytes() + features.descriptors.tobytes(), level=1)
    return HEADER.pack(MAGIC, VERSION, len(pixels), zlib.crc32(body)) + body


def parse_features(data: bytes) -> Features:
    """Return the points that `features_to_bytes` has written.

    Raises:
        ValueError: The bytes are damaged or of another version.
    """
    if len(data) < HEADER.size:
        raise ValueError(f"features of {len(data)} bytes, the header alone takes {HEADER.size}")
    magic, version, count, checksum = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise ValueError(
            f"features start with {magic!r} version {version}, not {MAGIC!r} {VERSION}"
        )
    if zlib.crc32(data[HEADER.size :]) != checksum:
        raise ValueError("features do not match their checksum")
    body = _inflate(data[HEADER.size :], expected_bytes=count * BYTES_PER_POINT)
    pixels = np.frombuffer(body, dtype="<f4", count=2 * count).reshape(-1, 2)
    if not np.isfinite(pixels).all():
        raise ValueError("features lie at no pixel")
    descriptors = np.frombuffer(body, dtype=np.uint8, offset=pixels.nbytes)
    return Features(
        pixels=pixels.astype(np.float32),
        descriptors=descriptors.reshape(-1, DESCRIPTOR_LENGTH).copy(),
    )


def _inflate(packed: bytes, *, expected_bytes: int) -> bytes:
    """Return what was compressed, and never more than expected."""
    try:
        body = zlib.decompressobj().decompress(packed, expected_bytes + 1)
    except zlib.error as error:
        raise ValueError(f"features cannot be unpacked: {error}") from error
    if len(body) != expected_bytes:
        raise ValueError(f"features of {len(body)} bytes or more, expected {expected_bytes}")
    return body


def _no_features() -> Features:
    return Features(
        pixels=np.zeros((0, 2), dtype=np.float32),
        descriptors=np.zeros((0, DESCRIPTOR_LENGTH), dtype=np.uint8),
    )


def _reduce(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture at the size that is searched; small ones as they are."""
    height_px, width_px = grey.shape
    scale = math.sqrt(SEARCHED_PIXELS / (width_px * height_px))
    if scale >= 1.0:
        return grey
    size = (max(round(width_px * scale), 1), max(round(height_px * scale), 1))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _normalise_contrast(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture with about the same mean and deviation of shades everywhere."""
    window = (NORMALISING_WINDOW_PX, NORMALISING_WINDOW_PX)
    shades = grey.astype(np.float32)
    above_mean = shades - cv2.boxFilter(shades, -1, window)
    # The running sum of the filter leaves something below 0 where there was 0.
    variance = np.maximum(cv2.boxFilter(above_mean * above_mean, -1, window), 0.0)
    normalised = 128.0 + above_mean * (NORMALISED_DEVIATION / (np.sqrt(variance) + NOISE_SHADES))
    return np.asarray(np.clip(normalised, 0.0, 255.0), dtype=np.uint8)


def _pick_points(found: Sequence[cv2.KeyPoint], grey: NDArray[np.uint8]) -> list[cv2.KeyPoint]:
    """Return the best points of each part of the picture, by row and column.

    Threads find them in any order, so that they are sorted before anything is chosen.
    """
    if not found:
        return []
    ordered = sorted(found, key=_place)
    picked = pick_spread(
        np.array([point.pt for point in ordered]),
        np.array([point.response for point in ordered]),
        cell_px=max(grey.shape) / CELLS_ALONG_LONG_SIDE,
        limit=MAX_POINTS,
    )
    return [ordered[index] for index in np.sort(picked)]


def _place(point: cv2.KeyPoint) -> tuple[float, ...]:
    return point.pt[1], point.pt[0], point.size, point.angle, point.response


def _root_histograms(histograms: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (N, 128) square roots of the histograms' shares, as bytes.

    Euclidean distances of these are Hellinger distances of the histograms.
    """
    sums = np.maximum(histograms.sum(axis=1, keepdims=True), 1e-9)
    roots = np.rint(np.sqrt(histograms / sums) * DESCRIPTOR_NORM)
    return np.asarray(np.minimum(roots, 255.0), dtype=np.uint8)
