"""Textures of roofs, walls and sheets, as blue, green, red and opacity."""

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.scenes.noise import fractal_noise
from datasets.scenes.shapes import Texture

Colour = tuple[float, float, float]  # blue, green, red, 0 to 255

ROOF_TEXELS_PER_M = 36
_LARGEST_TEXTURE_PX = 900

CONCRETES: tuple[Colour, ...] = ((150, 156, 160), (128, 134, 138), (172, 178, 180), (118, 128, 138))
TILES: tuple[Colour, ...] = (
    (62, 84, 150),
    (70, 70, 78),
    (110, 78, 62),
    (58, 68, 112),
    (84, 110, 162),
)
METALS: tuple[Colour, ...] = (
    (186, 190, 192),
    (150, 92, 52),
    (92, 100, 104),
    (84, 118, 78),
    (60, 62, 140),
    (206, 208, 206),
)
WALLS: tuple[Colour, ...] = (
    (176, 190, 200),
    (150, 160, 170),
    (128, 150, 178),
    (200, 204, 206),
    (110, 120, 150),
)
CAR_PAINTS: tuple[Colour, ...] = (
    (235, 235, 235),
    (30, 30, 32),
    (120, 122, 124),
    (180, 182, 184),
    (40, 34, 150),
    (130, 66, 28),
    (70, 96, 110),
)


def texture_size(width_m: float, depth_m: float, texels_per_m: float) -> tuple[int, int]:
    """Return rows and columns of a texture, smaller for very large faces."""
    scale = min(texels_per_m, _LARGEST_TEXTURE_PX / max(width_m, depth_m))
    return max(4, round(depth_m * scale)), max(4, round(width_m * scale))


def vary(rng: np.random.Generator, colour: Colour, amount: float = 12) -> Colour:
    """Return a colour a little lighter or darker and of a slightly different hue."""
    shift = rng.normal(0, amount) + rng.normal(0, amount * 0.3, 3)
    blue, green, red = (float(np.clip(c + s, 8, 250)) for c, s in zip(colour, shift, strict=True))
    return (blue, green, red)


def darker(colour: Colour, factor: float) -> Colour:
    """Return a colour at a part of its brightness."""
    blue, green, red = colour
    return (blue * factor, green * factor, red * factor)


def pick(rng: np.random.Generator, colours: tuple[Colour, ...], amount: float = 12) -> Colour:
    """Return one of the colours, varied."""
    return vary(rng, colours[int(rng.integers(len(colours)))], amount)


def finish(colours: NDArray[np.float32], opacity: NDArray[np.float32] | None = None) -> Texture:
    """Return a texture from colours (0 to 255) and opacity (0 to 1, opaque where not given)."""
    texture = np.full((*colours.shape[:2], 4), 255, np.uint8)
    texture[..., :3] = np.clip(colours, 0, 255).astype(np.uint8)
    if opacity is not None:
        texture[..., 3] = np.clip(opacity * 255, 0, 255).astype(np.uint8)
    return texture


def plain(
    rng: np.random.Generator,
    shape: tuple[int, int],
    colour: Colour,
    *,
    contrast: float = 7,
    coarsest_px: float = 60,
) -> NDArray[np.float32]:
    """Return a surface of one colour with blotches and grain."""
    noise = fractal_noise(rng, shape, coarsest_px=coarsest_px, octaves=5, persistence=0.6)
    return np.asarray(colour, np.float32) + contrast * noise[..., None]


def stain(
    rng: np.random.Generator,
    surface: NDArray[np.float32],
    colour: Colour,
    *,
    share: float,
    strength: float = 0.6,
    coarsest_px: float = 40,
) -> NDArray[np.float32]:
    """Return the surface with patches of another colour over about `share` of it."""
    shape = (surface.shape[0], surface.shape[1])
    noise = fractal_noise(rng, shape, coarsest_px=coarsest_px, octaves=5, persistence=0.65)
    threshold = float(np.quantile(noise, 1 - share))
    weight = strength * np.clip((noise - threshold) * 2.5 + 0.5, 0, 1)[..., None]
    stained = surface * (1 - weight) + np.asarray(colour, np.float32) * weight
    return np.asarray(stained, np.float32)


def concrete_roof(rng: np.random.Generator, width_m: float, depth_m: float) -> Texture:
    """Return a flat roof of concrete or felt with joints and puddle stains."""
    shape = texture_size(width_m, depth_m, ROOF_TEXELS_PER_M)
    dark = rng.random() < 0.3
    base = vary(rng, (72, 76, 78)) if dark else pick(rng, CONCRETES)
    surface = plain(rng, shape, base, contrast=6, coarsest_px=120)
    surface = stain(
        rng, surface, vary(rng, (70, 78, 82)), share=rng.uniform(0.05, 0.3), strength=0.35
    )
    texels = shape[1] / width_m
    step = max(3, int(texels * (1.0 if dark else rng.uniform(2.5, 4))))
    surface[::step] *= 0.9
    if not dark:
        surface[:, ::step] *= 0.9
    return finish(surface)


