"""What is fixed about the models of this project: classes, scales and words for their cards."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from datasets.labelled_picture import LabelledPicture
from datasets.taxonomy import CLASS_NAMES
from models.manifest import ModelManifest

INPUT_SIZE_PX = 640
# Pictures without a known scale were learned whole at this size.
STREET_LONG_SIDE_PX = 448
# Rendered tiles of 512 px with 1 to 4 cm a pixel are seen at 448 px in training.
TRAINING_SHRINK = 512 / STREET_LONG_SIDE_PX
GSD_RANGE_M = (0.01 * TRAINING_SHRINK, 0.04 * TRAINING_SHRINK)
# Sheds and boards are several metres wide: at the finest scale they would not fit into a tile.
LARGE_OBJECT_GSD_M = (0.02, 0.04 * TRAINING_SHRINK)

# An object that fills more of a tile than this is mostly cut by its edges.
MOST_OF_A_TILE = 0.6

LICENCE = "AGPL-3.0-or-later"
DATA = (
    "Labelled street pictures (rubbish bins, bags, car frames), 18 drone tiles of informal "
    "housing, negatives, and rendered scenes; see CARD.md."
)


def plan_manifest(name: str, version: str) -> ModelManifest:
    """Return the manifest of a freshly trained model, before its thresholds and scores."""
    gsd_range_m = dict.fromkeys(CLASS_NAMES, LARGE_OBJECT_GSD_M)
    gsd_range_m["exposed_garbage"] = GSD_RANGE_M
    return ModelManifest(
        name=name,
        version=version,
        classes=CLASS_NAMES,
        input_size_px=INPUT_SIZE_PX,
        gsd_range_m=gsd_range_m,
        street_long_side_px=STREET_LONG_SIDE_PX,
        min_confidence=dict.fromkeys(CLASS_NAMES, 0.25),
        weights_sha256="0" * 64,
        licence=LICENCE,
        data=DATA,
        metrics={},
    )


def plan_trained_manifest(
    name: str, version: str, *, record: Mapping[str, Any], result: Mapping[str, Any]
) -> ModelManifest:
    """Return the manifest of a model from what its run wrote down.

    Args:
        name: Of the model.
        version: Of the model.
        record: As in `config.json`; Any: JSON.
        result: As in `result.json`.

    Raises:
        KeyError, TypeError: Something is absent, or of another type.
    """
    config, machine = record["config"], record["machine"]
    classes = tuple(config["classes"])
    known = {key: tuple(ends) for key, ends in result["gsd_range_m"].items() if ends is not None}
    standard = plan_manifest(name, version)
    sets = [f"{entry['name']} {entry['version']}" for entry in record["picture_sets"]]
    return replace(
        standard,
        classes=classes,
        input_size_px=config["input_size_px"],
        street_long_side_px=config["input_size_px"],
        gsd_range_m={
            key: known.get(key, standard.gsd_range_m.get(key, GSD_RANGE_M)) for key in classes
        },
        min_confidence=dict.fromkeys(classes, 0.25),
        data=f"Picture sets {', '.join(sets)}.",
        training={
            "hours": round(result["seconds"] / 3600, 2),
            "epochs": result["epochs"],
            "best_epoch": result["best_epoch"],
            "seed": config["seed"],
            "machine": machine["gpu"] or machine["processor"],
            "started_from": record["initial_weights"]["origin"],
            "started_from_sha256": record["initial_weights"]["sha256"],
        },
    )


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
