"""The painted ground: grass and soil, roads with markings, paved parcels and shadows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.scenes.layout import (
    PAVEMENT_M,
    Layout,
    Parcel,
    Rectangle,
    Road,
    Use,
    enu_to_plan,
    road_area,
)
from datasets.scenes.materials import CONCRETES, Colour, pick, vary
from datasets.scenes.noise import fractal_noise
from datasets.scenes.painting import all_faces, shadow_on_ground, warp_texture
from datasets.scenes.shapes import Solid, Sun

_SHADOW_TEXEL_M = 0.08
_SHADOW_TINT = np.array([1.1, 1.0, 0.95], np.float32)  # open sky lights shadows bluish


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """A picture of the ground, centred on the scene's origin and turned like the plan.

    Attributes:
        texels: (rows, columns, 4) uint8: blue, green, red, strength of the fine grain.
        texel_m: Size of one texel.
        layout: The plan; its y axis points up in the picture.
    """

    texels: NDArray[np.uint8]
    texel_m: float
    layout: Layout

    def texel_position(self, enu: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (..., 2) column and row of (..., 2) east and north metres."""
        plan = enu_to_plan(self.layout, enu)
        half = self.texels.shape[0] / 2
        return np.stack(
            [plan[..., 0] / self.texel_m + half - 0.5, half - plan[..., 1] / self.texel_m - 0.5],
            axis=-1,
        )


def paint_ground(rng: np.random.Generator, layout: Layout, *, texel_m: float) -> Ground:
    """Return the ground of a layout, without shadows."""
    side = round(2 * layout.half_size_m / texel_m)
    ground = Ground(texels=_paint_wild(rng, side, texel_m), texel_m=texel_m, layout=layout)
    blotches = fractal_noise(
        rng, (side, side), coarsest_px=4 / texel_m, octaves=7, persistence=0.62
    )
    brush = _Brush(ground=ground, blotches=blotches, rng=rng)
    for parcel in layout.parcels:
        _paint_parcel(brush, parcel)
    reach = layout.half_size_m
    for road in layout.roads:
        brush.fill(road_area(road, reach, extra_m=PAVEMENT_M), vary(rng, (150, 158, 164), 8), 5)
    for road in layout.roads:
        brush.fill(road_area(road, reach, extra_m=0.15), (178, 182, 184), 4)
    for road in layout.roads:
        _paint_road(brush, road, reach)
    for road in layout.roads:
        _paint_markings(brush, road, reach)
    return ground


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Brush:
    ground: Ground
    blotches: NDArray[np.float32]
    rng: np.random.Generator

    def fill(
        self,
        area: Rectangle,
        colour: Colour,
        contrast: float,
        *,
        grain: int = 60,
        opacity: float = 1.0,
        wear: float = 0.0,
    ) -> None:
        """Paint a rectangle of the plan; `wear` lets the ground show through in places."""
        texels = self.ground.texels
        half = texels.shape[0] / 2
        x0, y0, x1, y1 = np.array(area) / self.ground.texel_m
        rows, columns = (
            slice(*np.clip(np.round([low, high]), 0, 2 * half).astype(int))
            for low, high in ((half - y1, half - y0), (half + x0, half + x1))
        )
        noise = self.blotches[rows, columns]
        weight = np.full(noise.shape, np.float32(opacity))
        if wear:
            weight *= np.clip(1 - wear * (0.5 + noise), 0, 1)
        for channel, level in enumerate((*colour, float(grain))):
            old = texels[rows, columns, channel]
            fresh = level + np.float32(contrast) * noise if channel < 3 else level
            texels[rows, columns, channel] = np.clip(old + (fresh - old) * weight, 0, 255)


