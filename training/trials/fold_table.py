"""The result of a cross-validation as Markdown and JSON."""

from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

from training.evaluation.result import Interval
from training.trials.folds import FoldRun, pool_folds
from training.trials.one_run import RunRecord
from training.trials.plan import FoldPlan
from training.trials.scores import PictureKind, PooledScore, pool_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldResult:
    """The pooled scores of one recipe over the folds that were done."""

    variant: str
    folds: int
    pictures: int
    records: tuple[RunRecord, ...]
    scores: tuple[PooledScore, ...]


def read_fold_results(runs: Sequence[FoldRun], plan: FoldPlan) -> list[FoldResult]:
    """Return the result of every variant of which a fold was done."""
    results = []
    for row in plan.variants:
        found, records = pool_folds(runs, row.name)
        classes = {name for run in runs if run.run.row == row for name in run.run.config.classes}
        if records:
            results.append(
                FoldResult(
                    variant=row.name,
                    folds=len(records),
                    pictures=len(found),
                    records=tuple(records),
                    scores=tuple(
                        pool_scores(found, only_classes(plan.scored, classes), seed=plan.seed)
                    ),
                )
            )
    return results


def only_classes(kinds: Sequence[PictureKind], classes: Set[str]) -> list[PictureKind]:
    """Return the kinds with the classes that a recipe has learned."""
    return [
        replace(kind, classes=tuple(name for name in kind.classes if name in classes))
        for kind in kinds
    ]


def format_folds(results: Sequence[FoldResult], plan: FoldPlan) -> str:
    """Return the results as Markdown."""
    lines = [
        "# Cross-validation by groups",
        "",
        "Written by `python -m benchmarks.trials folds`; how to read it: "
        "[trials.md](../trials.md).",
        "",
        f"{plan.fold_count} folds. Each picture was searched by a model that never saw its group; "
        "the findings of all folds are pooled. Intervals: 95 %, by drawing groups. ECE: expected "
        "calibration error of the raw scores, detections of 0.05 and more.",
        "",
        "| recipe | kind | class | pictures | boxes | groups | AP50 | AP50-95 | detections | ECE |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for result in results:
        lines += [
            f"| {result.variant} | {score.kind} | {score.class_name} | {score.pictures} "
            f"| {score.boxes} | {score.groups} | {format_interval(score.ap50)} "
            f"| {format_interval(score.ap50_95)} | {_format_calibration(score)} |"
            for score in result.scores
        ]
    return "\n".join([*lines, "", *_notes(results, plan)]) + "\n"


def format_interval(interval: Interval) -> str:
    """Return a value with its interval, such as `0.420 (0.350-0.490)`."""
    if interval.low is None or interval.high is None:
        return f"{interval.value:.3f} (too few groups for an interval)"
    return f"{interval.value:.3f} ({interval.low:.3f}-{interval.high:.3f})"


def _format_calibration(score: PooledScore) -> str:
    if score.calibration is None:
        return "- | -"
    return f"{score.calibration.detections} | {format_interval(score.calibration.ece)}"


def _notes(results: Sequence[FoldResult], plan: FoldPlan) -> list[str]:
    lines = []
    for result in results:
        days = ", ".join(sorted({record.finished_at[:10] for record in result.records}))
        machines = "; ".join(sorted({record.machine for record in result.records}))
        minutes = ", ".join(f"{record.train_min:g}" for record in result.records)
        lines.append(
            f"- {result.variant}: {result.folds} of {plan.fold_count} folds, {result.pictures} "
            f"pictures, {days}, {machines}; minutes a training: {minutes}."
        )
        if result.folds < plan.fold_count:
            lines.append("  Not all folds are done: boxes of the others are not counted at all.")
    return lines or ["Nothing was run yet."]


def folds_as_json(results: Sequence[FoldResult], plan: FoldPlan) -> dict[str, Any]:
    """Return the results as a JSON table."""
    return {"plan": plan.name, "results": [asdict(result) for result in results]}
