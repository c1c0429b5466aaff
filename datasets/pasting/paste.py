"""Pasting one crop into a picture: its shape, light, edge and shadow."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.pasting.crops import Crop

_EDGE_PX = 0.7  # softness of a pasted edge, as lenses and JPEG leave it
_LIGHT_SHARE = 0.65  # of the way from the crop's brightness to the ground's
_TINT_SHARE = 0.5
_CONTRAST_RANGE = (0.6, 1.35)
_SHADOW_LEVEL = 0.5
_CONTACT_LEVEL = 0.75


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """A picture into which is pasted.

    Attributes:
        pixels: (rows, columns, 3) uint8, blue, green, red.
        owners: (rows, columns) int16, number of the pasted thing seen there, or 0.
    """

    pixels: NDArray[np.uint8]
    owners: NDArray[np.int16]


def bend_crop(
    crop: Crop, *, long_side_px: float, turn_deg: float, squeeze: float, lean: float
) -> Crop:
    """Return a crop in its size in the picture, turned, squeezed and leaning.

    Args:
        crop: What was cut out.
        long_side_px: Of the crop before it is turned.
        turn_deg: Clockwise.
        squeeze: Factor of its height: a heap seen from the side is flatter from above.
        lean: How much narrower its upper edge is than its lower one, 0 to 1.
    """
    rows, columns = crop.mask.shape
    scale = long_side_px / max(rows * squeeze, columns)
    width, height = columns * scale, rows * squeeze * scale
    inset = lean * width / 2
    corners = np.array([[inset, 0], [width - inset, 0], [width, height], [0, height]])
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = (corners - [width / 2, height / 2]) @ turn
    corners -= corners.min(axis=0) - 2
    size = np.ceil(corners.max(axis=0)).astype(int) + 3
    small = _shrink(crop, width, height)
    rows, columns = small.mask.shape
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    shape = (int(size[0]), int(size[1]))
    return Crop(
        pixels=np.asarray(
            cv2.warpPerspective(small.pixels, matrix, shape, borderMode=cv2.BORDER_REPLICATE),
            np.uint8,
        ),
        mask=np.asarray(cv2.warpPerspective(small.mask, matrix, shape), np.float32),
    )


def _shrink(crop: Crop, width: float, height: float) -> Crop:
    """Average a crop that is much finer than where it goes."""
    rows, columns = crop.mask.shape
    size = (max(2, min(columns, round(width))), max(2, min(rows, round(height))))
    return Crop(
        pixels=np.asarray(cv2.resize(crop.pixels, size, interpolation=cv2.INTER_AREA), np.uint8),
        mask=np.asarray(cv2.resize(crop.mask, size, interpolation=cv2.INTER_AREA), np.float32),
    )


def match_light(crop: Crop, ground: NDArray[np.uint8]) -> Crop:
    """Return the crop with brightness, contrast and tint drawn towards those of the ground.

    Mean and spread in CIE Lab, after Reinhard et al., "Color transfer between images", 2001,
    but only part of the way: rubbish is not as grey as the road that it lies on.
    """
    lab = cv2.cvtColor(crop.pixels, cv2.COLOR_BGR2LAB).astype(np.float32)
    target = cv2.cvtColor(ground, cv2.COLOR_BGR2LAB).astype(np.float32).reshape(-1, 3)
    inside = lab[crop.mask > 0.5]
    if not len(inside):
        return crop
    mean, spread = inside.mean(axis=0), inside.std(axis=0) + 1e-3
    contrast = np.clip((target.std(axis=0)[0] + 14) / spread[0], *_CONTRAST_RANGE)
    shares = np.array([_LIGHT_SHARE, _TINT_SHARE, _TINT_SHARE], np.float32)
    goal = mean + (target.mean(axis=0) - mean) * shares
    gains = np.array([contrast, 1.0, 1.0], np.float32)
    matched = np.clip((lab - mean) * gains + goal, 0, 255).astype(np.uint8)
    return replace(crop, pixels=np.asarray(cv2.cvtColor(matched, cv2.COLOR_LAB2BGR), np.uint8))


def cast_shadow(
    canvas: Canvas, crop: Crop, *, left: int, top: int, along_px: tuple[float, float] | None
) -> None:
    """Darken the ground beside a crop that will be pasted at `left`, `top`.

    Args:
        canvas: Is changed.
        crop: What will stand there.
        left: Of the crop; may lie outside, as `top` may.
        top: Of the crop.
        along_px: Where the shadow of its top falls; None for a faint one all around.
    """
    rows, columns = canvas.owners.shape
    solid = (crop.mask > 0.5).astype(np.float32)
    shade = np.zeros((rows, columns), np.float32)
    if along_px is None:
        _add(shade, solid, left, top)
        width = max(1.0, 0.06 * max(crop.mask.shape))
        shade = cv2.GaussianBlur(shade, (0, 0), width) * 1.4
        level = _CONTACT_LEVEL
    else:
        for step in np.linspace(0, 1, max(2, int(np.hypot(*along_px)) + 1)):
            _add(shade, solid, left + round(step * along_px[0]), top + round(step * along_px[1]))
        shade = cv2.GaussianBlur(shade, (0, 0), 0.8)
        level = _SHADOW_LEVEL
    gain = 1 - (1 - level) * np.clip(shade, 0, 1)[..., None]
    canvas.pixels[...] = np.clip(canvas.pixels * gain, 0, 255).astype(np.uint8)


def _add(shade: NDArray[np.float32], mask: NDArray[np.float32], left: int, top: int) -> None:
    windows = overlap(shade.shape, mask.shape, left=left, top=top)
    if windows is not None:
        there, here = windows
        np.maximum(shade[there], mask[here], out=shade[there])


Window = tuple[slice, slice]


def overlap(
    picture: tuple[int, ...], crop: tuple[int, ...], *, left: int, top: int
) -> tuple[Window, Window] | None:
    """Return where a crop lies in a picture, and which part of it that is; None if outside."""
    y0, y1 = max(top, 0), min(top + crop[0], picture[0])
    x0, x1 = max(left, 0), min(left + crop[1], picture[1])
    if y1 <= y0 or x1 <= x0:
        return None
    return np.s_[y0:y1, x0:x1], np.s_[y0 - top : y1 - top, x0 - left : x1 - left]


def paste_crop(
    canvas: Canvas, crop: Crop, *, left: int, top: int, number: int, seamless: bool = False
) -> None:
    """Paste a crop with a soft edge and note whose its pixels are.

    Args:
        canvas: Is changed.
        crop: As `bend_crop` returns it.
        left: Of the crop; may lie outside, as `top` may.
        top: Of the crop.
        number: Is written into the owners; 0 hides what was there before.
        seamless: Blend by Poisson's equation where the crop lies inside the picture.
    """
    windows = overlap(canvas.owners.shape, crop.mask.shape, left=left, top=top)
    if windows is None:
        return
    there, here = windows
    whole = crop.mask[here].shape == crop.mask.shape
    soft = cv2.GaussianBlur(crop.mask, (0, 0), _EDGE_PX)[here]
    if seamless and whole and _clone(canvas, crop, left=left, top=top):
        canvas.owners[there][soft > 0.5] = number
        return
    under = canvas.pixels[there].astype(np.float32)
    mixed = under + (crop.pixels[here] - under) * soft[..., None]
    canvas.pixels[there] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    canvas.owners[there][soft > 0.5] = number


def _clone(canvas: Canvas, crop: Crop, *, left: int, top: int) -> bool:
    """Blend by OpenCV's seamlessClone; False where it cannot."""
    solid = (crop.mask > 0.5).astype(np.uint8) * 255
    x, y, width, height = cv2.boundingRect(solid)
    rows, columns = canvas.owners.shape
    inside = left + x > 2 and top + y > 2
    inside = inside and left + x + width < columns - 2 and top + y + height < rows - 2
    if min(width, height) < 6 or not inside:
        return False
    centre = (left + x + width // 2, top + y + height // 2)
    piece = np.ascontiguousarray(crop.pixels[y : y + height, x : x + width])
    mask = np.ascontiguousarray(solid[y : y + height, x : x + width])
    canvas.pixels[...] = cv2.seamlessClone(piece, canvas.pixels, mask, centre, cv2.NORMAL_CLONE)
    return True
