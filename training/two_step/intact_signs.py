"""Pictures of intact signs, whose boxes no class of the project stands for, as a picture set."""

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import cv2

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, write_picture_set
from datasets.taxonomy import TAXONOMY_VERSION
from training.errors import TrainingError
from training.two_step.judge import INTACT

# Neighbouring numbers can show the same facade.
GROUP_SIZE = 10


def write_intact_signs(folders: Sequence[Path], target: Path) -> PictureSet:
    """Write a picture set of links to pictures of intact signs.

    All are of the train split: they are there to learn what a sign is, and test nothing.

    Args:
        folders: Each with images/ and labels_aux/ (YOLO rows of intact signs).
        target: Folder of the set.

    Raises:
        TrainingError: A folder holds no pictures, or a row is no YOLO row.
    """
    pictures: list[LabelledPicture] = []
    for folder in folders:
        files = sorted((folder / "images").glob("*.jpg"))
        if not files:
            raise TrainingError(f"{folder}: no pictures in images/")
        pictures += [
            _read_picture(file, folder, group=f"{folder.name}/{number // GROUP_SIZE}")
            for number, file in enumerate(files)
        ]
        for file in files:
            link = target / folder.name / file.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(file.resolve())
    sources = [Source(name=f.name, origin=str(f), licence="see there") for f in folders]
    lines = "".join(picture.sha256 for picture in pictures)
    written = PictureSet(
        name="intact-signs",
        version=hashlib.sha256(lines.encode()).hexdigest()[:12],
        taxonomy_version=TAXONOMY_VERSION,
        sources=tuple(sources),
        pictures=tuple(pictures),
        folder=target,
    )
    write_picture_set(written)
    return written


def _read_picture(file: Path, folder: Path, *, group: str) -> LabelledPicture:
    pixels = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if pixels is None:
        raise TrainingError(f"{file} cannot be decoded")
    height_px, width_px = pixels.shape[:2]
    label = (folder / "labels_aux" / file.name).with_suffix(".txt")
    text = label.read_text(encoding="utf-8") if label.is_file() else ""
    return LabelledPicture(
        path=str(PurePosixPath(folder.name) / file.name),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        width_px=width_px,
        height_px=height_px,
        boxes=parse_yolo_boxes(text, width_px=width_px, height_px=height_px, where=str(label)),
        labelled_classes=(INTACT,),
        source=folder.name,
        group=group,
        split="train",
        view=View.STREET,
    )


def parse_yolo_boxes(
    text: str, *, width_px: int, height_px: int, where: str
) -> tuple[LabelledBox, ...]:
    """Return the boxes of rows `class centre_x centre_y width height` as intact signs.

    Raises:
        TrainingError: A row is no such row.
    """
    boxes = []
    for line in text.splitlines():
        try:
            _, x, y, width, height = map(float, line.split())
        except ValueError as error:
            raise TrainingError(f"{where}: {line!r} is no YOLO row") from error
        boxes.append(
            LabelledBox(
                class_name=INTACT,
                x_min=max((x - width / 2) * width_px, 0.0),
                y_min=max((y - height / 2) * height_px, 0.0),
                x_max=min((x + width / 2) * width_px, float(width_px)),
                y_max=min((y + height / 2) * height_px, float(height_px)),
            )
        )
    return tuple(boxes)
