"""One step against two on the same folds: the pooled findings of both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from training.chosen_pictures import PlacedPicture
from training.errors import TrainingError
from training.evaluation.result import PictureResult
from training.trials.clear_billboards import DAMAGED
from training.trials.fold_table import format_interval
from training.trials.folds import FoldRun
from training.trials.one_run import Run, RunRecord, read_done
from training.trials.scores import PooledScore
from training.two_step.judge import (
    Features,
    fit_judge,
    found_intact_examples,
    judge_signs,
    labelled_examples,
)

# The training of a finder, and pictures to search with it.
FindSigns = Callable[[RunRecord, Run, Sequence[PlacedPicture]], Iterator[PictureResult]]
ReadFeatures = Callable[[RunRecord], Features]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTools:
    """What a fold's second step works with."""

    find_signs: FindSigns
    read_features: ReadFeatures


def judge_fold(
    one_step: Run, finder: Run, intact: Sequence[PlacedPicture], tools: SignTools
) -> list[PictureResult]:
    """Return what two steps find on the pictures that a fold leaves out.

    Only pictures where somebody looked for damaged billboards are judged.

    Args:
        one_step: Of the fold: names the labels to learn from, clear ones only where it says so.
        finder: Of the fold: the finder of signs.
        intact: Labelled intact signs.
        tools: See there.

    Raises:
        TrainingError: The finder's run was not done, or all examples are of one state.
    """
    done = read_done(finder)
    if done is None:
        raise TrainingError(f"{finder.folder}: the finder of signs was not trained")
    record, found = done
    learned = [entry for entry in one_step.learned if DAMAGED in entry.picture.labelled_classes]
    features = tools.read_features(record)
    examples = [
        *labelled_examples([*learned, *intact]),
        *found_intact_examples(learned, tools.find_signs(record, finder, learned)),
    ]
    judge = fit_judge(examples, features)
    placed = {entry.picture.sha256: entry for entry in finder.searched}
    return [
        judge_signs(result, placed[result.picture.sha256], judge, features)
        for result in found
        if DAMAGED in result.picture.labelled_classes
    ]


def compare_steps(
    runs: Sequence[FoldRun],
    intact: Sequence[PlacedPicture],
    tools: SignTools,
    *,
    names: Sequence[str],
) -> dict[str, list[PictureResult]]:
    """Return the pooled findings of one step and of two, on the folds where both were done.

    Args:
        runs: Of all folds and variants.
        intact: Labelled intact signs.
        tools: See there.
        names: Of the variants: one step, finder of signs.

    Raises:
        TrainingError: No fold has both runs, or all examples are of one state.
    """
    one_step_name, finder_name = names
    pooled: dict[str, list[PictureResult]] = {"one step": [], "two steps": []}
    for fold in sorted({run.fold for run in runs}):
        of_fold = {run.run.row.name: run.run for run in runs if run.fold == fold}
        one_step, finder = of_fold.get(one_step_name), of_fold.get(finder_name)
        if one_step is None or finder is None:
            raise TrainingError(f"the folds have no variants {one_step_name} and {finder_name}")
        done = read_done(one_step)
        if done is None or read_done(finder) is None:
            continue
        pooled["one step"] += [r for r in done[1] if DAMAGED in r.picture.labelled_classes]
        pooled["two steps"] += judge_fold(one_step, finder, intact, tools)
    if not pooled["one step"]:
        raise TrainingError(f"no fold has both {one_step_name} and {finder_name} done")
    return pooled


def format_steps(scores: Mapping[str, Sequence[PooledScore]]) -> str:
    """Return the comparison as Markdown; scores by the name of the way."""
    lines = [
        "# Damaged billboards in one step and in two",
        "",
        "Written by `python -m benchmarks.trials two-step`; how to read it: "
        "[trials.md](../trials.md).",
        "",
        "The same start, pictures, labels and minutes; 95 % intervals by drawing groups.",
        "",
        "| way | pictures | boxes | groups | AP50 | AP50-95 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {score.pictures} | {score.boxes} | {score.groups} "
        f"| {format_interval(score.ap50)} | {format_interval(score.ap50_95)} |"
        for name, of_way in scores.items()
        for score in of_way
    ]
    return "\n".join(lines) + "\n"
