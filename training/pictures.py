"""Pack labelled pictures into a folder that training reads fast: one size, split by split."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.detector import Image
from training.errors import TrainingError

JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """One picture with its YOLO label file (an empty file is a negative)."""

    source: str
    split: str  # train, val or test
    group: str  # pictures of one burst, flight or scene: never independent of each other
    image: Path
    label: Path


def read_splits(root: Path) -> list[LabelledPicture]:
    """Return the pictures that `root/splits.csv` (folder,image,split,group) lists.

    Raises:
        TrainingError: There is no such file, or it lacks a column.
    """
    try:
        with (root / "splits.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [
            LabelledPicture(
                source=row["folder"],
                split=row["split"],
                group=row["group"],
                image=root / row["folder"] / "images" / row["image"],
                label=(root / row["folder"] / "labels" / row["image"]).with_suffix(".txt"),
            )
            for row in rows
        ]
    except (OSError, KeyError) as error:
        raise TrainingError(f"{root}: no readable splits.csv: {error!r}") from error


def read_picture(path: Path) -> Image:
    """Return the pixels of a labelled picture.

    Raises:
        TrainingError: It cannot be decoded.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise TrainingError(f"{path} cannot be decoded")
    return np.asarray(pixels, dtype=np.uint8)


def write_packed_pictures(
    pictures: list[LabelledPicture], folder: Path, *, longest_side_px: int
) -> None:
    """Write the pictures, scaled down where larger, as `folder/SPLIT/{images,labels}/`.

    Pictures already there are kept, so that a broken run goes on. Names carry their source.

    Raises:
        TrainingError: A picture cannot be decoded.
    """
    for picture in pictures:
        stem = f"{picture.source}__{picture.image.stem}"
        target = folder / picture.split / "images" / f"{stem}.jpg"
        if target.exists():
            continue
        label = folder / picture.split / "labels" / f"{stem}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        label.parent.mkdir(parents=True, exist_ok=True)
        pixels = read_picture(picture.image)
        scale = min(1.0, longest_side_px / max(pixels.shape[:2]))
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        shutil.copyfile(picture.label, label)
        cv2.imwrite(str(target), pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def read_packed_folder(root: Path, split: str, *, source: str) -> list[LabelledPicture]:
    """Return the pictures of `root/SPLIT/images`, grouped by their name up to the last `_`."""
    return [
        LabelledPicture(
            source=source,
            split=split,
            group=image.stem.rpartition("_")[0],
            image=image,
            label=root / split / "labels" / f"{image.stem}.txt",
        )
        for image in sorted((root / split / "images").glob("*.jpg"))
    ]


def list_packed_pictures(folders: tuple[Path, ...], split: str) -> Iterator[Path]:
    """Yield the packed pictures of a split in a fixed order."""
    for folder in folders:
        yield from sorted((folder / split / "images").glob("*.jpg"))


def repeat_rare_pictures(images: list[Path], *, least_per_class: int) -> list[Path]:
    """Return the pictures, those of rare classes repeated as whole copies.

    Args:
        images: Packed pictures; their label files lie in the `labels` folder beside.
        least_per_class: Pictures that each class shall have, as near as whole copies come.
    """
    classes = [_read_classes(image) for image in images]
    counts = Counter(name for names in classes for name in names)
    copies = [
        max((max(1, round(least_per_class / counts[name])) for name in names), default=1)
        for names in classes
    ]
    return [image for image, n in zip(images, copies, strict=True) for _ in range(n)]


def _read_classes(image: Path) -> set[str]:
    label = image.parent.parent / "labels" / f"{image.stem}.txt"
    return {line.split()[0] for line in label.read_text(encoding="utf-8").splitlines() if line}
