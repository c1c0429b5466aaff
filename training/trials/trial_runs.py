"""The runs of a plan of trials, and the scores of those that were done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.labelled_picture import Origin
from datasets.picture_set import PictureSet, read_picture_set
from training.config import TrainingConfig
from training.errors import TrainingError
from training.trials.config_overrides import override_config
from training.trials.one_run import Run, RunRecord, read_done
from training.trials.placed_pictures import choose_placed, place_pictures
from training.trials.plan import MOST_EPOCHS, TrialPlan, TrialRow
from training.trials.row_pictures import read_chosen_pictures
from training.trials.scores import KindScore, score_kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialScore:
    """The scores of one row with one seed."""

    row: str
    seed: int
    record: RunRecord
    scores: tuple[KindScore, ...]


def read_sets(folders: Sequence[Path]) -> list[PictureSet]:
    """Return picture sets whose labels share one taxonomy.

    Raises:
        DatasetError: One cannot be read.
        TrainingError: There is none, or their taxonomies differ.
    """
    sets = [read_picture_set(folder) for folder in folders]
    versions = {entry.taxonomy_version for entry in sets}
    if len(versions) != 1:
        raise TrainingError(f"taxonomies of {[str(f) for f in folders]}: {sorted(versions)}")
    return sets


def read_trial_runs(plan: TrialPlan, base: TrainingConfig, out: Path) -> list[Run]:
    """Return the runs of a plan: all rows with the first seed, then with the next.

    Args:
        plan: See there.
        base: The configuration that the plan names.
        out: Folder of all trials.

    Raises:
        DatasetError, TrainingError: Pictures or settings of a row are wrong.
    """
    sets = read_sets(plan.picture_sets)
    placed = [entry for one in sets for entry in place_pictures(one)]
    # Synthetic pictures are added by a row that says so; in the sets they are there to be scored.
    real = [entry for entry in placed if entry.picture.origin is Origin.PHOTO]
    train = [entry for entry in real if entry.picture.split == "train"]
    val = [entry for entry in real if entry.picture.split == "val"]
    shared = choose_placed(train, plan.picture_count, seed=plan.picture_seed)
    shared += choose_placed(val, plan.watch_count, seed=plan.picture_seed)
    searched = tuple(e for e in placed if e.picture.split in plan.score_splits)
    return [
        Run(
            folder=out / plan.name / row.name / f"seed-{seed}",
            row=row,
            config=plan_config(base, row, seed=seed, time_limit_min=plan.time_limit_min),
            learned=tuple(read_chosen_pictures(shared, row.pictures, seed=plan.picture_seed)),
            searched=searched,
            taxonomy_version=sets[0].taxonomy_version,
        )
        for seed in plan.seeds
        for row in plan.rows
    ]


def plan_config(
    base: TrainingConfig, row: TrialRow, *, seed: int, time_limit_min: float
) -> TrainingConfig:
    """Return the configuration of one short training.

    Raises:
        TrainingError: A setting of the row is unknown, or it wants too many epochs.
    """
    config = override_config(base, row.training, look=row.look)
    if config.epochs > MOST_EPOCHS:
        raise TrainingError(f"{row.name}: {config.epochs} epochs, a trial has {MOST_EPOCHS}")
    return replace(config, name="trial", seed=seed, time_limit_h=time_limit_min / 60)


def read_trial_scores(runs: Sequence[Run], plan: TrialPlan) -> list[TrialScore]:
    """Return the scores of the runs that were done as they are planned now."""
    scores = []
    for run in runs:
        done = read_done(run)
        if done is None:
            continue
        record, found = done
        kinds = score_kinds(found, plan.scored, splits=plan.score_splits)
        scores.append(
            TrialScore(row=run.row.name, seed=run.config.seed, record=record, scores=tuple(kinds))
        )
    return scores
