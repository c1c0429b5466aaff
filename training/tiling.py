"""Which parts of a labelled picture a training is shown."""

from dataclasses import replace

from datasets.labelled_picture import LabelledBox
from inference.detection.tiles import Tile, plan_tiles
from training.config import Tiling

OVERLAP = 0.2
# A box of which less is seen in a tile is no longer the object that a person labelled.
LEAST_VISIBLE_SHARE = 0.4


def plan_views(width_px: int, height_px: int, *, tiling: Tiling, tile_px: int) -> list[Tile]:
    """Return the parts of a picture that are shown, the whole picture first.

    A tile is as high as the picture where that is lower than twice the tile's side, and is scaled
    down later: a wide frame becomes two or three tiles instead of six. What falls below the least
    visible share in one tile is seen in the next, since tiles overlap.
    """
    whole = Tile(0, 0, width_px, height_px)
    side_px = plan_tile_side(width_px, height_px, tile_px=tile_px)
    if tiling is Tiling.WHOLE or max(width_px, height_px) <= side_px:
        return [whole]
    tiles = plan_tiles(width_px, height_px, size=side_px, overlap=OVERLAP)
    return [whole, *tiles] if tiling is Tiling.BOTH else tiles


def plan_tile_side(width_px: int, height_px: int, *, tile_px: int) -> int:
    """Return the side of the square tiles of a picture, in its pixels."""
    return min(max(min(width_px, height_px), tile_px), 2 * tile_px)


def cut_boxes(
    boxes: tuple[LabelledBox, ...], tile: Tile, *, scale: float
) -> tuple[LabelledBox, ...]:
    """Return the boxes that a part of a picture shows well enough, in the part's pixels.

    Args:
        boxes: In the picture's pixels.
        tile: The part.
        scale: Pixels of the scaled part for one of the picture.
    """
    cut = []
    for box in boxes:
        x_min, x_max = max(box.x_min, tile.x_min), min(box.x_max, tile.x_max)
        y_min, y_max = max(box.y_min, tile.y_min), min(box.y_max, tile.y_max)
        seen = max(x_max - x_min, 0.0) * max(y_max - y_min, 0.0)
        area = (box.x_max - box.x_min) * (box.y_max - box.y_min)
        if seen > 0 and seen >= LEAST_VISIBLE_SHARE * area:
            cut.append(
                replace(
                    box,
                    x_min=round((x_min - tile.x_min) * scale, 2),
                    y_min=round((y_min - tile.y_min) * scale, 2),
                    x_max=round((x_max - tile.x_min) * scale, 2),
                    y_max=round((y_max - tile.y_min) * scale, 2),
                )
            )
    return tuple(cut)
