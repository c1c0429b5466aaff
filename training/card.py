"""The model card: what a model was made from and how well it does, in words and tables."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.manifest import ModelManifest
from training.average_precision import Interval
from training.evaluate import ClassScore


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedPictures:
    """The scores on one kind of test pictures; kinds are never mixed.

    Attributes:
        title: Such as `Real street pictures`.
        note: What these pictures can and cannot tell.
        false_alarms: By class, boxes per picture without any object.
    """

    title: str
    note: str
    pictures: int
    scores: Sequence[ClassScore]
    false_alarms: Mapping[str, float]


def format_interval(interval: Interval) -> str:
    """Return a value with its interval, such as `0.42 (0.35-0.49)`."""
    return f"{interval.value:.2f} ({interval.low:.2f}-{interval.high:.2f})"


def _rate(value: float) -> str:
    return "none found" if math.isnan(value) else f"{value:.2f}"


def _table(tested: TestedPictures) -> list[str]:
    lines = [
        "| class | boxes | groups | mAP50 | mAP50-95 | threshold | precision | recall |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {score.class_name} | {score.boxes} | {score.groups} | {format_interval(score.map50)} "
        f"| {format_interval(score.map50_95)} | {score.threshold:.2f} "
        f"| {_rate(score.precision)} | {_rate(score.recall)} |"
        for score in tested.scores
    ]
    if tested.false_alarms:
        rates = ", ".join(f"{name} {rate:.2f}" for name, rate in tested.false_alarms.items())
        lines += ["", f"Boxes above the threshold per picture that shows no object: {rates}."]
    return lines


def format_card(
    manifest: ModelManifest, tested: Sequence[TestedPictures], *, made: str, limits: Sequence[str]
) -> str:
    """Return the card as Markdown.

    Args:
        manifest: Of the model.
        tested: One table each, in this order.
        made: How the model was made: data, steps, machine, date, the command to redo it.
        limits: What it cannot do.
    """
    lines = [f"# {manifest.name} {manifest.version}", "", made, ""]
    for kind in tested:
        lines += [
            f"## {kind.title} ({kind.pictures} pictures)",
            "",
            kind.note,
            "",
            *_table(kind),
            "",
        ]
    lines += [
        "Intervals: 95 %, by drawing whole groups (bursts, flights, scenes) with replacement.",
        "Boxes were found by the tiled pipeline of `skypatrol inspect`, with the deployed weights.",
        "",
        "## Limits",
        "",
        *[f"- {limit}" for limit in limits],
        "",
        f"Licence: {manifest.licence}. SHA-256 of the weights: `{manifest.weights_sha256}`.",
    ]
    return "\n".join(lines) + "\n"
