"""That a training which others start from has not seen the pictures that they leave out."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from datasets.picture_set import PictureSet, read_picture_set
from models.manifest import ModelManifest
from training.config import CONFIG_FILE
from training.errors import TrainingError


def read_seen_groups(weights: Path) -> set[str]:
    """Return the groups of pictures that the training of these weights saw.

    None for weights that do not lie in the folder of a run, such as those of COCO.

    Raises:
        DatasetError: A picture set that it learned from is gone or broken.
        TrainingError: The record of the run cannot be read.
    """
    path = weights.parent / CONFIG_FILE
    if not path.is_file():
        return set()
    seen: set[str] = set()
    for choice in _read_choices(path):
        sources = choice["sources"]
        seen |= {
            picture.group
            for picture in read_picture_set(Path(choice["folder"])).pictures
            if not sources or picture.source in sources
        }
    return seen


def check_model_knows_sets(manifest: ModelManifest, sets: Iterable[PictureSet]) -> None:
    """Pass only where a model's data names these very sets: it learned from their train split.

    Raises:
        TrainingError: It learned from others, whose train split may hold what these leave out.
    """
    for one in sets:
        if f"{one.name} {one.version}" not in manifest.data:
            raise TrainingError(
                f"{manifest.id} did not learn from {one.name} {one.version} but from: "
                f"{manifest.data} It may have seen what is left out here"
            )


def _read_choices(path: Path) -> list[dict[str, Any]]:  # Any: JSON
    try:
        choices: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["config"]["pictures"]
        return [{"folder": entry["folder"], "sources": entry["sources"]} for entry in choices]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path}: no record of a training: {error!r}") from error
