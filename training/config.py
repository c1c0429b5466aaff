"""The training configuration: one TOML file, read once into a frozen value."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.errors import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """What a training run starts from, looks at and does.

    Paths in the file are relative to the folder where the command runs.
    """

    name: str
    architecture: str  # an ultralytics model description, such as yolov5n.yaml
    initial_weights: Path  # safetensors
    head_prefix: str  # parameters under it may start fresh, such as model.24.
    picture_folders: tuple[Path, ...]  # each holds images/, labels/ by split, see training.pictures
    input_size_px: int
    batch_size: int
    frozen_layers: int
    time_limit_h: float
    epochs: int
    seed: int
    least_pictures_per_class: int  # pictures of rarer classes are repeated up to this; 0 for none
    threads: int  # ultralytics alone would leave one core idle
    options: dict[str, Any]  # further ultralytics training options, as they are


def read_training_config(path: Path) -> TrainingConfig:
    """Return the configuration in a TOML file.

    Raises:
        TrainingError: The file cannot be read, or a key is absent or unknown.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        table["initial_weights"] = Path(table["initial_weights"])
        table["picture_folders"] = tuple(Path(folder) for folder in table["picture_folders"])
        return TrainingConfig(
            **{"threads": 1, "least_pictures_per_class": 0, "options": {}, **table}
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise TrainingError(f"training configuration {path}: {error!r}") from error
