"""The training configuration: one TOML file, read once into a frozen value."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from datasets.taxonomy import CLASS_NAMES
from training.errors import TrainingError

MAX_CONFIG_BYTES = 1_000_000
# Settings that say something about the model and change nothing of what is learned.
WORDS = ("intended_use", "limits")
PROMOTED = "promoted"
SCRATCH = "scratch"
# Those that change what is learned and nothing else. All others are ours (folders, weights,
# devices, resuming) or would make ultralytics read a pickle or ask the network.
ULTRALYTICS_OPTIONS = frozenset(
    {
        *("optimizer", "lr0", "lrf", "cos_lr", "momentum", "weight_decay", "nbs", "patience"),
        *("warmup_epochs", "warmup_momentum", "warmup_bias_lr", "box", "cls", "dfl", "cls_pw"),
        *("mosaic", "close_mosaic", "mixup", "cutmix", "scale", "degrees", "translate", "shear"),
        *("perspective", "fliplr", "flipud", "hsv_h", "hsv_s", "hsv_v", "bgr", "multi_scale"),
        *("cache", "deterministic", "iou", "max_det"),
    }
)


class Precision(StrEnum):
    """What the network calculates with in training; losses and weights stay in single."""

    F32 = "f32"
    BF16 = "bf16"


class Device(StrEnum):
    """What a training runs on; auto takes a CUDA GPU where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Tiling(StrEnum):
    """How a picture is shown: whole and scaled down, cut into tiles, or both ways."""

    WHOLE = "whole"
    TILES = "tiles"
    BOTH = "both"


CONFIG_FILE = "config.json"  # in the folder of a run: what it was begun with
Count = Annotated[int, Field(ge=1)]
SidePx = Annotated[int, Field(ge=32, le=4096, multiple_of=32)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureChoice:
    """A picture set, and how a training looks at it.

    Attributes:
        folder: Of the set; relative to the folder where the command runs.
        tiling: Pictures no larger than a tile are always shown whole.
        sources: Only these of the set; none named means all.
        weight: How often an epoch shows each training picture; 0.5 shows a fixed half of them.
        limit: Most training pictures, before `weight`; always the same ones.
        longest_side_px: Larger pictures and tiles are scaled down to it; None for the input size.
        tile_px: See `training.tiling`; None for the input size.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    folder: Path
    tiling: Tiling = Tiling.WHOLE
    sources: tuple[str, ...] = ()
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    limit: Count | None = None
    longest_side_px: SidePx | None = None
    tile_px: SidePx | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """What a training run starts from, looks at and does.

    Attributes:
        name: Of the run, and so of its folder.
        initial_weights: `promoted` for the model that is in use, `scratch` for none, or the path
            of a safetensors file.
        architecture: Name or path of an ultralytics model description, such as yolov5n.yaml;
            None for the one that lies beside the initial weights.
        classes: Numbered in this order; boxes of others are left out.
        mask_unlabelled: What nobody looked for in a picture does not count as background there.
        picture_limit: Most training pictures of all sets together; always the same ones.
        least_pictures_per_class: Pictures of rarer classes are repeated up to this; 0 for none.
        frozen_layers: So many from the first on keep their weights.
        epochs: The most; fewer where the time limit allows no more.
        time_limit_h: Of all parts of a run that was stopped and went on.
        threads: Of torch on the CPU; None for one a core.
        precision: bf16 is about twice as fast where the processor has it; see docs/training.md.
        loader_processes: That read pictures beside the training.
        options: Further ones of ultralytics, by its names.
        intended_use: What the model may be used for and what not, for its manifest and card.
        limits: What it is known not to do well, likewise.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    pictures: Annotated[tuple[PictureChoice, ...], Field(min_length=1)]
    initial_weights: str = PROMOTED
    architecture: str | None = None
    classes: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)] = CLASS_NAMES
    mask_unlabelled: bool = True
    picture_limit: Count | None = None
    least_pictures_per_class: Annotated[int, Field(ge=0)] = 0
    input_size_px: SidePx = 512
    batch_size: Count = 16
    frozen_layers: Annotated[int, Field(ge=0)] = 0
    epochs: Count = 30
    time_limit_h: Annotated[float, Field(gt=0)] = 2.5
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    device: Device = Device.AUTO
    threads: Count | None = None
    precision: Precision = Precision.F32
    loader_processes: Annotated[int, Field(ge=0, le=64)] = 0
    options: dict[str, bool | int | float | str] = field(default_factory=dict)
    intended_use: Words | None = None
    limits: Annotated[tuple[Words, ...], Field(max_length=50)] = ()


def read_training_config(path: Path) -> TrainingConfig:
    """Return the configuration in a TOML file.

    Raises:
        TrainingError: The file cannot be read, or a key is absent, unknown or of a wrong value.
    """
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise TrainingError(f"{path} is larger than {MAX_CONFIG_BYTES} bytes")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise TrainingError(f"{path} is no TOML file: {error}") from error
    try:
        return parse_training_config(table)
    except TrainingError as error:
        raise TrainingError(f"{path}: {error}") from error


def parse_training_config(table: Mapping[str, Any]) -> TrainingConfig:  # Any: TOML, checked here
    """Return the configuration in a table of TOML.

    Raises:
        TrainingError: A key is absent, unknown or of a wrong value; names all of them.
    """
    try:
        config = TypeAdapter(TrainingConfig).validate_python(dict(table))
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise TrainingError("; ".join(wrong)) from error
    unknown = sorted(set(config.options) - ULTRALYTICS_OPTIONS)
    if unknown:
        raise TrainingError(f"options: {unknown} are none of {sorted(ULTRALYTICS_OPTIONS)}")
    if len(set(config.classes)) != len(config.classes):
        raise TrainingError(f"classes: one is named twice in {list(config.classes)}")
    return config


def describe_config(config: TrainingConfig) -> dict[str, Any]:
    """Return the configuration as a table that `parse_training_config` takes and JSON can hold."""
    table: dict[str, Any] = TypeAdapter(TrainingConfig).dump_python(config, mode="json")
    return table


def describe_settings(config: TrainingConfig) -> dict[str, Any]:
    """Return all that a result depends on: the configuration without words about the model."""
    return {key: value for key, value in describe_config(config).items() if key not in WORDS}


def describe_words(config: TrainingConfig) -> dict[str, Any]:
    """Return the words about the model."""
    return {key: value for key, value in describe_config(config).items() if key in WORDS}
