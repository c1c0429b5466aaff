"""Small picture sets, drawn by the tests, and a network that trains on them in no time."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, write_picture_set

GARBAGE, BILLBOARD, STRUCTURE = "exposed_garbage", "damaged_billboard", "illegal_structure"
SQUARE_PX = 24
TINY_NETWORK = """
nc: 3
backbone:
  - [-1, 1, Conv, [8, 3, 2]]
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [16, 3, 2]]
  - [-1, 1, Conv, [16, 3, 2]]
head:
  - [[2, 3], 1, Detect, [nc]]
"""

DrawPicture = Callable[..., LabelledPicture]
DrawSet = Callable[..., PictureSet]


@pytest.fixture
def tiny_network(tmp_path: Path) -> Path:
    """Return the description of a network of a few thousand weights."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY_NETWORK)
    return path


@pytest.fixture
def draw_picture() -> DrawPicture:
    """Return a function that draws a red square on grey and labels it."""

    def draw(
        folder: Path,
        name: str,
        *,
        split: str = "train",
        size: tuple[int, int] = (64, 64),
        class_name: str | None = GARBAGE,
        labelled_classes: Sequence[str] = (GARBAGE, BILLBOARD, STRUCTURE),
        source: str = "drawn",
    ) -> LabelledPicture:
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
        rng = np.random.default_rng(seed)
        width_px, height_px = size
        pixels = rng.integers(80, 110, (height_px, width_px, 3), dtype=np.uint8)
        x, y = (int(rng.integers(0, length - SQUARE_PX)) for length in size)
        boxes: tuple[LabelledBox, ...] = ()
        if class_name is not None:
            corners = {"x_min": x, "y_min": y, "x_max": x + SQUARE_PX, "y_max": y + SQUARE_PX}
            pixels[y : y + SQUARE_PX, x : x + SQUARE_PX] = (30, 30, 220)
            boxes = (LabelledBox(class_name=class_name, **corners),)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{name}.png"), pixels)
        return LabelledPicture(
            path=f"{name}.png",
            sha256=hashlib.sha256((folder / f"{name}.png").read_bytes()).hexdigest(),
            width_px=width_px,
            height_px=height_px,
            boxes=boxes,
            labelled_classes=tuple(labelled_classes),
            source=source,
            group=name,
            split=split,
            view=View.STREET,
        )

    return draw


@pytest.fixture
def make_set() -> DrawSet:
    """Return a function that writes pictures as a picture set."""

    def make(folder: Path, pictures: Sequence[LabelledPicture]) -> PictureSet:
        picture_set = PictureSet(
            name="drawn",
            version="1",
            taxonomy_version="1",
            sources=(Source(name="drawn", origin="drawn by the test", licence="CC0"),),
            pictures=tuple(pictures),
            folder=folder,
        )
        write_picture_set(picture_set)
        return picture_set

    return make


@pytest.fixture
def drawn_set(tmp_path: Path, draw_picture: DrawPicture, make_set: DrawSet) -> PictureSet:
    """Return a set of four training, two val and two test pictures."""
    splits = {"train": 4, "val": 2, "test": 2}
    pictures = [
        draw_picture(tmp_path / "set", f"{split}{number}", split=split)
        for split, count in splits.items()
        for number in range(count)
    ]
    return make_set(tmp_path / "set", pictures)
