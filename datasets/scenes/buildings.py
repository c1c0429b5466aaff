"""Regular buildings, tidy sheds and containers, with what usually stands on their roofs."""

from dataclasses import replace

import cv2
import numpy as np

from datasets.scenes.materials import (
    CONCRETES,
    METALS,
    WALLS,
    concrete_roof,
    finish,
    pick,
    plain,
    seamed_roof,
    texture_size,
    tiled_roof,
    vary,
    wall,
)
from datasets.scenes.shapes import (
    Face,
    Solid,
    Texture,
    Vector,
    box_faces,
    flat_corners,
    place_faces,
)

_FOUNDATION_M = 2.0  # walls go on below ground, so that none floats on a slope


def flat_building(
    rng: np.random.Generator,
    *,
    centre: Vector,
    heading_deg: float,
    width_m: float,
    depth_m: float,
    height_m: float,
) -> Solid:
    """Return a building with a flat roof, a parapet and roof plant."""
    metal = rng.random() < 0.25
    roof = (seamed_roof if metal else concrete_roof)(rng, width_m, depth_m)
    sides = _walls(rng, width_m, depth_m, height_m + _FOUNDATION_M)
    half = (width_m / 2, depth_m / 2)
    faces = box_faces(
        (-half[0], -half[1], -_FOUNDATION_M), (half[0], half[1], height_m), top=roof, sides=sides
    )
    if not metal:
        faces += _parapet(rng, half, height_m)
    faces += _roof_plant(rng, half, height_m)
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))


def gable_house(
    rng: np.random.Generator,
    *,
    centre: Vector,
    heading_deg: float,
    width_m: float,
    depth_m: float,
    height_m: float,
) -> Solid:
    """Return a house whose two roof slopes meet in a ridge along its width."""
    rise = depth_m * rng.uniform(0.18, 0.32)
    x, y, eave, ridge = width_m / 2 + 0.35, depth_m / 2 + 0.35, height_m - 0.15, height_m + rise
    covers = _slope_covers(rng, 2 * x, float(np.hypot(y, rise)))
    front = np.array([[x, 0, ridge], [-x, 0, ridge], [-x, y, eave], [x, y, eave]])
    back = np.array([[-x, 0, ridge], [x, 0, ridge], [x, -y, eave], [-x, -y, eave]])
    low, high = (-width_m / 2, -depth_m / 2, -_FOUNDATION_M), (width_m / 2, depth_m / 2, height_m)
    sides = _walls(rng, width_m, depth_m, height_m + _FOUNDATION_M)
    faces = box_faces(low, high, top=covers[0], sides=sides)[:4]  # without the flat top
    faces.append(Face(corners=front, texture=covers[0], layer=2))
    faces.append(Face(corners=back, texture=covers[1], layer=2))
    if rng.random() < 0.6:
        faces += _chimney(rng, ridge)
    if rng.random() < 0.35:
        faces.append(_skylight(rng, front))
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))


def _slope_covers(
    rng: np.random.Generator, width_m: float, slope_m: float
) -> tuple[Texture, Texture]:
    """Return the textures of a roof's two slopes: mostly tiles, else sheet metal."""
    if rng.random() < 0.7:
        tiles = tiled_roof(rng, width_m, slope_m)
        return tiles, tiles
    colour = pick(rng, METALS)
    return (
        seamed_roof(rng, width_m, slope_m, colour=colour),
        seamed_roof(rng, width_m, slope_m, colour=colour),
    )


def tidy_shed(
    rng: np.random.Generator, *, centre: Vector, heading_deg: float, width_m: float, depth_m: float
) -> Solid:
    """Return a garage or store with one clean roof: looks like an illegal structure, is none."""
    height = rng.uniform(2.3, 3.2)
    roof = (seamed_roof if rng.random() < 0.6 else concrete_roof)(rng, width_m, depth_m)
    colour = pick(rng, WALLS)
    sides = [finish(plain(rng, texture_size(width_m, height, 24), colour, contrast=5))]
    faces = box_faces(
        (-width_m / 2, -depth_m / 2, -0.6),
        (width_m / 2, depth_m / 2, height),
        top=roof,
        sides=sides,
        top_heights=(height, height + rng.uniform(0, 0.4)),
    )
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))


def container(rng: np.random.Generator, *, centre: Vector, heading_deg: float) -> Solid:
    """Return a clean shipping container."""
    length = float(rng.choice([6.06, 12.19], p=[0.8, 0.2]))
    colour = pick(rng, METALS, 18)
    top = seamed_roof(rng, length, 2.44, colour=colour)
    side = seamed_roof(rng, length, 2.6, colour=colour)
    faces = box_faces((-length / 2, -1.22, 0), (length / 2, 1.22, 2.6), top=top, sides=[side])
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))


def _walls(
    rng: np.random.Generator, width_m: float, depth_m: float, height_m: float
) -> list[Texture]:
    colour = pick(rng, WALLS)
    wide = wall(rng, width_m, height_m, colour=colour)
    deep = wall(rng, depth_m, height_m, colour=colour)
    return [wide, deep]


