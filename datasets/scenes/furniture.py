"""Trees, cars, pallets, intact boards and other things that belong where they are."""

import cv2
import numpy as np

from datasets.scenes.materials import CAR_PAINTS, darker, finish, pick, plain, vary
from datasets.scenes.noise import fractal_noise, soft_blob
from datasets.scenes.shapes import (
    Face,
    Solid,
    Texture,
    Vector,
    box_faces,
    flat_corners,
    place_faces,
)


def tree(rng: np.random.Generator, *, centre: Vector, radius_m: float) -> Solid:
    """Return a tree or bush: layers of leaves that grow smaller and lighter upwards."""
    colour = vary(rng, (44, 82, 66), 12)
    height = radius_m * rng.uniform(1.2, 2.2)
    faces = []
    layers = 7
    for index in range(layers):
        level = index / (layers - 1)
        size = 2 * radius_m * np.sqrt(max(1 - level**2 * 0.92, 0.05)) * rng.uniform(0.9, 1.05)
        texture = _leaves(rng, darker(colour, 0.45 + 0.75 * level), max(24, int(size * 34)))
        corners = flat_corners(
            float(rng.normal(0, radius_m * 0.1)),
            float(rng.normal(0, radius_m * 0.1)),
            height * (0.4 + 0.6 * level),
            width=size,
            depth=size,
            turn_deg=rng.uniform(0, 360),
        )
        faces.append(Face(corners=corners, texture=texture, layer=index, lit=False, two_sided=True))
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=0))


def _leaves(rng: np.random.Generator, colour: tuple[float, ...], size_px: int) -> Texture:
    size_px = min(size_px, 260)
    noise = fractal_noise(
        rng, (size_px, size_px), coarsest_px=size_px / 5, octaves=6, persistence=0.8
    )
    clumps = np.asarray(colour, np.float32)[None, None] * (1 + 0.3 * noise[..., None])
    holes = np.clip((noise + 1.0) * 3, 0, 1)
    return finish(clumps, soft_blob(rng, size_px, roughness=0.5) * holes)


def car(rng: np.random.Generator, *, centre: Vector, heading_deg: float) -> Solid:
    """Return a parked car, in two storeys: body and cabin."""
    long, wide = rng.uniform(3.9, 4.8), rng.uniform(1.68, 1.88)
    paint = pick(rng, CAR_PAINTS, 8)
    side = finish(plain(rng, (16, 90), darker(paint, 0.8), contrast=3))
    body = box_faces(
        (-wide / 2, -long / 2, 0.25),
        (wide / 2, long / 2, 0.95),
        top=_bonnet(rng, paint),
        sides=[side],
    )
    glass = finish(plain(rng, (12, 40), (66, 58, 52), contrast=6))
    low, high = 0.92, 1.45
    x, x_top = wide / 2 - 0.06, wide / 2 - 0.24
    y0, y1 = -long * 0.36, long * 0.2
    ring_low = [(x, y1, low), (-x, y1, low), (-x, y0, low), (x, y0, low)]
    ring_top = [
        (x_top, y1 - 0.6, high),
        (-x_top, y1 - 0.6, high),
        (-x_top, y0 + 0.45, high),
        (x_top, y0 + 0.45, high),
    ]
    faces = body
    for i in range(4):
        j = (i + 1) % 4
        corners = np.array([ring_top[i], ring_top[j], ring_low[j], ring_low[i]])
        faces.append(Face(corners=corners, texture=glass, layer=2))
    roof = finish(plain(rng, (40, 32), paint, contrast=3))
    top = np.array([ring_top[1], ring_top[0], ring_top[3], ring_top[2]])
    faces.append(Face(corners=top, texture=roof, layer=3))
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))


def _bonnet(rng: np.random.Generator, paint: tuple[float, float, float]) -> Texture:
    texture = finish(plain(rng, (150, 60), paint, contrast=3))
    dark = darker(paint, 0.5)
    mask = np.full((150, 60), 0, np.uint8)
    cv2.rectangle(mask, (2, 2), (57, 147), 255, -1)
    blurred = cv2.GaussianBlur(mask, (0, 0), 2)
    texture[..., 3] = np.clip(blurred * 1.6, 0, 255).astype(np.uint8)
    cv2.line(texture, (6, 40), (54, 40), (*dark, 255), 1, cv2.LINE_AA)
    for x in (8, 50):
        cv2.circle(texture, (x, 6), 3, (230, 235, 235, 255), -1)
        cv2.circle(texture, (x, 143), 3, (40, 40, 170, 255), -1)
    return texture


def pallets(rng: np.random.Generator, *, centre: Vector, heading_deg: float) -> Solid:
    """Return a tidy stack of pallets."""
    texture = np.full((60, 40, 4), 255, np.uint8)
    texture[..., :3] = plain(rng, (60, 40), vary(rng, (110, 148, 178)), contrast=9).clip(0, 255)
    texture[(np.arange(60) % 8) < 2, :, :3] //= 3
    high = 0.15 * int(rng.integers(1, 8))
    faces: list[Face] = []
    for column in range(int(rng.integers(1, 4))):
        x = column * 1.0
        faces += box_faces((x, 0, 0), (x + 0.8, 1.2, high), top=texture, sides=[texture])
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))


def manhole(rng: np.random.Generator, *, centre: Vector) -> Solid:
    """Return a manhole cover, flush with the ground."""
    texture = np.zeros((40, 40, 4), np.uint8)
    tone = int(rng.uniform(50, 105))
    cv2.circle(texture, (20, 20), 18, (tone, tone, tone, 255), -1, cv2.LINE_AA)
    cv2.circle(texture, (20, 20), 14, (tone + 25, tone + 25, tone + 25, 255), 1, cv2.LINE_AA)
    corners = flat_corners(0, 0, 0.005, width=0.8, depth=0.8)
    face = Face(corners=corners, texture=texture, casts_shadow=False)
    return Solid(centre=centre, faces=place_faces([face], centre=centre, heading_deg=0))


def bins(rng: np.random.Generator, *, centre: Vector, heading_deg: float) -> Solid:
    """Return a row of closed wheeled bins."""
    colour = pick(rng, ((70, 110, 50), (120, 84, 40), (70, 70, 72), (40, 150, 190)))
    top = finish(plain(rng, (20, 30), colour, contrast=4))
    side = finish(plain(rng, (20, 30), darker(colour, 0.8), contrast=4))
    faces: list[Face] = []
    for index in range(int(rng.integers(1, 5))):
        x = index * 1.35
        faces += box_faces((x, 0, 0.1), (x + 1.2, 0.75, 1.15), top=top, sides=[side])
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))
