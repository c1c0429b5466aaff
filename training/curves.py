"""How a training went: a table and a picture of its curves."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.run_state import EpochFigures
from training.whole_file import write_whole

TABLE_FILE = "results.csv"
CURVES_FILE = "curves.png"


def write_results_table(history: Sequence[EpochFigures], folder: Path) -> None:
    """Write one row an epoch; what is not known is empty."""
    rows = [_row_of(figures) for figures in history]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(folder / TABLE_FILE, text.getvalue().encode())


def _row_of(figures: EpochFigures) -> dict[str, float | str | None]:
    return {
        "epoch": figures.epoch,
        "seconds": round(figures.seconds, 1),
        "learning_rate": figures.learning_rate,
        **figures.losses,
        "precision": figures.precision,
        "recall": figures.recall,
        "map50": figures.map50,
        "map50_95": figures.map50_95,
        **{f"map50({name})": value for name, value in figures.map50_by_class.items()},
    }


def write_curves(history: Sequence[EpochFigures], folder: Path) -> None:
    """Draw losses and scores over the epochs."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    _draw_losses(losses, history)
    _draw_scores(scores, history)
    for axes in (losses, scores):
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
        axes.xaxis.get_major_locator().set_params(integer=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_whole(folder / CURVES_FILE, buffer.getvalue())


def _draw_losses(axes: Axes, history: Sequence[EpochFigures]) -> None:
    epochs = [figures.epoch for figures in history]
    names = sorted({name for figures in history for name in figures.losses})
    kinds = sorted({name.partition("/")[2] for name in names})
    for name in names:
        split, _, kind = name.partition("/")
        values = [figures.losses.get(name, float("nan")) for figures in history]
        style = "-" if split == "train" else "--"
        axes.plot(epochs, values, style, color=f"C{kinds.index(kind)}", marker=".", label=name)
    axes.set_title("loss")
    axes.set_ylim(bottom=0)


def _draw_scores(axes: Axes, history: Sequence[EpochFigures]) -> None:
    epochs = [figures.epoch for figures in history]
    axes.plot(epochs, _known([f.map50 for f in history]), "k-", marker=".", label="mean")
    for name in history[-1].map50_by_class:
        values = _known([figures.map50_by_class.get(name) for figures in history])
        axes.plot(epochs, values, marker=".", label=name)
    axes.set_title("mAP50 on val, whole pictures and tiles as trained")
    axes.set_ylim(0, 1)


def _known(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]
