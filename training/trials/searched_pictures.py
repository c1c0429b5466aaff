"""What a model found on labelled pictures: kept as JSON lines, so that it is searched once."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import format_pictures, parse_picture
from inference.detection.detect import detect_photo, plan_detect_settings
from models.detector import Detections, Detector
from models.manifest import ModelManifest
from training.errors import TrainingError
from training.trials.placed_pictures import PlacedPicture

# Low enough for the whole precision-recall curve, high enough to keep the lists short.
CURVE_FLOOR = 0.01
SCORE_DIGITS = 5
PIXEL_DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBox:
    """One detection in the pixels of its picture."""

    class_name: str
    score: float
    x_min: float
    y_min: float
    x_max: float
    y_max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedPicture:
    """A labelled picture with all that a model found on it, best first."""

    picture: LabelledPicture
    found: tuple[FoundBox, ...]


def search_placed(
    placed: Iterable[PlacedPicture],
    *,
    detector: Detector,
    manifest: ModelManifest,
    min_score: float = CURVE_FLOOR,
) -> Iterator[SearchedPicture]:
    """Yield what the tiled pipeline finds on each picture that can be read.

    Every picture is searched as one of unknown ground sample distance: the scales of a short
    trial are those of its training, not those of a model that was made for flights.

    Args:
        placed: The pictures.
        detector: The loaded model.
        manifest: Of that model.
        min_score: Boxes below it are left out.
    """
    settings = plan_detect_settings(manifest, min_confidence=min_score)
    for entry in placed:
        pixels = cv2.imread(str(entry.file), cv2.IMREAD_COLOR)
        if pixels is None:
            continue
        found = detect_photo(
            np.asarray(pixels, dtype=np.uint8),
            gsd_m=None,
            detector=detector,
            manifest=manifest,
            settings=settings,
        )
        yield SearchedPicture(picture=entry.picture, found=found_boxes(found, manifest.classes))


def found_boxes(found: Detections, classes: Sequence[str]) -> tuple[FoundBox, ...]:
    """Return detections as values, best first."""
    order = np.argsort(-found.scores, kind="stable")
    return tuple(
        FoundBox(
            class_name=classes[int(found.class_ids[row])],
            score=round(float(found.scores[row]), SCORE_DIGITS),
            **_corners(found.boxes[row].tolist()),
        )
        for row in order
    )


def _corners(box: Sequence[float]) -> dict[str, float]:
    names = ("x_min", "y_min", "x_max", "y_max")
    return {name: round(value, PIXEL_DIGITS) for name, value in zip(names, box, strict=True)}


def with_labels_of(
    searched: Iterable[SearchedPicture], pictures: Iterable[LabelledPicture]
) -> list[SearchedPicture]:
    """Return what was found beside newer labels of the same files; others stay as they are."""
    newer = {picture.sha256: picture for picture in pictures}
    return [
        replace(entry, picture=newer.get(entry.picture.sha256, entry.picture)) for entry in searched
    ]


def write_searched(searched: Iterable[SearchedPicture], path: Path) -> None:
    """Write one picture a line; the file is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    with part.open("w", encoding="utf-8") as file:
        for entry in searched:
            table = {
                "picture": json.loads(format_pictures([entry.picture])),
                "found": [asdict(box) for box in entry.found],
            }
            file.write(json.dumps(table, ensure_ascii=False) + "\n")
    part.replace(path)


def read_searched(path: Path) -> list[SearchedPicture]:
    """Return what `write_searched` wrote.

    Raises:
        TrainingError: The file cannot be read, or a line is no searched picture.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: {error}") from error
    return [_parse_searched(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]


def _parse_searched(line: str, place: str) -> SearchedPicture:
    try:
        table = json.loads(line)
        return SearchedPicture(
            picture=parse_picture(json.dumps(table["picture"])),
            found=tuple(FoundBox(**box) for box in table["found"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{place}: no searched picture: {error!r}") from error
