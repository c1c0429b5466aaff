"""What is known of a model before it is scored: all of it follows from its training run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import PurePath
from typing import Any

import numpy as np

from datasets.labelled_picture import LabelledPicture
from datasets.taxonomy import CLASS_NAMES
from models.manifest import ModelManifest

# Where no picture with a known ground sample distance shows any class: that of usual drone photos.
ASSUMED_GSD_RANGE_M = (0.01, 0.04)
# Until `models score` has chosen better ones.
FIRST_THRESHOLD = 0.25

# An object that fills more of a tile than this is mostly cut by its edges.
MOST_OF_A_TILE = 0.6

LICENCE = "AGPL-3.0-or-later"


class RunWeights(StrEnum):
    """Averaged weights of a run: those of the epoch that was best on val, or of the last one."""

    BEST = "best"
    LAST = "last"


def plan_manifest(
    name: str,
    version: str,
    *,
    classes: Sequence[str] = CLASS_NAMES,
    input_size_px: int = 640,
) -> ModelManifest:
    """Return the manifest of a network of which nothing but its classes and size is known.

    Pictures without a ground sample distance are searched at the network's size.
    """
    return ModelManifest(
        name=name,
        version=version,
        classes=tuple(classes),
        input_size_px=input_size_px,
        gsd_range_m=dict.fromkeys(classes, ASSUMED_GSD_RANGE_M),
        street_long_side_px=input_size_px,
        min_confidence=dict.fromkeys(classes, FIRST_THRESHOLD),
        weights_sha256="0" * 64,
        licence=LICENCE,
        data="Not stated.",
        metrics={},
    )


def plan_trained_manifest(
    name: str,
    version: str,
    *,
    record: Mapping[str, Any],
    result: Mapping[str, Any],
    weights: RunWeights,
) -> ModelManifest:
    """Return the manifest of a model from what its run wrote down, and nothing else.

    Args:
        name: Of the model.
        version: Of the model.
        record: As in `config.json`; Any: JSON.
        result: As in `result.json`.
        weights: Which of the run's weights the model has.

    Raises:
        KeyError, TypeError: Something is absent, or of another type.
    """
    config = record["config"]
    classes = tuple(config["classes"])
    known = {key: tuple(ends) for key, ends in result["gsd_range_m"].items() if ends is not None}
    sets = [f"{entry['name']} {entry['version']}" for entry in record["picture_sets"]]
    return replace(
        plan_manifest(name, version, classes=classes, input_size_px=config["input_size_px"]),
        gsd_range_m=fill_gsd_ranges_m(known, classes),
        data=f"Picture sets {', '.join(dict.fromkeys(sets))}.",
        intended_use=config.get("intended_use"),
        limits=tuple(config.get("limits", ())),
        training=_describe_training(record, result, weights),
    )


def _describe_training(
    record: Mapping[str, Any], result: Mapping[str, Any], weights: RunWeights
) -> dict[str, object]:
    machine, start = record["machine"], record["initial_weights"]
    guessed = [key for key, ends in result["gsd_range_m"].items() if ends is None]
    return {
        "hours": round(result["seconds"] / 3600, 2),
        "epochs": result["epochs"],
        "best_epoch": result["best_epoch"],
        "weights": f"{weights.value} epoch",
        "seed": record["config"]["seed"],
        "machine": machine["gpu"] or machine["processor"],
        "started_from": shorten_origin(start["origin"]),
        "started_from_sha256": start["sha256"],
        **({"ground_sample_distance_assumed_for": ", ".join(guessed)} if guessed else {}),
    }


def shorten_origin(origin: str) -> str:
    """Return what a training started from, without the folders of the machine it ran on."""
    path = PurePath(origin)
    return str(PurePath(*path.parts[-2:])) if path.is_absolute() else origin


def fill_gsd_ranges_m(
    known: Mapping[str, tuple[float, float]], classes: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Return a range for every class: where none was measured, what the others span together."""
    spanned = (
        (min(low for low, _ in known.values()), max(high for _, high in known.values()))
        if known
        else ASSUMED_GSD_RANGE_M
    )
    return {name: known.get(name, spanned) for name in classes}


def measure_gsd_ranges_m(
    pictures: Sequence[LabelledPicture], classes: Sequence[str], *, tile_px: int
) -> dict[str, tuple[float, float] | None]:
    """Return the ground sample distances at which each class was learned, without the outermost.

    Photos finer than the smallest are scaled down to it, so it is no finer than what lets nine of
    ten objects fit into a tile: of a shed that fills it, the network has seen corners only.

    Args:
        pictures: As they are shown to the network.
        classes: Of the network.
        tile_px: Side of the network's input.

    Returns:
        By class, from the 5th to the 95th percentile in metres a pixel; None where no picture
        with a known one shows the class.
    """
    found: dict[str, list[float]] = {name: [] for name in classes}
    sides_m: dict[str, list[float]] = {name: [] for name in classes}
    for picture in pictures:
        if picture.gsd_m is None:
            continue
        for name in {box.class_name for box in picture.boxes} & set(classes):
            found[name].append(picture.gsd_m)
        for box in picture.boxes:
            if box.class_name in sides_m:
                side_px = max(box.x_max - box.x_min, box.y_max - box.y_min)
                sides_m[box.class_name].append(side_px * picture.gsd_m)
    return {
        name: _gsd_range_m(values, sides_m[name], tile_px=tile_px) if values else None
        for name, values in found.items()
    }


def _gsd_range_m(
    values: Sequence[float], sides_m: Sequence[float], *, tile_px: int
) -> tuple[float, float]:
    low, high = (float(value) for value in np.percentile(values, [5, 95]))
    fitting = float(np.percentile(sides_m, 90)) / (MOST_OF_A_TILE * tile_px)
    return min(max(low, fitting), high), high
