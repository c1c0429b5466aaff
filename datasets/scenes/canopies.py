"""Roofs on posts: makeshift canopies, and the awnings and carports that are taken for them."""

import numpy as np

from datasets.scenes.materials import (
    METALS,
    Colour,
    darker,
    finish,
    pick,
    plain,
    seamed_roof,
    tarpaulin,
    texture_size,
)
from datasets.scenes.shapes import Face, Texture, box_faces
from datasets.scenes.structures import patchwork

_CLOTHS: tuple[Colour, ...] = (
    (60, 60, 170),
    (60, 110, 60),
    (150, 90, 40),
    (200, 200, 200),
    (60, 150, 210),
)
_TEXELS_PER_M = 52


def canopy_faces(
    rng: np.random.Generator, *, width_m: float, depth_m: float, height_m: float
) -> list[Face]:
    """Return a makeshift roof on posts: sheets or a tarpaulin, open below, in local metres.

    It falls towards the largest y; its posts stand a little inside its corners.
    """
    rise = rng.uniform(0.05, 0.7)
    x, y = width_m / 2, depth_m / 2
    sags = rng.normal(0, 0.12, 4)
    roof = np.array(
        [
            [-x, y, height_m + sags[0]],
            [x, y, height_m + sags[1]],
            [x, -y, height_m + rise + sags[2]],
            [-x, -y, height_m + rise + sags[3]],
        ]
    )
    cover = _cover(rng, width_m, depth_m)
    faces = [Face(corners=roof, texture=cover, layer=2, two_sided=True)]
    if rng.random() < 0.4:  # a second, smaller sheet over a part of it
        faces.append(_second_sheet(rng, roof))
    return faces + _posts(rng, x - 0.15, y - 0.15, height_m)


def _cover(rng: np.random.Generator, width_m: float, depth_m: float) -> Texture:
    kind = rng.random()
    if kind < 0.45:
        return patchwork(rng, width_m, depth_m)
    if kind < 0.8:
        return finish(tarpaulin(rng, width_m, depth_m, texels_per_m=_TEXELS_PER_M))
    # Plastic that lets some light through: the ground shows below it.
    sheet = seamed_roof(rng, width_m, depth_m, colour=pick(rng, ((196, 190, 160), (170, 186, 150))))
    sheet[..., 3] = int(rng.uniform(170, 225))
    return sheet


def _second_sheet(
    rng: np.random.Generator, roof: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> Face:
    right, fall = roof[1] - roof[0], roof[3] - roof[0]
    a, b = rng.uniform(-0.1, 0.4, 2)
    wide, deep = rng.uniform(0.3, 0.7, 2)
    lift = np.array([0, 0, 0.08])
    steps = ((a, b), (a + wide, b), (a + wide, b + deep), (a, b + deep))
    corners = np.array([roof[0] + s * right + t * fall + lift for s, t in steps])
    size = (float(np.linalg.norm(right)) * wide, float(np.linalg.norm(fall)) * deep)
    texture = finish(tarpaulin(rng, *size, texels_per_m=_TEXELS_PER_M))
    return Face(corners=corners, texture=texture, layer=3, two_sided=True)


def awning_faces(
    rng: np.random.Generator, *, width_m: float, depth_m: float, height_m: float
) -> list[Face]:
    """Return a shop's awning, even and of one cloth; its back edge lies at the smallest y."""
    cloth = pick(rng, _CLOTHS, 10)
    texture = finish(plain(rng, texture_size(width_m, depth_m, 32), cloth, contrast=3))
    if rng.random() < 0.6:
        step = max(2, round(0.3 * texture.shape[1] / width_m))
        stripes = (np.arange(texture.shape[1]) // step) % 2 == 0
        texture[:, stripes, :3] = 225
    x, y, low = width_m / 2, depth_m / 2, height_m - 0.35 * depth_m
    top = np.array([[-x, y, low], [x, y, low], [x, -y, height_m], [-x, -y, height_m]])
    edge = np.array([[x, y, low], [-x, y, low], [-x, y, low - 0.25], [x, y, low - 0.25]])
    return [
        Face(corners=top, texture=texture, layer=2, two_sided=True),
        Face(corners=edge, texture=texture, layer=1, two_sided=True),
    ]


def carport_faces(
    rng: np.random.Generator, *, width_m: float, depth_m: float, height_m: float
) -> list[Face]:
    """Return a tidy carport: one level roof of one kind on four straight posts."""
    x, y = width_m / 2, depth_m / 2
    colour = pick(rng, METALS, 8)
    roof = seamed_roof(rng, width_m, depth_m, colour=colour)
    rim = finish(plain(rng, (6, 60), darker(colour, 0.8), contrast=3))
    slab = box_faces((-x, -y, height_m), (x, y, height_m + 0.18), top=roof, sides=[rim], layer=2)
    return slab + _posts(rng, x - 0.2, y - 0.2, height_m)


def _posts(rng: np.random.Generator, x: float, y: float, height_m: float) -> list[Face]:
    wood = finish(plain(rng, (30, 6), pick(rng, ((96, 120, 140), (120, 124, 128))), contrast=6))
    faces: list[Face] = []
    for post_x, post_y in ((-x, -y), (x, -y), (x, y), (-x, y)):
        low, high = (post_x - 0.06, post_y - 0.06, 0.0), (post_x + 0.06, post_y + 0.06, height_m)
        faces += box_faces(low, high, top=wood, sides=[wood], layer=0)
    return faces
