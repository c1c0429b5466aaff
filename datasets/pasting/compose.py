"""Composing one pasted picture: where things go, how large they are, and what is seen of them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from datasets.labelled_picture import LabelledBox
from datasets.made_set import MadePicture
from datasets.pasting.crops import Crop, cut_patch
from datasets.pasting.paste import (
    Canvas,
    bend_crop,
    cast_shadow,
    match_light,
    paste_crop,
)
from datasets.pasting.plan import Background, CropSource, PastingPlan
from datasets.pasting.store import CropStore, Scenery

_PLACES = 30  # looked at for each paste; the calmest ground wins
_LEAST_SIDE_PX = 12  # of a box in the finished picture
_LEAST_VISIBLE = 0.35
_HEIGHT_SHARE = 0.35  # of a thing's long side: how high it stands, for its shadow
_MOST_HEIGHT_M = 2.6
_MARGIN_PX = 4  # between two pasted things
_MOST_DISTRACTORS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pasted:
    number: int
    entry: CropSource
    drawn_px: int


def compose_picture(rng: np.random.Generator, store: CropStore, plan: PastingPlan) -> MadePicture:
    """Return one picture: a part of a background with things pasted onto calm ground.

    Raises:
        DatasetError: No background can be read.
    """
    switches = plan.switches
    scenery = store.draw_background(rng)
    canvas, gsd_m, enlarge = _cut_background(rng, scenery, plan)
    structures = scenery.entry.structures
    empty = rng.random() < switches.empty_share
    wanted = [True] * (0 if empty else int(rng.integers(plan.objects[0], plan.objects[1] + 1)))
    if switches.distractors:
        wanted += [False] * int(rng.integers(0, _MOST_DISTRACTORS + 1))
    things: list[_Pasted] = []
    for of_object in rng.permutation(np.array(wanted, bool)).tolist():
        drawn = store.draw_crop(rng, of_object=of_object, structures=structures)
        if drawn is None:
            continue
        number = len(things) + 1
        pasted_px = _paste(rng, canvas, scenery.entry, drawn, plan, gsd_m=gsd_m, number=number)
        if pasted_px:
            things.append(_Pasted(number=number, entry=drawn[0], drawn_px=pasted_px))
    pixels, owners = canvas.pixels, canvas.owners
    if enlarge > 1:
        shape = (plan.tile_px, plan.tile_px)
        pixels = np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_CUBIC), np.uint8)
        owners = np.asarray(cv2.resize(owners, shape, interpolation=cv2.INTER_NEAREST), np.int16)
    return MadePicture(
        pixels=pixels,
        jpeg_quality=int(rng.integers(70, 96)),
        boxes=pasted_boxes(owners, things, enlarge=enlarge),
        labelled_classes=scenery.entry.labelled_classes,
        gsd_m=gsd_m / enlarge,
        group=f"{scenery.entry.folder}:{scenery.picture.group}",
    )


def _cut_background(
    rng: np.random.Generator, scenery: Scenery, plan: PastingPlan
) -> tuple[Canvas, float, float]:
    """Return a square of the background, its GSD, and by how much it is yet to be enlarged."""
    entry = scenery.entry
    rows, columns = scenery.pixels.shape[:2]
    first, last = (round(part * rows) for part in entry.rows)
    enlarge = float(rng.uniform(*plan.enlarge))
    side = min(round(plan.tile_px / enlarge), last - first, columns)
    left = int(rng.integers(columns - side + 1))
    top = int(rng.integers(first, last - side + 1))
    pixels = scenery.pixels[top : top + side, left : left + side].copy()
    place = (top + side / 2 - first) / max(last - first, 1)
    gsd_m = entry.gsd_m[0] + (entry.gsd_m[1] - entry.gsd_m[0]) * place
    enlarge = plan.tile_px / side
    if not plan.switches.match_sharpness:
        shape = (plan.tile_px, plan.tile_px)
        pixels = np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_CUBIC), np.uint8)
        gsd_m, enlarge = gsd_m / enlarge, 1.0
    owners = np.zeros(pixels.shape[:2], np.int16)
    return Canvas(pixels=pixels, owners=owners), float(gsd_m), enlarge


def _paste(
    rng: np.random.Generator,
    canvas: Canvas,
    background: Background,
    drawn: tuple[CropSource, Crop],
    plan: PastingPlan,
    *,
    gsd_m: float,
    number: int,
) -> int:
    """Paste one crop and return how many pixels it has, those cut off by the edge included.

    Returns:
        0 where there is no room for it.
    """
    entry, crop = drawn
    switches = plan.switches
    long_side_px = float(rng.uniform(*entry.size_m)) / gsd_m
    squeeze = float(rng.uniform(0.6, 1.0)) if entry.squeeze and switches.squeeze else 1.0
    bent = bend_crop(
        crop,
        long_side_px=long_side_px,
        turn_deg=float(rng.normal(0, 5) if background.oblique else rng.uniform(0, 360)),
        squeeze=squeeze,
        lean=float(rng.uniform(0, 0.15)) if entry.squeeze and switches.squeeze else 0.0,
    )
    place = _find_place(rng, canvas, bent, cut=rng.random() < switches.cut_share)
    if place is None:
        return 0
    left, top = place
    if switches.match_light:
        bent = match_light(bent, _ground_around(canvas, bent, left, top))
    if switches.cast_shadows and entry.cut != "patch":
        along = background.shadow
        high_px = min(_HEIGHT_SHARE * long_side_px, _MOST_HEIGHT_M / gsd_m)
        along_px = None if along is None else (along[0] * high_px, along[1] * high_px)
        cast_shadow(canvas, bent, left=left, top=top, along_px=along_px)
    seamless = bool(rng.random() < switches.seamless_share)
    paste_crop(canvas, bent, left=left, top=top, number=number, seamless=seamless)
    if rng.random() < switches.occlude_share:
        _occlude(rng, canvas, bent, left=left, top=top)
    return int(np.count_nonzero(bent.mask > 0.5))


def _find_place(
    rng: np.random.Generator, canvas: Canvas, crop: Crop, *, cut: bool
) -> tuple[int, int] | None:
    """Return left and top of the calmest free place of some tried: cars and edges are not calm."""
    rows, columns = canvas.owners.shape
    high, wide = crop.mask.shape
    if high > 0.8 * rows or wide > 0.8 * columns:
        return None
    grey = cv2.cvtColor(canvas.pixels, cv2.COLOR_BGR2GRAY)
    unrest = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.0), cv2.CV_32F))
    best: tuple[float, tuple[int, int]] | None = None
    for _ in range(_PLACES):
        left, top = int(rng.integers(0, columns - wide + 1)), int(rng.integers(0, rows - high + 1))
        if cut:
            left, top = _push_over_edge(rng, left, top, crop, (rows, columns))
        y, x = max(top - _MARGIN_PX, 0), max(left - _MARGIN_PX, 0)
        area = np.s_[y : top + high + _MARGIN_PX, x : left + wide + _MARGIN_PX]
        if canvas.owners[area].any():
            continue
        score = float(unrest[area].mean() + 0.5 * grey[area].std() / 10)
        if best is None or score < best[0]:
            best = (score, (left, top))
    return None if best is None else best[1]


def _push_over_edge(
    rng: np.random.Generator, left: int, top: int, crop: Crop, shape: tuple[int, int]
) -> tuple[int, int]:
    """Return a place at which one of the picture's edges cuts a part of the crop off."""
    high, wide = crop.mask.shape
    part = float(rng.uniform(0.15, 0.5))
    edge = int(rng.integers(4))
    if edge < 2:
        return (-round(part * wide), shape[1] - wide + round(part * wide))[edge], top
    return left, (-round(part * high), shape[0] - high + round(part * high))[edge - 2]


