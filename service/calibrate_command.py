"""The command `skypatrol models calibrate`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from datasets.picture_set import SPLITS, PictureSet, read_picture_set
from models.openvino_detector import read_openvino_detector
from models.registry import (
    RegisteredModel,
    check_is_no_registered_folder,
    read_model_folder,
    write_manifest,
)
from service.progress import show_progress
from service.settings import read_settings
from service.shared_options import parse_path
from training.evaluation.evaluate import evaluate_split, select_split
from training.evaluation.result import Way
from training.evaluation.search import plan_search
from training.promotion.calibrate import (
    ClassFit,
    HeldOutError,
    calibrate_manifest,
    fit_calibration,
    without_calibration,
)


def calibrate(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", parser=parse_path, help="An exported model.")
    ],
    *,
    on: Annotated[Path, typer.Option(metavar="SET", help="Pictures that it has not learned from.")],
    split: Annotated[str, typer.Option(metavar="|".join(SPLITS), help="Of the set.")] = "val",
) -> None:
    """Fit what a model's scores are worth on pictures, and write that into its manifest.

    Before it is added: a model that is registered does not change any more.
    """
    check_is_no_registered_folder(folder, read_settings().registry)
    model = read_model_folder(folder)
    raw = replace(model, manifest=without_calibration(model.manifest))
    fits = _fit(raw, read_picture_set(on), split)
    write_manifest(calibrate_manifest(raw.manifest, fits), folder)
    for fit in fits:
        typer.echo(describe_fit(fit))


def describe_fit(fit: ClassFit) -> str:
    """Return what was fitted for a class, and how good each choice was on held-out groups."""
    errors = {} if fit.identity is None else {"own scores": fit.identity}
    errors |= {method.value: error for method, error in fit.by_method.items()}
    told = [f"{name} {_describe_error(error)}" for name, error in errors.items()]
    parts = [f"{fit.detections} detections in {fit.groups} groups", *told, fit.reason]
    return f"{fit.class_name}: {'; '.join(parts)}"


def _describe_error(error: HeldOutError) -> str:
    return f"ECE {error.ece:.3f} (equal width {error.ece_equal_width:.3f}), Brier {error.brier:.3f}"


def _fit(raw: RegisteredModel, pictures: PictureSet, split: str) -> tuple[ClassFit, ...]:
    search = plan_search(read_openvino_detector(raw), raw.manifest, Way.TILED)
    with show_progress() as reporter:
        reporter.begin("pictures", total=len(select_split(pictures, split)))
        found = evaluate_split(pictures, search, split=split, on_picture=lambda _: reporter.step())
    return fit_calibration(found.pictures, raw.manifest.classes)
