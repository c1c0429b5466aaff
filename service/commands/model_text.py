"""What the registry tells a person in a terminal: its list, a model's card, the history."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.errors import ModelError
from models.history import Promotion, PromotionKind
from models.manifest import ModelManifest
from models.registry import RegisteredModel
from service.printable import printable_text
from training.evaluation.result import LeftOut

MAX_METRIC_LINES = 30


def describe_list(
    models: Mapping[str, RegisteredModel | ModelError], *, in_force: str | None
) -> str:
    """Return a line a model, the one in force marked; a damaged one says what is wrong with it.

    Args:
        models: By the folder's name.
        in_force: Id of the model that is used where none is named.
    """
    if not models:
        return "no model is registered"
    width = max(map(len, models))
    lines = []
    for name, model in models.items():
        mark = "*" if name == in_force else " "
        what = (
            f"damaged: {model}"
            if isinstance(model, ModelError)
            else ", ".join(model.manifest.classes)
        )
        lines.append(f"{mark} {name:<{width}}  {what}")
    return "\n".join(lines)


def describe_model(model: RegisteredModel, *, promotion: Promotion | None) -> str:
    """Return what a person should know of a model before using it.

    Args:
        model: Checked.
        promotion: That put it into force; None where it is not.
    """
    manifest = model.manifest
    rows = [
        ("model", f"{manifest.name} {manifest.version}"),
        ("in force", "no" if promotion is None else describe_promotion(promotion)),
        ("folder", str(model.folder)),
        ("licence", manifest.licence),
        ("data", manifest.data),
        ("made for", manifest.intended_use or "not stated"),
        ("input", f"{manifest.input_size_px} px tiles; {_describe_form(model)}"),
        ("weights", manifest.weights_sha256),
        ("trainable", manifest.trainable_sha256 or "no trainable form"),
    ]
    lines = [f"{title:<10} {text}" for title, text in rows]
    lines += ["classes", *(f"  {_describe_class(manifest, name)}" for name in manifest.classes)]
    lines += [f"limit      {limit}" for limit in manifest.limits]
    lines += [f"training   {key}: {value}" for key, value in manifest.training.items()]
    return "\n".join([*lines, *_describe_metrics(manifest.metrics)])


def describe_promotion(promotion: Promotion) -> str:
    """Return when and why a model came into force, and who did it."""
    how = "rolled back to" if promotion.kind is PromotionKind.ROLLBACK else "promoted"
    forced = " by force" if promotion.forced else ""
    by = f" by {promotion.by}" if promotion.by else ""
    return f"{how} {promotion.at:%Y-%m-%d %H:%M %Z}{by}{forced}: {promotion.reason}"


def describe_history(history: Sequence[Promotion]) -> str:
    """Return a line a promotion, the oldest first."""
    if not history:
        return "no model was promoted yet"
    return "\n".join(f"{one.model}  {describe_promotion(one)}" for one in history)


def describe_left_out(left_out: Sequence[LeftOut]) -> str | None:
    """Return a line on pictures that could not be used; None where all could."""
    if not left_out:
        return None
    first = left_out[0]
    return printable_text(
        f"{len(left_out)} pictures left out, and no figure knows of them; the first: "
        f"{first.path}: {first.reason}"
    )


def _describe_form(model: RegisteredModel) -> str:
    return "ONNX" if Path(model.network_path).suffix == ".onnx" else "OpenVINO"


def _describe_class(manifest: ModelManifest, name: str) -> str:
    calibration = manifest.calibration.get(name)
    scores = (
        "scores are the network's own"
        if calibration is None
        else f"scores calibrated ({calibration.method}, {calibration.detections} detections, "
        f"error {calibration.ece:.3f}, Brier {calibration.brier:.3f})"
    )
    return f"{name}: shown from {manifest.min_confidence[name]:.2f}; {scores}"


def _describe_metrics(metrics: Mapping[str, object]) -> list[str]:
    lines = []
    for title, value in metrics.items():
        if not isinstance(value, list):
            lines.append(f"{title:<10} {value}")
            continue
        lines.append(title)
        lines += [f"  {_describe_score(entry)}" for entry in value if isinstance(entry, dict)]
    return lines[:MAX_METRIC_LINES]


def _describe_score(entry: Mapping[str, object]) -> str:
    figures = [
        f"{key} {_figure(value)}"
        for key, value in entry.items()
        if key != "class_name" and _figure(value) is not None
    ]
    return f"{entry.get('class_name', '')}: {', '.join(figures)}"


def _figure(value: object) -> str | None:
    """Return a number, or a value with its interval, in short; None for anything else."""
    if isinstance(value, dict) and {"value", "low", "high"} <= set(value):
        middle, low, high = (_figure(value[key]) for key in ("value", "low", "high"))
        return f"{middle} ({low} to {high})"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return str(value)
    return "none" if math.isnan(value) else f"{value:.2f}"
