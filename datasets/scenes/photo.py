"""Taking a photo of a scene: the picture, and which of its pixels show which object."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

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
    """

    exposure: float = 1.0
    warmth: float = 0.0
    haze: float = 0.04
    blur_px: float = 0.6
    noise: float = 2.0
    vignetting: float = 0.12


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
    """A photo's pixels (rows, columns, blue-green-red) and the objects that it shows."""

    pixels: NDArray[np.uint8]
    objects: tuple[ObjectView, ...]


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
    return RenderedPhoto(pixels=develop(colours, development, rng), objects=views)


def _paint_terrain(scene: Scene, view: SceneView, camera: SceneCamera) -> NDArray[np.uint8]:
    rays = viewing_rays(pixel_grid(camera.width_px, camera.height_px), view, camera)
    enu = hit_ground(scene.terrain, view.position, rays)
    size = {"width_px": camera.width_px, "height_px": camera.height_px}
    texels = scene.ground.texel_position(enu)
    colours = cv2.remap(
        scene.ground.texels,
        refine_grid(texels[..., 0], **size),
        refine_grid(texels[..., 1], **size),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    grain = cv2.remap(
        _grain(scene.plan.seed),
        refine_grid(enu[..., 0] / _GRAIN_M, **size),
        refine_grid(enu[..., 1] / _GRAIN_M, **size),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    strength = colours[..., 3].astype(np.float32) * np.float32(_GRAIN_LEVEL / 100)
    lightness = colours[..., 1].astype(np.float32) / 128
    # Grain fades where it is dark: shadows hide texture.
    change = (grain * strength * np.clip(lightness, 0.3, 1.2))[..., None]
    return np.clip(colours[..., :3] + change, 0, 255).astype(np.uint8)


def _grain(seed: int) -> NDArray[np.float32]:
    return repeating_grain(np.random.default_rng([seed, 99]), _GRAIN_TILE_PX)


def develop(
    colours: NDArray[np.uint8], development: Development, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the picture with the lens's softness, haze, white balance, vignetting and noise."""
    picture = cv2.GaussianBlur(colours, (0, 0), max(development.blur_px, 0.05)).astype(np.float32)
    balance = development.exposure * np.array([1 - development.warmth, 1.0, 1 + development.warmth])
    picture = picture * (1 - development.haze) + _HAZE * np.float32(development.haze)
    rows, columns = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    falloff = 1 - development.vignetting * 0.5 * (x * x + y * y)
    picture *= falloff[..., None] * balance.astype(np.float32)
    if development.noise > 0:
        grey = rng.standard_normal((rows, columns), dtype=np.float32)
        picture += grey[..., None] * np.float32(development.noise)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _list_objects(
    scene: Scene,
    view: SceneView,
    camera: SceneCamera,
    *,
    owners: NDArray[np.int16],
    canvas: Canvas,
    drawn: dict[int, int],
) -> tuple[ObjectView, ...]:
    corners = {
        solid.object_id: np.concatenate([face.corners for face in solid.faces])
        for solid in scene.solids
        if solid.object_id
    }
    views = []
    for described in scene.objects:
        count = drawn.get(described.id, 0)
        if not count:
            continue
        rows, columns = np.nonzero(owners == described.id)
        if not len(rows):
            continue
        unhidden = np.count_nonzero(canvas.owners == described.id) / count
        inside = _share_inside(project(corners[described.id], view, camera), camera)
        views.append(
            ObjectView(
                object_id=described.id,
                class_name=described.class_name,
                box_photo=(
                    float(columns.min()),
                    float(rows.min()),
                    float(columns.max()),
                    float(rows.max()),
                ),
                visible_share=float(unhidden * inside),
                visible_px=len(rows),
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
