"""Boulders, heaps of gravel and tidy stacks: what lies about without being garbage."""

import cv2
import numpy as np

from datasets.scenes.materials import Colour, darker, finish, pick, plain
from datasets.scenes.noise import soft_blob
from datasets.scenes.shapes import Face, Texture, box_faces, flat_corners

_ROCKS: tuple[Colour, ...] = ((140, 146, 150), (112, 120, 126), (96, 116, 136), (160, 172, 178))
_GRAVELS: tuple[Colour, ...] = (
    (130, 138, 144),
    (104, 130, 156),
    (150, 158, 162),
    (84, 92, 100),
    (88, 112, 150),
)


def boulder_faces(rng: np.random.Generator, *, size_m: float, layer: int = 0) -> list[Face]:
    """Return one boulder in local metres: uneven slices that shrink upwards."""
    colour = pick(rng, _ROCKS, 12)
    height = size_m * rng.uniform(0.35, 0.7)
    faces = []
    for index, level in enumerate((0.0, 0.3, 0.55, 0.75, 0.9, 1.0)):
        side = size_m * np.sqrt(max(1 - 0.85 * level**2, 0.05))
        shade = darker(colour, 0.55 + 0.5 * level)
        texture = _facets(rng, shade)
        corners = flat_corners(
            float(rng.normal(0, 0.03)) * size_m,
            float(rng.normal(0, 0.03)) * size_m,
            0.02 + height * level,
            width=side,
            depth=side * 0.85,
            turn_deg=12.0 * index,
        )
        faces.append(
            Face(corners=corners, texture=texture, layer=layer + index, lit=False, two_sided=True)
        )
    return faces


def _facets(rng: np.random.Generator, colour: Colour) -> Texture:
    surface = plain(rng, (40, 40), colour, contrast=9, coarsest_px=18)
    slope = np.linspace(-1, 1, 40, dtype=np.float32)
    surface += 16 * slope[:, None, None] * rng.choice([-1.0, 1.0])
    return finish(surface.astype(np.float32), soft_blob(rng, 40, roughness=0.45, edge=0.08))


def boulders_faces(rng: np.random.Generator, *, width_m: float, depth_m: float) -> list[Face]:
    """Return some boulders strewn over an area in local metres."""
    faces: list[Face] = []
    for index in range(int(rng.integers(1, 9))):
        size = float(np.clip(rng.lognormal(-0.5, 0.45), 0.25, 1.8))
        x = float(rng.uniform(-0.5, 0.5)) * max(width_m - size, 0)
        y = float(rng.uniform(-0.5, 0.5)) * max(depth_m - size, 0)
        faces += [
            Face(
                corners=face.corners + np.array([x, y, 0.0]),
                texture=face.texture,
                layer=face.layer,
                lit=False,
                two_sided=True,
            )
            for face in boulder_faces(rng, size_m=size, layer=8 * index)
        ]
    return faces


def stone_heap_faces(rng: np.random.Generator, *, width_m: float, depth_m: float) -> list[Face]:
    """Return a heap of one kind of stone, gravel or soil in local metres: a cone of one colour."""
    colour = pick(rng, _GRAVELS, 12)
    coarse = float(rng.choice([3.0, 7.0, 14.0]))
    height = min(width_m, depth_m) * rng.uniform(0.25, 0.5)
    faces = []
    levels = np.linspace(0, 0.95, 9)
    for index, level in enumerate(levels.tolist()):
        size = 120
        surface = plain(rng, (size, size), colour, contrast=16, coarsest_px=coarse)
        y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
        surface += (14 * (x - y))[..., None]  # one flank lies in the light
        mask = soft_blob(rng, size, roughness=0.25, edge=0.12)
        corners = flat_corners(
            0, 0, 0.01 + level * height, width=width_m * (1 - level), depth=depth_m * (1 - level)
        )
        faces.append(
            Face(
                corners=corners,
                texture=finish(surface.astype(np.float32), mask),
                layer=index,
                lit=False,
                two_sided=True,
                casts_shadow=index > 0,
            )
        )
    return faces


def tidy_stack_faces(rng: np.random.Generator) -> list[Face]:
    """Return building material as it is delivered, in local metres: bricks, pipes or boards."""
    kind = rng.random()
    if kind < 0.4:
        return _brick_stacks(rng)
    if kind < 0.7:
        return _pipes(rng)
    return _boards(rng)


def _brick_stacks(rng: np.random.Generator) -> list[Face]:
    colour = pick(rng, ((70, 90, 160), (150, 156, 160), (110, 130, 170)), 10)
    texture = finish(plain(rng, (40, 40), colour, contrast=6))
    texture[::7, :, :3] //= 2
    texture[:, ::13, :3] //= 2
    faces: list[Face] = []
    for index in range(int(rng.integers(1, 5))):
        x, high = (index - 1.5) * 1.25, float(rng.choice([0.5, 0.75, 1.0]))
        faces += box_faces((x, -0.5, 0), (x + 1.05, 0.5, high), top=texture, sides=[texture])
    return faces


def _pipes(rng: np.random.Generator) -> list[Face]:
    colour = pick(rng, ((160, 164, 166), (60, 120, 210), (60, 60, 64), (150, 110, 60)), 10)
    length, radius = rng.uniform(3, 6), rng.uniform(0.06, 0.2)
    count = int(rng.integers(4, 11))
    across = np.sin(np.linspace(0, np.pi, 12, dtype=np.float32))
    surface = plain(rng, (30, 12), colour, contrast=3) * (0.45 + 0.6 * across)[None, :, None]
    texture = finish(surface.astype(np.float32))
    faces: list[Face] = []
    for index in range(count):
        x = (index - count / 2) * 2 * radius
        low, high = (x, -length / 2, 0), (x + 2 * radius, length / 2, 2 * radius)
        faces += box_faces(low, high, top=texture, sides=[texture])
    return faces


def _boards(rng: np.random.Generator) -> list[Face]:
    colour = pick(rng, ((120, 160, 196), (90, 130, 166)), 12)
    width, length = rng.uniform(0.8, 1.4), rng.uniform(2, 5)
    texture = finish(plain(rng, (80, 40), colour, contrast=7))
    for x in range(0, 40, 5):
        cv2.line(texture, (x, 0), (x, 79), (*darker(colour, 0.6), 255), 1)
    half = (width / 2, length / 2)
    return box_faces(
        (-half[0], -half[1], 0.1),
        (*half, rng.uniform(0.3, 1.0)),
        top=texture,
        sides=[texture],
    )
