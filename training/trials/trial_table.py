"""The table of trials: mean and spread over the seeds, and the difference to the base row."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from scipy.stats import t as student_t

from training.trials.plan import TrialPlan
from training.trials.trial_runs import TrialScore

Column = tuple[str, str, str]  # kind of pictures, class, split


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedMean:
    """A figure over the seeds of one row."""

    mean: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCell:
    """AP50 of one row in one column.

    Attributes:
        difference: Of the means, to the base row; None for that row, or where it has none.
        noise: How large a difference seeds alone give, see `noise_of_difference`.
    """

    row: str
    column: Column
    boxes: int
    ap50: SeedMean
    difference: float | None
    noise: float | None


def mean_of_seeds(values: Sequence[float]) -> SeedMean:
    """Return mean, lowest and highest; there is at least one value."""
    return SeedMean(mean=fmean(values), low=min(values), high=max(values), seeds=len(values))


def compare_rows(scores: Sequence[TrialScore], plan: TrialPlan) -> list[TrialCell]:
    """Return a cell for every row and column that has a score, row by row."""
    columns: dict[Column, dict[str, list[float]]] = {}
    boxes: dict[Column, int] = {}
    for trial in scores:
        for score in trial.scores:
            column = (score.kind, score.class_name, score.split)
            columns.setdefault(column, {}).setdefault(trial.row, []).append(score.ap50)
            boxes[column] = score.boxes
    cells = [
        cell
        for column, by_row in columns.items()
        for cell in _compare_column(column, by_row, boxes[column], plan.rows[0].name)
    ]
    places = {row.name: place for place, row in enumerate(plan.rows)}
    return sorted(cells, key=lambda cell: places[cell.row])


def _compare_column(
    column: Column, by_row: Mapping[str, Sequence[float]], boxes: int, base_name: str
) -> list[TrialCell]:
    base = by_row.get(base_name)
    cells = []
    for row, values in by_row.items():
        difference, noise = None, None
        if base is not None and row != base_name:
            difference = fmean(values) - fmean(base)
            noise = noise_of_difference(list(by_row.values()), len(values), len(base))
        cells.append(
            TrialCell(
                row=row,
                column=column,
                boxes=boxes,
                ap50=mean_of_seeds(values),
                difference=difference,
                noise=noise,
            )
        )
    return cells


def noise_of_difference(
    rows: Sequence[Sequence[float]], count: int, other_count: int
) -> float | None:
    """Return how far two rows' means lie apart, 19 times of 20, if only the seeds differ.

    Student's t with the variance pooled over all rows, since two seeds alone say little of their
    spread. It knows nothing of what other pictures would have given.

    Args:
        rows: Values of each row, one a seed.
        count: Seeds of one row.
        other_count: Seeds of the other.

    Returns:
        None where no row has two seeds.
    """
    freedom = sum(len(values) - 1 for values in rows)
    if freedom == 0:
        return None
    squares = sum(sum((v - fmean(values)) ** 2 for v in values) for values in rows)
    error = math.sqrt(squares / freedom * (1 / count + 1 / other_count))
    return float(student_t.ppf(0.975, freedom)) * error


def format_trials(cells: Sequence[TrialCell], scores: Sequence[TrialScore], plan: TrialPlan) -> str:
    """Return the results as Markdown."""
    days = sorted({score.record.finished_at[:10] for score in scores})
    machines = sorted({score.record.machine for score in scores})
    epochs = "" if not scores else f" on {plan.picture_count} train pictures"
    lines = [
        "# What training tricks give",
        "",
        "Written by `python -m benchmarks.trials run`; how to read it: [trials.md](../trials.md).",
        "",
        f"Short trainings{epochs}, seeds {', '.join(map(str, plan.seeds))}, at most "
        f"{plan.time_limit_min:g} minutes each. Base row: {plan.rows[0].name}.",
        f"Run: {', '.join(days) or 'nothing yet'}; {'; '.join(machines) or 'no machine'}.",
        "",
        "AP50: mean (lowest-highest seed), difference to the base row ± what seeds alone give 19 "
        "times of 20. A difference beyond that is in bold; all others are noise.",
        "",
    ]
    for split in plan.score_splits:
        for origin in dict.fromkeys(kind.origin for kind in plan.scored):
            titles = [kind.title for kind in plan.scored if kind.origin is origin]
            shown = [c for c in cells if c.column[0] in titles and c.column[2] == split]
            if shown:
                lines += [f"## {split}, pictures of origin: {origin}", "", *_table(shown), ""]
    return "\n".join([*lines, *_costs(scores, plan)]) + "\n"


def _table(cells: Sequence[TrialCell]) -> list[str]:
    columns = list(dict.fromkeys(cell.column for cell in cells))
    boxes = {cell.column: cell.boxes for cell in cells}
    head = [f"{kind}: {name} ({boxes[kind, name, split]} boxes)" for kind, name, split in columns]
    lines = [f"| row | {' | '.join(head)} |", "|" + " --- |" * (len(head) + 1)]
    for row in dict.fromkeys(cell.row for cell in cells):
        own = {cell.column: format_cell(cell) for cell in cells if cell.row == row}
        lines.append(f"| {row} | {' | '.join(own.get(column, '-') for column in columns)} |")
    return lines


def format_cell(cell: TrialCell) -> str:
    """Return mean, spread and difference, such as `0.420 (0.410-0.430) +0.030 ± 0.040`."""
    spread = f"{cell.ap50.mean:.3f} ({cell.ap50.low:.3f}-{cell.ap50.high:.3f})"
    if cell.difference is None:
        return spread
    difference = f"{cell.difference:+.3f}"
    if cell.noise is None:
        return f"{spread} {difference} (one seed)"
    bold = "**" if abs(cell.difference) > cell.noise else ""
    return f"{spread} {bold}{difference} ± {cell.noise:.3f}{bold}"


def _costs(scores: Sequence[TrialScore], plan: TrialPlan) -> list[str]:
    lines = ["## What the rows are, and what they cost", ""]
    lines += ["| row | differs by | pictures | minutes a training |", "| --- | --- | --- | --- |"]
    for row in plan.rows:
        own = [score.record for score in scores if score.row == row.name]
        minutes = ", ".join(f"{record.train_min:g}" for record in own) or "not run"
        pictures = ", ".join(sorted({str(record.learned_pictures) for record in own})) or "-"
        lines.append(f"| {row.name} | {_differs_by(row)} | {pictures} | {minutes} |")
    return lines


def _differs_by(row: Any) -> str:
    chosen = {
        key: value
        for key, value in asdict(row.pictures).items()
        if value != asdict(type(row.pictures)())[key]
    }
    words = {
        **row.training,
        **row.look,
        **chosen,
        **{f"search {k}": v for k, v in row.search.items()},
    }
    return "; ".join(f"{key} = {_plain(value)}" for key, value in words.items()) or "nothing"


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(entry)}" for key, entry in value.items())
    return str(value).replace("|", "/")


def trials_as_json(
    cells: Sequence[TrialCell], scores: Sequence[TrialScore], plan: TrialPlan
) -> dict[str, Any]:
    """Return the results as a JSON table."""
    return {
        "plan": plan.name,
        "base_row": plan.rows[0].name,
        "cells": [asdict(cell) for cell in cells],
        "runs": [asdict(score) for score in scores],
    }
