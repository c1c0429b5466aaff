"""The model card: what a model was made from and how well it does, in words and tables."""

from collections.abc import Mapping, Sequence

from datasets.labelled_picture import Origin
from models.manifest import ModelManifest
from models.safe_files import CARD_PLOT
from training.evaluation.operating_point import OperatingPoint
from training.evaluation.result import (
    ClassScore,
    Evaluation,
    FalseAlarms,
    Interval,
    NegativeKind,
    PartScore,
    SizeMeasure,
    Way,
)

ORIGIN_WORDS = {
    Origin.PHOTO: "Real photos",
    Origin.PASTED: "Real crops on real backgrounds (synthetic)",
    Origin.RENDERED: "Rendered scenes (synthetic)",
}
WAY_WORDS = {
    Way.TILED: "by the tiled pipeline of `skypatrol inspect`",
    Way.WHOLE: "on whole pictures, shrunk once to the network's size",
}


def format_interval(interval: Interval | None) -> str:
    """Return a value with its interval, such as `0.42 (0.35-0.49)`; a dash where there is none."""
    if interval is None:
        return "–"
    if interval.low is None or interval.high is None:
        return f"{interval.value:.2f}"
    return f"{interval.value:.2f} ({interval.low:.2f}-{interval.high:.2f})"


def format_card(
    manifest: ModelManifest,
    evaluations: Sequence[Evaluation],
    *,
    points: Mapping[str, OperatingPoint],
    made: str,
) -> str:
    """Return the card as Markdown; `CARD_PLOT` is expected beside it.

    Args:
        manifest: Of the model, with its thresholds, limits and intended use.
        evaluations: On the test split; the first in the way of an inspection.
        points: How the thresholds were chosen.
        made: How the model was made: data, steps, machine, energy, the command to redo it.
    """
    sections = [
        [f"# {manifest.name} {manifest.version}", "", made.strip()],
        _describe_training(manifest.training),
        ["## Intended use", "", manifest.intended_use or "Not stated."],
        [
            "## Data and licence",
            "",
            manifest.data,
            "",
            f"Licence of the model: {manifest.licence}.",
        ],
        _describe_points(points),
    ]
    for evaluation in evaluations:
        whole = [part for part in evaluation.parts if part.source is None]
        ordered = sorted(whole, key=lambda part: (part.origin is not Origin.PHOTO, part.view))
        sections += [_describe_part(part, evaluation) for part in ordered]
    sections.append(_describe_left_out(evaluations[0]))
    sections += [_describe_calibration(evaluations[0]), _describe_limits(manifest)]
    sections.append([f"SHA-256 of the weights: `{manifest.weights_sha256}`."])
    return "\n".join("\n".join(lines) + "\n" for lines in sections if lines)


def _describe_left_out(evaluation: Evaluation) -> list[str]:
    left_out = evaluation.left_out
    if not left_out:
        return []
    first = f"the first is {left_out[0].path}: {left_out[0].reason}"
    return [f"Left out of the {evaluation.head.split} split: {len(left_out)} pictures; {first}."]


def _describe_training(training: Mapping[str, object]) -> list[str]:
    if not training:
        return []
    rows = [f"- {key.replace('_', ' ')}: {value}" for key, value in training.items()]
    return ["## Training", "", *rows]


def _describe_points(points: Mapping[str, OperatingPoint]) -> list[str]:
    lines = [
        "## Thresholds",
        "",
        "Best F0.5 (precision counts twice) on the val split, as long as false alarms stay rare on",
        "pictures that show nothing.",
        "",
        "| class | threshold | precision on val | recall on val | alarms an empty picture on val |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, point in points.items():
        alarms = ", ".join(f"{kind} {rate:.3f}" for kind, rate in point.alarms_per_picture.items())
        precision, recall = (
            "–" if value is None else f"{value:.2f}" for value in (point.precision, point.recall)
        )
        lines.append(f"| {name} | {point.threshold:g} | {precision} | {recall} | {alarms or '–'} |")
    return lines


def _describe_part(part: PartScore, evaluation: Evaluation) -> list[str]:
    head = evaluation.head
    lines = [
        f"## {ORIGIN_WORDS[part.origin]}, {part.view} view: {head.split} split, {head.way}",
        "",
        f"{part.pictures} pictures in {part.groups} groups of {head.set_name} {head.set_version}, "
        f"{WAY_WORDS[head.way]}.",
        "",
        "| class | boxes | groups | mAP50 | mAP50-95 | precision | recall | F1 "
        "| alarms an empty picture |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_class_row(score) for score in part.classes),
    ]
    if head.way is Way.TILED:
        sizes = [line for score in part.classes for line in _size_lines(score)]
        lines += ["", *sizes] if sizes else []
        by_source = [
            f"- {other.source}: {_in_short(other)}"
            for other in evaluation.parts
            if other.source and (other.view, other.origin) == (part.view, part.origin)
        ]
        lines += ["", "By source:", "", *by_source] if by_source else []
    return lines


def _class_row(score: ClassScore) -> str:
    at = score.operating
    cells = [
        score.class_name,
        str(score.boxes),
        str(score.groups),
        *map(format_interval, (score.map50, score.map50_95, at.precision, at.recall, at.f1)),
        _describe_alarms(score.false_alarms),
    ]
    return f"| {' | '.join(cells)} |"


def _describe_alarms(alarms: Sequence[FalseAlarms]) -> str:
    for one in alarms:
        if one.kind is NegativeKind.EMPTY:
            return f"{format_interval(one.per_picture)}, {one.boxes} on {one.pictures}"
    return "–"


def _size_lines(score: ClassScore) -> list[str]:
    sizes = [
        f"{one.size} {format_interval(one.map50)} of {one.boxes}"
        for one in score.sizes
        if one.measure is SizeMeasure.FRAME
    ]
    if not sizes:
        return []
    words = "sides below a tenth, to a fifth, above a fifth of the frame"
    return [f"- {score.class_name}, mAP50 by size ({words}): {', '.join(sizes)}"]


def _in_short(part: PartScore) -> str:
    parts = []
    for score in part.classes:
        if score.map50 is not None:
            parts.append(f"{score.class_name} mAP50 {format_interval(score.map50)}")
        elif (alarms := _describe_alarms(score.false_alarms)) != "–":
            parts.append(f"{score.class_name} alarms a picture {alarms}")
    return "; ".join(parts) or "nothing to be found"


def _describe_calibration(evaluation: Evaluation) -> list[str]:
    rows = []
    for part in evaluation.parts:
        if part.source is None and part.origin is Origin.PHOTO:
            rows += [
                f"| {score.class_name}, {part.view} | {score.calibration.detections} "
                f"| {format_interval(score.calibration.ece)} "
                f"| {format_interval(score.calibration.brier)} |"
                for score in part.classes
                if score.calibration is not None
            ]
    if not rows:
        return []
    return [
        "## Calibration",
        "",
        f"![share of right boxes over score]({CARD_PLOT})",
        "",
        "| class and view | detections from 0.05 up | calibration error (ECE) | Brier score |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
        "Real photos, test split, matched at IoU 0.5, ten bins of equal mass.",
    ]


def _describe_limits(manifest: ModelManifest) -> list[str]:
    limits = [f"- {limit}" for limit in manifest.limits] or ["- Not stated."]
    return [
        "## Limits",
        "",
        *limits,
        "- Intervals: 95 %, by drawing whole groups (bursts, flights, slots) with replacement;",
        "  none where fewer than five groups have a say. docs/evaluation.md explains each figure.",
    ]