def _paint_wild(rng: np.random.Generator, side: int, texel_m: float) -> NDArray[np.uint8]:
    """Return grass and bare soil, mixed by chance."""
    small = max(16, side // 3)
    grain = 3 * texel_m
    cover = fractal_noise(rng, (small, small), coarsest_px=14 / grain, octaves=6, persistence=0.65)
    tone = fractal_noise(rng, (small, small), coarsest_px=5 / grain, octaves=6, persistence=0.7)
    grass = np.asarray(vary(rng, (52, 92, 84), 10), np.float32)
    dry = np.asarray(vary(rng, (86, 128, 134), 8), np.float32)
    soil = np.asarray(vary(rng, (104, 128, 148), 12), np.float32)
    bare = np.clip((cover - rng.uniform(-0.6, 0.9)) * 1.6 + 0.5, 0, 1)[..., None]
    parched = np.clip(tone * 0.35 + 0.4, 0, 1)[..., None]
    colours = (grass + (dry - grass) * parched) * (1 - bare) + soil * bare
    colours *= 1 + 0.1 * tone[..., None]
    strength = 150 - 60 * bare
    texels = np.clip(np.concatenate([colours, strength], axis=-1), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(texels, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def _paint_parcel(brush: _Brush, parcel: Parcel) -> None:
    x0, y0, x1, y1 = parcel.area
    rng = brush.rng
    inner = (x0 + 0.3, y0 + 0.3, x1 - 0.3, y1 - 0.3)
    if parcel.use is Use.PARKING:
        brush.fill(inner, vary(rng, (92, 94, 96), 10), 6)
        _paint_bays(brush, inner)
    elif parcel.use in (Use.YARD, Use.BLOCK):
        brush.fill(inner, pick(rng, CONCRETES), 8, grain=70, wear=0.15)
        _paint_patches(brush, inner)
    elif parcel.use is Use.HOUSES and rng.random() < 0.6:
        brush.fill(inner, vary(rng, (130, 146, 160), 12), 8, grain=80, opacity=0.8, wear=0.5)
    elif parcel.use is Use.VACANT:
        brush.fill(inner, vary(rng, (112, 136, 154), 12), 12, grain=120, opacity=0.7, wear=0.6)


def _paint_patches(brush: _Brush, area: Rectangle) -> None:
    x0, y0, x1, y1 = area
    rng = brush.rng
    for _ in range(int(rng.integers(1, 5))):
        width, depth = rng.uniform(1, 7, 2)
        x, y = (
            rng.uniform(x0, max(x0 + 0.1, x1 - width)),
            rng.uniform(y0, max(y0 + 0.1, y1 - depth)),
        )
        area = (x, y, min(x + width, x1), min(y + depth, y1))
        brush.fill(area, vary(rng, (110, 114, 116), 18), 6, opacity=0.7, wear=0.3)


def _paint_bays(brush: _Brush, area: Rectangle) -> None:
    x0, y0, x1, y1 = area
    for row in np.arange(y0 + 1, y1 - 5.2, 11.5).tolist():
        for x in np.arange(x0 + 1, x1 - 1, 2.6).tolist():
            brush.fill((x, row, x + 0.11, row + 5), (208, 212, 212), 4, opacity=0.8, wear=0.3)


def _paint_road(brush: _Brush, road: Road, reach: float) -> None:
    rng = brush.rng
    asphalt = vary(rng, (88, 90, 92), 11)
    brush.fill(road_area(road, reach), asphalt, 5, grain=75)
    for _ in range(int(reach / 12)):  # repairs of another age
        start, length = rng.uniform(-reach, reach), rng.uniform(1, 9)
        side = rng.uniform(-road.width_m / 2, road.width_m / 2 - 1)
        patch = (
            start,
            road.middle_m + side,
            start + length,
            road.middle_m + side + rng.uniform(0.6, 2),
        )
        if not road.along_x:
            patch = (patch[1], patch[0], patch[3], patch[2])
        brush.fill(patch, vary(rng, (80, 82, 83), 12), 4, opacity=0.75)
    for wheel in (-0.28, -0.12, 0.12, 0.28):
        middle = road.middle_m + wheel * road.width_m
        track = Road(along_x=road.along_x, middle_m=middle, width_m=0.7)
        brush.fill(road_area(track, reach), (70, 71, 72), 3, opacity=0.16)


def _paint_markings(brush: _Brush, road: Road, reach: float) -> None:
    if road.width_m < 6:
        return
    crossings = [r for r in brush.ground.layout.roads if r.along_x != road.along_x]
    for start in np.arange(-reach, reach, 6.0).tolist():
        if any(abs(start + 1.5 - r.middle_m) < r.width_m / 2 + 5 for r in crossings):
            continue
        dash = (start, road.middle_m - 0.07, start + 3, road.middle_m + 0.07)
        _fill_along(brush, road, dash, (214, 216, 216))
    for crossing in crossings:
        for side in (-1, 1):
            _paint_zebra(brush, road, crossing.middle_m + side * (crossing.width_m / 2 + 2.6))


def _paint_zebra(brush: _Brush, road: Road, start: float) -> None:
    if brush.rng.random() < 0.5:
        return
    for across in np.arange(-road.width_m / 2 + 0.4, road.width_m / 2 - 0.5, 0.95).tolist():
        bar = (start - 1.4, road.middle_m + across, start + 1.4, road.middle_m + across + 0.48)
        _fill_along(brush, road, bar, (216, 218, 218))


def _fill_along(brush: _Brush, road: Road, area: Rectangle, colour: Colour) -> None:
    turned = area if road.along_x else (area[1], area[0], area[3], area[2])
    brush.fill(turned, colour, 5, opacity=0.85, wear=0.35)


def cast_shadows(ground: Ground, solids: Sequence[Solid], sun: Sun) -> Ground:
    """Return the ground with the shadows of the solids, soft at their edges."""
    side = round(ground.texels.shape[0] * min(1.0, ground.texel_m / _SHADOW_TEXEL_M))
    shade = np.zeros((side, side), np.uint8)
    coarseness = side / ground.texels.shape[0]
    for solid, face in all_faces(solids):
        if not face.casts_shadow:
            continue
        base_m = float(solid.centre[2])
        outline = shadow_on_ground(face.corners, ground_m=base_m, sun_direction=sun.direction)
        pixels = (ground.texel_position(outline) + 0.5) * coarseness - 0.5
        warped = warp_texture(face.texture, pixels, width_px=side, height_px=side)
        if warped is not None:
            patch, window = warped
            np.maximum(shade[window], patch[..., 3], out=shade[window])
    soft = cv2.GaussianBlur(shade, (0, 0), 1.3)
    full = cv2.resize(soft, ground.texels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return replace(ground, texels=_darken(ground.texels, full, sun.ambient))


def _darken(
    texels: NDArray[np.uint8], shade: NDArray[np.uint8], ambient: float
) -> NDArray[np.uint8]:
    gains = np.full((256, 4), 255.0)
    gains[:, :3] -= np.arange(256)[:, None] * (1 - ambient * _SHADOW_TINT)
    # Under a grey sky the bluish tint would make shadows brighter than light, and 256 wraps to 0.
    table = np.round(np.minimum(gains, 255)).astype(np.uint8)[None]
    gain = cv2.LUT(cv2.merge([shade] * 4), table)
    return np.asarray(cv2.multiply(texels, gain, scale=1 / 255))
