"""Illegal structures: sheds, lean-tos and rooftop rooms put together from what was at hand."""

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.scenes.materials import (
    Colour,
    corrugated_sheet,
    darker,
    finish,
    pick,
    plain,
    tarpaulin,
    vary,
)
from datasets.scenes.noise import fractal_noise
from datasets.scenes.shapes import Face, Texture, box_faces, place_points

_TEXELS_PER_M = 52
_SHEETS: tuple[Colour, ...] = (
    (176, 104, 46),
    (150, 156, 160),
    (112, 122, 128),
    (190, 196, 196),
    (70, 96, 140),
    (86, 120, 84),
    (60, 76, 120),
    (200, 190, 150),
)
_BOARDS: tuple[Colour, ...] = ((110, 150, 180), (86, 110, 136), (140, 160, 172))


def structure_faces(
    rng: np.random.Generator,
    *,
    width_m: float,
    depth_m: float,
    height_m: float,
    foot_m: float = 0.4,
) -> list[Face]:
    """Return a makeshift room in local metres; its roof falls towards the largest y.

    Args:
        rng: Source of chance.
        width_m: Along the roof's lower edge.
        depth_m: From the lower to the upper edge.
        height_m: Of the lower edge.
        foot_m: How far the walls go on below the ground.
    """
    rise = rng.uniform(0.15, 0.9)
    walls = [_wall(rng, width_m, height_m + foot_m), _wall(rng, depth_m, height_m + foot_m)]
    tarpaulined = rng.random() < 0.25
    cover = (_tarpaulin_roof if tarpaulined else patchwork)(rng, width_m, depth_m)
    x, y, top_m = width_m / 2, depth_m / 2, height_m + rise
    body = box_faces(
        (0.2 - x, 0.2 - y, -foot_m),
        (x - 0.2, y - 0.2, height_m),
        top=cover,
        sides=walls,
        top_heights=(height_m, top_m),
    )
    roof = np.array([[-x, y, height_m], [x, y, height_m], [x, -y, top_m], [-x, -y, top_m]])
    faces = [*body[:4], Face(corners=roof, texture=cover, layer=2, two_sided=True)]
    if rng.random() < 0.35:
        faces.append(_porch(rng, width_m, depth_m, height_m))
    return faces + _weights(rng, roof)


def patchwork(rng: np.random.Generator, width_m: float, depth_m: float) -> Texture:
    """Return a roof of worn sheets of several kinds that overlap and do not line up."""
    rows, columns = int(depth_m * _TEXELS_PER_M), int(width_m * _TEXELS_PER_M)
    surface = np.zeros((rows, columns, 4), np.float32)
    surface[..., :3] = plain(rng, (rows, columns), (60, 70, 78), contrast=8)
    palette = [pick(rng, _SHEETS, 14) for _ in range(int(rng.integers(2, 5)))]
    rust = rng.uniform(0.0, 0.5)
    top = 0.0
    while top < depth_m:
        length = rng.uniform(1.4, 2.8)
        left = -rng.uniform(0, 0.5)
        while left < width_m:
            wide = rng.uniform(0.65, 1.15)
            sheet = _one_sheet(rng, palette, wide, length, rust)
            _lay(
                surface,
                sheet,
                (left + wide / 2) * _TEXELS_PER_M,
                (top + length / 2) * _TEXELS_PER_M,
                rng.normal(0, 1.8),
            )
            left += wide - rng.uniform(0.0, 0.1)
        top += length - rng.uniform(0.05, 0.3)
    for _ in range(int(rng.integers(0, 4))):  # patches over leaks
        sheet = tarpaulin(
            rng, rng.uniform(0.5, 1.8), rng.uniform(0.5, 1.6), texels_per_m=_TEXELS_PER_M
        )
        _lay(surface, sheet, rng.uniform(0, columns), rng.uniform(0, rows), rng.uniform(-40, 40))
    surface[..., 3] = 255 * np.maximum(surface[..., 3], _inner(rows, columns))
    return np.clip(surface, 0, 255).astype(np.uint8)


def _one_sheet(
    rng: np.random.Generator, palette: list[Colour], width_m: float, length_m: float, rust: float
) -> NDArray[np.float32]:
    if rng.random() < 0.1:
        return tarpaulin(rng, width_m, length_m, texels_per_m=_TEXELS_PER_M)
    if rng.random() < 0.1:
        shape = (int(length_m * _TEXELS_PER_M), int(width_m * _TEXELS_PER_M))
        return plain(rng, shape, pick(rng, _BOARDS), contrast=12)
    colour = vary(rng, palette[int(rng.integers(len(palette)))], 9)
    share = float(np.clip(rng.normal(rust, 0.2), 0, 0.9))
    return corrugated_sheet(
        rng, width_m, length_m, colour=colour, rust=share, texels_per_m=_TEXELS_PER_M
    )


def _lay(
    surface: NDArray[np.float32], sheet: NDArray[np.float32], x: float, y: float, turn_deg: float
) -> None:
    """Lay a sheet onto the surface around (x, y), with a dark line where it ends."""
    rows, columns = sheet.shape[:2]
    sheet = sheet.copy()
    for edge in (np.s_[:2], np.s_[-2:], np.s_[:, :2], np.s_[:, -2:]):
        sheet[edge] *= 0.62
    layered = np.dstack([sheet, np.ones((rows, columns), np.float32)])
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), turn_deg, 1.0)
    matrix[:, 2] += [x - columns / 2, y - rows / 2]
    warped = cv2.warpAffine(layered, matrix, surface.shape[1::-1], flags=cv2.INTER_LINEAR)
    weight = warped[..., 3:]
    surface[..., :3] += (warped[..., :3] / np.maximum(weight, 1e-3) - surface[..., :3]) * weight
    surface[..., 3:] = np.maximum(surface[..., 3:], weight)


