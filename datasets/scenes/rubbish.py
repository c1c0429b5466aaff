"""Heaps of exposed garbage: bags, cardboard, mixed rubbish, building waste."""

from collections.abc import Callable

import cv2
import numpy as np

from datasets.scenes.materials import Colour, darker, finish, pick, plain, vary
from datasets.scenes.noise import fractal_noise, soft_blob
from datasets.scenes.shapes import Face, Texture, Vector, box_faces, flat_corners, place_points

KINDS = ("bags", "cardboard", "mixed", "building_waste")

_BAGS: tuple[Colour, ...] = (
    (34, 34, 36),
    (34, 34, 36),
    (226, 226, 224),
    (214, 206, 196),
    (170, 96, 40),
    (80, 120, 50),
    (50, 50, 170),
    (60, 170, 220),
)
_LITTER: tuple[Colour, ...] = (
    (230, 230, 228),
    (200, 210, 214),
    (60, 60, 180),
    (180, 110, 40),
    (70, 150, 200),
    (90, 130, 70),
    (40, 40, 44),
    (110, 150, 180),
)
_STONE: tuple[Colour, ...] = (
    (150, 158, 164),
    (120, 128, 134),
    (74, 92, 150),
    (176, 180, 182),
    (96, 120, 160),
)


def heap_faces(
    rng: np.random.Generator, *, width_m: float, depth_m: float, kind: str
) -> list[Face]:
    """Return the faces of a heap in local metres, centred on (0, 0, 0).

    Args:
        rng: Source of chance.
        width_m: Of the whole heap.
        depth_m: Of the whole heap.
        kind: One of KINDS.
    """
    height = min(width_m, depth_m) * rng.uniform(0.18, 0.4)
    faces = _mound(rng, width_m, depth_m, height, kind)
    make_item = heap_items(kind)
    density = {"bags": 7, "cardboard": 6, "mixed": 11, "building_waste": 15}[kind]
    count = int(np.clip(width_m * depth_m * density * rng.uniform(0.3, 1.3), 9, 110))
    for index in range(count):
        # Few lie outside, most inside: the square root spreads them evenly over the disc.
        distance = np.sqrt(rng.random()) * rng.choice([0.85, 1.0], p=[0.8, 0.2])
        angle = rng.uniform(0, 2 * np.pi)
        x = 0.5 * width_m * distance * np.cos(angle)
        y = 0.5 * depth_m * distance * np.sin(angle)
        z = height * max(0.0, 1 - distance**2) + 0.02
        maker = make_item if rng.random() < 0.85 else _mixed
        faces += maker(rng, np.array([x, y, z]), layer=2 + index)
    return faces + _strewn(rng, width_m, depth_m)


def heap_items(kind: str) -> Callable[..., list[Face]]:
    """Return the function that makes one piece of a heap of that kind at a spot and layer."""
    items: dict[str, Callable[..., list[Face]]] = {
        "bags": bag_faces,
        "cardboard": _cardboard,
        "mixed": _mixed,
        "building_waste": _rubble,
    }
    return items[kind]


def _strewn(rng: np.random.Generator, width_m: float, depth_m: float) -> list[Face]:
    """Return scraps that the wind has carried a little way from the heap."""
    faces: list[Face] = []
    for _ in range(int(rng.integers(2, 14))):
        angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.45, 0.62)
        spot = np.array(
            [width_m * distance * np.cos(angle), depth_m * distance * np.sin(angle), 0.0]
        )
        size = rng.uniform(0.06, 0.25)
        texture = finish(plain(rng, (12, 12), pick(rng, _LITTER, 20), contrast=14, coarsest_px=6))
        faces.append(
            _flat_piece(rng, spot, texture, width=size * rng.uniform(0.8, 2), depth=size, layer=1)
        )
    return faces


