"""Sizes and overlaps of single boxes in pixels."""

from collections.abc import Sequence

Box = tuple[float, float, float, float]  # x_min, y_min, x_max, y_max

EDGE_RATIO = 0.002  # of the picture's side: a box this close to its edge is taken as cut there


def area_px(box: Sequence[float]) -> float:
    """Return the area of a box in square pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def shared_area_px(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the area that two boxes have in common, in square pixels."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)


def iou(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the shared area as a part of the union, 0 where nothing is shared."""
    shared = shared_area_px(first, second)
    return shared / (area_px(first) + area_px(second) - shared) if shared else 0.0


def find_cut_axes(box: Sequence[float], *, width_px: int, height_px: int) -> tuple[bool, bool]:
    """Return whether the picture's edge cuts a box in its width, and in its height."""
    x_margin, y_margin = EDGE_RATIO * width_px, EDGE_RATIO * height_px
    return (
        box[0] <= x_margin or box[2] >= width_px - x_margin,
        box[1] <= y_margin or box[3] >= height_px - y_margin,
    )
