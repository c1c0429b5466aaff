"""The command `skypatrol models calibrate`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from datasets.picture_set import SPLITS, PictureSet, read_picture_set
from models.detector import Detector
from models.manifest import ModelManifest
from models.openvino_detector import read_openvino_detector
from models.registry import (
    RegisteredModel,
    check_is_no_registered_folder,
    read_model_folder,
    write_manifest,
)
from service.commands.model_text import describe_left_out
from service.commands.shared_options import parse_path
from service.inspecting.progress import show_progress
from service.settings import read_settings
from training.evaluation.evaluate import evaluate_split, select_split
from training.evaluation.result import Evaluation, Way
from training.evaluation.score_model import remove_card
from training.evaluation.search import plan_search
from training.evaluation.street_looks import (
    STANDARD_CANDIDATES,
    StreetLooksTrial,
    choose_street_ratios,
)
from training.evaluation.street_size import (
    MIN_BOXES,
    StreetSizeTrial,
    choose_street_size,
    plan_sizes_px,
    select_street_photos,
)
from training.promotion.calibrate import (
    ClassFit,
    HeldOutError,
    calibrate_averages,
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
    choose_size: Annotated[
        bool,
        typer.Option(
            "--choose-size/--keep-size",
            help="Of street pictures, and how often they are looked at; or as it is.",
        ),
    ] = True,
) -> None:
    """Fit what a model's scores are worth on pictures, and write that into its manifest.

    First the size is chosen at which street pictures are searched, then whether several looks
    at them are averaged: scores depend on both.
    Scores and card of before are removed where anything changed: score it anew. All this before
    the model is added: one that is registered does not change any more.
    """
    check_is_no_registered_folder(folder, read_settings().registry)
    model = read_model_folder(folder)
    raw = replace(model, manifest=without_calibration(model.manifest))
    pictures = read_picture_set(on)
    detector = read_openvino_detector(raw)
    if choose_size:
        trial = _choose_size(detector, raw.manifest, pictures, split)
        typer.echo(describe_size(trial))
        sized = replace(raw.manifest, street_long_side_px=trial.chosen_px)
        raw = replace(raw, manifest=sized)
    found = _search(detector, raw.manifest, pictures, split)
    fits = fit_calibration(found.pictures, raw.manifest.classes)
    single = replace(raw, manifest=calibrate_manifest(raw.manifest, fits))
    candidates = STANDARD_CANDIDATES if choose_size else (model.manifest.street_ratios,)
    looks = _look_at_streets(single, pictures, split, candidates)
    averages = fit_calibration(looks.found, single.manifest.classes) if looks.ratios else ()
    calibrated = calibrate_averages(single.manifest, looks.ratios, averages)
    if calibrated != model.manifest:
        # Scores were those of other maps and sizes.
        remove_card(folder)
        write_manifest(replace(calibrated, metrics={}), folder)
    for fit in fits:
        typer.echo(describe_fit(fit))
    typer.echo(describe_looks(looks))
    for fit in averages:
        typer.echo(f"averages of {describe_fit(fit)}")
    if (line := describe_left_out(found.left_out)) is not None:
        typer.echo(line, err=True)


def describe_size(trial: StreetSizeTrial) -> str:
    """Return at which size street pictures are searched, and what the others gave."""
    sizes = [f"{px} px {value:.3f}" for px, value in sorted(trial.map50_by_px.items())]
    why = (
        f"mean AP50 at {', '.join(sizes)}"
        if sizes
        else f"no class has {MIN_BOXES} boxes there to choose by"
    )
    return f"street pictures: searched at {trial.chosen_px} px; {why}"


def describe_looks(trial: StreetLooksTrial) -> str:
    """Return how often street pictures are looked at, and what the other ways gave."""
    told = [
        f"{describe_ratios(ratios)} {value:.3f}" for ratios, value in trial.map50_by_ratios.items()
    ]
    why = f"mean AP50 {', '.join(told)}" if told else f"no class has {MIN_BOXES} boxes there"
    return f"street pictures: {describe_ratios(trial.ratios)}; {why}"


def describe_ratios(ratios: tuple[float, ...]) -> str:
    """Return how often a street picture is looked at, in words."""
    if not ratios:
        return "looked at once"
    sizes = ", ".join(f"{ratio:g}" for ratio in ratios)
    return f"looked at {2 * len(ratios)} times ({sizes} of that size, mirrored too)"


def describe_fit(fit: ClassFit) -> str:
    """Return what was fitted for a class, and how good each choice was on held-out groups."""
    errors = {} if fit.identity is None else {"own scores": fit.identity}
    errors |= {method.value: error for method, error in fit.by_method.items()}
    told = [f"{name} {_describe_error(error)}" for name, error in errors.items()]
    parts = [f"{fit.detections} detections in {fit.groups} groups", *told, fit.reason]
    return f"{fit.class_name}: {'; '.join(parts)}"


def _describe_error(error: HeldOutError) -> str:
    return f"ECE {error.ece:.3f} (equal width {error.ece_equal_width:.3f}), Brier {error.brier:.3f}"


def _choose_size(
    detector: Detector, manifest: ModelManifest, pictures: PictureSet, split: str
) -> StreetSizeTrial:
    count = len(select_street_photos(pictures, split)) * len(plan_sizes_px(manifest))
    with show_progress() as reporter:
        reporter.begin("sizes", total=count)
        return choose_street_size(
            detector, manifest, pictures, split=split, on_picture=reporter.step
        )


def _look_at_streets(
    model: RegisteredModel,
    pictures: PictureSet,
    split: str,
    candidates: Sequence[tuple[float, ...]],
) -> StreetLooksTrial:
    with show_progress() as reporter:
        count = len(select_street_photos(pictures, split)) * len(candidates)
        reporter.begin("looks", total=count)
        return choose_street_ratios(
            read_openvino_detector(model),
            model.manifest,
            pictures,
            split=split,
            candidates=candidates,
            on_picture=reporter.step,
        )


def _search(
    detector: Detector, manifest: ModelManifest, pictures: PictureSet, split: str
) -> Evaluation:
    search = plan_search(detector, manifest, Way.TILED)
    with show_progress() as reporter:
        reporter.begin("pictures", total=len(select_split(pictures, split)))
        return evaluate_split(pictures, search, split=split, on_picture=lambda _: reporter.step())
