"""Packs: the pictures of a set as a training is shown them, scaled and cut once, then kept."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledPicture, has_possible_boxes
from datasets.picture_set import (
    SET_FILE,
    PictureSet,
    format_pictures,
    read_picture_set,
    split_lines,
    write_picture_set,
)
from inference.detection.tiles import Tile
from models.detector import Image
from training.config import Tiling
from training.errors import TrainingError
from training.tiling import cut_boxes, plan_views
from training.whole_file import write_whole

JPEG_QUALITY = 92
# The test pictures judge the result: no training ever sees one.
PACKED_SPLITS = ("train", "val")
FORMAT = 1  # another one makes all packs anew
LEFT_OUT_FILE = "left_out.txt"
MAX_PICTURE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRule:
    """How pictures are shown; see `training.config.PictureChoice`."""

    tiling: Tiling
    longest_side_px: int
    tile_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Pictures ready to be learned from.

    Attributes:
        pictures: Of the train and val splits, as a picture set of its own.
        left_out: One line for each picture that cannot be used: which, and why.
    """

    pictures: PictureSet
    left_out: tuple[str, ...]


def write_pack(picture_set: PictureSet, rule: PackRule, root: Path) -> Pack:
    """Write a set's pictures as the rule says, or return them where that was done before.

    The pack's folder is named after all that it depends on. It gets that name when it is whole;
    until then each picture that is there is whole, and is not made again.

    Args:
        picture_set: Its test pictures are not even opened.
        rule: How they are shown.
        root: Folder of all packs.

    Raises:
        TrainingError: Not one picture can be used.
    """
    key = plan_pack_key(picture_set, rule)
    folder = root / f"{re.sub(r'[^A-Za-z0-9_-]', '_', picture_set.name)[:40]}-{key[:16]}"
    if not (folder / SET_FILE).is_file():
        _write_pack_folder(picture_set, rule, folder)
    lines = split_lines((folder / LEFT_OUT_FILE).read_text(encoding="utf-8"))
    return Pack(pictures=read_picture_set(folder), left_out=tuple(lines))


def plan_pack_key(picture_set: PictureSet, rule: PackRule) -> str:
    """Return the SHA-256 of all that a pack depends on, in hexadecimal."""
    digest = hashlib.sha256(json.dumps([FORMAT, asdict(rule)]).encode())
    digest.update(format_pictures(_packed(picture_set)).encode())
    return digest.hexdigest()


def read_listed_picture(picture_set: PictureSet, picture: LabelledPicture) -> Image:
    """Return the pixels of a set's picture.

    Raises:
        TrainingError: It is not there, cannot be decoded, is not the file that the set lists, or
            lies outside the set's folder.
    """
    if not has_possible_boxes(picture):
        raise TrainingError(f"{picture.path}: a corner of a box is no number, or far outside")
    try:
        path = picture_set.path_of(picture)
        if path.stat().st_size > MAX_PICTURE_BYTES:
            raise TrainingError(f"{picture.path}: more than {MAX_PICTURE_BYTES} bytes")
        content = path.read_bytes()
    except DatasetError as error:
        raise TrainingError(str(error)) from error
    except OSError as error:
        raise TrainingError(f"{picture.path}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        raise TrainingError(f"{picture.path}: not the file that the set lists (SHA-256 differs)")
    pixels = _decode(content)
    if pixels is None:
        raise TrainingError(f"{picture.path}: cannot be decoded")
    height_px, width_px = pixels.shape[:2]
    if (width_px, height_px) != (picture.width_px, picture.height_px):
        raise TrainingError(
            f"{picture.path}: {width_px} x {height_px} pixels, not "
            f"{picture.width_px} x {picture.height_px}"
        )
    return pixels


def _decode(content: bytes) -> Image | None:
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # of an empty file, or one that claims to be enormous
        return None
    return None if pixels is None else np.asarray(pixels, dtype=np.uint8)


def _packed(picture_set: PictureSet) -> list[LabelledPicture]:
    return [picture for picture in picture_set.pictures if picture.split in PACKED_SPLITS]


def _write_pack_folder(picture_set: PictureSet, rule: PackRule, folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}.part")
    packed: list[LabelledPicture] = []
    left_out: list[str] = []
    for picture in _packed(picture_set):
        try:
            pixels = read_listed_picture(picture_set, picture)
        except TrainingError as error:
            left_out.append(" ".join(str(error).split()))
            continue
        packed += _write_views(picture, pixels, rule, unfinished)
    if not packed:
        reason = f"; the first: {left_out[0]}" if left_out else ""
        raise TrainingError(
            f"{picture_set.folder}: no picture of the train or val split can be used{reason}"
        )
    text = "".join(f"{line}\n" for line in left_out)
    (unfinished / LEFT_OUT_FILE).write_text(text, encoding="utf-8")
    write_picture_set(replace(picture_set, pictures=tuple(packed), folder=unfinished))
    unfinished.replace(folder)


def _write_views(
    picture: LabelledPicture, pixels: Image, rule: PackRule, folder: Path
) -> Iterator[LabelledPicture]:
    views = plan_views(
        picture.width_px, picture.height_px, tiling=rule.tiling, tile_px=rule.tile_px
    )
    for place, tile in enumerate(views):
        part = pixels[tile.y_min : tile.y_max, tile.x_min : tile.x_max]
        scale = min(1.0, rule.longest_side_px / max(part.shape[:2]))
        yield _write_view(picture, part, tile, scale=scale, path=folder / _name(picture, place))


def _name(picture: LabelledPicture, place: int) -> str:
    # The path tells apart two entries of one file.
    key = hashlib.sha256(f"{picture.sha256} {picture.path}".encode()).hexdigest()[:24]
    return f"{picture.split}/{key}_{place}.jpg"


def _write_view(
    picture: LabelledPicture, part: Image, tile: Tile, *, scale: float, path: Path
) -> LabelledPicture:
    if path.exists():
        content = path.read_bytes()
    else:
        content = _encode(part, scale=scale)
        write_whole(path, content)
    height_px, width_px = part.shape[:2]
    return replace(
        picture,
        path=f"{path.parent.name}/{path.name}",
        sha256=hashlib.sha256(content).hexdigest(),
        width_px=max(round(width_px * scale), 1),
        height_px=max(round(height_px * scale), 1),
        boxes=cut_boxes(picture.boxes, tile, scale=scale),
        gsd_m=None if picture.gsd_m is None else picture.gsd_m / scale,
    )


def _encode(part: Image, *, scale: float) -> bytes:
    if scale < 1:
        height_px, width_px = part.shape[:2]
        size = max(round(width_px * scale), 1), max(round(height_px * scale), 1)
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _, encoded = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(encoded.tobytes())
