"""Set a model's thresholds on val, score it on test, and write manifest, card and plot."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from datasets.labelled_picture import Origin
from datasets.picture_set import PictureSet
from models.manifest import ModelManifest
from models.openvino_detector import read_openvino_detector
from models.registry import RegisteredModel, write_manifest, write_whole
from models.safe_files import CARD_FILE, CARD_PLOT, MADE_FILE
from training.errors import TrainingError
from training.evaluation.card import format_card
from training.evaluation.evaluate import evaluate_split
from training.evaluation.operating_point import OperatingPoint
from training.evaluation.reliability_drawing import draw_reliability
from training.evaluation.result import (
    CalibrationScore,
    ClassScore,
    Evaluation,
    Interval,
    LeftOut,
    NegativeKind,
    Way,
)
from training.evaluation.search import Search, plan_search
from training.evaluation.thresholds import MAX_FALSE_ALARMS, choose_thresholds

COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)  # of Markdown: a hint to who edits the text


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredModel:
    """What was chosen and measured, and what it makes of the model's files.

    Attributes:
        points: By class.
        evaluations: On the test split, the way of an inspection first.
        left_out: Pictures of val and test that could not be used.
    """

    manifest: ModelManifest
    points: Mapping[str, OperatingPoint]
    evaluations: tuple[Evaluation, ...]
    left_out: tuple[LeftOut, ...]


def score_model(
    model: RegisteredModel,
    picture_set: PictureSet,
    *,
    day: date,
    max_false_alarms: float = MAX_FALSE_ALARMS,
    ways: Sequence[Way] = tuple(Way),
    on_picture: Callable[[], None] = lambda: None,
) -> ScoredModel:
    """Choose thresholds on the val split and score with them on the test split.

    Calibration comes first: thresholds are scores as the manifest's calibration gives them.

    Args:
        model: Unchanged.
        picture_set: With val and test pictures, of several views and origins as it may be.
        day: For the record.
        max_false_alarms: See `thresholds.choose_thresholds`.
        ways: In which the test split is searched; thresholds are chosen in tiles.
        on_picture: Is told of each picture.
    """
    detector = read_openvino_detector(model)

    def run(manifest: ModelManifest, split: str, way: Way) -> Evaluation:
        search: Search = plan_search(detector, manifest, way)
        return evaluate_split(picture_set, search, split=split, on_picture=lambda _: on_picture())

    val = run(model.manifest, "val", Way.TILED)
    points = choose_thresholds(
        val.pictures, model.manifest.classes, max_false_alarms=max_false_alarms
    )
    chosen = {name: point.threshold for name, point in points.items()}
    manifest = replace(model.manifest, min_confidence=chosen)
    evaluations = tuple(run(manifest, "test", way) for way in ways)
    metrics = {"date": day.isoformat(), **plan_metrics(evaluations)}
    return ScoredModel(
        manifest=replace(manifest, metrics=metrics),
        points=points,
        evaluations=evaluations,
        left_out=(*val.left_out, *evaluations[0].left_out),
    )


def read_made(model: RegisteredModel) -> str:
    """Return how a model was made, in the words of its folder's MADE.md, without comments.

    Raises:
        TrainingError: The folder has none, or it cannot be read.
    """
    try:
        text = (model.folder / MADE_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            f"{model.folder}: a card opens with {MADE_FILE}, how the model was made (data, steps, "
            f"machine, hours); write it and score again: {error}"
        ) from error
    return COMMENT.sub("", text)


def write_scored_model(scored: ScoredModel, model: RegisteredModel, *, made: str) -> None:
    """Write manifest, card and reliability plot into the model's folder.

    Args:
        scored: What was measured.
        model: Whose folder it is.
        made: See `read_made`.
    """
    card = format_card(scored.manifest, scored.evaluations, points=scored.points, made=made)
    write_whole(model.folder / CARD_PLOT, draw_reliability(_calibrations(scored.evaluations[0])))
    write_whole(model.folder / CARD_FILE, card)
    write_manifest(scored.manifest, model.folder)


def remove_card(folder: Path) -> None:
    """Remove card and plot from a model's folder, since its manifest is another now."""
    for name in (CARD_FILE, CARD_PLOT):
        (folder / name).unlink(missing_ok=True)


def plan_metrics(evaluations: Sequence[Evaluation]) -> dict[str, object]:
    """Return the scores as a manifest holds them: a list of classes a part, source and way."""
    metrics: dict[str, object] = {}
    for evaluation in evaluations:
        for part in evaluation.parts:
            words = [
                part.origin,
                part.view,
                part.source,
                evaluation.head.split,
                evaluation.head.way,
            ]
            title = ", ".join(word for word in words if word is not None)
            metrics[title] = [_as_table(score) for score in part.classes]
    return metrics


def _as_table(score: ClassScore) -> dict[str, object]:
    at, calibration = score.operating, score.calibration
    empty = [one for one in score.false_alarms if one.kind is NegativeKind.EMPTY]
    figures = {
        "map50": score.map50,
        "map50_95": score.map50_95,
        "precision": at.precision,
        "recall": at.recall,
        "f1": at.f1,
        "alarms_per_empty_picture": empty[0].per_picture if empty else None,
        "ece": calibration.ece if calibration else None,
        "brier": calibration.brier if calibration else None,
    }
    return {
        "class_name": score.class_name,
        "boxes": score.boxes,
        "groups": score.groups,
        "threshold": at.threshold,
        **{key: _as_json(value) for key, value in figures.items() if value is not None},
    }


def _as_json(interval: Interval) -> object:
    """Return a value with its interval, the bare value where there is no interval."""
    if interval.low is None or interval.high is None:
        return round(interval.value, 4)
    ends = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {key: round(value, 4) for key, value in ends.items()}


def _calibrations(evaluation: Evaluation) -> dict[str, CalibrationScore]:
    return {
        f"{score.class_name}, {part.view}": score.calibration
        for part in evaluation.parts
        if part.source is None and part.origin is Origin.PHOTO
        for score in part.classes
        # A line of a few detections says nothing.
        if score.calibration is not None and score.calibration.detections >= 20
    }
