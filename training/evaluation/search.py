"""Run a model over labelled pictures: the way of a photo, and the way of a benchmark."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledPicture, has_possible_boxes
from datasets.picture_set import PictureSet
from inference.detection.detect import DetectSettings, detect_photo, plan_detect_settings
from inference.detection.read_ahead import read_ahead
from inference.detection.tiles import PADDING_VALUE, plan_levels
from models.detector import Detections, Detector, Image
from models.manifest import ModelManifest
from models.suppression import select_detections
from training.errors import TrainingError
from training.evaluation.class_boxes import corners
from training.evaluation.matching import best_first, box_iou, match_rows
from training.evaluation.result import FoundBox, LeftOut, PictureResult, Way

# Low enough for the whole precision-recall curve, high enough to keep the lists short.
LOWEST_SCORE = 0.01
MAX_PICTURE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A loaded model and the way in which it is shown pictures."""

    detector: Detector
    manifest: ModelManifest
    settings: DetectSettings
    way: Way


def plan_search(
    detector: Detector, manifest: ModelManifest, way: Way, *, precision: str = "f32"
) -> Search:
    """Return a search for all that has a score worth a place on a curve."""
    settings = plan_detect_settings(manifest, min_confidence=LOWEST_SCORE, precision=precision)
    return Search(detector=detector, manifest=manifest, settings=settings, way=way)


def search_pictures(
    picture_set: PictureSet, pictures: Iterable[LabelledPicture], search: Search
) -> Iterator[PictureResult | LeftOut]:
    """Yield what was found on each picture, or why it was left out, in the pictures' order."""

    def read(picture: LabelledPicture) -> Image:
        return read_labelled_picture(picture_set.path_of(picture), picture)

    for picture, pixels in read_ahead(pictures, read):
        try:
            yield search_picture(pixels.result(), picture, search)
        except (TrainingError, DatasetError, OSError) as error:
            yield LeftOut(path=picture.path, reason=str(error))


def read_labelled_picture(path: Path, picture: LabelledPicture) -> Image:
    """Return a picture's pixels, upright: (rows, columns, 3) BGR.

    Raises:
        TrainingError: It is not the file that was labelled, or cannot be decoded.
        OSError: It cannot be read.
    """
    if not has_possible_boxes(picture):
        raise TrainingError("a corner of a box is no number, or far outside")
    if path.stat().st_size > MAX_PICTURE_BYTES:
        raise TrainingError(f"larger than {MAX_PICTURE_BYTES} bytes")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        raise TrainingError("not the file that was labelled: its SHA-256 is another")
    try:
        pixels = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise TrainingError(f"cannot be decoded: {error.err}") from error
    if pixels is None:
        raise TrainingError("cannot be decoded")
    if pixels.shape[:2] != (picture.height_px, picture.width_px):
        height_px, width_px = pixels.shape[:2]
        raise TrainingError(
            f"{width_px} x {height_px} pixels, labelled at {picture.width_px} x {picture.height_px}"
        )
    return np.asarray(pixels, dtype=np.uint8)


def search_picture(pixels: Image, picture: LabelledPicture, search: Search) -> PictureResult:
    """Return what was found on a picture."""
    if search.way is Way.TILED:
        found = detect_photo(
            pixels,
            gsd_m=picture.gsd_m,
            detector=search.detector,
            manifest=search.manifest,
            settings=search.settings,
        )
    else:
        found = detect_whole(pixels, search.detector)
    return match_picture(
        picture, found, classes=search.detector.classes, scales=plan_scales(picture, search)
    )


def plan_scales(picture: LabelledPicture, search: Search) -> dict[str, float]:
    """Return the finest scale at which each class is searched, see `PictureResult`."""
    if search.way is Way.WHOLE:
        scale = search.detector.input_size_px / max(picture.width_px, picture.height_px)
        return dict.fromkeys(search.detector.classes, scale)
    levels = plan_levels(
        picture.width_px, picture.height_px, gsd_m=picture.gsd_m, manifest=search.manifest
    )
    # The coarsest comes first, so that the finest stays.
    return {name: level.scale for level in levels for name in level.classes}


def detect_whole(pixels: Image, detector: Detector) -> Detections:
    """Return what the network finds in the whole picture, letterboxed once, in its pixels.

    As the networks' own benchmarks do it: the longer side becomes the network's, the rest is
    padded on both sides.
    """
    height_px, width_px = pixels.shape[:2]
    side_px = detector.input_size_px
    scale = side_px / max(height_px, width_px)
    width, height = max(round(width_px * scale), 1), max(round(height_px * scale), 1)
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (side_px - width) // 2, (side_px - height) // 2
    crop = np.full((side_px, side_px, 3), PADDING_VALUE, dtype=np.uint8)
    crop[top : top + height, left : left + width] = cv2.resize(
        pixels, (width, height), interpolation=shrinks
    )
    found = detector.detect([crop], min_score=LOWEST_SCORE)[0]
    moved = (found.boxes - np.array([left, top, left, top])) * np.tile(
        [width_px / width, height_px / height], 2
    )
    boxes = np.clip(moved, 0, [width_px, height_px, width_px, height_px]).astype(np.float32)
    inside = Detections(boxes=boxes, scores=found.scores, class_ids=found.class_ids)
    return select_detections(inside, (boxes[:, 2:] > boxes[:, :2]).all(axis=1))


def match_picture(
    picture: LabelledPicture,
    found: Detections,
    *,
    classes: Sequence[str],
    scales: dict[str, float],
) -> PictureResult:
    """Return the detections of a picture with what each of them matched.

    Args:
        picture: With its true boxes.
        found: In the picture's pixels; at most `MAX_DETECTIONS` of each class are kept.
        classes: That the class ids point into.
        scales: See `PictureResult.network_scale`.
    """
    boxes = [
        box
        for index, name in enumerate(classes)
        for box in _match_class(picture, select_detections(found, found.class_ids == index), name)
    ]
    boxes.sort(key=lambda box: -box.score)
    return PictureResult(picture=picture, network_scale=scales, found=tuple(boxes))


def _match_class(
    picture: LabelledPicture, found: Detections, class_name: str
) -> Iterator[FoundBox]:
    own = [row for row, box in enumerate(picture.boxes) if box.class_name == class_name]
    true = corners(picture.boxes[row] for row in own)
    ordered = select_detections(found, best_first(found.scores))
    for row, matched in enumerate(match_rows(box_iou(ordered.boxes, true))):
        x_min, y_min, x_max, y_max = map(float, ordered.boxes[row])
        yield FoundBox(
            class_name=class_name,
            score=float(ordered.scores[row]),
            x_min=x_min,
            y_min=y_min,
            x_max=x_max,
            y_max=y_max,
            hits=tuple(bool(place >= 0) for place in matched),
            true_box=own[matched[0]] if matched[0] >= 0 else None,
        )
