"""A training configuration with some values set otherwise."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.config import TrainingConfig, describe_config, parse_training_config
from training.errors import TrainingError


def override_config(
    base: TrainingConfig, overrides: Mapping[str, Any], *, look: Mapping[str, Any] | None = None
) -> TrainingConfig:
    """Return the configuration with values of a TOML table in place of its own.

    Args:
        base: Unchanged.
        overrides: By the configuration's names; `options` adds to those of the base.
        look: How the first picture set is shown, such as tiling; by the names of its entry.

    Raises:
        TrainingError: A name is unknown, or a value is of a wrong type or range.
    """
    if "pictures" in overrides:
        raise TrainingError("a row names its pictures under `pictures`, not under `training`")
    table = describe_config(base)
    options = {**table["options"], **overrides.get("options", {})}
    pictures = [{**table["pictures"][0], **(look or {})}]
    return parse_training_config({**table, **overrides, "options": options, "pictures": pictures})


def learn_from(config: TrainingConfig, folder: Path) -> TrainingConfig:
    """Return the configuration with a picture set's folder in place of its own."""
    return replace(config, pictures=(replace(config.pictures[0], folder=folder),))
