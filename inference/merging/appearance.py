"""What a box shows, as a short vector: a tie-breaker between objects at one place."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detector import Image

MARGIN_RATIO = 0.15  # of the box's sides: what surrounds an object helps to tell it from another
_SIDE_PX = 48
_LIGHTNESS_BINS = 8
_COLOUR_BINS = 8  # along each of Lab's two colour axes
_ORIENTATION_BINS = 18
_STRENGTH_BINS = 6
# Colour tells most; light and sharpness change from photo to photo.
_COLOUR_WEIGHT = 2.0


def describe_appearance(image: Image, box: Sequence[float]) -> NDArray[np.float32]:
    """Return a vector of unit length that says what the box shows, however the camera is turned.

    Flights fly back and forth, so each part stays the same when the picture is turned: colours
    and the strength of edges carry no place, and of the edges' directions only the magnitudes
    of the Fourier series are kept, which a rotation does not change.

    Args:
        image: (rows, columns, 3) uint8 BGR.
        box: x_min, y_min, x_max, y_max in the image's pixels; what lies outside is cut off.

    Returns:
        (K,) float32, no entry below 0.
    """
    patch = cv2.resize(_crop(image, box), (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    # Smoothed a little: the noise of small pixels is no part of an object.
    lab = cv2.cvtColor(cv2.GaussianBlur(patch, (3, 3), 0), cv2.COLOR_BGR2LAB)
    lightness_edges = np.linspace(0, 256, _LIGHTNESS_BINS + 1)
    lightness = np.histogram(lab[..., 0], bins=lightness_edges)[0]
    colours = _COLOUR_WEIGHT * _unit(_describe_colours(lab))
    parts = [colours, _unit(np.sqrt(lightness)), *_describe_edges(lab)]
    return _unit(np.concatenate(parts)).astype(np.float32)


def _crop(image: Image, box: Sequence[float]) -> Image:
    """Return the box with its margin, at least one pixel of the image."""
    rows, columns = image.shape[:2]
    x_min, y_min, x_max, y_max = box
    margin_x = MARGIN_RATIO * (x_max - x_min)
    margin_y = MARGIN_RATIO * (y_max - y_min)
    left = int(np.clip(np.floor(x_min - margin_x), 0, columns - 1))
    top = int(np.clip(np.floor(y_min - margin_y), 0, rows - 1))
    right = int(np.clip(np.ceil(x_max + margin_x), left + 1, columns))
    bottom = int(np.clip(np.ceil(y_max + margin_y), top + 1, rows))
    return image[top:bottom, left:right]


def _describe_colours(lab: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the square roots of how often each colour occurs, whatever its lightness."""
    # Most things are nearly grey (a and b near 128): the bins cover 128 -+ 64 and the rest is
    # counted in the outermost, or all of a street would fall into one bin.
    scaled = (lab[..., 1:].reshape(-1, 2).astype(np.float64) - 64) / 128 * _COLOUR_BINS
    cells = np.clip(scaled, 0, _COLOUR_BINS - 1).astype(np.intp)
    counts = np.bincount(
        cells[:, 0] * _COLOUR_BINS + cells[:, 1], minlength=_COLOUR_BINS * _COLOUR_BINS
    )
    return np.sqrt(counts)


def _describe_edges(lab: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Return the edges' directions, free of rotation, and their strengths; each of unit length."""
    lightness = lab[..., 0].astype(np.float64)
    down, right = np.gradient(lightness)
    strength = np.hypot(right, down)
    direction = np.mod(np.arctan2(down, right), np.pi) / np.pi * _ORIENTATION_BINS
    cells = np.minimum(direction.astype(np.intp), _ORIENTATION_BINS - 1)
    directions = np.bincount(cells.ravel(), weights=strength.ravel(), minlength=_ORIENTATION_BINS)
    strengths = np.histogram(
        np.log2(1.0 + strength), bins=_STRENGTH_BINS, range=(0.0, np.log2(256.0))
    )[0]
    return [_unit(np.abs(np.fft.rfft(directions))), _unit(np.sqrt(strengths))]


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vector at length 1, or unchanged where it is all zeros."""
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
