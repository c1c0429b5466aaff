"""Advertising boards, intact or damaged, on posts, on roofs or leaning."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.scenes.materials import Colour, finish, pick, plain, stain, vary
from datasets.scenes.noise import fractal_noise
from datasets.scenes.shapes import Face, Texture, box_faces

_POSTER_TEXELS_PER_M = 64
_BRIGHTS: tuple[Colour, ...] = (
    (40, 40, 200),
    (200, 110, 30),
    (40, 170, 230),
    (60, 150, 60),
    (235, 235, 235),
    (150, 50, 130),
    (30, 90, 230),
    (60, 50, 45),
    (200, 190, 60),
)
_BACKINGS: tuple[Colour, ...] = ((150, 158, 162), (96, 112, 128), (60, 78, 112), (176, 182, 186))


def board_faces(
    rng: np.random.Generator,
    *,
    width_m: float,
    height_m: float,
    lean_deg: float,
    foot_m: float,
    damaged: bool,
) -> list[Face]:
    """Return a board with its posts in local metres; it looks towards the largest y.

    Args:
        rng: Source of chance.
        width_m: Of the board.
        height_m: Of the board, measured along it.
        lean_deg: How far its top leans back: 0 upright, 90 lying on its back.
        foot_m: Height of its lower edge above the ground.
        damaged: Whether the poster is torn, blank, faded or hangs down.
    """
    lean = np.radians(lean_deg)
    up = np.array([0, -np.sin(lean), np.cos(lean)])
    half = width_m / 2
    # As seen from in front: left is at larger x.
    low_left, low_right = np.array([half, 0, foot_m]), np.array([-half, 0, foot_m])
    if damaged:  # a broken board seldom hangs straight
        low_left[2] += rng.uniform(-0.3, 0.3) * min(foot_m, 1)
    corners = np.array([low_left + up * height_m, low_right + up * height_m, low_right, low_left])
    poster = poster_texture(rng, width_m, height_m)
    frame = _backing(rng, (poster.shape[0], poster.shape[1]))
    thickness = np.array([0, np.cos(lean), np.sin(lean)]) * 0.06
    front = _damage(rng, poster) if damaged else poster
    faces = [
        Face(corners=corners, texture=frame, layer=1, two_sided=True, recognisable=False),
        Face(corners=corners + thickness, texture=front, layer=2),
        *_posts(rng, width_m, foot_m + height_m * float(np.cos(lean)) * 0.6),
    ]
    if damaged:
        faces += hanging_strips(rng, corners + thickness * 2, poster)
    return faces


def poster_texture(rng: np.random.Generator, width_m: float, height_m: float) -> Texture:
    """Return an advertisement: coloured fields, a picture, lines of lettering."""
    rows, columns = int(height_m * _POSTER_TEXELS_PER_M), int(width_m * _POSTER_TEXELS_PER_M)
    surface = plain(rng, (rows, columns), pick(rng, _BRIGHTS, 18), contrast=3)
    if rng.random() < 0.6:  # gradient
        ramp = np.linspace(0, 1, columns, dtype=np.float32)[None, :, None]
        surface = surface * (1 - ramp) + np.asarray(pick(rng, _BRIGHTS, 18), np.float32) * ramp
    texture = finish(surface)
    for _ in range(int(rng.integers(1, 4))):
        tint = tuple(int(c) for c in pick(rng, _BRIGHTS, 20))
        centre = (int(rng.integers(0, columns)), int(rng.integers(0, rows)))
        if rng.random() < 0.5:
            cv2.circle(
                texture, centre, int(rows * rng.uniform(0.15, 0.45)), (*tint, 255), -1, cv2.LINE_AA
            )
        else:
            end = (
                centre[0] + int(columns * rng.uniform(0.15, 0.5)),
                centre[1] + int(rows * rng.uniform(0.15, 0.5)),
            )
            cv2.rectangle(texture, centre, end, (*tint, 255), -1)
    _draw_lettering(rng, texture)
    edge = tuple(int(c) for c in vary(rng, (150, 150, 150), 30))
    cv2.rectangle(texture, (0, 0), (columns - 1, rows - 1), (*edge, 255), max(2, rows // 50))
    return texture


def _draw_lettering(rng: np.random.Generator, texture: Texture) -> None:
    rows, columns = texture.shape[:2]
    y = int(rows * rng.uniform(0.1, 0.3))
    while y < rows * 0.85:
        high = int(rows * rng.uniform(0.06, 0.2)) + 2
        tint = tuple(int(c) for c in pick(rng, ((240, 240, 240), (30, 30, 30), (40, 200, 240)), 8))
        x = int(columns * rng.uniform(0.05, 0.3))
        while x < columns * rng.uniform(0.6, 0.95):
            wide = int(high * rng.uniform(0.4, 0.9)) + 1
            cv2.rectangle(
                texture,
                (x, y),
                (x + wide, y + high),
                (*tint, 255),
                -1 if rng.random() < 0.5 else max(1, high // 5),
            )
            x += wide + max(1, high // 4)
        y += high + int(rows * rng.uniform(0.05, 0.2))


def _backing(rng: np.random.Generator, shape: tuple[int, int]) -> Texture:
    """Return the bare sheet behind a poster, with ribs and rust."""
    surface = plain(rng, shape, pick(rng, _BACKINGS), contrast=8)
    surface = stain(rng, surface, (44, 66, 110), share=0.2, strength=0.6)
    step = int(rng.uniform(0.5, 1.0) * _POSTER_TEXELS_PER_M)
    surface[:, np.arange(shape[1]) % step < 4] *= 0.6
    surface[np.arange(shape[0]) % (step * 2) < 5] *= 0.65
    return finish(surface)


def _damage(rng: np.random.Generator, poster: Texture) -> Texture:
    """Return the poster faded, stained, and with torn holes that show what is behind it."""
    rows, columns = poster.shape[:2]
    surface = poster[..., :3].astype(np.float32)
    fade = rng.uniform(0.05, 0.6)
    surface = surface * (1 - fade) + np.asarray(vary(rng, (190, 198, 202)), np.float32) * fade
    surface = stain(
        rng,
        surface,
        (96, 116, 130),
        share=rng.uniform(0.1, 0.4),
        strength=0.5,
        coarsest_px=rows / 3,
    )
    if rng.random() < 0.3:  # blank: only scraps are left
        blank = np.asarray(vary(rng, (206, 210, 210)), np.float32)
        surface = plain(rng, (rows, columns), tuple(blank), contrast=6)
        surface = stain(
            rng, surface, pick(rng, _BRIGHTS), share=0.15, strength=0.9, coarsest_px=rows / 2
        )
    opacity = 1 - torn_mask(rng, rows, columns, share=rng.uniform(0.15, 0.5))
    lifted = cv2.GaussianBlur(opacity, (0, 0), 4)[..., None]
    return finish(surface * (0.6 + 0.4 * lifted), opacity)


def torn_mask(
    rng: np.random.Generator, rows: int, columns: int, *, share: float
) -> NDArray[np.float32]:
    """Return a mask, 1 where the poster is gone: ragged, and mostly from the edges inwards."""
    noise = fractal_noise(rng, (rows, columns), coarsest_px=rows / 2.2, octaves=5, persistence=0.45)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    corner = rng.choice([-1.0, 1.0], 2)
    noise += 0.9 * (corner[0] * x + corner[1] * y).astype(np.float32) * rng.uniform(0.2, 1)
    limit = float(np.quantile(noise, 1 - share))
    return np.clip((noise - limit) * 12 + 0.5, 0, 1).astype(np.float32)


def _posts(rng: np.random.Generator, width_m: float, height_m: float) -> list[Face]:
    steel = finish(plain(rng, (30, 6), vary(rng, (110, 114, 118), 20), contrast=6))
    top = max(height_m, 0.2)
    faces: list[Face] = []
    for x in (-width_m * 0.3, width_m * 0.3):
        low, high = (x - 0.12, -0.35, 0), (x + 0.12, -0.12, top)
        faces += box_faces(low, high, top=steel, sides=[steel], layer=0)
    return [replace(face, recognisable=False) for face in faces]


def hanging_strips(
    rng: np.random.Generator, corners: NDArray[np.float64], poster: Texture
) -> list[Face]:
    """Return strips that have come off and hang or lie in front of the board's lower edge."""
    top_left, top_right, low_right, low_left = corners
    faces = []
    for _ in range(int(rng.integers(1, 4))):
        start, wide = rng.uniform(0.05, 0.8), rng.uniform(0.08, 0.25)
        height = rng.uniform(0.2, 0.8)
        fall = (low_left - top_left) * rng.uniform(0.3, 0.7) + [0, rng.uniform(0.1, 0.8), 0]
        left = low_left + (top_left - low_left) * height + (low_right - low_left) * start
        right = left + (top_right - top_left) * wide
        slip = (right - left) * rng.normal(0, 0.4)
        strip = np.array([left, right, right + fall + slip, left + fall + slip])
        strip[:, 2] = np.maximum(strip[:, 2], 0.05)
        columns = poster.shape[1]
        piece = poster[:, int(columns * start) : int(columns * min(start + wide, 1)) + 4].copy()
        if rng.random() < 0.4:  # the white back of the paper
            piece[..., :3] = plain(
                rng, (piece.shape[0], piece.shape[1]), (214, 220, 222), contrast=8
            ).clip(0, 255)
        piece[..., 3] = (255 * (1 - torn_mask(rng, *piece.shape[:2], share=0.25))).astype(np.uint8)
        faces.append(Face(corners=strip, texture=piece, layer=3, two_sided=True))
    return faces
