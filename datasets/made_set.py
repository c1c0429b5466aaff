"""Writing a picture set of made pictures, batch by batch, so that a broken run goes on."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError
from datasets.folder_lock import lock_folder
from datasets.labelled_picture import LabelledBox, LabelledPicture, Origin, View
from datasets.picture_set import (
    PICTURES_FILE,
    PictureSet,
    Source,
    format_pictures,
    parse_picture,
    split_lines,
    write_picture_set,
    write_whole,
)
from datasets.taxonomy import TAXONOMY_VERSION

_PLAN_FILE = "plan.txt"
_REACHED_FILE = ".reached"  # size of the list of pictures after the last whole batch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadePicture:
    """A picture of a drone's view before it is written.

    Attributes:
        pixels: (rows, columns, 3) uint8, blue, green, red.
        jpeg_quality: 1 to 100.
        labelled_classes: Those of which every object has a box.
        gsd_m: Metres a pixel, where it is known.
        group: Its own, where it is not that of its batch.
    """

    pixels: NDArray[np.uint8]
    jpeg_quality: int
    boxes: tuple[LabelledBox, ...]
    labelled_classes: tuple[str, ...]
    gsd_m: float | None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Pictures that are made together.

    Attributes:
        name: Of the batch; no two of a set share one.
        group: Of its pictures.
        make: Makes them; is called only where they are not there yet.
    """

    name: str
    group: str
    split: str
    source: str
    make: Callable[[], Sequence[MadePicture]]


def write_made_set(
    folder: Path,
    batches: Iterable[Batch],
    *,
    name: str,
    plan: object,
    sources: tuple[Source, ...],
    origin: Origin,
    on_batch: Callable[[], None] = lambda: None,
) -> PictureSet:
    """Write the pictures of all batches and return their set; a broken run goes on.

    Its last batch is made anew where its lines were not all written.

    Args:
        folder: Is made where it does not exist.
        batches: In the order in which they are made.
        name: Of the set.
        plan: What the pictures are made from; a folder begun with another plan is refused.
        sources: Of the set.
        origin: Of all its pictures.
        on_batch: Is called after each batch.

    Raises:
        DatasetError: The folder holds something else.
    """
    with lock_folder(folder):
        _claim_folder(folder, plan)
        pictures = _write_batches(folder, batches, origin, on_batch)
        return _write_set(folder, pictures, name=name, sources=sources)


def _write_batches(
    folder: Path, batches: Iterable[Batch], origin: Origin, on_batch: Callable[[], None]
) -> list[LabelledPicture]:
    """Write the batches that are not there yet; return the pictures of all."""
    lines, reached = folder / PICTURES_FILE, folder / _REACHED_FILE
    _cut_back(lines, reached)
    done = {picture.path.rpartition("_")[0] for picture in _read_lines(lines)}
    for batch in batches:
        if f"{batch.split}/{batch.name}" not in done:
            (folder / batch.split).mkdir(exist_ok=True)
            pictures = _write_batch(folder, batch, origin)
            with lines.open("a", encoding="utf-8") as file:
                file.write(format_pictures(pictures))
            write_whole(reached, f"{lines.stat().st_size}\n")
        on_batch()
    reached.unlink(missing_ok=True)
    return _read_lines(lines)


def _cut_back(lines: Path, reached: Path) -> None:
    """Remove what a run that was killed wrote of a batch that it did not end."""
    if not reached.exists():
        return
    text = reached.read_text(encoding="utf-8").strip()
    if not text.isdecimal() or not lines.exists():
        raise DatasetError(f"{reached} is damaged: remove its folder")
    os.truncate(lines, min(int(text), lines.stat().st_size))


def _write_set(
    folder: Path, pictures: Sequence[LabelledPicture], *, name: str, sources: tuple[Source, ...]
) -> PictureSet:
    digest = hashlib.sha256("".join(picture.sha256 for picture in pictures).encode())
    picture_set = PictureSet(
        name=name,
        version=digest.hexdigest()[:12],
        taxonomy_version=TAXONOMY_VERSION,
        sources=sources,
        pictures=tuple(pictures),
        folder=folder,
    )
    write_picture_set(picture_set)
    return picture_set


def _claim_folder(folder: Path, plan: object) -> None:
    note = folder / _PLAN_FILE
    text = f"{plan}\n"
    if note.exists():
        if note.read_text(encoding="utf-8") != text:
            raise DatasetError(f"{folder} was begun with another plan: name another folder")
        return
    if any(folder.iterdir()):
        raise DatasetError(f"{folder} is not empty: name another folder, or remove what it holds")
    write_whole(note, text)
    write_whole(folder / _REACHED_FILE, "0\n")
    (folder / PICTURES_FILE).touch()


def _read_lines(path: Path) -> list[LabelledPicture]:
    if not path.exists():
        return []
    try:
        return [parse_picture(line) for line in split_lines(path.read_text(encoding="utf-8"))]
    except ValueError as error:
        raise DatasetError(f"{path} is damaged: remove its folder ({error!r})") from error


def _write_batch(folder: Path, batch: Batch, origin: Origin) -> list[LabelledPicture]:
    written = []
    for index, made in enumerate(batch.make()):
        path = f"{batch.split}/{batch.name}_{index:02d}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, made.jpeg_quality]
        content = cv2.imencode(".jpg", made.pixels, quality)[1].tobytes()
        (folder / path).write_bytes(content)
        rows, columns = made.pixels.shape[:2]
        written.append(
            LabelledPicture(
                path=path,
                sha256=hashlib.sha256(content).hexdigest(),
                width_px=columns,
                height_px=rows,
                boxes=made.boxes,
                labelled_classes=made.labelled_classes,
                source=batch.source,
                group=made.group or batch.group,
                split=batch.split,
                view=View.DRONE,
                origin=origin,
                gsd_m=None if made.gsd_m is None else round(made.gsd_m, 4),
            )
        )
    return written
