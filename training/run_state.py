"""All that a run needs to go on after it was killed, in one file that cannot run code."""

import io
import pickle
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.errors import TrainingError
from training.whole_file import write_whole

STATE_FILE = "state.pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFigures:
    """What came of one epoch.

    Attributes:
        epoch: From 1.
        epochs: How many were planned then.
        seconds: Of training so far, over all parts of the run.
        losses: Of the training and val pictures, by name such as train/cls_loss.
        map50: Mean of the classes, on val; None where no val picture has a box.
        map50_95: Likewise.
        map50_by_class: None for a class that no val picture shows.
    """

    epoch: int
    epochs: int
    seconds: float
    learning_rate: float
    losses: dict[str, float]
    precision: float | None
    recall: float | None
    map50: float | None
    map50_95: float | None
    map50_by_class: dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run after an epoch.

    Attributes:
        history: Of all epochs so far.
        model: The network's values by name.
        averaged: Those of its exponential moving average: the result.
        updates: Steps that are in the average.
        optimizer: As torch describes it.
        best: Values of the average, in half precision, after the best epoch so far.
        best_fitness: Of that epoch.
        best_epoch: From 1.
        finished: No further epoch is to come.
    """

    history: tuple[EpochFigures, ...]
    model: dict[str, Tensor]
    averaged: dict[str, Tensor]
    updates: int
    optimizer: dict[str, Any]  # Any: torch's own
    best: dict[str, Tensor]
    best_fitness: float
    best_epoch: int
    finished: bool


def write_run_state(state: RunState, folder: Path) -> None:
    """Write the state into the run's folder, in place of the last one."""
    table = {field.name: getattr(state, field.name) for field in fields(state)}
    table["history"] = [asdict(figures) for figures in state.history]
    buffer = io.BytesIO()
    torch.save(table, buffer)
    write_whole(folder / STATE_FILE, buffer.getvalue(), lasting=True)


def read_run_state(folder: Path) -> RunState | None:
    """Return the state of the run in a folder, or None where no epoch has ended yet.

    Raises:
        TrainingError: It cannot be read.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return None
    try:
        # Only tensors and plain values: a file that would run code is refused.
        table = torch.load(path, map_location="cpu", weights_only=True)
        history = tuple(EpochFigures(**figures) for figures in table.pop("history"))
        return RunState(history=history, **table)
    except (
        OSError,
        EOFError,
        RuntimeError,
        TypeError,
        KeyError,
        AttributeError,
        pickle.UnpicklingError,
    ) as error:
        raise TrainingError(f"{path} cannot be read: {error}; --fresh begins anew") from error


def half_precision(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return copies of a network's values as they are handed on: halves, in the usual layout."""
    return {
        name: (
            value.detach().cpu().half() if value.is_floating_point() else value.detach().cpu()
        ).clone(memory_format=torch.contiguous_format)
        for name, value in values.items()
    }
