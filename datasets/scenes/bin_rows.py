"""Rows of wheeled bins: closed and tidy, or so full that they overflow."""

import numpy as np

from datasets.scenes.materials import Colour, darker, finish, pick, plain
from datasets.scenes.rubbish import bag_faces, heap_items
from datasets.scenes.shapes import Face, box_faces

_BINS: tuple[Colour, ...] = ((70, 110, 50), (120, 84, 40), (70, 70, 72), (40, 150, 190))
_PITCH_M = 1.35


def bin_row_faces(rng: np.random.Generator, *, count: int, overflowing: bool) -> list[Face]:
    """Return a row of bins in local metres, centred on (0, 0, 0).

    Overflowing ones stand open, rubbish is heaped above their rims and lies around them.
    """
    colour = pick(rng, _BINS)
    faces: list[Face] = []
    for index in range(count):
        x = (index - (count - 1) / 2) * _PITCH_M
        full = overflowing and (index == 0 or rng.random() < 0.7)
        faces += _bin(rng, colour, x, full=full)
    if overflowing:
        faces += _beside(rng, count)
    return faces


def _bin(rng: np.random.Generator, colour: Colour, x: float, *, full: bool) -> list[Face]:
    top = finish(plain(rng, (20, 30), darker(colour, 0.35) if full else colour, contrast=4))
    side = finish(plain(rng, (20, 30), darker(colour, 0.8), contrast=4))
    if full:  # the rim of the open box
        rim = tuple(int(part) for part in colour)
        top[:2, :, :3] = top[-2:, :, :3] = rim
        top[:, :2, :3] = top[:, -2:, :3] = rim
    else:
        top[9:11, :, :3] //= 2  # the joint of the two lids
    faces = box_faces((x - 0.6, -0.38, 0.1), (x + 0.6, 0.38, 1.15), top=top, sides=[side], layer=0)
    if not full:
        return faces
    lid = np.array(
        [
            [x - 0.6, -0.4, 1.15],
            [x + 0.6, -0.4, 1.15],
            [x + 0.6, -0.75, 0.55],
            [x - 0.6, -0.75, 0.55],
        ]
    )
    faces.append(
        Face(corners=lid[::-1], texture=finish(plain(rng, (12, 30), colour)), two_sided=True)
    )
    for index in range(int(rng.integers(3, 8))):
        spot = np.array([x + rng.uniform(-0.45, 0.45), rng.uniform(-0.25, 0.25), 1.2])
        maker = bag_faces if rng.random() < 0.5 else heap_items("mixed")
        faces += maker(rng, spot, layer=3 + index)
    return faces


def _beside(rng: np.random.Generator, count: int) -> list[Face]:
    faces: list[Face] = []
    half = count * _PITCH_M / 2
    for index in range(int(rng.integers(2, 6 + 3 * count))):
        spot = np.array([rng.uniform(-half - 0.6, half + 0.6), rng.uniform(0.5, 1.3), 0.03])
        maker = bag_faces if rng.random() < 0.6 else heap_items("mixed")
        faces += maker(rng, spot, layer=20 + index)
    return faces
