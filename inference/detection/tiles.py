"""At which scales a photo is searched, and how each scaled picture is cut into tiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.detector import Image
from models.manifest import ModelManifest

# Closer than this to its own size, a photo is searched as it is: scaling would cost time and
# sharpness, and gain nothing.
NATIVE_SCALE = 0.95
# A class is not searched where a pixel covers this many times more ground than in the coarsest
# training pictures: what is found there would be chance.
TOO_COARSE_RATIO = 2.0
# What training puts around pictures that are not square.
PADDING_VALUE = 114
# Of a model that names none: the whole picture, and once more twice as fine.
STANDARD_STREET_RATIOS = (1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture, in its pixels; x_max and y_max are the first ones outside."""

    x_min: int
    y_min: int
    x_max: int
    y_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One scale at which a photo is searched.

    Attributes:
        scale: Pixels of the scaled picture for one of the photo, at most 1.
        classes: Those that are searched at this scale.
    """

    scale: float
    width_px: int
    height_px: int
    classes: tuple[str, ...]


def plan_tiles(width: int, height: int, *, size: int, overlap: float) -> list[Tile]:
    """Return tiles that cover a picture, row by row.

    Args:
        width: Of the picture in pixels.
        height: Of the picture in pixels.
        size: Side of a tile; a picture narrower or lower has tiles of its own width or height.
        overlap: Part of a tile that the next one covers again, 0 to less than 1.
    """
    step = size - int(size * overlap)
    return [
        Tile(x_min, y_min, min(x_min + size, width), min(y_min + size, height))
        for y_min in _tile_starts(height, size=size, step=step)
        for x_min in _tile_starts(width, size=size, step=step)
    ]


def _tile_starts(length: int, *, size: int, step: int) -> list[int]:
    # The last tile moves back inside the picture rather than being cut: the detector was
    # trained on whole squares and misses what lies in slivers.
    last = max(length - size, 0)
    return [*range(0, last, step), last]


def plan_levels(
    width_px: int, height_px: int, *, gsd_m: float | None, manifest: ModelManifest
) -> list[Level]:
    """Return the scales at which a photo is searched, the coarsest first.

    With a known ground sample distance, each class is searched at the scale of its training
    pictures: finer photos are scaled down to the finest of them, coarser ones stay as they are,
    and far coarser ones are not searched (see `plan_skipped_classes`). Without one, the whole
    photo is scaled to the size of the street pictures of the training, and is searched once
    more twice as fine where it is large enough; or at the model's own ratios to that size.
    """
    if gsd_m is None:
        scales = _street_scales(max(width_px, height_px), manifest)
        classes_by_scale = dict.fromkeys(scales, manifest.classes)
    else:
        classes_by_scale = _classes_by_scale(gsd_m, manifest)
    return [
        Level(
            scale=scale,
            width_px=max(round(width_px * scale), 1),
            height_px=max(round(height_px * scale), 1),
            classes=classes,
        )
        for scale, classes in sorted(classes_by_scale.items())
    ]


def plan_skipped_classes(*, gsd_m: float | None, manifest: ModelManifest) -> list[str]:
    """Return the classes that a photo of this ground sample distance cannot show well enough."""
    if gsd_m is None:
        return []
    return [
        name
        for name in manifest.classes
        if gsd_m > TOO_COARSE_RATIO * manifest.gsd_range_m[name][1]
    ]


def _classes_by_scale(gsd_m: float, manifest: ModelManifest) -> dict[float, tuple[str, ...]]:
    skipped = plan_skipped_classes(gsd_m=gsd_m, manifest=manifest)
    grouped: dict[float, tuple[str, ...]] = {}
    for name in manifest.classes:
        if name not in skipped:
            scale = _native_if_close(gsd_m / manifest.gsd_range_m[name][0])
            grouped[scale] = (*grouped.get(scale, ()), name)
    return grouped


def _street_scales(long_side_px: int, manifest: ModelManifest) -> set[float]:
    first, *finer = sorted(manifest.street_ratios) or STANDARD_STREET_RATIOS
    whole = manifest.street_long_side_px / long_side_px
    large_enough = [ratio * whole for ratio in finer if ratio * whole <= 1]
    return {_native_if_close(scale) for scale in (first * whole, *large_enough)}


def _native_if_close(scale: float) -> float:
    return scale if scale < NATIVE_SCALE else 1.0


def scale_picture(picture: Image, level: Level) -> Image:
    """Return the picture at a level's scale; itself where that is its own size."""
    height_px, width_px = picture.shape[:2]
    if (width_px, height_px) == (level.width_px, level.height_px):
        return picture
    size = (level.width_px, level.height_px)
    scaled: Image = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return scaled


class CutTiles(Sequence[Image]):
    """The tiles of a picture, each cut when it is asked for: no picture is held twice."""

    def __init__(self, picture: Image, tiles: Sequence[Tile], *, size: int) -> None:
        self._picture = picture
        self._tiles = tiles
        self._size = size

    def __len__(self) -> int:
        return len(self._tiles)

    def __getitem__(self, index: int) -> Image:  # type: ignore[override]  # no slices needed
        """Return a square view of the picture, or a padded copy where the picture is smaller."""
        tile = self._tiles[index]
        cut = self._picture[tile.y_min : tile.y_max, tile.x_min : tile.x_max]
        if cut.shape[:2] == (self._size, self._size):
            return cut
        padded = np.full((self._size, self._size, 3), PADDING_VALUE, dtype=np.uint8)
        padded[: cut.shape[0], : cut.shape[1]] = cut
        return padded
