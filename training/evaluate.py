"""How well a model finds things: the way of a photo, run over labelled pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.detection.detect import detect_photo, plan_detect_settings
from models.detector import Detections, Detector
from models.manifest import ModelManifest
from training.average_precision import (
    Interval,
    Matches,
    bootstrap_map,
    join_matches,
    match_boxes,
    precision_recall_at,
)
from training.errors import TrainingError
from training.pictures import LabelledPicture, read_picture

# Low enough for the whole precision-recall curve, high enough to keep the lists short.
CURVE_FLOOR = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureResult:
    """What the model did on one picture: matches by class name."""

    group: str
    matches: Mapping[str, Matches]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """How well one class is found, on the pictures of one kind.

    Attributes:
        boxes: True boxes.
        groups: Independent groups of pictures that hold them.
        precision, recall: At IoU 0.5 and the confidence threshold that is in force.
    """

    class_name: str
    boxes: int
    groups: int
    map50: Interval
    map50_95: Interval
    threshold: float
    precision: float
    recall: float


def read_true_boxes(
    label: Path, *, width_px: int, height_px: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return class ids (N,) and boxes (N, 4) in pixels from a YOLO label file.

    Raises:
        TrainingError: A line is not `class x y width height`.
    """
    try:
        rows = np.array(
            [[float(part) for part in line.split()] for line in label.read_text().splitlines()],
            dtype=np.float32,
        ).reshape(-1, 5)
    except ValueError as error:
        raise TrainingError(f"{label}: not a YOLO label file: {error}") from error
    half = rows[:, 3:5] / 2
    corners = np.hstack([rows[:, 1:3] - half, rows[:, 1:3] + half])
    size = np.array([width_px, height_px, width_px, height_px], dtype=np.float32)
    return rows[:, 0].astype(np.int32), (corners * size).astype(np.float32)


def match_picture(
    found: Detections,
    true_ids: NDArray[np.int32],
    true_boxes: NDArray[np.float32],
    *,
    classes: Sequence[str],
) -> dict[str, Matches]:
    """Return the matches of one picture by class name."""
    return {
        name: match_boxes(
            found.boxes[found.class_ids == index],
            found.scores[found.class_ids == index],
            true_boxes[true_ids == index],
        )
        for index, name in enumerate(classes)
    }


def evaluate_pictures(
    pictures: Iterable[LabelledPicture],
    *,
    detector: Detector,
    manifest: ModelManifest,
) -> list[PictureResult]:
    """Run the tiled detector over labelled pictures of unknown GSD and match its boxes."""
    settings = plan_detect_settings(manifest, min_confidence=CURVE_FLOOR)
    results = []
    for picture in pictures:
        pixels = read_picture(picture.image)
        height, width = pixels.shape[:2]
        found = detect_photo(
            pixels, gsd_m=None, detector=detector, manifest=manifest, settings=settings
        )
        ids, boxes = read_true_boxes(picture.label, width_px=width, height_px=height)
        matches = match_picture(found, ids, boxes, classes=manifest.classes)
        results.append(PictureResult(group=f"{picture.source}/{picture.group}", matches=matches))
    return results


def join_groups(results: Sequence[PictureResult], class_name: str) -> list[Matches]:
    """Return one Matches a group, in the order of the groups' names."""
    groups: dict[str, list[Matches]] = {}
    for result in results:
        groups.setdefault(result.group, []).append(result.matches[class_name])
    return [join_matches(groups[name]) for name in sorted(groups)]


def best_threshold(matches: Matches, *, beta: float = 0.5) -> float:
    """Return the score at which F-beta (IoU 0.5) is highest; 0.5 where nothing was ever hit.

    A beta of 0.5 weighs precision twice as much as recall: labelled pictures mostly show an
    object, most ground of a flight does not, and each false clue costs a person's time.
    """
    order = np.argsort(-matches.scores, kind="stable")
    hits = matches.hits[order, 0].cumsum()
    if matches.true_count == 0 or not len(hits) or hits[-1] == 0:
        return 0.5
    ranks = np.arange(1, len(hits) + 1)
    f_beta = (1 + beta**2) * hits / (ranks + beta**2 * matches.true_count)
    return round(float(matches.scores[order][int(f_beta.argmax())]), 2)


def score_classes(
    results: Sequence[PictureResult], *, thresholds: Mapping[str, float], seed: int = 0
) -> list[ClassScore]:
    """Return the score of every class that has true boxes in these pictures."""
    scores = []
    for name, threshold in thresholds.items():
        groups = join_groups(results, name)
        joined = join_matches(groups)
        if joined.true_count == 0:
            continue
        map50, map50_95 = bootstrap_map(groups, rng=np.random.default_rng(seed))
        precision, recall = precision_recall_at(joined, min_score=threshold)
        scores.append(
            ClassScore(
                class_name=name,
                boxes=joined.true_count,
                groups=sum(group.true_count > 0 for group in groups),
                map50=map50,
                map50_95=map50_95,
                threshold=threshold,
                precision=precision,
                recall=recall,
            )
        )
    return scores


def false_alarms_per_picture(
    results: Sequence[PictureResult], *, thresholds: Mapping[str, float]
) -> dict[str, float]:
    """Return, by class, boxes above the threshold per picture that shows no object at all."""
    empty = [
        result
        for result in results
        if all(matches.true_count == 0 for matches in result.matches.values())
    ]
    if not empty:
        return {}
    return {
        name: sum(int((r.matches[name].scores >= least).sum()) for r in empty) / len(empty)
        for name, least in thresholds.items()
    }
