"""The pixels that a review makes a training picture of: what was looked at, doubts greyed out."""

from collections.abc import Sequence

from PIL import Image

from datasets.reviews.areas import Area

# The grey that training pads pictures with: a network learns early that nothing is there.
GREY = (114, 114, 114)


def grey_out(image: Image.Image, ignored: Sequence[Area], kept: Sequence[Area]) -> Image.Image:
    """Return a copy in which ignored areas are grey, but for what lies in areas that are kept.

    What nobody knows is neither object nor background then. Objects that it overlaps keep all
    their pixels: half an object under a whole box would teach a wrong outline.
    """
    painted = image.copy()
    for area in ignored:
        painted.paste(GREY, _whole_pixels(area, image.size))
    for area in kept:
        corners = _whole_pixels(area, image.size)
        painted.paste(image.crop(corners), corners[:2])
    return painted


def part_unseen(area: Area, ignored: Sequence[Area]) -> float:
    """Return at most which part of an area is ignored; overlaps count twice."""
    return sum(one.cut(area).size_px2 for one in ignored) / area.size_px2


def _whole_pixels(area: Area, size_px: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the pixels that an area touches."""
    return (
        max(int(area.x_min // 1), 0),
        max(int(area.y_min // 1), 0),
        min(int(-(-area.x_max // 1)), size_px[0]),
        min(int(-(-area.y_max // 1)), size_px[1]),
    )
