"""Set a model's thresholds on the val split, score it on the test split, write both down."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from models.manifest import ModelManifest
from models.openvino_detector import read_openvino_detector
from models.registry import RegisteredModel, write_manifest
from training.average_precision import join_matches
from training.card import TestedPictures, format_card
from training.evaluate import (
    PictureResult,
    best_threshold,
    evaluate_pictures,
    false_alarms_per_picture,
    join_groups,
    score_classes,
)
from training.pictures import LabelledPicture, read_packed_folder, read_splits

DRONE_SOURCES = ("nacala_sheds_drone", "negatives_drone_aerial")
LIMITS = (
    "A hit is a clue, never a case: no picture can say that a structure is illegal or a heap "
    "unlawful.",
    "No real picture of garbage from a drone was labelled: from the air, exposed_garbage was "
    "learned from street pictures and rendered scenes only, and its worth on real drone photos is "
    "untested.",
    "damaged_billboard knows one city's empty and faded shop-sign frames; torn poster boards come "
    "from rendered scenes only.",
    "illegal_structure was learned from ordinary informal housing of one settlement and rendered "
    "sheds: at best it means 'looks like an informal structure'.",
    "Rendered scores tell whether the machinery works, not how the model does in a city.",
    "Night, rain and snow are nearly absent.",
)


def score_model(
    model: RegisteredModel, *, real: Path, rendered: Path, day: date
) -> list[TestedPictures]:
    """Score a registered model, write thresholds and scores to its manifest, and its card.

    Args:
        model: Changed on disk.
        real: Folder of labelled pictures with splits.csv.
        rendered: Folder of rendered tiles by split.
        day: For the card.
    """
    detector = read_openvino_detector(model)
    manifest = model.manifest

    def run(pictures: Sequence[LabelledPicture]) -> list[PictureResult]:
        return evaluate_pictures(pictures, detector=detector, manifest=manifest)

    everything = read_splits(real)
    val = run(_of_split(everything, "val")) + run(read_packed_folder(rendered, "val", source="r"))
    thresholds = {
        name: best_threshold(join_matches(join_groups(val, name))) for name in manifest.classes
    }
    test = _of_split(everything, "test")
    tested = [
        _test(run([p for p in test if p.source not in DRONE_SOURCES]), STREET_WORDS, thresholds),
        _test(run([p for p in test if p.source in DRONE_SOURCES]), DRONE_WORDS, thresholds),
        _test(run(read_packed_folder(rendered, "test", source="r")), RENDERED_WORDS, thresholds),
    ]
    _write_scores(model, manifest, thresholds, tested, day)
    return tested


STREET_WORDS = (
    "Real street pictures, test split",
    "Held-out bursts and time slots of the sources that training knows. The car frames label only "
    "part of the litter, so precision there is too low.",
)
DRONE_WORDS = (
    "Real drone pictures, test split",
    "Informal housing on tiles of one settlement, and aerial negatives, which show unlabelled "
    "sheds: a hit there is no certain false alarm.",
)
RENDERED_WORDS = (
    "Rendered tiles, test seeds",
    "Synthetic scenes with seeds unlike those of training and of the demo. Never mixed with the "
    "tables above.",
)


def _of_split(pictures: Sequence[LabelledPicture], split: str) -> list[LabelledPicture]:
    return [picture for picture in pictures if picture.split == split]


def _test(
    results: list[PictureResult], words: tuple[str, str], thresholds: dict[str, float]
) -> TestedPictures:
    title, note = words
    return TestedPictures(
        title=title,
        note=note,
        pictures=len(results),
        scores=score_classes(results, thresholds=thresholds),
        false_alarms=false_alarms_per_picture(results, thresholds=thresholds),
    )


def _write_scores(
    model: RegisteredModel,
    manifest: ModelManifest,
    thresholds: dict[str, float],
    tested: list[TestedPictures],
    day: date,
) -> None:
    metrics = {kind.title: [asdict(score) for score in kind.scores] for kind in tested}
    scored = replace(manifest, min_confidence=thresholds, metrics={"date": str(day), **metrics})
    write_manifest(scored, model.folder)
    made = (model.folder / "MADE.md").read_text(encoding="utf-8").strip()
    card = format_card(scored, tested, made=made, limits=LIMITS)
    (model.folder / "CARD.md").write_text(card, encoding="utf-8")
