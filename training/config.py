"""The training configuration: one TOML file, read once into a frozen value."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from training.errors import TrainingError


class Precision(StrEnum):
    """What the network calculates with in training; losses and weights stay in single."""

    F32 = "f32"
    BF16 = "bf16"


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
    precision: Precision  # bf16: about twice as fast where the processor has it, see docs
    loader_processes: int  # that read pictures beside the training; ultralytics has none on a CPU
    options: dict[str, Any]  # further ultralytics training options, as they are


DEFAULTS: dict[str, Any] = {
    "threads": 1,
    "loader_processes": 0,
    "least_pictures_per_class": 0,
    "options": {},
}


def read_training_config(path: Path) -> TrainingConfig:
    """Return the configuration in a TOML file.

    Raises:
        TrainingError: The file cannot be read, or a key is absent or unknown.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        table["initial_weights"] = Path(table["initial_weights"])
        table["picture_folders"] = tuple(Path(folder) for folder in table["picture_folders"])
        table["precision"] = Precision(table.get("precision", Precision.F32))
        return TrainingConfig(**{**DEFAULTS, **table})
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"training configuration {path}: {error!r}") from error
