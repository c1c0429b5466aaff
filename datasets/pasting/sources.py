"""Reading what pasted pictures are made of, each split by itself."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError
from datasets.pasting.plan import Background, CropSource

_IMAGE_ENDINGS = (".jpg", ".jpeg", ".png")
_MOST_PIXELS = 40_000_000
_DARKEST_MEAN = 60.0  # grey level; darker pictures hide what is pasted into them
_VAL_BELOW, _TEST_BELOW = 26, 52  # of 256: a tenth of the pictures that have no split each


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePicture:
    """A picture to cut from or to paste onto.

    Attributes:
        group: Pictures of one group are of one split and no independent witnesses.
        label: Its YOLO file, which may be absent.
    """

    path: Path
    label: Path
    split: str
    group: str


def read_source(root: Path, entry: Background | CropSource) -> list[SourcePicture]:
    """Return the pictures of an entry in the order of their names.

    Pictures of a folder that `root/splits.csv` knows have its split and group, and others of that
    folder are left out. Those of other folders are dealt to splits by a hash of their name.

    Raises:
        DatasetError: There is no such folder or picture, or splits.csv cannot be read.
    """
    folder = root / entry.folder
    images = folder / "images" if (folder / "images").is_dir() else folder
    if not images.is_dir():
        raise DatasetError(f"{images}: no such folder of pictures")
    table = read_splits_table(root)
    known = {name: row for (owner, name), row in table.items() if owner == entry.folder}
    pictures = []
    for path in sorted(images.iterdir()):
        if path.suffix.lower() not in _IMAGE_ENDINGS or not _takes(entry, path.name):
            continue
        if known and path.name not in known:
            continue
        split, group = known.get(path.name) or (split_by_hash(path.name), path.stem)
        kind = entry.labels if isinstance(entry, CropSource) else "labels"
        label = folder / kind / f"{path.stem}.txt"
        pictures.append(SourcePicture(path=path, label=label, split=split, group=group))
    if not pictures:
        raise DatasetError(f"{images}: no picture is called {entry.files}")
    return pictures


def _takes(entry: Background | CropSource, name: str) -> bool:
    if isinstance(entry, CropSource):
        return entry.takes(name)
    return fnmatchcase(name, entry.files)


def read_splits_table(root: Path) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return split and group by folder and file name, of `root/splits.csv`; empty without one.

    Raises:
        DatasetError: It lacks a column.
    """
    path = root / "splits.csv"
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {
                (row["folder"], row["image"]): (row["split"], row["group"])
                for row in csv.DictReader(file)
            }
    except (KeyError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: no readable table of splits: {error!r}") from error


def split_by_hash(name: str) -> str:
    """Return the split of a picture that nobody has dealt: the same on every machine."""
    first = hashlib.sha256(name.encode()).digest()[0]
    if first < _VAL_BELOW:
        return "val"
    return "test" if first < _TEST_BELOW else "train"


def read_pixels(path: Path) -> NDArray[np.uint8] | None:
    """Return a picture's pixels, or None where it cannot be decoded or is far too large."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None or pixels.shape[0] * pixels.shape[1] > _MOST_PIXELS:
        return None
    return np.asarray(pixels, np.uint8)


def is_light_enough(pixels: NDArray[np.uint8]) -> bool:
    """Return whether a background shows its ground at all."""
    return float(pixels[::8, ::8].mean()) >= _DARKEST_MEAN


def read_boxes(
    picture: SourcePicture, number: int, *, width_px: int, height_px: int
) -> list[tuple[float, float, float, float]]:
    """Return the boxes of one class in a picture's YOLO file, in its pixels.

    Lines that are no boxes are left out, as is a file that is absent.
    """
    if not picture.label.exists():
        return []
    boxes = []
    for line in picture.label.read_text(encoding="utf-8", errors="replace").splitlines():
        box = _parse_yolo_box(line, number)
        if box is not None:
            x, y, width, height = box
            boxes.append(
                (
                    max((x - width / 2) * width_px, 0.0),
                    max((y - height / 2) * height_px, 0.0),
                    min((x + width / 2) * width_px, float(width_px)),
                    min((y + height / 2) * height_px, float(height_px)),
                )
            )
    return boxes


def _parse_yolo_box(line: str, number: int) -> tuple[float, float, float, float] | None:
    parts = line.split()
    try:
        x, y, width, height = (float(part) for part in parts[1:])
        right = int(parts[0]) == number
    except (ValueError, IndexError):
        return None
    inside = all(0 <= part <= 1 for part in (x, y, width, height))
    return (x, y, width, height) if right and inside and width > 0 and height > 0 else None