def _mound(
    rng: np.random.Generator, width_m: float, depth_m: float, height_m: float, kind: str
) -> list[Face]:
    """Return the dirt below the heap and its body, as ragged layers on top of each other."""
    stained = _speckled(rng, _dirt(rng, kind), 110, specks=60, opacity=0.75)
    corners = flat_corners(0, 0, 0.01, width=width_m, depth=depth_m, turn_deg=rng.uniform(-20, 20))
    faces = [Face(corners=corners, texture=stained, layer=0, casts_shadow=False, lit=False)]
    for level in (0.15, 0.4, 0.65, 0.85):
        size = np.sqrt(1 - level) * 0.88
        texture = _speckled(rng, _dirt(rng, kind), 110, specks=90, opacity=1.0)
        corners = flat_corners(
            float(rng.normal(0, 0.04 * width_m)),
            float(rng.normal(0, 0.04 * width_m)),
            level * height_m,
            width=width_m * size,
            depth=depth_m * size,
            turn_deg=rng.uniform(0, 25),
        )
        faces.append(Face(corners=corners, texture=texture, layer=1, lit=False, two_sided=True))
    return faces


def _dirt(rng: np.random.Generator, kind: str) -> Colour:
    if kind == "building_waste":
        return pick(rng, ((120, 132, 142), (92, 112, 140), (150, 156, 160)))
    return vary(rng, (74, 84, 92), 14)


def _speckled(
    rng: np.random.Generator, colour: Colour, size_px: int, *, specks: int, opacity: float
) -> Texture:
    surface = plain(rng, (size_px, size_px), colour, contrast=20, coarsest_px=size_px / 6)
    texture = finish(surface, opacity * soft_blob(rng, size_px, roughness=0.75, edge=0.2))
    for _ in range(specks):
        x, y = rng.integers(4, size_px - 4, 2)
        size = int(rng.integers(1, 5))
        tint = tuple(int(c) for c in pick(rng, _LITTER, 20))
        alpha = texture[y, x, 3]
        if alpha > 40:
            box = (
                (float(x), float(y)),
                (size * 2.0, size * rng.uniform(0.6, 2)),
                rng.uniform(0, 90),
            )
            cv2.fillPoly(texture, [cv2.boxPoints(box).astype(np.int32)], (*tint, 255))
    return texture


def bag_faces(rng: np.random.Generator, spot: Vector, *, layer: int) -> list[Face]:
    """Return a full bag that lies on a spot."""
    size = rng.uniform(0.4, 0.95)
    texture = bag_texture(rng, pick(rng, _BAGS, 14))
    corners = flat_corners(
        float(spot[0]),
        float(spot[1]),
        spot[2] + size * 0.35,
        width=size * rng.uniform(0.7, 1.2),
        depth=size,
        turn_deg=rng.uniform(0, 360),
    )
    return [Face(corners=corners, texture=texture, layer=layer, lit=False, two_sided=True)]


def bag_texture(rng: np.random.Generator, colour: Colour, size_px: int = 56) -> Texture:
    """Return a full plastic bag from above: a dome with folds, glints and a dark rim."""
    y, x = np.mgrid[-1 : 1 : size_px * 1j, -1 : 1 : size_px * 1j].astype(np.float32)
    folds = fractal_noise(
        rng, (size_px, size_px), coarsest_px=size_px / 4, octaves=4, persistence=0.7
    )
    dome = np.sqrt(np.clip(1 - (x * x + y * y), 0, 1)) + 0.08 * folds
    slope_x = cv2.Sobel(dome, cv2.CV_32F, 1, 0, ksize=3) * size_px / 16
    slope_y = cv2.Sobel(dome, cv2.CV_32F, 0, 1, ksize=3) * size_px / 16
    angle = rng.uniform(0, 2 * np.pi)
    slant = np.cos(angle) * slope_x + np.sin(angle) * slope_y
    light = np.clip(0.78 - 0.3 * slant, 0.2, 1.5)
    glint = np.clip(-slant - 0.55, 0, 1) * rng.uniform(40, 170) * (folds > 0.3)
    surface = np.asarray(colour, np.float32) * light[..., None] + glint[..., None]
    return finish(surface.astype(np.float32), soft_blob(rng, size_px, roughness=0.3, edge=0.1))


def _cardboard(rng: np.random.Generator, spot: Vector, *, layer: int) -> list[Face]:
    colour = vary(rng, (104, 146, 182), 16)
    turn = float(rng.uniform(0, 360))
    width, depth = rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.7)
    texture = finish(plain(rng, (30, 40), colour, contrast=7))
    cv2.line(texture, (0, 15), (39, 15), (*darker(colour, 0.6), 255), 1)
    if rng.random() < 0.5:
        return [_flat_piece(rng, spot, texture, width=width * 1.3, depth=depth * 1.3, layer=layer)]
    high = rng.uniform(0.2, 0.5)
    side = finish(plain(rng, (16, 24), darker(colour, 0.75), contrast=6))
    if rng.random() < 0.4:  # open box: its inside lies in the dark
        texture[5:-5, 5:-5, :3] //= 3
    faces = box_faces(
        (-width / 2, -depth / 2, 0),
        (width / 2, depth / 2, high),
        top=texture,
        sides=[side],
        layer=layer,
    )
    return [_moved(face, spot, turn) for face in faces]


