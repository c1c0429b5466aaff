"""A picture set of files that lie elsewhere, so that a run has its own choice of pictures."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import cv2

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import (
    SET_FILE,
    PictureSet,
    Source,
    format_pictures,
    read_picture_set,
    write_picture_set,
)
from inference.detection.tiles import PADDING_VALUE
from training.chosen_pictures import PlacedPicture
from training.errors import TrainingError
from training.trials.clear_billboards import IGNORED

JPEG_QUALITY = 95


def write_linked_set(
    placed: Sequence[PlacedPicture], folder: Path, *, name: str, taxonomy_version: str
) -> PictureSet:
    """Write a picture set of links to the pictures; one that is there and the same is kept.

    Ignored regions are painted over in a copy: a trainer knows objects and background only.

    Args:
        placed: Pictures of any sets.
        folder: Of the new set; what it held is replaced.
        name: Of the new set.
        taxonomy_version: Of the labels.

    Raises:
        DatasetError: A set is there but cannot be read.
        TrainingError: A picture to be painted over cannot be decoded.
    """
    version = plan_version(placed)
    if (folder / SET_FILE).is_file():
        there = read_picture_set(folder)
        if there.version == version:
            return there
        shutil.rmtree(folder)
    pictures = tuple(_link(entry, folder) for entry in placed)
    sources = sorted({entry.picture.source for entry in placed})
    linked = PictureSet(
        name=name,
        version=version,
        taxonomy_version=taxonomy_version,
        sources=tuple(Source(name=s, origin="linked", licence="as there") for s in sources),
        pictures=pictures,
        folder=folder,
    )
    write_picture_set(linked)
    return linked


def plan_version(placed: Sequence[PlacedPicture]) -> str:
    """Return what changes with every picture, label or order, in 16 hexadecimal digits."""
    lines = format_pictures(entry.picture for entry in placed)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _link(entry: PlacedPicture, folder: Path) -> LabelledPicture:
    """Put the picture's file into the folder; return the picture as it is there."""
    picture = entry.picture
    painted = [box for box in picture.boxes if box.class_name == IGNORED]
    source = PurePosixPath(picture.path)
    # The suffix of a painted copy says what it now is.
    suffix = ".jpg" if painted else source.suffix
    path = f"{picture.source}/{picture.split}/{source.stem}-{picture.sha256[:8]}{suffix}"
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    boxes = tuple(box for box in picture.boxes if box.class_name != IGNORED)
    if not painted:
        target.symlink_to(entry.path.resolve())
        return replace(picture, path=path, boxes=boxes)
    _write_painted(entry, target)
    sha256 = hashlib.sha256(target.read_bytes()).hexdigest()
    return replace(picture, path=path, boxes=boxes, sha256=sha256)


def _write_painted(entry: PlacedPicture, target: Path) -> None:
    pixels = cv2.imread(str(entry.path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise TrainingError(f"{entry.path} cannot be decoded")
    for box in entry.picture.boxes:
        if box.class_name == IGNORED:
            x_min, y_min = max(int(box.x_min), 0), max(int(box.y_min), 0)
            # The grey that training puts around pictures that are not square.
            pixels[y_min : round(box.y_max), x_min : round(box.x_max)] = PADDING_VALUE
    cv2.imwrite(str(target), pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
