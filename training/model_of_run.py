"""A finished run as a model folder that can be calibrated, scored and added to a registry."""

import dataclasses
import json
from pathlib import Path

from models.errors import ModelDamagedError
from models.manifest import ModelManifest, format_manifest
from models.registry import (
    RegisteredModel,
    read_files_sha256,
    read_model_folder,
    write_manifest,
)
from models.safe_files import MADE_FILE, TRAINABLE_FILES
from training.config import CONFIG_FILE
from training.errors import TrainingError
from training.evaluation.score_model import remove_card
from training.export import export_model
from training.made_draft import format_made_draft
from training.recipe import RunWeights, plan_trained_manifest
from training.run_record import LAST_FOLDER, RESULT_FILE
from training.whole_file import write_whole

# What calibration and scoring put into a manifest: it holds as long as the weights are the same.
MEASURED_FIELDS = (
    "calibration",
    "min_confidence",
    "metrics",
    "street_long_side_px",
    "street_ratios",
    "street_calibration",
)


def export_run(
    run: Path, folder: Path, *, name: str, version: str, weights: RunWeights = RunWeights.BEST
) -> RegisteredModel:
    """Write a finished run as a model folder, with a manifest of what the run knows of itself.

    Thresholds and scores are not yet known: they are measured next. Where the folder holds these
    weights already, with what was measured of them, that is kept. A draft of how the model was
    made is written unless somebody wrote one.

    Args:
        run: Its folder.
        folder: Of the model.
        name: Of the model.
        version: Of the model.
        weights: Which of the run's.

    Raises:
        TrainingError: The run is not finished, or its files cannot be read.
        ModelDamagedError: Its weights cannot be read, or the folder holds files of no model.
    """
    try:
        record = json.loads((run / CONFIG_FILE).read_text(encoding="utf-8"))
        result = json.loads((run / RESULT_FILE).read_text(encoding="utf-8"))
        manifest = plan_trained_manifest(
            name, version, record=record, result=result, weights=weights
        )
        draft = format_made_draft(record, result)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{run} is no finished run: {error!r}") from error
    source = run if weights is RunWeights.BEST else run / LAST_FOLDER
    model = _renew_model(source, folder, manifest) or _export_anew(source, folder, manifest)
    if not (folder / MADE_FILE).exists():
        write_whole(folder / MADE_FILE, draft.encode())
    return model


def _renew_model(source: Path, folder: Path, manifest: ModelManifest) -> RegisteredModel | None:
    """Return the model of these weights that lies in the folder, with the new words; else None."""
    try:
        before = read_model_folder(folder).manifest
    except ModelDamagedError:
        return None  # such as an export that was killed
    if before.trainable_sha256 != read_files_sha256(source, TRAINABLE_FILES):
        return None
    kept = {
        field: getattr(before, field)
        for field in (*MEASURED_FIELDS, "weights_sha256", "trainable_sha256")
    }
    renewed = dataclasses.replace(manifest, **kept)
    if format_manifest(renewed) != format_manifest(before):
        remove_card(folder)
        write_manifest(renewed, folder)
    return read_model_folder(folder)


def _export_anew(source: Path, folder: Path, manifest: ModelManifest) -> RegisteredModel:
    remove_card(folder)
    return export_model(source, folder, manifest=manifest)