def _parapet(rng: np.random.Generator, half: tuple[float, float], height_m: float) -> list[Face]:
    x, y = half
    thick, high = 0.25, rng.uniform(0.25, 0.8)
    colour = pick(rng, CONCRETES, 8)
    texture = finish(plain(rng, (12, 160), colour, contrast=4))
    bars = [
        (-x, y - thick, x, y),
        (-x, -y, x, -y + thick),
        (-x, -y, -x + thick, y),
        (x - thick, -y, x, y),
    ]
    faces: list[Face] = []
    for x0, y0, x1, y1 in bars:
        bar = box_faces(
            (x0, y0, height_m), (x1, y1, height_m + high), top=texture, sides=[texture], layer=2
        )
        faces += bar
    return faces


def _roof_plant(rng: np.random.Generator, half: tuple[float, float], height_m: float) -> list[Face]:
    """Return air conditioners, skylights and stair heads with their shadows on the roof."""
    if min(half) < 2:
        return []
    faces: list[Face] = []
    for _ in range(int(rng.integers(1, 3 + int(half[0] * half[1] / 25)))):
        size, top = _plant_kind(rng)
        x = rng.uniform(-half[0] + 1.2, half[0] - 1.2)
        y = rng.uniform(-half[1] + 1.2, half[1] - 1.2)
        faces += _plant_faces(rng, np.array([x, y, height_m]), size, top)
    return faces


def _plant_kind(rng: np.random.Generator) -> tuple[tuple[float, float, float], Texture]:
    """Return the width, depth, height and top of one thing that stands on roofs."""
    kind = rng.random()
    if kind < 0.2:
        return (rng.uniform(0.9, 2.0), rng.uniform(0.9, 1.6), 0.2), _glass(rng)
    if kind < 0.3:
        width, depth = rng.uniform(2.2, 3), rng.uniform(2.2, 3.4)
        return (width, depth, 2.4), concrete_roof(rng, width, depth)  # a stair head
    size = (rng.uniform(0.7, 1.6), rng.uniform(0.6, 1.2), rng.uniform(0.5, 1.2))
    return size, _fan(rng)


def _plant_faces(
    rng: np.random.Generator, foot: Vector, size: tuple[float, float, float], top: Texture
) -> list[Face]:
    width, depth, high = size
    x, y, z = (float(part) for part in foot)
    side = finish(plain(rng, (16, 24), vary(rng, (160, 164, 166)), contrast=6))
    shade = finish(np.zeros((8, 8, 3), np.float32), np.full((8, 8), 0.35, np.float32))
    shadow = flat_corners(
        x + high * 0.25,
        y - high * 0.15,
        z + 0.01,
        width=width + high * 0.5,
        depth=depth + high * 0.3,
    )
    low, upper = (x - width / 2, y - depth / 2, z), (x + width / 2, y + depth / 2, z + high)
    return [
        Face(corners=shadow, texture=shade, layer=2, lit=False, casts_shadow=False),
        *box_faces(low, upper, top=top, sides=[side], layer=3),
    ]


def _fan(rng: np.random.Generator) -> Texture:
    texture = finish(plain(rng, (48, 64), vary(rng, (176, 178, 178)), contrast=4))
    for centre in ((18, 24), (46, 24)) if rng.random() < 0.5 else ((32, 24),):
        cv2.circle(texture, centre, 12, (60, 60, 60, 255), -1, cv2.LINE_AA)
        cv2.circle(texture, centre, 4, (120, 120, 120, 255), -1, cv2.LINE_AA)
    return texture


def _glass(rng: np.random.Generator) -> Texture:
    texture = finish(plain(rng, (48, 64), vary(rng, (170, 150, 130), 18), contrast=8))
    cv2.rectangle(texture, (0, 0), (63, 47), (200, 200, 200, 255), 3)
    cv2.line(texture, (32, 0), (32, 47), (200, 200, 200, 255), 2)
    return texture


def _chimney(rng: np.random.Generator, ridge_m: float) -> list[Face]:
    x = rng.uniform(-1.5, 1.5)
    brick = finish(plain(rng, (16, 16), vary(rng, (70, 84, 130)), contrast=12))
    return box_faces(
        (x - 0.3, 0.2, ridge_m - 0.8),
        (x + 0.3, 0.8, ridge_m + 0.7),
        top=brick,
        sides=[brick],
        layer=3,
    )


def _skylight(rng: np.random.Generator, slope: Vector) -> Face:
    across, down = rng.uniform(0.2, 0.7), rng.uniform(0.3, 0.6)
    right, fall = slope[1] - slope[0], slope[3] - slope[0]
    size_x, size_y = 0.9 / np.linalg.norm(right), 1.2 / np.linalg.norm(fall)
    lift = np.array([0, 0, 0.05])
    steps = [
        (across, down),
        (across + size_x, down),
        (across + size_x, down + size_y),
        (across, down + size_y),
    ]
    corners = np.array([slope[0] + a * right + d * fall + lift for a, d in steps])
    return Face(corners=corners, texture=_glass(rng), layer=3)


def on_host(solid: Solid, host: Vector) -> Solid:
    """Return the solid as one that is painted just after the building it belongs to."""
    return replace(solid, host=host)