def _flat_piece(
    rng: np.random.Generator,
    spot: Vector,
    texture: Texture,
    *,
    width: float,
    depth: float,
    layer: int,
) -> Face:
    corners = flat_corners(0, 0, 0.06, width=width, depth=depth)
    corners[:, 2] += corners[:, 0] * rng.normal(0, 0.3) + corners[:, 1] * rng.normal(0, 0.3)
    corners[:, 2] -= min(0.0, float(corners[:, 2].min()))
    corners = place_points(corners, centre=spot, heading_deg=float(rng.uniform(0, 360)))
    return Face(corners=corners, texture=texture, layer=layer, two_sided=True)


def _moved(face: Face, spot: Vector, turn_deg: float) -> Face:
    corners = place_points(face.corners, centre=spot, heading_deg=turn_deg)
    return Face(corners=corners, texture=face.texture, layer=face.layer)


def _mixed(rng: np.random.Generator, spot: Vector, *, layer: int) -> list[Face]:
    kind = rng.random()
    if kind < 0.3:
        return bag_faces(rng, spot, layer=layer)
    if kind < 0.45:
        return _cardboard(rng, spot, layer=layer)
    if kind < 0.6:
        return [_plank(rng, spot, layer)]
    if kind < 0.68:
        return [_cushion(rng, spot, layer)]
    return [_scrap(rng, spot, layer)]


def _plank(rng: np.random.Generator, spot: Vector, layer: int) -> Face:
    colour = pick(rng, ((90, 130, 166), (120, 140, 150), (200, 204, 204)))
    texture = finish(plain(rng, (8, 60), colour, contrast=10))
    width, depth = rng.uniform(0.6, 1.8), rng.uniform(0.06, 0.16)
    return _flat_piece(rng, spot, texture, width=width, depth=depth, layer=layer)


def _cushion(rng: np.random.Generator, spot: Vector, layer: int) -> Face:
    """Return a mattress or a part of a sofa."""
    colour = pick(rng, ((200, 206, 210), (150, 150, 176), (130, 110, 96)))
    texture = finish(plain(rng, (40, 60), colour, contrast=6))
    width, depth = rng.uniform(0.8, 1.6), rng.uniform(0.5, 0.9)
    return _flat_piece(rng, spot, texture, width=width, depth=depth, layer=layer)


def _scrap(rng: np.random.Generator, spot: Vector, layer: int) -> Face:
    """Return a piece of film, paper or cloth."""
    colour = pick(rng, _LITTER, 20)
    size = rng.uniform(0.12, 0.5)
    surface = plain(rng, (28, 28), colour, contrast=18, coarsest_px=8)
    texture = finish(surface, soft_blob(rng, 28, roughness=1.0, edge=0.2))
    width = size * rng.uniform(0.7, 1.8)
    return _flat_piece(rng, spot, texture, width=width, depth=size, layer=layer)


def _rubble(rng: np.random.Generator, spot: Vector, *, layer: int) -> list[Face]:
    if rng.random() < 0.15:
        return _mixed(rng, spot, layer=layer)
    width, depth = rng.uniform(0.12, 0.45), rng.uniform(0.1, 0.35)
    colour = pick(rng, _STONE, 16)
    top = finish(
        plain(rng, (16, 16), colour, contrast=14, coarsest_px=8),
        soft_blob(rng, 16, roughness=0.2, edge=0.5) ** 0.3,
    )
    side = finish(plain(rng, (8, 12), darker(colour, 0.7), contrast=10))
    high = rng.uniform(0.06, 0.25)
    faces = box_faces(
        (-width / 2, -depth / 2, 0),
        (width / 2, depth / 2, high),
        top=top,
        sides=[side],
        layer=layer,
    )
    turn = float(rng.uniform(0, 360))
    return [_moved(face, spot, turn) for face in faces]
