"""What a network sees on a few fixed pictures, drawn beside what people labelled."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from datasets.labelled_picture import LabelledBox
from inference.detection.tiles import PADDING_VALUE
from models.detector import Detections, Detector, Image
from training.chosen_pictures import PlacedPicture
from training.whole_file import write_whole

SAMPLES_FILE = "samples.png"
SAMPLES = 12
COLUMNS = 4
MIN_SCORE = 0.25
TRUTH_BGR = (255, 255, 255)
CLASS_BGR = ((60, 60, 240), (240, 170, 40), (60, 200, 60), (220, 60, 220), (40, 220, 240))


def choose_samples(
    pictures: Sequence[PlacedPicture], classes: Sequence[str]
) -> list[PlacedPicture]:
    """Return a few pictures, always the same ones: of each class in turn, and without any box."""
    ranked = sorted(pictures, key=lambda p: hashlib.sha256(p.picture.path.encode()).hexdigest())
    kinds = [
        [p for p in ranked if any(box.class_name == name for box in p.picture.boxes)]
        for name in classes
    ]
    kinds.append([p for p in ranked if not p.picture.boxes])
    in_turn = [kind[i] for i in range(SAMPLES) for kind in kinds if i < len(kind)]
    return list(dict.fromkeys(in_turn))[:SAMPLES]


def write_samples(
    samples: Sequence[PlacedPicture], detector: Detector, folder: Path, *, classes: Sequence[str]
) -> None:
    """Draw the samples with labels (white) and detections (one colour a class) as one picture."""
    if not samples:
        return
    side_px = detector.input_size_px
    crops, scales = zip(*(_read_square(placed.path, side_px) for placed in samples), strict=True)
    found = detector.detect(crops, min_score=MIN_SCORE)
    drawn = [
        _draw(crop.copy(), placed.picture.boxes, detections, scale=scale, classes=classes)
        for crop, placed, detections, scale in zip(crops, samples, found, scales, strict=True)
    ]
    blank = np.full_like(drawn[0], PADDING_VALUE)
    drawn += [blank] * (-len(drawn) % COLUMNS)
    rows = [np.hstack(drawn[i : i + COLUMNS]) for i in range(0, len(drawn), COLUMNS)]
    _, encoded = cv2.imencode(".png", np.vstack(rows))
    write_whole(folder / SAMPLES_FILE, encoded.tobytes())


def _read_square(path: Path, side_px: int) -> tuple[Image, float]:
    """Return a picture scaled into a square, and the scale; pictures of a pack are whole."""
    pixels = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), dtype=np.uint8)
    scale = side_px / max(pixels.shape[:2])
    height_px, width_px = (max(round(length * scale), 1) for length in pixels.shape[:2])
    square = np.full((side_px, side_px, 3), PADDING_VALUE, dtype=np.uint8)
    square[:height_px, :width_px] = cv2.resize(pixels, (width_px, height_px))
    return square, scale


def _draw(
    crop: Image,
    boxes: Sequence[LabelledBox],
    detections: Detections,
    *,
    scale: float,
    classes: Sequence[str],
) -> Image:
    for box in boxes:
        corners = np.array([box.x_min, box.y_min, box.x_max, box.y_max]) * scale
        _draw_box(crop, corners, TRUTH_BGR, thickness=1)
    for corners, score, number in zip(
        detections.boxes, detections.scores, detections.class_ids, strict=True
    ):
        colour = CLASS_BGR[number % len(CLASS_BGR)]
        _draw_box(crop, corners, colour, thickness=2)
        text = f"{classes[number].split('_')[-1]} {score:.2f}"
        place = int(corners[0]) + 2, max(int(corners[1]) - 3, 10)
        cv2.putText(crop, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return crop


def _draw_box(
    crop: Image,
    corners: np.ndarray[tuple[int, ...], np.dtype[np.floating]],
    colour: tuple[int, int, int],
    *,
    thickness: int,
) -> None:
    x_min, y_min, x_max, y_max = (int(value) for value in corners)
    cv2.rectangle(crop, (x_min, y_min), (x_max, y_max), colour, thickness)
