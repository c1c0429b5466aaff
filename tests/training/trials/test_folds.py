"""No model is ever tested on a group that it saw."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.labelled_picture import Origin, View
from models.registry import REGISTRY_FOLDER
from training.chosen_pictures import PlacedPicture
from training.errors import TrainingError
from training.trials.deadline import Deadline
from training.trials.fold_table import format_folds, read_fold_results
from training.trials.folds import deal_out, plan_folds, pool_folds, read_fold_runs, watch_some
from training.trials.plan import FoldPlan, TrialRow
from training.trials.row_pictures import RowPictures
from training.trials.scores import PictureKind
from training.trials.series import run_series

BILLBOARD = "damaged_billboard"
SHED = "illegal_structure"


@pytest.fixture
def plan(make_set, make_picture, make_box, tmp_path: Path) -> FoldPlan:
    tiles = [
        make_picture(
            f"tile{n}",
            source="tiles",
            group=f"column{n % 2}",
            view=View.DRONE,
            labelled_classes=(SHED,),
            boxes=(make_box(SHED),),
        )
        for n in range(4)
    ]
    frames = [
        make_picture(f"frame{n}", source="car", group=f"slot{n // 2}", boxes=(make_box(BILLBOARD),))
        for n in range(8)
    ]
    walk = [make_picture(f"walk{n}", split="test") for n in range(12)]
    made = make_set(tiles + frames + walk)
    return FoldPlan(
        name="folds",
        base_config=tmp_path / "base.toml",
        picture_sets=(made.folder,),
        fold_count=2,
        one_group_a_fold=("tiles",),
        balanced_class=BILLBOARD,
        watch_count=2,
        seed=0,
        time_limit_min=5,
        variants=(TrialRow(name="one-step"),),
        scored=(
            PictureKind(title="drone", classes=(SHED,), view=View.DRONE),
            PictureKind(title="street", classes=(BILLBOARD,), view=View.STREET),
        ),
    )


def test_groups_are_left_out_whole_and_each_picture_once(
    plan: FoldPlan, base_config, tmp_path: Path
) -> None:
    runs = read_fold_runs(plan, base_config, tmp_path / "out")
    left_out = [entry.picture.path for fold in runs for entry in fold.run.searched]
    assert len(left_out) == len(set(left_out)) == 24
    for fold in runs:
        searched = {(e.picture.source, e.picture.group) for e in fold.run.searched}
        learned = {(e.picture.source, e.picture.group) for e in fold.run.learned}
        assert not searched & learned
        assert len(fold.run.searched) + len(fold.run.learned) == 24
        assert {e.picture.group for e in fold.run.searched if e.picture.source == "tiles"} == {
            f"column{fold.fold}"
        }


def test_who_learned_from_some_sources_is_asked_about_these(
    plan: FoldPlan, base_config, tmp_path: Path
) -> None:
    row = TrialRow(name="tiles-only", pictures=RowPictures(sources=("tiles",)))
    for fold in read_fold_runs(replace(plan, variants=(row,)), base_config, tmp_path):
        assert {entry.picture.source for entry in fold.run.searched} == {"tiles"}


def test_few_pictures_without_the_rare_class_are_watched(
    plan: FoldPlan, base_config, tmp_path: Path
) -> None:
    for fold in read_fold_runs(plan, base_config, tmp_path / "out"):
        watched = [e.picture for e in fold.run.learned if e.picture.split == "val"]
        assert len(watched) == 2
        assert all(box.class_name != BILLBOARD for p in watched for box in p.boxes)


def test_pictures_to_watch_are_found_where_the_largest_source_shows_the_rare_class(
    make_picture, make_box
) -> None:
    car = [make_picture(f"c{n}", source="car", boxes=(make_box(BILLBOARD),)) for n in range(3)]
    placed = [
        PlacedPicture(picture=picture, path=Path(picture.path))
        for picture in [*car, make_picture("w")]
    ]
    watched = watch_some(placed, 1, rare_class=BILLBOARD)
    assert [entry.picture.split for entry in watched] == ["train", "train", "train", "val"]
    assert watch_some(placed[:3], 1, rare_class=BILLBOARD) == placed[:3]


def test_a_model_that_has_seen_the_folds_is_no_start(
    plan: FoldPlan, base_config, tmp_path: Path
) -> None:
    seen = REGISTRY_FOLDER / "any" / "trainable.safetensors"
    own = tmp_path / "model"
    own.mkdir()
    (own / "manifest.json").write_text("{}")
    for weights in ("promoted", str(seen), str(own / "trainable.safetensors")):
        with pytest.raises(TrainingError, match="seen pictures of every fold"):
            read_fold_runs(plan, replace(base_config, initial_weights=weights), tmp_path)


def test_splits_are_left_out_with_all_of_their_groups(
    plan: FoldPlan, base_config, make_picture, make_set, tmp_path: Path
) -> None:
    made = make_set([make_picture("w", group="g1", split="test"), make_picture("v", group="g1")])
    more = make_set([make_picture("u", group="g2")], "more")
    plan = replace(
        plan,
        picture_sets=(made.folder, more.folder),
        fold_count=1,
        one_group_a_fold=(),
        left_out_splits=("val", "test"),
    )
    (fold,) = read_fold_runs(plan, base_config, tmp_path / "out")
    assert {e.picture.group for e in fold.run.searched} == {"g1"}
    assert {e.picture.group for e in fold.run.learned} == {"g2"}
    with pytest.raises(TrainingError, match="no picture is of the splits val"):
        read_fold_runs(replace(plan, left_out_splits=("val",)), base_config, tmp_path)
    with pytest.raises(TrainingError, match="did not learn from set 1"):
        read_fold_runs(plan, replace(base_config, initial_weights="promoted"), tmp_path)


def test_a_training_that_saw_a_left_out_place_is_no_start(
    plan: FoldPlan, base_config, tmp_path: Path
) -> None:
    (started,) = plan.picture_sets

    def starting(*sources: str):
        choice = {"folder": str(started), "sources": sources}
        (tmp_path / "config.json").write_text(json.dumps({"config": {"pictures": [choice]}}))
        return replace(base_config, initial_weights=str(tmp_path / "trainable.safetensors"))

    with pytest.raises(TrainingError, match="such as column0"):
        read_fold_runs(plan, starting("tiles"), tmp_path)
    row = TrialRow(name="others", pictures=RowPictures(sources=("car",)))
    assert read_fold_runs(replace(plan, variants=(row,)), starting("tiles"), tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(TrainingError, match="no record of a training"):
        read_fold_runs(plan, replace(base_config, initial_weights=str(tmp_path / "w")), tmp_path)


def test_pasted_crops_of_all_folds_are_refused(
    plan: FoldPlan, base_config, make_set, make_picture, tmp_path: Path
) -> None:
    pasted = make_set([make_picture("p", origin=Origin.PASTED)], "pasted")
    row = TrialRow(name="pasted", pictures=RowPictures(added_sets=(pasted.folder,)))
    with pytest.raises(TrainingError, match="crops of pictures of every fold"):
        read_fold_runs(replace(plan, variants=(row,)), base_config, tmp_path)


def test_columns_must_be_as_many_as_folds(make_picture) -> None:
    pictures = [make_picture(str(n), source="tiles", group=str(n)) for n in range(3)]
    with pytest.raises(TrainingError, match="3 groups for 2 folds"):
        plan_folds(pictures, fold_count=2, one_group_a_fold=["tiles"], balanced_class=SHED)


def test_sources_may_share_a_group_that_is_left_out_whole(make_picture) -> None:
    pictures = [
        make_picture("a", source="car", group="slot"),
        make_picture("b", source="car", group="slot"),
        make_picture("c", source="clean", group="slot"),
        make_picture("d", source="clean", group="other"),
    ]
    folds = plan_folds(pictures, fold_count=2, one_group_a_fold=[], balanced_class=SHED)
    assert set(folds) == {"slot", "other"}


def test_rare_boxes_are_dealt_out_evenly() -> None:
    groups = {"a": (5, 1), "b": (3, 1), "c": (2, 1), "d": (0, 9), "e": (0, 2)}
    # a: 5 boxes to fold 0; b and c: 5 boxes to fold 1; d to fold 0, which has fewer pictures.
    assert deal_out(groups, 2) == {"a": 0, "b": 1, "c": 1, "d": 0, "e": 1}


@given(
    groups=st.dictionaries(
        st.text(min_size=1, max_size=3), st.tuples(st.integers(0, 9), st.just(1)), max_size=30
    ),
    fold_count=st.integers(2, 6),
)
def test_no_fold_has_more_than_the_largest_group_above_another(
    groups: dict[str, tuple[int, int]], fold_count: int
) -> None:
    folds = deal_out(groups, fold_count)
    assert set(folds) == set(groups)
    sums = [sum(groups[n][0] for n, fold in folds.items() if fold == f) for f in range(fold_count)]
    assert max(sums) - min(sums) <= max((boxes for boxes, _ in groups.values()), default=0)


def test_findings_of_all_folds_are_pooled_and_scored(
    plan: FoldPlan, base_config, tmp_path: Path, pretended
) -> None:
    runs = read_fold_runs(plan, base_config, tmp_path / "out")
    run_series(
        [fold.run for fold in runs],
        pretended.tools(),
        deadline=Deadline(),
        time_limit_min=5,
        tell=lambda _: None,
    )
    found, records = pool_folds(runs, "one-step")
    assert len(records) == 2
    assert len(found) == 24
    results = read_fold_results(runs, plan)
    scores = {score.class_name: score for score in results[0].scores}
    assert (scores[SHED].boxes, scores[SHED].groups) == (4, 2)
    assert (scores[BILLBOARD].boxes, scores[BILLBOARD].groups) == (8, 4)
    assert scores[SHED].ap50.value == pytest.approx(1.0)
    text = format_folds(results, plan)
    assert "| one-step | drone | illegal_structure | 4 | 4 | 2 | 1.000 (too few groups" in text


def test_folds_that_are_missing_are_told(
    plan: FoldPlan, base_config, tmp_path: Path, pretended
) -> None:
    runs = read_fold_runs(plan, base_config, tmp_path / "out")
    run_series(
        [runs[0].run], pretended.tools(), deadline=Deadline(), time_limit_min=5, tell=lambda _: None
    )
    text = format_folds(read_fold_results(runs, plan), plan)
    assert "1 of 2 folds" in text
    assert "Not all folds are done" in text
    assert "Nothing was run yet." in format_folds([], plan)
