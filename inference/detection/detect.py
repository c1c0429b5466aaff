"""Search a whole photo: each class at its scale, tile by tile, one box an object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.detection.fuse_looks import fuse_looks, mirror_boxes
from inference.detection.nms import merge_detections
from inference.detection.tiles import CutTiles, Level, Tile, plan_levels, plan_tiles, scale_picture
from models.calibration import apply_maps
from models.detector import Detections, Detector, Image
from models.manifest import ModelManifest
from models.suppression import join_detections, no_detections, select_detections

# A box this close to its tile's edge is taken as cut by it.
EDGE_TOLERANCE_PX = 2.0
# Where looks are averaged, each counts with boxes down to this score, whatever is wanted in the
# end: a threshold chooses among objects and never changes their scores.
LOOK_FLOOR = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectSettings:
    """All that changes what is found in a photo, beside the model.

    Attributes:
        min_confidence: Pairs of class and lowest score, in the model's order of classes; a
            class that is not named is not searched.
        tile_overlap: Part of a tile that the next one covers again.
        min_iou: From which two boxes of one class count as one object.
        min_inside: Part of a box cut by a tile's edge that has to lie inside a larger one to be
            taken as a part of it.
        precision: That the network calculates with.
    """

    min_confidence: tuple[tuple[str, float], ...]
    tile_overlap: float = 0.2
    min_iou: float = 0.5
    min_inside: float = 0.8
    precision: str = "f32"


def plan_detect_settings(
    manifest: ModelManifest,
    *,
    classes: tuple[str, ...] | None = None,
    min_confidence: float | None = None,
    min_confidence_by_class: Mapping[str, float] | None = None,
    precision: str = "f32",
) -> DetectSettings:
    """Return the settings of a model, with what a person wants otherwise.

    Args:
        manifest: Gives the lowest scores where nothing else does.
        classes: Those to search; all for None.
        min_confidence: Lowest score for all classes.
        min_confidence_by_class: Lowest scores that go before all others.
        precision: That of the detector.
    """
    by_class = min_confidence_by_class or {}
    general = manifest.min_confidence if min_confidence is None else {}
    return DetectSettings(
        min_confidence=tuple(
            (name, by_class[name] if name in by_class else general.get(name, min_confidence or 0.0))
            for name in manifest.classes
            if classes is None or name in classes
        ),
        precision=precision,
    )


def detect_photo(
    image_upright: Image,
    *,
    gsd_m: float | None,
    detector: Detector,
    manifest: ModelManifest,
    settings: DetectSettings,
) -> Detections:
    """Return what a photo shows, in its upright pixels, best first.

    Args:
        image_upright: (rows, columns, 3) uint8 BGR, turned upright.
        gsd_m: Ground sample distance at its centre in metres a pixel, or None.
        detector: The loaded model.
        manifest: Of that model.
        settings: See there.
    """
    height_px, width_px = image_upright.shape[:2]
    levels = plan_levels(width_px, height_px, gsd_m=gsd_m, manifest=manifest)
    if gsd_m is None and manifest.street_ratios:
        return _detect_averaged(image_upright, levels, detector, manifest, settings)
    parts, cuts = [], []
    for level in levels:
        lowest = _lowest_scores(level, detector.classes, settings)
        if np.isinf(lowest).all():
            continue
        picture = scale_picture(image_upright, level)
        found, cut = _detect_level(picture, detector, lowest=lowest, overlap=settings.tile_overlap)
        parts.append(_to_photo(found, level, width_px=width_px, height_px=height_px))
        cuts.append(cut)
    return merge_detections(
        join_detections(parts),
        min_iou=settings.min_iou,
        cut_sides=np.concatenate(cuts) if cuts else None,
        min_inside=settings.min_inside,
    )


def _detect_averaged(
    image_upright: Image,
    levels: Sequence[Level],
    detector: Detector,
    manifest: ModelManifest,
    settings: DetectSettings,
) -> Detections:
    """Return what looks at each level, as it is and mirrored, agree on, in the photo's pixels."""
    height_px, width_px = image_upright.shape[:2]
    lowest = _lowest_scores(levels[0], detector.classes, settings)
    floor = np.where(np.isinf(lowest), np.inf, np.minimum(lowest, LOOK_FLOOR)).astype(np.float32)
    if np.isinf(lowest).all():
        return no_detections()
    looks = []
    for level in levels:
        picture = scale_picture(image_upright, level)
        for mirrored in (False, True):
            found = _look(picture, detector, floor, settings, mirrored=mirrored)
            looks.append(_to_photo(found, level, width_px=width_px, height_px=height_px))
    fused = apply_maps(
        fuse_looks(looks, min_iou=settings.min_iou), manifest.street_calibration, detector.classes
    )
    return select_detections(fused, fused.scores >= lowest[fused.class_ids])


