"""Crops to paste: pixels with a soft mask, and the rules by which bad masks are thrown away."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.scenes.noise import soft_blob

_GRABCUT_SIDE_PX = 80  # larger crops give no better masks, only slower ones
_GRABCUT_STEPS = 2
_MARGIN = 0.2  # of a box's side, around it: GrabCut learns the background there
_FILL_RANGE = (0.3, 0.93)  # of its box; less is a scrap, more is the box itself
_LEAST_IN_ONE_PIECE = 0.8
_LEAST_SOLIDITY = 0.72  # of its convex hull
_ROOF_FILL = 0.55
_ROOF_SOLIDITY = 0.85


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crop:
    """Something cut out.

    Attributes:
        pixels: (rows, columns, 3) uint8, blue, green, red.
        mask: (rows, columns) float32 from 0 (not part of it) to 1.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.float32]


def cut_box(picture: NDArray[np.uint8], box: tuple[float, float, float, float]) -> Crop | None:
    """Return what fills a labelled box, found by GrabCut, or None where its mask is no good.

    GrabCut: Rother, Kolmogorov, Blake, "GrabCut: interactive foreground extraction using
    iterated graph cuts", 2004, as in OpenCV.
    """
    window, inner = _around(picture, box)
    scale = min(1.0, _GRABCUT_SIDE_PX / max(window.shape[:2]))
    if scale < 1:
        window = np.asarray(cv2.resize(window, None, fx=scale, fy=scale), np.uint8)
    x, y, width, height = (round(part * scale) for part in inner)
    if min(width, height) < 16:
        return None
    mask = np.full(window.shape[:2], cv2.GC_BGD, np.uint8)
    mask[y : y + height, x : x + width] = cv2.GC_PR_FGD
    found = _grab(window, mask)
    if found is None:
        return None
    found = _largest_piece(found)
    area = found[y : y + height, x : x + width]
    if not _FILL_RANGE[0] <= float(area.mean()) <= _FILL_RANGE[1]:
        return None
    if _solidity(found) < _LEAST_SOLIDITY:
        return None
    return _trim(window, found)


def cut_roof(picture: NDArray[np.uint8]) -> Crop | None:
    """Return the roof in a picture that it nearly fills, or None where no clear roof is found."""
    scale = min(1.0, 1.6 * _GRABCUT_SIDE_PX / max(picture.shape[:2]))
    window = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale), np.uint8)
    rows, columns = window.shape[:2]
    mask = np.full((rows, columns), cv2.GC_PR_FGD, np.uint8)
    rim = max(2, round(0.05 * min(rows, columns)))
    for edge in (np.s_[:rim], np.s_[-rim:], np.s_[:, :rim], np.s_[:, -rim:]):
        mask[edge] = cv2.GC_PR_BGD
    mask[rows // 3 : -(rows // 3), columns // 3 : -(columns // 3)] = cv2.GC_FGD
    mask[0, :] = mask[-1, :] = mask[:, 0] = mask[:, -1] = cv2.GC_BGD
    found = _grab(window, mask)
    if found is None:
        return None
    found = _largest_piece(found)
    if found.mean() < _ROOF_FILL or _solidity(found) < _ROOF_SOLIDITY:
        return None
    contours, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    corners = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, closed=True), closed=True)
    straight = np.zeros_like(found)  # roofs have straight edges
    cv2.fillPoly(straight, [corners], 1)
    return _trim(window, straight)


def cut_patch(
    picture: NDArray[np.uint8], rng: np.random.Generator, *, share: tuple[float, float]
) -> Crop:
    """Return a ragged patch of a picture.

    Args:
        picture: Where to cut.
        rng: Source of chance.
        share: Smallest and largest side, as a part of the picture's shorter side.
    """
    rows, columns = picture.shape[:2]
    side = max(16, int(rng.uniform(*share) * min(rows, columns)))
    side = min(side, rows, columns)
    x, y = int(rng.integers(columns - side + 1)), int(rng.integers(rows - side + 1))
    mask = soft_blob(rng, side, roughness=0.5, edge=0.1)
    return Crop(pixels=picture[y : y + side, x : x + side], mask=mask)


def _around(
    picture: NDArray[np.uint8], box: tuple[float, float, float, float]
) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """Return the picture around a box, and the box in it as x, y, width, height."""
    x0, y0, x1, y1 = (round(part) for part in box)
    margin_x, margin_y = round((x1 - x0) * _MARGIN), round((y1 - y0) * _MARGIN)
    left, top = max(x0 - margin_x, 0), max(y0 - margin_y, 0)
    window = picture[top : y1 + margin_y, left : x1 + margin_x]
    return window, (x0 - left, y0 - top, x1 - x0, y1 - y0)


def _grab(window: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    if len(np.unique(mask)) < 2 or not (mask % 2 == 0).any():
        return None  # no background is left to learn from
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)  # the same crop has the same mask
    cv2.grabCut(window, mask, None, *models, _GRABCUT_STEPS, cv2.GC_INIT_WITH_MASK)
    found = (mask % 2).astype(np.uint8)
    return found if found.any() else None


def _largest_piece(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the largest piece without its holes; nothing, where it is one of many."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return mask
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece: NDArray[np.uint8] = (labels == largest).astype(np.uint8)
    if piece.sum() < _LEAST_IN_ONE_PIECE * mask.sum():
        return np.zeros_like(mask)
    contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(piece, contours, -1, 1, cv2.FILLED)
    return piece


def _solidity(mask: NDArray[np.uint8]) -> float:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return 0.0
    hull = cv2.convexHull(max(contours, key=cv2.contourArea))
    return float(mask.sum() / max(cv2.contourArea(hull), 1.0))


def _trim(window: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Crop:
    rows, columns = np.nonzero(mask)
    inner = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return Crop(pixels=window[inner], mask=mask[inner].astype(np.float32))
