"""Damaged advertising boards, each damaged in one way that has a name in the taxonomy."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from datasets.scenes.billboards import board_faces, hanging_strips, torn_mask
from datasets.scenes.materials import Colour, finish, pick, plain, stain, vary
from datasets.scenes.shapes import Face, Texture

_PALE: tuple[Colour, ...] = ((206, 210, 210), (180, 196, 204), (222, 222, 216))


def damaged_board_faces(
    rng: np.random.Generator,
    *,
    width_m: float,
    height_m: float,
    lean_deg: float,
    foot_m: float,
    damage: str,
) -> list[Face]:
    """Return a board as `board_faces` does, with one kind of damage.

    Args:
        rng: Source of chance.
        width_m: Of the board.
        height_m: Of the board, measured along it.
        lean_deg: How far its top leans back.
        foot_m: Height of its lower edge above the ground.
        damage: One of DAMAGES.
    """
    back, front, *posts = board_faces(
        rng, width_m=width_m, height_m=height_m, lean_deg=lean_deg, foot_m=foot_m, damaged=False
    )
    return [*DAMAGES[damage](rng, back, front), *posts]


def _torn(rng: np.random.Generator, back: Face, front: Face) -> list[Face]:
    """Return a poster of which pieces are gone and others hang down."""
    rows, columns = front.texture.shape[:2]
    texture = front.texture.copy()
    gone = torn_mask(rng, rows, columns, share=rng.uniform(0.15, 0.6))
    lifted = cv2.GaussianBlur(1 - gone, (0, 0), 4)[..., None]  # its edge curls into the shade
    texture[..., :3] = (texture[..., :3] * (0.6 + 0.4 * lifted)).astype(np.uint8)
    texture[..., 3] = (255 * (1 - gone)).astype(np.uint8)
    strips = hanging_strips(rng, front.corners, front.texture)
    return [back, replace(front, texture=texture), *strips]


def _blank(rng: np.random.Generator, back: Face, front: Face) -> list[Face]:
    """Return a board without a poster: pale, stained, with scraps of the last one."""
    rows, columns = front.texture.shape[:2]
    surface = plain(rng, (rows, columns), pick(rng, _PALE), contrast=6)
    surface = stain(
        rng, surface, vary(rng, (110, 126, 136)), share=rng.uniform(0.1, 0.35), strength=0.5
    )
    if rng.random() < 0.6:
        scraps = torn_mask(rng, rows, columns, share=rng.uniform(0.03, 0.15))[..., None]
        surface = surface * (1 - scraps) + front.texture[..., :3] * scraps
    texture = finish(surface.astype(np.float32))
    step = max(8, columns // int(rng.integers(3, 7)))
    texture[:, np.arange(columns) % step < 2, :3] //= 2  # joints of the sheets below
    return [back, replace(front, texture=texture)]


def _faded(rng: np.random.Generator, back: Face, front: Face) -> list[Face]:
    """Return a poster that the sun has bleached, with streaks of dirt down from its top."""
    rows, columns = front.texture.shape[:2]
    fade = rng.uniform(0.55, 0.85)
    pale = np.asarray(pick(rng, _PALE), np.float32)
    surface = front.texture[..., :3].astype(np.float32) * (1 - fade) + pale * fade
    streaks = rng.random((1, columns)).astype(np.float32)
    streaks = cv2.GaussianBlur(streaks, (0, 0), 3)
    streaks = np.clip((streaks - np.quantile(streaks, 0.6)) * 6, 0, 1)
    fall = np.linspace(1, 0, rows, dtype=np.float32)[:, None] ** rng.uniform(0.3, 1.5)
    surface *= 1 - 0.45 * (streaks * fall)[..., None]
    surface = stain(rng, surface, (96, 112, 124), share=0.2, strength=0.4)
    return [back, replace(front, texture=finish(surface))]


def _broken_frame(rng: np.random.Generator, back: Face, front: Face) -> list[Face]:
    """Return a board that sags at one side and of which panels are gone down to the bars."""
    rows, columns = front.texture.shape[:2]
    panels = np.zeros((2, int(rng.integers(3, 6))), np.uint8)
    panels[rng.random(panels.shape) < rng.uniform(0.35, 0.65)] = 255
    panels.flat[int(rng.integers(panels.size))] = 255
    panels.flat[int(rng.integers(panels.size))] = 0
    left = cv2.resize(panels, (columns, rows), interpolation=cv2.INTER_NEAREST)
    poster = front.texture.copy()
    poster[..., 3] = left
    sag = float(rng.uniform(0.1, 0.45)) * float(np.linalg.norm(front.corners[0] - front.corners[3]))
    side = (0, 3) if rng.random() < 0.5 else (1, 2)
    return [
        replace(_lower(back, side, sag), texture=_bars(rng, back.texture)),
        replace(_lower(front, side, sag), texture=poster),
    ]


def _lower(face: Face, side: tuple[int, int], by_m: float) -> Face:
    corners = face.corners.copy()
    corners[list(side), 2] = np.maximum(corners[list(side), 2] - by_m, 0.03)
    return replace(face, corners=corners)


def _bars(rng: np.random.Generator, sheet: Texture) -> Texture:
    """Return a lattice of bars that one can look through."""
    bars = sheet.copy()
    rows, columns = bars.shape[:2]
    step = max(12, rows // int(rng.integers(3, 5)))
    solid = (np.arange(rows) % step < 5)[:, None] | (np.arange(columns) % step < 5)[None, :]
    solid |= ((np.arange(rows) > rows - 6)[:, None]) | ((np.arange(columns) > columns - 6)[None, :])
    bars[..., 3] = np.where(solid, 255, 0)
    return bars


DAMAGES: dict[str, Callable[[np.random.Generator, Face, Face], list[Face]]] = {
    "torn": _torn,
    "blank": _blank,
    "faded": _faded,
    "broken_frame": _broken_frame,
}
