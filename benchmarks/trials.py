"""Which training trick gives what: `python -m benchmarks.trials --help`, docs/trials.md.

Everything that was done is kept under out/trials; the same command goes on where it stopped.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from datasets.errors import DatasetError
from models.errors import ModelError
from training.config import read_training_config
from training.errors import TrainingError
from training.trials.deadline import plan_deadline
from training.trials.fold_table import folds_as_json, format_folds, read_fold_results
from training.trials.folds import pool_folds, read_fold_runs
from training.trials.plan import read_fold_plan, read_trial_plan
from training.trials.searched_pictures import write_results
from training.trials.series import SeriesResult, run_series
from training.trials.trial_runs import read_trial_runs, read_trial_scores
from training.trials.trial_table import compare_rows, format_trials, trials_as_json

try:
    from training.trials.real_tools import read_time, real_tools
except ModuleNotFoundError as error:
    raise SystemExit(f"trials need {error.name}: run make install-all") from error

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
CONFIGS = Path("training/configs")
OUT = Path("out/trials")
RESULTS = Path("docs/results")

Until = Annotated[str | None, typer.Option(metavar="HH:MM", help="No run starts to end later.")]
Minutes = Annotated[float | None, typer.Option(help="Budget from now.")]
TableOnly = Annotated[bool, typer.Option("--table-only", help="Train nothing, write the table.")]


@app.command("run")
def run_trials(
    plan_file: Annotated[Path, typer.Argument()] = CONFIGS / "trials.toml",
    *,
    until: Until = None,
    minutes: Minutes = None,
    table_only: TableOnly = False,
    out: Path = OUT,
    results: Path = RESULTS,
) -> None:
    """Do the trials of a plan that are not done yet, and write their table."""
    plan = read_trial_plan(plan_file)
    runs = read_trial_runs(plan, read_training_config(plan.base_config), out)
    if not table_only:
        deadline = plan_deadline(read_time(), until=until, budget_min=minutes)
        limit = plan.time_limit_min
        told = run_series(
            runs, real_tools(), deadline=deadline, time_limit_min=limit, tell=typer.echo
        )
        _tell(told)
    scores = read_trial_scores(runs, plan)
    cells = compare_rows(scores, plan)
    _write(results / plan.name, format_trials(cells, scores, plan))
    _write_json(out / plan.name / "table.json", trials_as_json(cells, scores, plan))


@app.command("folds")
def run_folds(
    plan_file: Annotated[Path, typer.Argument()] = CONFIGS / "folds.toml",
    *,
    until: Until = None,
    minutes: Minutes = None,
    table_only: TableOnly = False,
    out: Path = OUT,
    results: Path = RESULTS,
) -> None:
    """Do the folds of a cross-validation that are not done yet, pool and score their findings.

    The pooled findings are in OUT/NAME/VARIANT.jsonl: for calibration and for lists of labels
    to review.
    """
    plan = read_fold_plan(plan_file)
    runs = read_fold_runs(plan, read_training_config(plan.base_config), out)
    if not table_only:
        deadline = plan_deadline(read_time(), until=until, budget_min=minutes)
        limit = plan.time_limit_min
        told = run_series(
            [fold.run for fold in runs],
            real_tools(),
            deadline=deadline,
            time_limit_min=limit,
            tell=typer.echo,
        )
        _tell(told)
    for row in plan.variants:
        pooled = out / plan.name / f"{row.name}.jsonl"
        write_results(pool_folds(runs, row.name)[0], pooled)
        typer.echo(pooled)
    found = read_fold_results(runs, plan)
    _write(results / plan.name, format_folds(found, plan))
    _write_json(out / plan.name / "table.json", folds_as_json(found, plan))


def _tell(result: SeriesResult) -> None:
    typer.echo(
        f"done now {len(result.done)}, done before {len(result.done_before)}, "
        f"failed {len(result.failed)}, no time for {len(result.no_time)}"
    )
    for name, reason in result.failed:
        typer.echo(f"failed: {name}: {reason}", err=True)


def _write(stem: Path, text: str) -> None:
    path = stem.with_suffix(".md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(path)


def _write_json(path: Path, table: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table, indent=1, default=str) + "\n", encoding="utf-8")
    typer.echo(path)


def main() -> None:
    """Run the command; what is wrong with its input is told in one line."""
    try:
        app()
    except (TrainingError, DatasetError, ModelError, OSError) as error:
        raise SystemExit(f"trials: {error}") from error


if __name__ == "__main__":
    main()
