"""What a run leaves for people and for the next step, made anew after each epoch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from models.ultralytics_detector import UltralyticsDetector
from training.chosen_pictures import PlacedPicture
from training.config import TrainingConfig
from training.curves import write_curves, write_results_table
from training.export import write_trainable_form
from training.network import PatrolNetwork
from training.run_record import LAST_FOLDER
from training.run_state import RunState
from training.samples import choose_samples, write_samples


def write_outputs(
    state: RunState,
    architecture: str | dict[str, Any],  # Any: as ultralytics describes a network
    val: Sequence[PlacedPicture],
    folder: Path,
    *,
    config: TrainingConfig,
) -> None:
    """Write weights, table, curves and sample detections of a run into its folder.

    Args:
        state: Of the run; all else follows from it.
        architecture: Of the network.
        val: Pictures of which a few are drawn.
        folder: Of the run.
        config: Of the run.
    """
    best = build_network(state.best, architecture, config.classes)
    write_trainable_form(best, folder)
    last = build_network(state.averaged, architecture, config.classes)
    (folder / LAST_FOLDER).mkdir(exist_ok=True)
    write_trainable_form(last, folder / LAST_FOLDER)
    write_results_table(state.history, folder)
    write_curves(state.history, folder)
    detector = UltralyticsDetector(
        last, classes=config.classes, input_size_px=config.input_size_px, batch_size=4
    )
    write_samples(choose_samples(val, config.classes), detector, folder, classes=config.classes)


def build_network(
    values: dict[str, Tensor],
    architecture: str | dict[str, Any],  # Any: as ultralytics describes a network
    classes: tuple[str, ...],
) -> PatrolNetwork:
    """Return a network with the values in it."""
    network = PatrolNetwork(architecture, nc=len(classes), verbose=False)
    network.names = dict(enumerate(classes))
    network.load_state_dict(values)
    return network


def describe_epoch(state: RunState, config: TrainingConfig) -> str:
    """Return one line on the latest epoch for a person who waits."""
    figures = state.history[-1]
    loss = sum(value for name, value in figures.losses.items() if name.startswith("train/"))
    parts = [f"epoch {figures.epoch} of {figures.epochs}", f"loss {loss:.2f}"]
    if figures.map50 is not None:
        classes = ", ".join(
            f"{name} {value:.2f}"
            for name, value in figures.map50_by_class.items()
            if value is not None
        )
        parts.append(f"mAP50 {figures.map50:.2f} ({classes})")
    best = f"best is epoch {state.best_epoch}"
    left_s = figures.seconds / figures.epoch * (figures.epochs - figures.epoch)
    left_s = min(left_s, max(config.time_limit_h * 3600 - figures.seconds, 0))
    parts.append(best if state.finished else f"{best} · {left_s / 60:.0f} min left")
    return " · ".join(parts)
