"""Cut large labelled pictures into square tiles, as the detector will see them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.detection.tiles import plan_tiles
from models.detector import Image
from training.evaluate import read_true_boxes
from training.pictures import JPEG_QUALITY, LabelledPicture, read_picture

# A box of which less is seen in a tile is no longer the object that a person labelled.
LEAST_VISIBLE_SHARE = 0.4


def write_packed_tiles(
    pictures: list[LabelledPicture], folder: Path, *, tile_px: int, overlap: float = 0.2
) -> None:
    """Write the tiles of pictures larger than one as `folder/SPLIT/{images,labels}/`.

    A tile is as high as the picture where that is lower than twice the tile's side, and is scaled
    down to `tile_px`: a wide frame becomes two or three tiles instead of six. Names carry source,
    picture and place; tiles already there are kept.

    Raises:
        TrainingError: A picture cannot be decoded.
    """
    for picture in pictures:
        pixels = read_picture(picture.image)
        height_px, width_px = pixels.shape[:2]
        side = plan_tile_side(width_px, height_px, tile_px=tile_px)
        if max(width_px, height_px) <= side:
            continue
        ids, boxes = read_true_boxes(picture.label, width_px=width_px, height_px=height_px)
        for tile in plan_tiles(width_px, height_px, size=side, overlap=overlap):
            edges = np.array([tile.x_min, tile.y_min, tile.x_max, tile.y_max], dtype=np.float32)
            kept, cut = cut_boxes_to_tile(boxes, edges)
            name = f"{picture.source}__{picture.image.stem}__{tile.x_min}x{tile.y_min}"
            crop = pixels[tile.y_min : tile.y_max, tile.x_min : tile.x_max]
            _write_tile(folder / picture.split, name, crop, ids[kept], cut, tile_px=tile_px)


def plan_tile_side(width_px: int, height_px: int, *, tile_px: int) -> int:
    """Return the side of the square tiles of a picture, in its pixels."""
    return min(max(min(width_px, height_px), tile_px), 2 * tile_px)


def cut_boxes_to_tile(
    boxes: NDArray[np.float32], edges: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which boxes a tile shows well enough, and these (K, 4) in the tile's pixels."""
    inside = np.clip(boxes, np.tile(edges[:2], 2), np.tile(edges[2:], 2))
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    seen = (inside[:, 2:] - inside[:, :2]).prod(axis=1)
    kept = seen >= LEAST_VISIBLE_SHARE * np.maximum(areas, 1e-6)
    return kept, (inside - np.tile(edges[:2], 2))[kept]


def _write_tile(
    folder: Path,
    name: str,
    crop: Image,
    ids: NDArray[np.int32],
    boxes: NDArray[np.float32],
    *,
    tile_px: int,
) -> None:
    image, label = folder / "images" / f"{name}.jpg", folder / "labels" / f"{name}.txt"
    if image.exists():
        return
    image.parent.mkdir(parents=True, exist_ok=True)
    label.parent.mkdir(parents=True, exist_ok=True)
    height_px, width_px = crop.shape[:2]
    size = np.array([width_px, height_px, width_px, height_px], dtype=np.float64)
    rows = np.hstack([boxes[:, :2] + boxes[:, 2:], (boxes[:, 2:] - boxes[:, :2]) * 2]) / 2 / size
    lines = [
        f"{class_id} {' '.join(f'{value:.6f}' for value in row)}\n"
        for class_id, row in zip(ids, rows, strict=True)
    ]
    label.write_text("".join(lines), encoding="utf-8")
    scale = min(1.0, tile_px / max(width_px, height_px))
    scaled = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(image), scaled, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
