"""The crops and backgrounds of one split: read when they are asked for, then kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError
from datasets.pasting.crops import Crop, cut_box, cut_patch, cut_roof
from datasets.pasting.plan import Background, CropSource, PastingPlan
from datasets.pasting.sources import (
    SourcePicture,
    is_light_enough,
    read_boxes,
    read_pixels,
    read_source,
)

_LEAST_BOX_PX = 40
_TRIES = 25
_KEPT = 2000  # crops


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenery:
    """A background with what its entry says of it."""

    entry: Background
    picture: SourcePicture
    pixels: NDArray[np.uint8]


@dataclass(slots=True, kw_only=True, eq=False)
class CropStore:
    """Crops and backgrounds of one split."""

    split: str
    backgrounds: tuple[tuple[Background, tuple[SourcePicture, ...]], ...]
    crops: tuple[tuple[CropSource, tuple[SourcePicture, ...]], ...]
    _cut: dict[tuple[Path, int], Crop | None] = field(default_factory=dict)

    def draw_background(self, rng: np.random.Generator) -> Scenery:
        """Return a random background; each entry is as frequent as any other.

        Raises:
            DatasetError: None can be read.
        """
        for _ in range(_TRIES):
            entry, pictures = self.backgrounds[int(rng.integers(len(self.backgrounds)))]
            picture = pictures[int(rng.integers(len(pictures)))]
            pixels = read_pixels(picture.path)
            if pixels is not None and is_light_enough(pixels):
                return Scenery(entry=entry, picture=picture, pixels=pixels)
        raise DatasetError(f"{self.split}: no background can be read, or all are too dark")

    def draw_crop(
        self, rng: np.random.Generator, *, of_object: bool, structures: bool
    ) -> tuple[CropSource, Crop] | None:
        """Return a random crop, or None where no good mask came out of many tries.

        Args:
            rng: Source of chance.
            of_object: An object, or else a distractor.
            structures: Whether structures may be drawn, as objects or as tidy roofs.
        """
        fitting = [
            (entry, pictures)
            for entry, pictures in self.crops
            if (entry.class_name is not None) == of_object and (structures or entry.cut != "roof")
        ]
        if not fitting:
            return None
        shares = np.array([entry.share for entry, _ in fitting])
        entry, pictures = fitting[int(rng.choice(len(fitting), p=shares / shares.sum()))]
        for _ in range(_TRIES):
            crop = self._cut_from(rng, entry, pictures[int(rng.integers(len(pictures)))])
            if crop is not None:
                return entry, crop
        return None

    def _cut_from(
        self, rng: np.random.Generator, entry: CropSource, picture: SourcePicture
    ) -> Crop | None:
        pixels = read_pixels(picture.path)
        if pixels is None:
            return None
        if entry.cut == "patch":
            return cut_patch(pixels, rng, share=(0.05, 0.16))
        if entry.cut == "texture":
            return cut_patch(_middle(pixels), rng, share=(0.55, 1.0))
        if entry.cut == "roof":
            return self._keep(picture.path, -1, partial(cut_roof, pixels))
        boxes = _good_boxes(entry, picture, pixels)
        if not boxes:
            return None
        index = int(rng.integers(len(boxes)))
        return self._keep(picture.path, index, partial(cut_box, pixels, boxes[index]))

    def _keep(self, path: Path, index: int, cut: "partial[Crop | None]") -> Crop | None:
        if (path, index) not in self._cut:
            if len(self._cut) > _KEPT:
                self._cut.clear()
            self._cut[path, index] = cut()
        return self._cut[path, index]


def open_store(plan: PastingPlan, root: Path, split: str) -> CropStore:
    """Return the store of one split: no crop and no background of another can come out of it.

    Raises:
        DatasetError: A folder is absent, or the split has no background or no object to paste.
    """
    backgrounds = [(entry, _of_split(root, entry, split)) for entry in plan.background]
    crops = [
        (entry, _of_split(root, entry, split))
        for entry in plan.crop
        if entry.on and (entry.class_name is not None or plan.switches.distractors)
    ]
    store = CropStore(
        split=split,
        backgrounds=tuple((entry, found) for entry, found in backgrounds if found),
        crops=tuple((entry, found) for entry, found in crops if found),
    )
    if not store.backgrounds:
        raise DatasetError(f"split {split} has no background: set its count to 0")
    if not any(entry.class_name is not None for entry, _ in store.crops):
        raise DatasetError(f"split {split} has no object to paste: set its count to 0")
    return store


def _of_split(root: Path, entry: Background | CropSource, split: str) -> tuple[SourcePicture, ...]:
    return tuple(picture for picture in read_source(root, entry) if picture.split == split)


def _good_boxes(
    entry: CropSource, picture: SourcePicture, pixels: NDArray[np.uint8]
) -> Sequence[tuple[float, float, float, float]]:
    """Return the boxes that are large and low enough, and that no edge of the picture cuts."""
    rows, columns = pixels.shape[:2]
    boxes = read_boxes(picture, entry.box_class, width_px=columns, height_px=rows)
    return [
        box
        for box in boxes
        if min(box[2] - box[0], box[3] - box[1]) >= _LEAST_BOX_PX
        and entry.aspect[0] <= (box[2] - box[0]) / (box[3] - box[1]) <= entry.aspect[1]
        and min(box[0], box[1], columns - box[2], rows - box[3]) > 3
    ]


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the middle of a tight crop, away from the contours drawn along its edges."""
    rows, columns = pixels.shape[:2]
    return pixels[rows // 6 : -(rows // 6), columns // 6 : -(columns // 6)]
