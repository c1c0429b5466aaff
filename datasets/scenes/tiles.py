"""Labelled training tiles, cut anywhere out of photos of rendered scenes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledBox
from datasets.scenes.defects import SceneObject
from datasets.scenes.photo import RenderedPhoto, take_photo
from datasets.scenes.scene import FIRST_TRAINING_SEED, Scene, ScenePlan, build_scene
from datasets.scenes.shapes import Vector
from datasets.scenes.tile_plan import TilePlan
from datasets.scenes.variants import MAKERS
from datasets.scenes.viewing import SceneCamera, SceneView, camera_axes
from datasets.scenes.weather import random_development, random_jpeg_quality, random_sun
from datasets.taxonomy import CLASS_NAMES

_VIEW_WIDTH_PX, _VIEW_HEIGHT_PX = 1440, 1080
_FOCAL_PX = 1800.0
_LEAST_HEIGHT_M = 17.0  # above every roof
_SCENE_REACH_M = 46.0
_LEAST_VISIBLE_SHARE = 0.28
_UNSEEN_SHARE = 0.04  # less than this of an object is no sight of it
_LEAST_SIDE_PX = 8
_LEAST_FRONT_M2 = 1.0  # of a board: seen from its edge, it says nothing
_TILES_PER_VIEW = 5
_PLACES_PER_VIEW = 20  # tried for a photo's tiles
_MOST_OVERLAP = 0.3
_OBJECT_AIM_SHARE = 0.6  # of the photos; the others are taken of lookalikes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledTile:
    """A tile and what it shows.

    Attributes:
        gsd_m: Ground size of a pixel in the middle of the photo that it was cut from.
    """

    pixels: NDArray[np.uint8]
    boxes: tuple[LabelledBox, ...]
    gsd_m: float
    jpeg_quality: int


def render_tiles(seed: int, plan: TilePlan) -> list[LabelledTile]:
    """Return the tiles of one scene: about `plan.empty_share` of them without an object.

    Raises:
        DatasetError: The seed belongs to the demonstration flights.
    """
    if seed < FIRST_TRAINING_SEED:
        raise DatasetError(f"training seeds start at {FIRST_TRAINING_SEED}, not {seed}")
    rng = np.random.default_rng([seed, 1000])
    scene = build_scene(plan_training_scene(seed, plan, rng))
    # Rounded by chance, so that the share holds over many scenes.
    empty_left = int(plan.tiles_per_scene * plan.empty_share + rng.random())
    full_left = plan.tiles_per_scene - empty_left
    tiles: list[LabelledTile] = []
    for _ in range(2 * plan.tiles_per_scene // _TILES_PER_VIEW + 1):
        if empty_left + full_left == 0:
            break
        view, gsd_m = _random_view(rng, scene, plan, of_object=full_left > 0)
        photo = take_photo(
            scene, view, _random_camera(rng), development=random_development(rng, plan), rng=rng
        )
        new = _cut_tiles(
            rng, photo, scene, plan, gsd_m=gsd_m, empty_left=empty_left, full_left=full_left
        )
        tiles += new
        full = sum(bool(tile.boxes) for tile in new)
        full_left, empty_left = full_left - full, empty_left - (len(new) - full)
    return tiles


def plan_training_scene(seed: int, plan: TilePlan, rng: np.random.Generator) -> ScenePlan:
    """Return the scene of a seed with the objects and lookalikes of the plan."""
    return ScenePlan(
        seed=seed,
        half_size_m=60,
        object_reach_m=_SCENE_REACH_M,
        texel_m=0.05,
        sub_class_counts={
            name: plan.structures_per_sub_class
            if MAKERS[name][0] == "illegal_structure"
            else plan.objects_per_sub_class
            for name in plan.sub_classes
        },
        lookalike_counts=dict.fromkeys(plan.lookalikes, plan.lookalikes_per_kind),
        sun=random_sun(rng, plan),
    )


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


def _random_view(
    rng: np.random.Generator, scene: Scene, plan: TilePlan, *, of_object: bool
) -> tuple[SceneView, float]:
    """Return a view with an object or a lookalike somewhere in it, and its GSD in the middle."""
    pitch = _random_pitch(rng) if plan.oblique else -90.0
    distance = _FOCAL_PX * float(np.exp(rng.uniform(*np.log(plan.gsd_range_m))))
    distance = max(distance, _LEAST_HEIGHT_M / -float(np.sin(np.radians(pitch))))
    gsd_m = distance / _FOCAL_PX
    half = 0.35 * gsd_m * np.array([_VIEW_WIDTH_PX, _VIEW_HEIGHT_PX])
    target = _random_target(rng, scene, of_object=of_object)
    target = target + np.append(rng.uniform(-half, half), 0.0)
    angles = {
        "yaw_deg": float(rng.uniform(0, 360)),
        "pitch_deg": pitch,
        "roll_deg": float(rng.normal(0, 0.7)),
    }
    axes = camera_axes(SceneView(east_m=0, north_m=0, up_m=0, **angles))
    east, north, up = (target - axes[2] * distance).tolist()
    return SceneView(east_m=east, north_m=north, up_m=up, **angles), gsd_m


def _random_pitch(rng: np.random.Generator) -> float:
    if rng.random() < 0.45:
        return max(-90 + abs(float(rng.normal(0, 1.5))), -90.0)
    return -90 + float(rng.uniform(0, 45))


def _random_target(rng: np.random.Generator, scene: Scene, *, of_object: bool) -> Vector:
    """Return the place of an object, or of something that belongs where it is."""
    if of_object and scene.objects and rng.random() < _OBJECT_AIM_SHARE:
        # A class first: structures are fewer, and no class shall be rare among the tiles.
        wanted = str(rng.choice(sorted({entry.class_name for entry in scene.objects})))
        centres = [entry.centre for entry in scene.objects if entry.class_name == wanted]
        return centres[int(rng.integers(len(centres)))]
    kinds = sorted({kind for kind, _ in scene.lookalikes})
    if not kinds:
        reach_m = _SCENE_REACH_M
        return scene.terrain.point(*rng.uniform(-reach_m, reach_m, 2).tolist())
    kind = str(rng.choice(kinds))
    places = [place for own, place in scene.lookalikes if own == kind]
    return places[int(rng.integers(len(places)))]


def _cut_tiles(
    rng: np.random.Generator,
    photo: RenderedPhoto,
    scene: Scene,
    plan: TilePlan,
    *,
    gsd_m: float,
    empty_left: int,
    full_left: int,
) -> list[LabelledTile]:
    """Return tiles at random places of the photo, at most so many empty and full ones."""
    tiles: list[LabelledTile] = []
    corners: list[tuple[int, int]] = []
    for _ in range(_PLACES_PER_VIEW):
        left = int(rng.integers(0, _VIEW_WIDTH_PX - plan.tile_px + 1))
        top = int(rng.integers(0, _VIEW_HEIGHT_PX - plan.tile_px + 1))
        window = np.s_[top : top + plan.tile_px, left : left + plan.tile_px]
        boxes = tile_boxes(
            photo, scene.objects, left=left, top=top, tile_px=plan.tile_px, gsd_m=gsd_m
        )
        left_over = full_left if boxes else empty_left
        if boxes is None or not left_over or _overlaps(corners, left, top, plan.tile_px):
            continue
        full_left, empty_left = full_left - bool(boxes), empty_left - (not boxes)
        corners.append((left, top))
        tiles.append(
            LabelledTile(
                pixels=photo.pixels[window],
                boxes=boxes,
                gsd_m=gsd_m,
                jpeg_quality=random_jpeg_quality(rng, plan),
            )
        )
        if len(tiles) == _TILES_PER_VIEW:
            break
    return tiles


def _overlaps(corners: list[tuple[int, int]], left: int, top: int, tile_px: int) -> bool:
    shared = [max(0, tile_px - abs(left - x)) * max(0, tile_px - abs(top - y)) for x, y in corners]
    return any(area > _MOST_OVERLAP * tile_px**2 for area in shared)


def tile_boxes(
    photo: RenderedPhoto,
    objects: Sequence[SceneObject],
    *,
    left: int,
    top: int,
    tile_px: int,
    gsd_m: float,
) -> tuple[LabelledBox, ...] | None:
    """Return the boxes around the pixels of objects in a tile of a photo.

    Returns:
        None where an object is neither hidden nor shown: with or without a box, the tile would
        teach something wrong.
    """
    owners = photo.owners[top : top + tile_px, left : left + tile_px]
    windows = find_objects(owners)
    pixels = np.bincount(owners.ravel())
    known = {entry.id: entry for entry in objects}
    boxes = []
    for view in photo.objects:
        window = windows[view.object_id - 1] if view.object_id <= len(windows) else None
        if window is None:
            continue
        rows, columns = window
        share = view.visible_share * float(pixels[view.object_id]) / view.visible_px
        side_px = min(rows.stop - rows.start, columns.stop - columns.start)
        edge_on = (
            view.class_name == "damaged_billboard"
            and view.visible_px * gsd_m**2 < _LEAST_FRONT_M2 * view.visible_share
        )
        if share < _LEAST_VISIBLE_SHARE or side_px < _LEAST_SIDE_PX or edge_on:
            if share > _UNSEEN_SHARE:
                return None
            continue
        boxes.append(
            LabelledBox(
                class_name=view.class_name,
                sub_class=known[view.object_id].sub_class,
                x_min=float(columns.start),
                y_min=float(rows.start),
                x_max=float(columns.stop),
                y_max=float(rows.stop),
            )
        )
    return tuple(boxes)


def write_training_tiles(
    folder: Path, *, seeds: range, split: str, tile_px: int = 512
) -> list[int]:
    """Write labelled tiles as `folder/SPLIT/{images,labels}/`, as YOLO reads them.

    Returns:
        The number of labels written of each class, in the taxonomy's order.

    Raises:
        DatasetError: A seed belongs to the demonstration flights.
    """
    images, labels = folder / split / "images", folder / split / "labels"
    images.mkdir(parents=True, exist_ok=True)
    labels.mkdir(parents=True, exist_ok=True)
    counts = [0] * len(CLASS_NAMES)
    for seed in seeds:
        for index, tile in enumerate(render_tiles(seed, TilePlan(tile_px=tile_px))):
            name = f"scene{seed}_{index:02d}"
            quality = [cv2.IMWRITE_JPEG_QUALITY, tile.jpeg_quality]
            cv2.imwrite(str(images / f"{name}.jpg"), tile.pixels, quality)
            (labels / f"{name}.txt").write_text(yolo_lines(tile.boxes, tile_px), encoding="utf-8")
            for box in tile.boxes:
                counts[CLASS_NAMES.index(box.class_name)] += 1
    return counts


def yolo_lines(boxes: Sequence[LabelledBox], tile_px: int) -> str:
    """Return boxes as YOLO text: class, centre x, centre y, width, height as parts of the side."""
    lines = [
        f"{CLASS_NAMES.index(box.class_name)} {(box.x_min + box.x_max) / 2 / tile_px:.6f} "
        f"{(box.y_min + box.y_max) / 2 / tile_px:.6f} {(box.x_max - box.x_min) / tile_px:.6f} "
        f"{(box.y_max - box.y_min) / tile_px:.6f}\n"
        for box in boxes
    ]
    return "".join(lines)