def _ground_around(canvas: Canvas, crop: Crop, left: int, top: int) -> NDArray[np.uint8]:
    high, wide = crop.mask.shape
    y, x = max(top - high // 2, 0), max(left - wide // 2, 0)
    return canvas.pixels[y : top + high + high // 2, x : left + wide + wide // 2]


def _occlude(rng: np.random.Generator, canvas: Canvas, crop: Crop, *, left: int, top: int) -> None:
    """Hide a side of what was pasted behind a piece of the picture's own greenery, if any."""
    high, wide = crop.mask.shape
    side = max(6, round(0.6 * min(high, wide)))
    rows, columns = canvas.owners.shape
    if side >= min(rows, columns):
        return
    best, greenest = None, 8.0
    for _ in range(_PLACES):
        x, y = int(rng.integers(columns - side + 1)), int(rng.integers(rows - side + 1))
        piece = canvas.pixels[y : y + side, x : x + side]
        blue, green, red = piece.reshape(-1, 3).mean(axis=0)
        if (
            2 * green - blue - red > greenest
            and not canvas.owners[y : y + side, x : x + side].any()
        ):
            best, greenest = piece.copy(), 2 * green - blue - red
    if best is None:
        return
    leaf = cut_patch(best, rng, share=(1.0, 1.0))
    corner = (left if rng.random() < 0.5 else left + wide, top + round(rng.uniform(0, high)))
    paste_crop(canvas, leaf, left=corner[0] - side // 2, top=corner[1] - side // 2, number=0)


def pasted_boxes(
    owners: NDArray[np.int16], things: list[_Pasted], *, enlarge: float
) -> tuple[LabelledBox, ...]:
    """Return the boxes around the visible pixels of the objects among the pasted things.

    Args:
        owners: (rows, columns) of the finished picture, number of the thing seen there.
        things: All that were pasted.
        enlarge: Factor by which the picture is larger than the one pasted into.
    """
    windows = find_objects(owners)
    pixels = np.bincount(owners.ravel(), minlength=len(things) + 1)
    boxes = []
    for thing in things:
        window = windows[thing.number - 1] if thing.number <= len(windows) else None
        if window is None or thing.entry.class_name is None:
            continue
        rows, columns = window
        side_px = min(rows.stop - rows.start, columns.stop - columns.start)
        share = float(pixels[thing.number]) / (thing.drawn_px * enlarge**2)
        if side_px < _LEAST_SIDE_PX or share < _LEAST_VISIBLE:
            continue
        boxes.append(
            LabelledBox(
                class_name=thing.entry.class_name,
                sub_class=thing.entry.sub_class,
                x_min=float(columns.start),
                y_min=float(rows.start),
                x_max=float(columns.stop),
                y_max=float(rows.stop),
            )
        )
    return tuple(boxes)
