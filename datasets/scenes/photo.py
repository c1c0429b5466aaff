"""Taking a photo of a scene: the picture, and which of its pixels show which object."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from datasets.scenes.noise import repeating_grain
from datasets.scenes.painting import (
    Canvas,
    bend_like_lens,
    canvas_camera,
    paint_solids,
    pixel_grid,
    refine_grid,
)
from datasets.scenes.scene import Scene
from datasets.scenes.terrain import hit_ground
from datasets.scenes.viewing import SceneCamera, SceneView, project, viewing_rays

_GRAIN_TILE_PX = 512
_GRAIN_M = 0.016
_GRAIN_LEVEL = 13.0
_BAND_ROWS = 48
_HAZE = np.array([196, 186, 176], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """How the camera turns light into a JPEG.

    Attributes:
        exposure: 1 leaves brightness as it is.
        warmth: Above 0 reddish, below 0 bluish.
        haze: Share of grey-blue mixed in, 0 to 1.
        blur_px: Softness of the lens.
        noise: Standard deviation of the sensor's noise in grey levels.
        vignetting: Darkening in the corners, 0 to 1.
        motion_px: How far the picture moves while the shutter is open; 0 is sharp.
        motion_deg: Direction of that movement in the picture.
    """

    exposure: float = 1.0
    warmth: float = 0.0
    haze: float = 0.04
    blur_px: float = 0.6
    noise: float = 2.0
    vignetting: float = 0.12
    motion_px: float = 0.0
    motion_deg: float = 0.0


DEFAULT_DEVELOPMENT = Development()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectView:
    """What a photo shows of an object.

    Attributes:
        box_photo: x_min, y_min, x_max, y_max of its visible pixels.
        visible_share: Visible pixels, as a part of those that a larger photo without anything
            in front would show.
        visible_px: Number of visible pixels.
    """

    object_id: int
    class_name: str
    box_photo: tuple[float, float, float, float]
    visible_share: float
    visible_px: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RenderedPhoto:
    """A photo and what it shows.

    Attributes:
        pixels: (rows, columns, 3) blue, green, red.
        owners: (rows, columns) id of the object by which a pixel is recognised, or 0.
    """

    pixels: NDArray[np.uint8]
    objects: tuple[ObjectView, ...]
    owners: NDArray[np.int16]


def take_photo(
    scene: Scene,
    view: SceneView,
    camera: SceneCamera,
    *,
    development: Development,
    rng: np.random.Generator,
) -> RenderedPhoto:
    """Return the photo of the scene from a view; `rng` makes the sensor's noise."""
    ideal = canvas_camera(camera)
    canvas = Canvas(
        colours=_paint_terrain(scene, view, ideal),
        owners=np.zeros((ideal.height_px, ideal.width_px), np.int16),
        camera=ideal,
    )
    drawn = paint_solids(canvas, scene.solids, view)
    colours, owners = bend_like_lens(canvas, camera)
    views = _list_objects(scene, view, camera, owners=owners, canvas=canvas, drawn=drawn)
    return RenderedPhoto(pixels=develop(colours, development, rng), objects=views, owners=owners)


def _paint_terrain(scene: Scene, view: SceneView, camera: SceneCamera) -> NDArray[np.uint8]:
    width_px, height_px = camera.width_px, camera.height_px
    rays = viewing_rays(pixel_grid(width_px, height_px), view, camera)
    enu = hit_ground(scene.terrain, view.position, rays)
    texels = scene.ground.texel_position(enu)
    colours = _look_up(scene.ground.texels, texels, width_px, height_px, cv2.BORDER_REFLECT)
    tile = repeating_grain(np.random.default_rng([scene.plan.seed, 99]), _GRAIN_TILE_PX)
    grain = _look_up(tile, enu / _GRAIN_M, width_px, height_px, cv2.BORDER_WRAP)
    painted = np.empty((height_px, width_px, 3), np.uint8)
    for band in _bands(height_px):
        strength = colours[band, :, 3] * np.float32(_GRAIN_LEVEL / 100)
        # Grain fades where it is dark: shadows hide texture.
        strength *= np.clip(colours[band, :, 1] * np.float32(1 / 128), 0.3, 1.2)
        change = (grain[band] * strength)[..., None]
        painted[band] = np.clip(colours[band, :, :3] + change, 0, 255)
    return painted


