"""Cross-validation by groups: every picture is tested by a model that never saw its group."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.labelled_picture import LabelledPicture, Origin
from datasets.picture_set import PictureSet
from models.registry import REGISTRY_FOLDER, read_model
from models.safe_files import MANIFEST_FILE
from training.chosen_pictures import PlacedPicture
from training.config import PROMOTED, TrainingConfig
from training.errors import TrainingError
from training.evaluation.result import PictureResult
from training.trials.config_overrides import override_config
from training.trials.one_run import Run, RunRecord, read_done
from training.trials.placed_pictures import choose_placed, place_pictures
from training.trials.plan import FoldPlan, TrialRow
from training.trials.row_pictures import read_chosen_pictures
from training.trials.trial_runs import read_sets
from training.trials.unseen_start import check_model_knows_sets, read_seen_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRun:
    """A run and the number of the fold that it leaves out."""

    fold: int
    run: Run


def plan_folds(
    pictures: Iterable[LabelledPicture],
    *,
    fold_count: int,
    one_group_a_fold: Sequence[str],
    balanced_class: str,
) -> dict[str, int]:
    """Return the fold that leaves out each group.

    Groups of a source are dealt out so that each fold has about as many boxes of the balanced
    class, then about as many pictures: the largest first, to the fold that has least.

    Args:
        pictures: Of all splits; those of one group are left out together, of whatever source.
        fold_count: Number of folds.
        one_group_a_fold: Sources whose groups are the folds, in the order of their names.
        balanced_class: By whose boxes groups are dealt out.

    Raises:
        TrainingError: Such a source has another number of groups than there are folds.
    """
    weights: dict[str, dict[str, tuple[int, int]]] = {}
    shown = list(pictures)
    homes = find_homes(shown)
    for picture in shown:
        groups = weights.setdefault(homes[picture.group], {})
        boxes, count = groups.get(picture.group, (0, 0))
        own = sum(box.class_name == balanced_class for box in picture.boxes)
        groups[picture.group] = (boxes + own, count + 1)
    folds: dict[str, int] = {}
    for source, groups in sorted(weights.items()):
        one_a_fold = source in one_group_a_fold
        folds |= (
            _one_a_fold(source, groups, fold_count) if one_a_fold else deal_out(groups, fold_count)
        )
    return folds


def leave_out_splits(pictures: Iterable[LabelledPicture], splits: Sequence[str]) -> dict[str, int]:
    """Return fold 0 for groups with a picture of these splits, -1 for those never left out.

    Raises:
        TrainingError: Nothing is left out.
    """
    folds: dict[str, int] = {}
    for picture in pictures:
        left_out = picture.split in splits or folds.get(picture.group) == 0
        folds[picture.group] = 0 if left_out else -1
    if 0 not in folds.values():
        raise TrainingError(f"no picture is of the splits {', '.join(splits)}")
    return folds


def find_homes(pictures: Iterable[LabelledPicture]) -> dict[str, str]:
    """Return, by group, the source that has most of its pictures; sources may share a group."""
    counts: dict[str, dict[str, int]] = {}
    for picture in pictures:
        sources = counts.setdefault(picture.group, {})
        sources[picture.source] = sources.get(picture.source, 0) + 1
    return {
        group: max(sorted(sources), key=lambda source: sources[source])
        for group, sources in counts.items()
    }


def _one_a_fold(source: str, groups: Iterable[str], fold_count: int) -> dict[str, int]:
    names = sorted(groups)
    if len(names) != fold_count:
        raise TrainingError(f"{source} has {len(names)} groups for {fold_count} folds: {names}")
    return {name: fold for fold, name in enumerate(names)}


def deal_out(groups: dict[str, tuple[int, int]], fold_count: int) -> dict[str, int]:
    """Return a fold a group, given (boxes of the balanced class, pictures) by group."""
    sums = [(0, 0)] * fold_count
    folds = {}
    for name in sorted(groups, key=lambda n: (*(-weight for weight in groups[n]), n)):
        fold = min(range(fold_count), key=lambda number: (*sums[number], number))
        folds[name] = fold
        boxes, count = groups[name]
        sums[fold] = (sums[fold][0] + boxes, sums[fold][1] + count)
    return folds


def read_fold_runs(plan: FoldPlan, base: TrainingConfig, out: Path) -> list[FoldRun]:
    """Return the runs of a cross-validation: all variants of a fold, then the next fold.

    Args:
        plan: See there.
        base: The configuration that the plan names.
        out: Folder of all cross-validations.

    Raises:
        DatasetError: A picture set cannot be read.
        ModelError: The promoted model cannot be read, from which a plan of splits starts.
        TrainingError: Groups do not fit the folds, a setting is wrong, or a run would learn from
            what it leaves out: by a model that has seen all folds, or by pasted crops.
    """
    sets = read_sets(plan.picture_sets)
    placed = [entry for one in sets for entry in place_pictures(one)]
    pictures = [entry.picture for entry in placed]
    folds = (
        leave_out_splits(pictures, plan.left_out_splits)
        if plan.left_out_splits
        else plan_folds(
            pictures,
            fold_count=plan.fold_count,
            one_group_a_fold=plan.one_group_a_fold,
            balanced_class=plan.balanced_class,
        )
    )
    runs: list[FoldRun] = []
    for fold in range(plan.fold_count):
        learned, searched = split_fold(placed, folds, fold)
        learned = watch_some(learned, plan.watch_count, rare_class=plan.balanced_class)
        for row in plan.variants:
            run = Run(
                folder=out / plan.name / row.name / f"fold-{fold}",
                row=row,
                config=_plan_fold_config(plan, base, row, sets),
                learned=tuple(read_chosen_pictures(learned, row.pictures, seed=plan.seed)),
                searched=tuple(_of_sources(searched, row.pictures.sources)),
                taxonomy_version=sets[0].taxonomy_version,
            )
            _check_nothing_pasted(run)
            _check_start(run)
            runs.append(FoldRun(fold=fold, run=run))
    return runs


def _of_sources(
    searched: Sequence[PlacedPicture], sources: tuple[str, ...] | None
) -> list[PlacedPicture]:
    """Return what can be asked of a model that learned from these sources only; None: from all."""
    return [entry for entry in searched if sources is None or entry.picture.source in sources]


def _check_nothing_pasted(run: Run) -> None:
    if any(entry.picture.origin is Origin.PASTED for entry in run.learned):
        raise TrainingError(
            f"{run.row.name}: pasted pictures hold crops of pictures of every fold: nothing would "
            "be left out"
        )


def _check_start(run: Run) -> None:
    """The weights may come from a training that saw other places only."""
    seen = read_seen_groups(Path(run.config.initial_weights))
    if both := sorted(seen & {entry.picture.group for entry in run.searched}):
        raise TrainingError(
            f"{run.row.name}: starts from {run.config.initial_weights}, which has seen groups that "
            f"this fold leaves out, such as {both[0]}"
        )


def split_fold(
    placed: Sequence[PlacedPicture], folds: dict[str, int], fold: int
) -> tuple[list[PlacedPicture], list[PlacedPicture]]:
    """Return the pictures to learn from, all as `train`, and those that the fold leaves out."""
    learned, left_out = [], []
    for entry in placed:
        picture = entry.picture
        if folds[picture.group] == fold:
            left_out.append(entry)
        else:
            learned.append(replace(entry, picture=replace(picture, split="train")))
    return learned, left_out


def watch_some(
    learned: Sequence[PlacedPicture], count: int, *, rare_class: str, seed: int = 0
) -> list[PlacedPicture]:
    """Return the pictures, some of them of `val` instead, for the training to watch itself.

    They come from the source that has most without the rare class, where they are missed least,
    and never show that class. No choice is made by them: the last epoch's weights are used.
    """
    by_source: dict[str, list[PlacedPicture]] = {}
    for entry in learned:
        if all(box.class_name != rare_class for box in entry.picture.boxes):
            by_source.setdefault(entry.picture.source, []).append(entry)
    largest = max(sorted(by_source), key=lambda source: len(by_source[source]), default=None)
    common = [] if largest is None else by_source[largest]
    watched = {id(e) for e in choose_placed(common, count, seed=seed)}
    return [
        replace(entry, picture=replace(entry.picture, split="val"))
        if id(entry) in watched
        else entry
        for entry in learned
    ]


def _plan_fold_config(
    plan: FoldPlan, base: TrainingConfig, row: TrialRow, sets: Sequence[PictureSet]
) -> TrainingConfig:
    config = override_config(base, row.training, look=row.look)
    weights = config.initial_weights
    folder = Path(weights).resolve().parent
    is_model = folder.is_relative_to(REGISTRY_FOLDER) or (folder / MANIFEST_FILE).is_file()
    if plan.left_out_splits and weights == PROMOTED:
        check_model_knows_sets(read_model().manifest, sets)
    elif weights == PROMOTED or is_model:
        raise TrainingError(
            f"{row.name}: starts from {weights}, which has seen pictures of every fold: nothing "
            "would be left out"
        )
    return replace(config, name="fold", seed=plan.seed, time_limit_h=plan.time_limit_min / 60)


def pool_folds(
    runs: Sequence[FoldRun], variant: str
) -> tuple[list[PictureResult], list[RunRecord]]:
    """Return what the done runs of a variant found on what they left out, and their records."""
    found: list[PictureResult] = []
    records = []
    for fold_run in runs:
        done = read_done(fold_run.run) if fold_run.run.row.name == variant else None
        if done is not None:
            records.append(done[0])
            found += done[1]
    return found, records
