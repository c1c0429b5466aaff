"""The worst misses and the worst false alarms, cut out with their boxes drawn."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from datasets.labelled_picture import LabelledBox, Origin, View
from datasets.picture_set import PictureSet
from models.detector import Image
from training.errors import TrainingError
from training.evaluation.confusion import false_alarms, name_underlying
from training.evaluation.result import Evaluation, FoundBox, PictureResult
from training.evaluation.search import read_labelled_picture

MOST_EXAMPLES = 8
CROP_SIDE_PX = 260
# A box is shown with half its side of surroundings on each side, and never less than this.
MARGIN_SHARE, LEAST_CROP_PX = 0.5, 96
JPEG_QUALITY = 85
TRUE_BGR, FOUND_BGR, SUBJECT_THICKNESS = (90, 160, 0), (0, 94, 213), 2
Box = LabelledBox | FoundBox


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One miss or false alarm.

    Attributes:
        score: Of the false alarm; of a missed object's best detection of its class, None where
            there was none at all.
        under: What lies under a false alarm, see `result.Confusion`; None for a miss.
        picture_uri: The cut-out as a data URI.
    """

    path: str
    score: float | None
    under: str | None
    picture_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The worst of one class on the pictures of one view and origin, the worst first."""

    view: View
    origin: Origin
    class_name: str
    misses: tuple[Example, ...]
    false_alarms: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    result: PictureResult
    box: Box
    score: float | None
    under: str | None


def cut_examples(evaluation: Evaluation, picture_set: PictureSet) -> list[Examples]:
    """Return the worst of each part and class; pictures that have gone since are left out."""
    examples = []
    for part in evaluation.parts:
        if part.source is not None:
            continue
        results = [
            one
            for one in evaluation.pictures
            if (one.picture.view, one.picture.origin) == (part.view, part.origin)
        ]
        for score in part.classes:
            threshold = score.operating.threshold
            misses = rank_misses(results, score.class_name, threshold=threshold)
            alarms = rank_false_alarms(results, score.class_name, threshold=threshold)
            examples.append(
                Examples(
                    view=part.view,
                    origin=part.origin,
                    class_name=score.class_name,
                    misses=_cut(misses[:MOST_EXAMPLES], picture_set, threshold=threshold),
                    false_alarms=_cut(alarms[:MOST_EXAMPLES], picture_set, threshold=threshold),
                )
            )
    return examples


def rank_misses(
    results: Iterable[PictureResult], class_name: str, *, threshold: float
) -> list[_Subject]:
    """Return the objects missed at the operating point: those least seen first, then the largest.

    One a picture, so that a heap of small ones does not fill the page.
    """
    missed = []
    for result in results:
        if class_name not in result.picture.labelled_classes:
            continue
        best = {
            found.true_box: found.score
            for found in reversed(result.found)
            if found.true_box is not None
        }
        rows = [
            _Subject(result=result, box=box, score=best.get(row), under=None)
            for row, box in enumerate(result.picture.boxes)
            if box.class_name == class_name and best.get(row, -1.0) < threshold
        ]
        missed += sorted(rows, key=_miss_order)[:1]
    return sorted(missed, key=_miss_order)


def _miss_order(subject: _Subject) -> tuple[float, float]:
    box, picture = subject.box, subject.result.picture
    area_px2 = (box.x_max - box.x_min) * (box.y_max - box.y_min)
    return (subject.score or 0.0, -area_px2 / (picture.width_px * picture.height_px))


def rank_false_alarms(
    results: Iterable[PictureResult], class_name: str, *, threshold: float
) -> list[_Subject]:
    """Return the false alarms at the operating point, the surest first, one a picture."""
    alarms = []
    for result in results:
        boxes = false_alarms(result, class_name, threshold=threshold)
        if boxes:
            box = max(boxes, key=lambda one: one.score)
            under = name_underlying(box, result.picture)
            alarms.append(_Subject(result=result, box=box, score=box.score, under=under))
    return sorted(alarms, key=lambda one: -(one.score or 0.0))


def _cut(
    subjects: Sequence[_Subject], picture_set: PictureSet, *, threshold: float
) -> tuple[Example, ...]:
    examples = []
    for subject in subjects:
        picture = subject.result.picture
        try:
            pixels = read_labelled_picture(picture_set.path_of(picture), picture)
        except (TrainingError, OSError):
            continue
        crop = draw_crop(pixels, subject.box, _others(subject, threshold=threshold))
        examples.append(
            Example(
                path=picture.path,
                score=subject.score,
                under=subject.under,
                picture_uri=_as_uri(crop),
            )
        )
    return tuple(examples)


def _others(subject: _Subject, *, threshold: float) -> list[Box]:
    name = subject.box.class_name
    true = [box for box in subject.result.picture.boxes if box.class_name == name]
    found = [
        box for box in subject.result.found if box.class_name == name and box.score >= threshold
    ]
    both: list[Box] = [*true, *found]
    return [box for box in both if box is not subject.box]


def draw_crop(pixels: Image, subject: Box, others: Sequence[Box]) -> Image:
    """Return a picture's part around a box, scaled, with the boxes drawn; `pixels` is unchanged.

    True boxes are green, detections orange, and the subject's lines are twice as thick.
    """
    height_px, width_px = pixels.shape[:2]
    side_px = max(subject.x_max - subject.x_min, subject.y_max - subject.y_min)
    half_px = max(side_px * (0.5 + MARGIN_SHARE), LEAST_CROP_PX / 2)
    middle = ((subject.x_min + subject.x_max) / 2, (subject.y_min + subject.y_max) / 2)
    x_min, x_max = _clip_range(middle[0], half_px, width_px)
    y_min, y_max = _clip_range(middle[1], half_px, height_px)
    scale = CROP_SIDE_PX / max(x_max - x_min, y_max - y_min)
    size = (max(round((x_max - x_min) * scale), 1), max(round((y_max - y_min) * scale), 1))
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    crop = cv2.resize(pixels[y_min:y_max, x_min:x_max], size, interpolation=shrinks)
    for box, thickness in [*((one, 1) for one in others), (subject, SUBJECT_THICKNESS)]:
        low = (round((box.x_min - x_min) * scale), round((box.y_min - y_min) * scale))
        high = (round((box.x_max - x_min) * scale), round((box.y_max - y_min) * scale))
        colour = FOUND_BGR if isinstance(box, FoundBox) else TRUE_BGR
        if box is subject:  # a white rim, so that it stands out from whatever is behind
            cv2.rectangle(crop, low, high, (255, 255, 255), thickness + 2)
        cv2.rectangle(crop, low, high, colour, thickness)
    return np.asarray(crop, dtype=np.uint8)


def _clip_range(middle: float, half: float, length: int) -> tuple[int, int]:
    low = min(max(int(middle - half), 0), length - 1)
    return low, max(min(round(middle + half), length), low + 1)


def _as_uri(crop: Image) -> str:
    encoded = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")