def _inner(rows: int, columns: int) -> NDArray[np.float32]:
    """Return a mask that is 0 in a narrow rim only, where sheets end unevenly."""
    mask = np.zeros((rows, columns), np.float32)
    rim = max(2, int(0.12 * _TEXELS_PER_M))
    mask[rim:-rim, rim:-rim] = 1
    return mask


def _tarpaulin_roof(rng: np.random.Generator, width_m: float, depth_m: float) -> Texture:
    colours = tarpaulin(rng, width_m, depth_m, texels_per_m=_TEXELS_PER_M)
    rows, columns = colours.shape[:2]
    sag = fractal_noise(rng, (rows, columns), coarsest_px=1.5 * _TEXELS_PER_M, octaves=2)
    wave = fractal_noise(rng, (rows, columns), coarsest_px=_TEXELS_PER_M, octaves=3)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    edge = np.maximum(np.abs(x), np.abs(y)) + 0.03 * wave
    return finish(colours * (1 + 0.09 * sag[..., None]), np.clip((0.97 - edge) * 40, 0, 1))


def _wall(rng: np.random.Generator, width_m: float, height_m: float) -> Texture:
    if rng.random() < 0.5:
        rust = rng.uniform(0, 0.5)
        return finish(
            corrugated_sheet(
                rng, width_m, height_m, colour=pick(rng, _SHEETS), rust=rust, texels_per_m=30
            )
        )
    shape = (int(height_m * 30), int(width_m * 30))
    surface = plain(rng, shape, pick(rng, _BOARDS), contrast=10)
    surface[:, np.arange(shape[1]) % 8 == 0] *= 0.6
    return finish(surface)


def _porch(rng: np.random.Generator, width_m: float, depth_m: float, height_m: float) -> Face:
    """Return a cloth or sheet stretched out in front, lower at its free edge."""
    wide, out = width_m * rng.uniform(0.4, 0.9), rng.uniform(0.8, 2.0)
    x = rng.uniform(-0.5, 0.5) * (width_m - wide)
    y = depth_m / 2
    corners = np.array(
        [
            [x - wide / 2, y + out, height_m - rng.uniform(0.2, 0.6)],
            [x + wide / 2, y + out, height_m - rng.uniform(0.2, 0.6)],
            [x + wide / 2, y - 0.1, height_m - 0.05],
            [x - wide / 2, y - 0.1, height_m - 0.05],
        ]
    )
    return Face(corners=corners, texture=_tarpaulin_roof(rng, wide, out), layer=1, two_sided=True)


def _weights(rng: np.random.Generator, roof: NDArray[np.float64]) -> list[Face]:
    """Return bricks, tyres and planks that hold the sheets down."""
    faces: list[Face] = []
    right, fall = roof[1] - roof[0], roof[3] - roof[0]
    for index in range(int(rng.integers(2, 16))):
        spot = roof[0] + right * rng.uniform(0.06, 0.94) + fall * rng.uniform(0.06, 0.94)
        kind = rng.random()
        layer = 4 + index
        if kind < 0.6:
            faces += _block(rng, spot, (0.24, 0.12, 0.12), ((70, 84, 150), (150, 156, 160)), layer)
        elif kind < 0.75:
            faces.append(_tyre(rng, spot, layer))
        elif kind < 0.9:
            size = (rng.uniform(0.8, 2.6), 0.12, 0.06)
            faces += _block(rng, spot, size, ((90, 130, 166), (120, 134, 142)), layer)
        else:
            size = (rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.5))
            faces += _block(rng, spot, size, ((120, 140, 160), (60, 60, 64), (150, 90, 50)), layer)
    return faces


def _block(
    rng: np.random.Generator,
    spot: NDArray[np.float64],
    size: tuple[float, float, float],
    colours: tuple[Colour, ...],
    layer: int,
) -> list[Face]:
    wide, deep, high = size
    colour = pick(rng, colours, 16)
    top = finish(plain(rng, (10, 16), colour, contrast=10))
    side = finish(plain(rng, (8, 16), darker(colour, 0.7), contrast=8))
    turn = float(rng.uniform(0, 180))
    faces = box_faces(
        (-wide / 2, -deep / 2, 0), (wide / 2, deep / 2, high), top=top, sides=[side], layer=layer
    )
    return [
        Face(
            corners=place_points(f.corners, centre=spot, heading_deg=turn),
            texture=f.texture,
            layer=layer,
        )
        for f in faces
    ]


def _tyre(rng: np.random.Generator, spot: NDArray[np.float64], layer: int) -> Face:
    texture = np.zeros((36, 36, 4), np.uint8)
    tone = int(rng.uniform(30, 55))
    cv2.circle(texture, (18, 18), 13, (tone, tone, tone, 255), 8, cv2.LINE_AA)
    corners = np.array(
        [[-0.33, 0.33, 0.12], [0.33, 0.33, 0.12], [0.33, -0.33, 0.12], [-0.33, -0.33, 0.12]]
    )
    return Face(corners=corners + spot, texture=texture, layer=layer)
