"""Which training trick gives what: `python -m benchmarks.trials --help`, docs/trials.md.

Everything that was done is kept under out/trials; the same command goes on where it stopped.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from datasets.errors import DatasetError
from datasets.labelled_picture import View
from datasets.picture_set import read_picture_set, write_picture_set
from models.errors import ModelError
from training.config import read_training_config
from training.errors import TrainingError
from training.recipe import plan_manifest
from training.trials.clear_billboards import DAMAGED
from training.trials.deadline import plan_deadline
from training.trials.fold_table import folds_as_json, format_folds, read_fold_results
from training.trials.folds import FoldRun, pool_folds, read_fold_runs
from training.trials.placed_pictures import choose_placed, place_pictures
from training.trials.plan import FoldPlan, read_fold_plan, read_trial_plan
from training.trials.pseudo_labels import PseudoRule, add_pseudo_labels
from training.trials.scores import PictureKind, pool_scores
from training.trials.searched_pictures import read_results, write_results
from training.trials.series import SeriesResult, run_series
from training.trials.trial_runs import read_trial_runs, read_trial_scores
from training.trials.trial_table import compare_rows, format_trials, trials_as_json
from training.two_step.compare import compare_steps, format_steps
from training.two_step.intact_signs import write_intact_signs

try:
    from training.soup_of_runs import SoupPictures, with_sizes, write_soup
    from training.trials.real_tools import read_time, real_sign_tools, real_tools
except ModuleNotFoundError as error:
    raise SystemExit(f"trials need {error.name}: run make install-all") from error

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
CONFIGS = Path("training/configs")
OUT = Path("out/trials")
RESULTS = Path("docs/results")
INTACT_SIGNS = Path("out/datasets/intact-signs")
BILLBOARDS = PictureKind(title="street", classes=(DAMAGED,), view=View.STREET)

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
        _do_folds(runs, plan, until=until, minutes=minutes)
    for row in plan.variants:
        pooled = out / plan.name / f"{row.name}.jsonl"
        write_results(pool_folds(runs, row.name)[0], pooled)
        typer.echo(pooled)
    found = read_fold_results(runs, plan)
    _write(results / plan.name, format_folds(found, plan))
    _write_json(out / plan.name / "table.json", folds_as_json(found, plan))


@app.command("intact-signs")
def link_intact_signs(
    shared: Path = Path("../shared/images"),
    folder: Path = INTACT_SIGNS,
) -> None:
    """Make a picture set of intact signs, for the finder of signs among the folds."""
    sources = [shared / "aux_signs_intact_facades", shared / "aux_billboards_intact_apt"]
    typer.echo(f"{len(write_intact_signs(sources, folder).pictures)} pictures in {folder}")


@app.command("two-step")
def compare_two_steps(
    plan_file: Annotated[Path, typer.Argument()] = CONFIGS / "two_step.toml",
    *,
    until: Until = None,
    minutes: Minutes = None,
    table_only: TableOnly = False,
    one_step: str = "one-step",
    finder: str = "signs",
    intact: Path = INTACT_SIGNS,
    out: Path = OUT,
    results: Path = RESULTS,
) -> None:
    """Train and compare: billboards found in one step, and signs found and then judged."""
    plan = read_fold_plan(plan_file)
    runs = read_fold_runs(plan, read_training_config(plan.base_config), out)
    if not table_only:
        _do_folds(runs, plan, until=until, minutes=minutes)
    signs = place_pictures(read_picture_set(intact))
    pooled = compare_steps(runs, signs, real_sign_tools(), names=(one_step, finder))
    for name, found in pooled.items():
        write_results(found, out / plan.name / f"billboards, {name}.jsonl")
    scores = {name: pool_scores(found, [BILLBOARDS]) for name, found in pooled.items()}
    _write(results / "two-step", format_steps(scores))
    _write_json(
        out / plan.name / "two-step.json", {n: list(map(asdict, s)) for n, s in scores.items()}
    )


@app.command("pseudo-labels")
def write_pseudo_labels(
    found: Annotated[Path, typer.Argument(help="Findings of folds, VARIANT.jsonl.")],
    folder: Annotated[Path, typer.Argument(help="For the labels, as a picture set.")],
    *,
    like: Annotated[Path, typer.Option(help="Picture set whose labels these add to.")],
    take: Annotated[list[str], typer.Option(metavar="CLASS=0.6", help="Becomes a label.")],
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="CLASS=0.3", help="Becomes an ignored region.")
    ] = None,
    incomplete: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE", help="Whose labels lack objects.")
    ] = None,
) -> None:
    """Write labels for a row's `labels_from`: those of a set, and confident findings."""
    rule = PseudoRule(
        take_from=_parse_scores(take),
        ignore_from=_parse_scores(ignore or []),
        incomplete_sources=tuple(incomplete or ()),
    )
    labelled = add_pseudo_labels(read_results(found), rule)
    write_picture_set(replace(read_picture_set(like), pictures=tuple(labelled), folder=folder))
    typer.echo(f"{sum(len(p.boxes) for p in labelled)} boxes and regions in {folder}")


@app.command("soup")
def make_soup(
    folders: Annotated[list[Path], typer.Argument(help="Trained models of one start.")],
    *,
    pictures: Annotated[Path, typer.Option(help="Picture set: train and val are used.")],
    out: Annotated[Path, typer.Option(help="Folder for the soup's trainable form.")],
    input_size_px: int = 416,
    greedy: Annotated[bool, typer.Option("--greedy/--uniform")] = True,
    train_count: int = 256,
) -> None:
    """Average several trainings' weights, chosen on val pictures."""
    placed = place_pictures(read_picture_set(pictures))
    train = [entry for entry in placed if entry.picture.split == "train"]
    chosen = SoupPictures(
        train=tuple(choose_placed(train, train_count, seed=0)),
        val=tuple(entry for entry in placed if entry.picture.split == "val"),
        manifest=with_sizes(plan_manifest("soup", "1"), input_size_px=input_size_px),
    )
    made = write_soup(folders, out, chosen, greedy=greedy, tell=typer.echo)
    typer.echo(json.dumps(asdict(made), indent=1))


def _parse_scores(texts: list[str]) -> dict[str, float]:
    try:
        return {name: float(score) for name, score in (text.split("=") for text in texts)}
    except ValueError as error:
        raise TrainingError(f"{texts}: expected CLASS=SCORE") from error


def _do_folds(
    runs: Sequence[FoldRun], plan: FoldPlan, *, until: str | None, minutes: float | None
) -> None:
    told = run_series(
        [fold.run for fold in runs],
        real_tools(),
        deadline=plan_deadline(read_time(), until=until, budget_min=minutes),
        time_limit_min=plan.time_limit_min,
        tell=typer.echo,
    )
    _tell(told)


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