def tiled_roof(rng: np.random.Generator, width_m: float, depth_m: float) -> Texture:
    """Return a slope of roof tiles; their rows run along the width."""
    shape = texture_size(width_m, depth_m, ROOF_TEXELS_PER_M)
    surface = plain(rng, shape, pick(rng, TILES), contrast=9, coarsest_px=30)
    texels = shape[1] / width_m
    across = np.sin(np.arange(shape[1]) * 2 * np.pi / (0.24 * texels))
    down = (np.arange(shape[0]) / (0.34 * texels)) % 1.0
    surface *= (1 + 0.13 * across[None, :, None]) * (0.84 + 0.24 * down[:, None, None])
    return finish(stain(rng, surface.astype(np.float32), (70, 84, 76), share=0.12, strength=0.3))


def seamed_roof(
    rng: np.random.Generator, width_m: float, depth_m: float, *, colour: Colour | None = None
) -> Texture:
    """Return a tidy sheet metal roof: one colour, even seams down the slope."""
    shape = texture_size(width_m, depth_m, ROOF_TEXELS_PER_M)
    surface = plain(rng, shape, colour or pick(rng, METALS), contrast=3.5, coarsest_px=150)
    texels = shape[1] / width_m
    step = texels * float(rng.choice([0.25, 0.4, 0.5]))
    phase = (np.arange(shape[1]) % step) / step
    surface *= (1 - 0.16 * (phase < 0.16) + 0.1 * ((phase > 0.2) & (phase < 0.35)))[None, :, None]
    return finish(surface.astype(np.float32))


def wall(rng: np.random.Generator, width_m: float, height_m: float, *, colour: Colour) -> Texture:
    """Return a wall with rows of windows where it is high enough."""
    shape = texture_size(width_m, height_m, 24)
    surface = plain(rng, shape, colour, contrast=6, coarsest_px=80)
    texels = shape[1] / width_m
    glass = vary(rng, (92, 78, 66))
    for floor in range(int(height_m / 2.9)):
        for bay in range(int(width_m / 2.4)):
            x = int((bay * 2.4 + 0.6) * texels)
            y = int((floor * 2.9 + 0.7) * texels)
            surface[y : y + int(1.3 * texels), x : x + int(1.3 * texels)] = glass
    return finish(surface)


def corrugated_sheet(
    rng: np.random.Generator,
    width_m: float,
    length_m: float,
    *,
    colour: Colour,
    rust: float,
    texels_per_m: float,
) -> NDArray[np.float32]:
    """Return the colours of one worn corrugated sheet; its waves run along the length.

    Args:
        rng: Source of chance.
        width_m: Across the waves.
        length_m: Along the waves.
        colour: Of the sheet when new.
        rust: Share of it that is rusty, 0 to 1.
        texels_per_m: Fineness.
    """
    shape = texture_size(width_m, length_m, texels_per_m)
    surface = plain(rng, shape, colour, contrast=10, coarsest_px=50)
    if rust > 0.02:
        surface = stain(
            rng, surface, vary(rng, (38, 66, 122)), share=rust, strength=0.8, coarsest_px=30
        )
        surface = stain(
            rng, surface, vary(rng, (30, 42, 74)), share=rust * 0.4, strength=0.7, coarsest_px=18
        )
    pitch_px = max(3.0, float(rng.choice([0.08, 0.13, 0.2])) * texels_per_m)
    waves = np.sin(np.arange(shape[1]) * 2 * np.pi / pitch_px)
    return np.asarray(surface * (1 + 0.17 * waves)[None, :, None], np.float32)


def tarpaulin(
    rng: np.random.Generator, width_m: float, length_m: float, *, texels_per_m: float
) -> NDArray[np.float32]:
    """Return the colours of a creased plastic sheet, plain or striped."""
    shape = texture_size(width_m, length_m, texels_per_m)
    colours: tuple[Colour, ...] = (
        (190, 96, 30),
        (90, 130, 60),
        (60, 110, 200),
        (205, 205, 200),
        (60, 60, 170),
        (70, 90, 110),
    )
    surface = plain(rng, shape, pick(rng, colours, 15), contrast=6)
    if rng.random() < 0.35:
        step = int(rng.uniform(0.2, 0.5) * texels_per_m) + 2
        surface[:, (np.arange(shape[1]) // step) % 2 == 0] = pick(
            rng, ((220, 220, 220), (60, 60, 190))
        )
    creases = fractal_noise(rng, shape, coarsest_px=0.8 * texels_per_m, octaves=4, persistence=0.6)
    bend = cv2.Sobel(creases, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(
        creases, cv2.CV_32F, 0, 1, ksize=3
    )
    slope = cv2.GaussianBlur(bend, (0, 0), 1.0)
    slope /= max(float(slope.std()), 1e-6)
    return np.asarray(surface * (1 + 0.11 * np.clip(slope, -2.5, 2.5))[..., None], np.float32)
