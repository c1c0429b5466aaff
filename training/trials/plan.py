"""The plan of trials or folds: one TOML file, read once into a frozen value."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from datasets.labelled_picture import Origin, View
from training.errors import TrainingError
from training.trials.row_pictures import RowPictures
from training.trials.scores import PictureKind

# What a series of short trials may cost, see docs/trials.md.
MOST_ROWS = 8
MOST_EPOCHS = 6
MOST_MINUTES = 10.0
ROW_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}")  # it becomes a folder

Plan = TypeVar("Plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One trick: what differs from the base row.

    Attributes:
        training: Overrides of the base configuration, by its names.
        look: How pictures are shown to the training, such as tiling = "tiles".
        pictures: See there.
        search: Overrides of the model's manifest for the search, such as street_long_side_px.
    """

    name: str
    training: Mapping[str, Any] = field(default_factory=dict)  # Any: as in a TOML file
    look: Mapping[str, Any] = field(default_factory=dict)
    pictures: RowPictures = field(default_factory=RowPictures)
    search: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPlan:
    """A series of short trainings that differ in one thing each.

    Attributes:
        base_config: Training configuration that all rows share.
        picture_sets: Folders of picture sets; synthetic pictures in them are scored and never
            learned from, since a row adds its own.
        picture_count: Real train pictures of a run, the same for all rows.
        watch_count: Val pictures that the training itself watches.
        rows: The first is the base row.
        scored: Kinds of pictures; none may be partly synthetic.
        score_splits: Such as val, to choose by, and test, to report.
    """

    name: str
    base_config: Path
    picture_sets: tuple[Path, ...]
    picture_count: int
    picture_seed: int
    watch_count: int
    seeds: tuple[int, ...]
    time_limit_min: float
    rows: tuple[TrialRow, ...]
    scored: tuple[PictureKind, ...]
    score_splits: tuple[str, ...] = ("val", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldPlan:
    """Trainings that leave out one part of the groups each, so that all pictures are tested.

    Attributes:
        one_group_a_fold: Sources with exactly as many groups as folds.
        balanced_class: By whose boxes the groups of the other sources are shared out evenly.
        variants: Recipes to compare on the same folds.
        left_out_splits: In place of folds: all groups of these splits are left out, by one
            training, which may then start from a model that learned from the other splits.
    """

    name: str
    base_config: Path
    picture_sets: tuple[Path, ...]
    fold_count: int
    one_group_a_fold: tuple[str, ...]
    balanced_class: str
    watch_count: int
    seed: int
    time_limit_min: float
    variants: tuple[TrialRow, ...]
    scored: tuple[PictureKind, ...]
    left_out_splits: tuple[str, ...] = ()


def read_trial_plan(path: Path) -> TrialPlan:
    """Return the plan of trials in a TOML file.

    Raises:
        TrainingError: It cannot be read, a key is absent or unknown, or it costs too much.
    """
    plan = _read_plan(path, _parse_trial_plan)
    if len(plan.rows) > MOST_ROWS or not 0 < plan.time_limit_min <= MOST_MINUTES:
        raise TrainingError(
            f"{path}: {len(plan.rows)} rows of {plan.time_limit_min} minutes; at most "
            f"{MOST_ROWS} rows of {MOST_MINUTES:.0f} minutes are tried"
        )
    if not plan.seeds:
        raise TrainingError(f"{path}: no seeds")
    _check_names(path, plan.rows)
    return plan


def read_fold_plan(path: Path) -> FoldPlan:
    """Return the plan of a cross-validation in a TOML file.

    Raises:
        TrainingError: It cannot be read, or a key is absent or unknown.
    """
    plan = _read_plan(path, _parse_fold_plan)
    if plan.left_out_splits and plan.fold_count != 1:
        raise TrainingError(f"{path}: splits are left out by one fold, not {plan.fold_count}")
    if not plan.left_out_splits and plan.fold_count < 2:
        raise TrainingError(f"{path}: {plan.fold_count} folds leave nothing to learn from")
    _check_names(path, plan.variants)
    return plan


def _read_plan(path: Path, parse: Callable[[dict[str, Any]], Plan]) -> Plan:
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise TrainingError(f"plan {path}: {error!r}") from error


def _check_names(path: Path, rows: tuple[TrialRow, ...]) -> None:
    names = [row.name for row in rows]
    bad = [name for name in names if not ROW_NAME.fullmatch(name)]
    if not rows or bad or len(set(names)) < len(names):
        raise TrainingError(f"{path}: names of rows are absent, doubled or no folder: {names}")


def _parse_trial_plan(table: dict[str, Any]) -> TrialPlan:
    return TrialPlan(
        **{
            **table,
            **_shared_values(table),
            "seeds": tuple(table["seeds"]),
            "score_splits": tuple(table.get("score_splits", ("val", "test"))),
            "rows": tuple(map(_parse_row, table["rows"])),
        }
    )


def _parse_fold_plan(table: dict[str, Any]) -> FoldPlan:
    return FoldPlan(
        **{
            **table,
            **_shared_values(table),
            "one_group_a_fold": tuple(table.get("one_group_a_fold", ())),
            "left_out_splits": tuple(table.get("left_out_splits", ())),
            "variants": tuple(map(_parse_row, table["variants"])),
        }
    )


def _shared_values(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "base_config": Path(table["base_config"]),
        "picture_sets": tuple(map(Path, table["picture_sets"])),
        "scored": tuple(map(_parse_kind, table["scored"])),
    }


def _parse_row(table: Mapping[str, Any]) -> TrialRow:
    return TrialRow(**{**table, "pictures": _parse_choice(table.get("pictures", {}))})


def _parse_choice(table: Mapping[str, Any]) -> RowPictures:
    values = dict(table)
    for name in ("labels_from", "reviews", "billboard_review"):
        if name in values:
            values[name] = Path(values[name])
    if "added_sets" in values:
        values["added_sets"] = tuple(map(Path, values["added_sets"]))
    for name in ("sources", "partly_labelled"):
        if name in values:
            values[name] = tuple(values[name])
    if "classes_as" in values:
        values["classes_as"] = tuple(sorted(values["classes_as"].items()))
    return RowPictures(**values)


def _parse_kind(table: Mapping[str, Any]) -> PictureKind:
    view, sources = table.get("view"), table.get("sources")
    return PictureKind(
        title=table["title"],
        classes=tuple(table["classes"]),
        view=None if view is None else View(view),
        sources=None if sources is None else tuple(sources),
        origin=Origin(table.get("origin", Origin.PHOTO)),
    )
