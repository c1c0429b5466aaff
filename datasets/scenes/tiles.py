"""Labelled training tiles, cut out of photos of rendered scenes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetError
from datasets.scenes.photo import Development, ObjectView, RenderedPhoto, take_photo
from datasets.scenes.scene import FIRST_TRAINING_SEED, Scene, ScenePlan, build_scene
from datasets.scenes.shapes import Vector
from datasets.scenes.viewing import SceneCamera, SceneView, camera_axes
from datasets.taxonomy import CLASS_NAMES

VIEWS_PER_SEED = 5
TILES_PER_VIEW = 2

_VIEW_WIDTH_PX, _VIEW_HEIGHT_PX = 1440, 1080
_FOCAL_PX = 1800.0
_GSD_RANGE_M = (0.009, 0.04)
_LEAST_HEIGHT_M = 17.0  # above every roof
_LEAST_VISIBLE_SHARE = 0.28
_LEAST_SIDE_PX = 8
_NEGATIVE_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledTile:
    """A tile and its labels: (class number, x_min, y_min, x_max, y_max in tile pixels)."""

    pixels: NDArray[np.uint8]
    labels: tuple[tuple[int, float, float, float, float], ...]


def write_training_tiles(
    folder: Path, *, seeds: range, split: str, tile_px: int = 512
) -> list[int]:
    """Write labelled tiles as `folder/SPLIT/{images,labels}/`; scenes already there are kept.

    Returns:
        The number of labels written of each class, in the taxonomy's order.

    Raises:
        DatasetError: A seed belongs to the demonstration flights.
    """
    if len(seeds) and min(seeds) < FIRST_TRAINING_SEED:
        raise DatasetError(f"training seeds start at {FIRST_TRAINING_SEED}, not {min(seeds)}")
    images, labels = folder / split / "images", folder / split / "labels"
    images.mkdir(parents=True, exist_ok=True)
    labels.mkdir(parents=True, exist_ok=True)
    counts = [0] * len(CLASS_NAMES)
    for seed in seeds:
        for index, tile in enumerate(render_tiles(seed, tile_px=tile_px)):
            name = f"scene{seed}_{index:02d}"
            quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
            cv2.imwrite(str(images / f"{name}.jpg"), tile.pixels, quality)
            (labels / f"{name}.txt").write_text(yolo_lines(tile.labels, tile_px), encoding="utf-8")
            for label in tile.labels:
                counts[label[0]] += 1
    return counts


def render_tiles(seed: int, *, tile_px: int) -> list[LabelledTile]:
    """Return the tiles of one scene."""
    rng = np.random.default_rng([seed, 1000])
    counts = {name: int(rng.integers(6, 11)) for name in CLASS_NAMES}
    counts["illegal_structure"] += 3  # the largest find a free place least often
    scene = build_scene(
        ScenePlan(seed=seed, half_size_m=60, object_reach_m=46, texel_m=0.05, counts=counts)
    )
    tiles = []
    for _ in range(VIEWS_PER_SEED):
        camera = _random_camera(rng)
        photo = take_photo(
            scene,
            random_view(rng, scene),
            camera,
            development=random_development(rng),
            rng=rng,
        )
        tiles += _cut_tiles(rng, photo, tile_px)
    return tiles


def _random_camera(rng: np.random.Generator) -> SceneCamera:
    k1 = float(rng.uniform(-0.08, 0.03))
    return SceneCamera(
        width_px=_VIEW_WIDTH_PX,
        height_px=_VIEW_HEIGHT_PX,
        fx=_FOCAL_PX,
        fy=_FOCAL_PX,
        cx=_VIEW_WIDTH_PX / 2,
        cy=_VIEW_HEIGHT_PX / 2,
        distortion=(k1, -k1 / 3, 0.0, 0.0, 0.0),
    )


def random_view(rng: np.random.Generator, scene: Scene) -> SceneView:
    """Return a view towards an object, or now and then towards any place of the scene."""
    if scene.objects and rng.random() > _NEGATIVE_SHARE:
        target = scene.objects[int(rng.integers(len(scene.objects)))].centre
    else:
        target = _lookalike(rng, scene)
    target = target + np.append(rng.normal(0, 2, 2), 0.0)
    pitch = -90 + (float(rng.normal(0, 1.5)) if rng.random() < 0.4 else float(rng.uniform(0, 40)))
    distance = _FOCAL_PX * float(np.exp(rng.uniform(*np.log(_GSD_RANGE_M))))
    distance = max(distance, _LEAST_HEIGHT_M / -float(np.sin(np.radians(pitch))))
    angles = {
        "yaw_deg": float(rng.uniform(0, 360)),
        "pitch_deg": pitch,
        "roll_deg": float(rng.normal(0, 0.7)),
    }
    axes = camera_axes(SceneView(east_m=0, north_m=0, up_m=0, **angles))
    east, north, up = (target - axes[2] * distance).tolist()
    return SceneView(east_m=east, north_m=north, up_m=up, **angles)


def random_development(rng: np.random.Generator) -> Development:
    """Return one of many cameras and weathers."""
    return Development(
        exposure=float(rng.uniform(0.78, 1.2)),
        warmth=float(rng.normal(0, 0.03)),
        haze=float(rng.uniform(0.0, 0.12)),
        blur_px=float(rng.uniform(0.4, 1.0)),
        noise=float(rng.uniform(0.8, 4.0)),
        vignetting=float(rng.uniform(0, 0.25)),
    )


def _lookalike(rng: np.random.Generator, scene: Scene) -> Vector:
    """Return the place of something that belongs there: a car, a container, an intact board."""
    ordinary = [solid.centre for solid in scene.solids if not solid.object_id]
    near = [centre for centre in ordinary if np.abs(centre[:2]).max() < 48]
    return near[int(rng.integers(len(near)))] if near else scene.terrain.point(0.0, 0.0)


def _cut_tiles(rng: np.random.Generator, photo: RenderedPhoto, tile_px: int) -> list[LabelledTile]:
    """Return tiles around different objects, then around nothing in particular."""
    rows, columns = photo.pixels.shape[:2]
    shown = [view for view in photo.objects if view.visible_share >= _LEAST_VISIBLE_SHARE]
    order = rng.permutation(len(shown))
    tiles = []
    for index in range(TILES_PER_VIEW):
        if index < len(shown):
            x0, y0, x1, y1 = shown[int(order[index])].box_photo
            jitter_x, jitter_y = rng.uniform(-0.35, 0.35, 2) * tile_px
            middle_x, middle_y = (x0 + x1) / 2 + jitter_x, (y0 + y1) / 2 + jitter_y
        else:
            middle_x, middle_y = rng.uniform(0, columns), rng.uniform(0, rows)
        left = int(np.clip(middle_x - tile_px / 2, 0, columns - tile_px))
        top = int(np.clip(middle_y - tile_px / 2, 0, rows - tile_px))
        pixels = photo.pixels[top : top + tile_px, left : left + tile_px]
        labels = tile_labels(photo.objects, left, top, tile_px)
        tiles.append(LabelledTile(pixels=pixels, labels=labels))
    return tiles


def tile_labels(
    views: Sequence[ObjectView], left: int, top: int, tile_px: int
) -> tuple[tuple[int, float, float, float, float], ...]:
    """Return the labels of a tile: the objects of which enough is to be seen in it."""
    labels = []
    for view in views:
        box = np.array(view.box_photo) - [left, top, left, top]
        cut = np.clip(box, 0, tile_px)
        whole = max((box[2] - box[0]) * (box[3] - box[1]), 1e-6)
        share = view.visible_share * (cut[2] - cut[0]) * (cut[3] - cut[1]) / whole
        if share < _LEAST_VISIBLE_SHARE or min(cut[2] - cut[0], cut[3] - cut[1]) < _LEAST_SIDE_PX:
            continue
        x0, y0, x1, y1 = cut.tolist()
        labels.append((CLASS_NAMES.index(view.class_name), x0, y0, x1, y1))
    return tuple(labels)


def yolo_lines(labels: Sequence[tuple[int, float, float, float, float]], tile_px: int) -> str:
    """Return labels as YOLO text: class, centre x, centre y, width, height as parts of the side."""
    lines = [
        f"{number} {(x0 + x1) / 2 / tile_px:.6f} {(y0 + y1) / 2 / tile_px:.6f} "
        f"{(x1 - x0) / tile_px:.6f} {(y1 - y0) / tile_px:.6f}\n"
        for number, x0, y0, x1, y1 in labels
    ]
    return "".join(lines)