def _look(
    picture: Image,
    detector: Detector,
    floor: NDArray[np.float32],
    settings: DetectSettings,
    *,
    mirrored: bool,
) -> Detections:
    """Return what one look at a scaled picture finds, one box an object, in its pixels."""
    seen = np.asarray(cv2.flip(picture, 1), dtype=np.uint8) if mirrored else picture
    found, cuts = _detect_level(seen, detector, lowest=floor, overlap=settings.tile_overlap)
    merged = merge_detections(
        found, min_iou=settings.min_iou, cut_sides=cuts, min_inside=settings.min_inside
    )
    if not mirrored:
        return merged
    boxes = mirror_boxes(merged.boxes, width_px=picture.shape[1])
    return Detections(boxes=boxes, scores=merged.scores, class_ids=merged.class_ids)


def _lowest_scores(
    level: Level, classes: tuple[str, ...], settings: DetectSettings
) -> NDArray[np.float32]:
    """Return the lowest score by class id; infinite for those not searched at this level."""
    wanted = {name: score for name, score in settings.min_confidence if name in level.classes}
    return np.array([wanted.get(name, np.inf) for name in classes], dtype=np.float32)


def _detect_level(
    picture: Image, detector: Detector, *, lowest: NDArray[np.float32], overlap: float
) -> tuple[Detections, NDArray[np.bool_]]:
    """Return what the tiles of a picture show, in its pixels, and the boxes' cut sides."""
    height_px, width_px = picture.shape[:2]
    size = detector.input_size_px
    tiles = plan_tiles(width_px, height_px, size=size, overlap=overlap)
    results = detector.detect(CutTiles(picture, tiles, size=size), min_score=float(lowest.min()))
    parts: list[Detections] = [no_detections()]
    cuts: list[NDArray[np.bool_]] = [np.zeros((0, 4), dtype=np.bool_)]
    for tile, result in zip(tiles, results, strict=True):
        wanted = select_detections(result, result.scores >= lowest[result.class_ids])
        placed = _to_picture(wanted, tile)
        parts.append(placed)
        cuts.append(_cut_sides(placed.boxes, tile, width_px=width_px, height_px=height_px))
    return join_detections(parts), np.concatenate(cuts)


def _to_picture(found: Detections, tile: Tile) -> Detections:
    """Move boxes from a tile's pixels to the picture's; what lies in the padding goes."""
    x_min, y_min, x_max, y_max = tile.x_min, tile.y_min, tile.x_max, tile.y_max
    boxes = found.boxes + np.array([x_min, y_min, x_min, y_min], dtype=np.float32)
    boxes = np.clip(boxes, (x_min, y_min, x_min, y_min), (x_max, y_max, x_max, y_max))
    moved = Detections(
        boxes=boxes.astype(np.float32), scores=found.scores, class_ids=found.class_ids
    )
    width_px, height_px = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return select_detections(moved, (width_px > 0) & (height_px > 0))


def _cut_sides(
    boxes: NDArray[np.float32], tile: Tile, *, width_px: int, height_px: int
) -> NDArray[np.bool_]:
    """Return (N, 4) at which sides boxes end at an edge of their tile, see `cut_boxes`."""
    edges = np.array([tile.x_min, tile.y_min, tile.x_max, tile.y_max], dtype=np.float32)
    inner = np.array(
        [tile.x_min > 0, tile.y_min > 0, tile.x_max < width_px, tile.y_max < height_px]
    )
    sides: NDArray[np.bool_] = (np.abs(boxes - edges) <= EDGE_TOLERANCE_PX) & inner
    return sides


def _to_photo(found: Detections, level: Level, *, width_px: int, height_px: int) -> Detections:
    """Scale boxes from a level's pixels to the photo's.

    By the sizes, not by `level.scale`: these are rounded to whole pixels.
    """
    x_scale, y_scale = width_px / level.width_px, height_px / level.height_px
    boxes = found.boxes * np.array([x_scale, y_scale, x_scale, y_scale], dtype=np.float32)
    return Detections(
        boxes=boxes.astype(np.float32), scores=found.scores, class_ids=found.class_ids
    )
