"""The table of trials: mean and spread over the seeds, and the difference to the base row."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

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
        beyond_spread: Whether no seed of either row reaches the other's.
    """

    row: str
    column: Column
    boxes: int
    ap50: SeedMean
    difference: float | None
    beyond_spread: bool


def mean_of_seeds(values: Sequence[float]) -> SeedMean:
    """Return mean, lowest and highest; there is at least one value."""
    return SeedMean(mean=fmean(values), low=min(values), high=max(values), seeds=len(values))


def compare_rows(scores: Sequence[TrialScore], plan: TrialPlan) -> list[TrialCell]:
    """Return a cell for every row and column that has a score, row by row."""
    values: dict[tuple[str, Column], list[float]] = {}
    boxes: dict[Column, int] = {}
    for trial in scores:
        for score in trial.scores:
            column = (score.kind, score.class_name, score.split)
            values.setdefault((trial.row, column), []).append(score.ap50)
            boxes[column] = score.boxes
    base_name = plan.rows[0].name
    return [
        _compare(row.name, column, values, boxes[column], base_name)
        for row in plan.rows
        for column in boxes
        if (row.name, column) in values
    ]


def _compare(
    row: str,
    column: Column,
    values: dict[tuple[str, Column], list[float]],
    boxes: int,
    base_name: str,
) -> TrialCell:
    own, base = mean_of_seeds(values[row, column]), values.get((base_name, column))
    if row == base_name or base is None:
        return TrialCell(
            row=row, column=column, boxes=boxes, ap50=own, difference=None, beyond_spread=False
        )
    other = mean_of_seeds(base)
    return TrialCell(
        row=row,
        column=column,
        boxes=boxes,
        ap50=own,
        difference=own.mean - other.mean,
        beyond_spread=own.low > other.high or own.high < other.low,
    )


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
        "AP50: mean (lowest-highest seed) and difference to the base row; a difference in bold is "
        "one that no seed of either row contradicts. All else is noise.",
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
    """Return mean, spread and difference, such as `0.420 (0.410-0.430) +0.030`."""
    spread = f"{cell.ap50.mean:.3f} ({cell.ap50.low:.3f}-{cell.ap50.high:.3f})"
    if cell.difference is None:
        return spread
    difference = f"{cell.difference:+.3f}"
    return f"{spread} **{difference}**" if cell.beyond_spread else f"{spread} {difference}"


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
