"""What a model found on labelled pictures: kept as JSON lines, so that it is searched once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import split_lines
from models.detector import Detections
from training.chosen_pictures import PlacedPicture
from training.errors import TrainingError
from training.evaluation.result import LeftOut, PictureResult
from training.evaluation.result_json import format_entry, parse_entry
from training.evaluation.search import (
    Search,
    match_picture,
    read_labelled_picture,
    search_picture,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredBox:
    """A detection in the pixels of its picture, before it is compared with the labels."""

    class_name: str
    score: float
    box: tuple[float, float, float, float]  # x_min, y_min, x_max, y_max


def search_placed(
    placed: Iterable[PlacedPicture], search: Search
) -> Iterator[PictureResult | LeftOut]:
    """Yield what is found on each picture, or why it was left out.

    Every picture is searched as one of unknown ground sample distance: the scales of a short
    trial are those of its training, not those of a model that was made for flights.
    """
    for entry in placed:
        try:
            pixels = read_labelled_picture(entry.path, entry.picture)
            found = search_picture(pixels, replace(entry.picture, gsd_m=None), search)
        except (TrainingError, OSError) as error:
            yield LeftOut(path=entry.picture.path, reason=str(error))
            continue
        yield replace(found, picture=entry.picture)


def match_scored(picture: LabelledPicture, boxes: Sequence[ScoredBox]) -> PictureResult:
    """Return boxes from anywhere as a picture's result, compared with its labels."""
    classes = sorted({box.class_name for box in boxes})
    found = Detections(
        boxes=np.array([box.box for box in boxes], dtype=np.float32).reshape(-1, 4),
        scores=np.array([box.score for box in boxes], dtype=np.float32),
        class_ids=np.array([classes.index(box.class_name) for box in boxes], dtype=np.int32),
    )
    return match_picture(picture, found, classes=classes, scales=dict.fromkeys(classes, 1.0))


def scored_boxes(result: PictureResult) -> list[ScoredBox]:
    """Return the detections of a result, best first."""
    return [
        ScoredBox(class_name=b.class_name, score=b.score, box=(b.x_min, b.y_min, b.x_max, b.y_max))
        for b in result.found
    ]


def write_results(results: Iterable[PictureResult | LeftOut], path: Path) -> None:
    """Write one picture a line; the file is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    with part.open("w", encoding="utf-8") as file:
        for entry in results:
            file.write(f"{format_entry(entry)}\n")
    part.replace(path)


def read_results(path: Path) -> list[PictureResult]:
    """Return what `write_results` wrote, without the pictures that were left out.

    Raises:
        TrainingError: The file cannot be read, or a line is no picture's result.
    """
    try:
        lines = split_lines(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: {error}") from error
    entries = [_parse_line(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]
    return [entry for entry in entries if isinstance(entry, PictureResult)]


def _parse_line(line: str, place: str) -> PictureResult | LeftOut:
    try:
        return parse_entry(line)
    except TrainingError as error:
        raise TrainingError(f"{place}: {error}") from error