def _look_up(
    image: NDArray[Any], places: NDArray[np.float64], width_px: int, height_px: int, border: int
) -> NDArray[Any]:
    """Return the image's values at a coarse grid of its own columns and rows, made fine."""
    maps = [
        refine_grid(places[..., axis], width_px=width_px, height_px=height_px) for axis in (0, 1)
    ]
    return np.asarray(cv2.remap(image, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=border))


def _bands(rows: int) -> list[slice]:
    """Return slices of a picture's rows that are small enough for the processor's cache."""
    return [slice(start, start + _BAND_ROWS) for start in range(0, rows, _BAND_ROWS)]


def develop(
    colours: NDArray[np.uint8], development: Development, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the picture with the lens's softness, haze, white balance, vignetting and noise."""
    soft = cv2.GaussianBlur(colours, (0, 0), max(development.blur_px, 0.05))
    if development.motion_px > 0:
        soft = _move(soft, development.motion_px, development.motion_deg)
    warmth = development.warmth
    balance = development.exposure * np.array([1 - warmth, 1.0, 1 + warmth], np.float32)
    gain = ((1 - development.haze) * balance).astype(np.float32)
    veil = (development.haze * balance * _HAZE).astype(np.float32)
    rows, columns = soft.shape[:2]
    across = np.linspace(-1, 1, columns, dtype=np.float32)[None, :] ** 2
    down = np.linspace(-1, 1, rows, dtype=np.float32)[:, None] ** 2
    picture = np.empty_like(soft)
    for band in _bands(rows):
        falloff = 1 - np.float32(development.vignetting * 0.5) * (across + down[band])
        grain = rng.standard_normal(falloff.shape, dtype=np.float32)
        grain *= np.float32(development.noise)
        bright = (soft[band] * gain + veil) * falloff[..., None] + grain[..., None]
        picture[band] = np.clip(bright, 0, 255)
    return np.asarray(picture, np.uint8)


def _move(picture: NDArray[np.uint8], length_px: float, direction_deg: float) -> NDArray[np.uint8]:
    """Return the picture smeared along a straight line."""
    side = 2 * int(np.ceil(length_px / 2)) + 3
    kernel = np.zeros((side, side), np.float32)
    reach = (
        0.5
        * length_px
        * np.array([np.cos(np.radians(direction_deg)), np.sin(np.radians(direction_deg))])
    )
    for step in np.linspace(-1, 1, 4 * side):
        x, y = np.round(side // 2 + step * reach).astype(int)
        kernel[y, x] += 1
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def _list_objects(
    scene: Scene,
    view: SceneView,
    camera: SceneCamera,
    *,
    owners: NDArray[np.int16],
    canvas: Canvas,
    drawn: dict[int, int],
) -> tuple[ObjectView, ...]:
    solids = {solid.object_id: solid for solid in scene.solids if solid.object_id}
    windows = find_objects(owners, max_label=max(solids, default=0))
    pixels = np.bincount(owners.ravel(), minlength=len(windows) + 1)
    unhidden = np.bincount(canvas.owners.ravel(), minlength=len(windows) + 1)
    views = []
    for described in scene.objects:
        number = described.id
        window = windows[number - 1]
        if window is None:
            continue
        corners = np.concatenate([face.corners for face in solids[number].faces])
        inside = _share_inside(project(corners, view, camera), camera)
        rows, columns = window
        views.append(
            ObjectView(
                object_id=number,
                class_name=described.class_name,
                box_photo=(
                    float(columns.start),
                    float(rows.start),
                    float(columns.stop - 1),
                    float(rows.stop - 1),
                ),
                visible_share=float(unhidden[number] / drawn[number] * inside),
                visible_px=int(pixels[number]),
            )
        )
    return tuple(views)


def _share_inside(pixels: NDArray[np.float64], camera: SceneCamera) -> float:
    """Return how much of the box around an object's corners lies inside the photo."""
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    size = np.maximum(high - low, 1e-6)
    frame = [camera.width_px - 1, camera.height_px - 1]
    inner = np.clip(high, 0, frame) - np.clip(low, 0, frame)
    return float(np.prod(np.clip(inner / size, 0, 1)))
