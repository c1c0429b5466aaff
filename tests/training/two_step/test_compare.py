"""One step and two are compared on the same folds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.errors import TrainingError
from training.trials.clear_billboards import DAMAGED
from training.trials.deadline import Deadline
from training.trials.folds import read_fold_runs
from training.trials.plan import FoldPlan, TrialRow
from training.trials.row_pictures import RowPictures
from training.trials.scores import PictureKind, pool_scores
from training.trials.searched_pictures import ScoredBox, match_scored
from training.trials.series import run_series
from training.two_step.compare import SignTools, compare_steps, format_steps


def find_signs(placed):
    """Each frame's damaged sign, and an intact one at its right."""
    boxes = [
        ScoredBox(class_name="sign", score=0.9, box=(10, 10, 30, 30)),
        ScoredBox(class_name="sign", score=0.9, box=(60, 10, 80, 30)),
    ]
    for entry in placed:
        yield match_scored(entry.picture, boxes)


def left_or_right(crops):
    return np.zeros((len(crops), 1), dtype=np.float32) + np.arange(len(crops))[:, None]


@pytest.fixture
def runs(make_set, make_picture, make_box, base_config, tmp_path: Path):
    frames = [
        make_picture(f"f{n}", group=f"slot{n}", boxes=(make_box(DAMAGED, 10),)) for n in range(6)
    ]
    others = [make_picture(f"o{n}", source="bins", labelled_classes=()) for n in range(4)]
    plan = FoldPlan(
        name="folds",
        base_config=tmp_path / "base.toml",
        picture_sets=(make_set(frames + others).folder,),
        fold_count=2,
        one_group_a_fold=(),
        balanced_class=DAMAGED,
        watch_count=1,
        seed=0,
        time_limit_min=5,
        variants=(
            TrialRow(name="one-step"),
            TrialRow(name="signs", pictures=RowPictures(classes_as=((DAMAGED, "sign"),))),
        ),
        scored=(),
    )
    return read_fold_runs(plan, base_config, tmp_path / "out")


@pytest.fixture
def tools() -> SignTools:
    return SignTools(
        find_signs=lambda record, run, placed: find_signs(placed),
        read_features=lambda record: left_or_right,
    )


def do_all(runs, pretended) -> None:
    def search(folder, run):
        if run.row.name == "signs":
            return find_signs(run.searched)
        return pretended.search(folder, run)

    run_series(
        [fold.run for fold in runs],
        replace(pretended.tools(), search=search),
        deadline=Deadline(),
        time_limit_min=5,
        tell=lambda _: None,
    )


def test_both_ways_are_pooled_over_the_frames_where_somebody_looked(runs, tools, pretended) -> None:
    do_all(runs, pretended)
    pooled = compare_steps(runs, [], tools, names=("one-step", "signs"))
    assert {name: len(found) for name, found in pooled.items()} == {"one step": 6, "two steps": 6}
    kind = PictureKind(title="street", classes=(DAMAGED,))
    scores = {name: pool_scores(found, [kind]) for name, found in pooled.items()}
    assert scores["one step"][0].boxes == scores["two steps"][0].boxes == 6
    text = format_steps(scores)
    assert "| one step | 6 | 6 | 6 | 1.000 (1.000-1.000) |" in text
    assert "| two steps | 6 | 6 | 6 |" in text


def test_folds_that_are_not_done_or_not_there_are_told(runs, tools) -> None:
    with pytest.raises(TrainingError, match="no fold has both"):
        compare_steps(runs, [], tools, names=("one-step", "signs"))
    with pytest.raises(TrainingError, match="no variants"):
        compare_steps(runs, [], tools, names=("one-step", "else"))
