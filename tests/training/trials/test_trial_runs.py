"""Rows differ in one thing, are done once, and stand beside the base row."""

from dataclasses import replace
from pathlib import Path

import pytest

from datasets.labelled_picture import Origin, View
from training.errors import TrainingError
from training.trials.deadline import Deadline
from training.trials.one_run import RunRecord
from training.trials.plan import TrialPlan, TrialRow, read_trial_plan
from training.trials.row_pictures import RowPictures
from training.trials.scores import KindScore, PictureKind
from training.trials.series import run_series
from training.trials.trial_runs import TrialScore, read_trial_runs, read_trial_scores
from training.trials.trial_table import compare_rows, format_trials

GARBAGE = "exposed_garbage"


@pytest.fixture
def plan(make_set, make_picture, make_box, tmp_path: Path) -> TrialPlan:
    pictures = [
        make_picture(f"{split}{n}", split=split, boxes=(make_box(),) if n % 2 else ())
        for split, count in (("train", 8), ("val", 4), ("test", 4))
        for n in range(count)
    ]
    made = make_set(pictures)
    return TrialPlan(
        name="trials",
        base_config=tmp_path / "base.toml",
        picture_sets=(made.folder,),
        picture_count=6,
        picture_seed=1,
        watch_count=2,
        seeds=(1, 2),
        time_limit_min=5,
        rows=(
            TrialRow(name="base"),
            TrialRow(name="larger", training={"input_size_px": 416, "options": {"mosaic": 0.0}}),
            TrialRow(name="no-negatives", pictures=RowPictures(negatives=False)),
        ),
        scored=(PictureKind(title="street", classes=(GARBAGE,), view=View.STREET),),
    )


def test_rows_differ_from_the_base_in_what_they_say_and_nothing_else(
    plan: TrialPlan, base_config, tmp_path: Path
) -> None:
    runs = read_trial_runs(plan, base_config, tmp_path / "out")
    assert [(run.row.name, run.config.seed) for run in runs[:4]] == [
        ("base", 1),
        ("larger", 1),
        ("no-negatives", 1),
        ("base", 2),
    ]
    base, larger, no_negatives = runs[:3]
    assert larger.config == replace(
        base.config,
        input_size_px=416,
        options={"mosaic": 0.0, "scale": 0.5},
    )
    assert larger.learned == base.learned
    assert base.config.time_limit_h == pytest.approx(5 / 60)
    kept = [entry for entry in base.learned if entry.picture.split == "val" or entry.picture.boxes]
    assert list(no_negatives.learned) == kept


def test_no_test_picture_is_ever_learned_from(plan: TrialPlan, base_config, tmp_path: Path) -> None:
    for run in read_trial_runs(plan, base_config, tmp_path / "out"):
        assert {entry.picture.split for entry in run.learned} <= {"train", "val"}
        assert {entry.picture.split for entry in run.searched} == {"val", "test"}
        assert sum(e.picture.split == "train" for e in run.learned) <= plan.picture_count


def test_a_broken_series_goes_on_where_it_stopped(
    plan: TrialPlan, base_config, tmp_path: Path, pretended
) -> None:
    runs = read_trial_runs(plan, base_config, tmp_path / "out")
    deadline = Deadline(at=pretended.clock().replace(minute=20))  # 5 + 4 minutes a run
    first = run_series(
        runs, pretended.tools(), deadline=deadline, time_limit_min=5, tell=lambda _: None
    )
    assert first.done == ("base/seed-1", "larger/seed-1", "no-negatives/seed-1")
    assert len(first.no_time) == 3
    second = run_series(
        runs, pretended.tools(), deadline=Deadline(), time_limit_min=5, tell=lambda _: None
    )
    assert second.done_before == first.done
    assert second.done == ("base/seed-2", "larger/seed-2", "no-negatives/seed-2")
    assert len({config.name for config in pretended.trained}) == 6


def test_changed_settings_are_run_anew(
    plan: TrialPlan, base_config, tmp_path: Path, pretended
) -> None:
    out = tmp_path / "out"
    one = replace(plan, rows=plan.rows[:1], seeds=(1,))
    for config in (base_config, base_config, replace(base_config, batch_size=8)):
        run_series(
            read_trial_runs(one, config, out),
            pretended.tools(),
            deadline=Deadline(),
            time_limit_min=5,
            tell=lambda _: None,
        )
    assert [config.batch_size for config in pretended.trained] == [16, 8]


def test_a_training_that_fails_does_not_stop_the_others(
    plan: TrialPlan, base_config, tmp_path: Path, pretended
) -> None:
    def fail_once(config, out):
        if config.name.startswith("larger"):
            raise TrainingError("no memory")
        return pretended.train(config, out)

    tools = replace(pretended.tools(), train=fail_once)
    runs = read_trial_runs(replace(plan, seeds=(1,)), base_config, tmp_path / "out")
    told: list[str] = []
    result = run_series(runs, tools, deadline=Deadline(), time_limit_min=5, tell=told.append)
    assert result.failed == (("larger/seed-1", "no memory"),)
    assert len(result.done) == 2
    assert "larger/seed-1: failed: no memory" in told


def test_the_table_has_means_spread_and_differences(
    plan: TrialPlan, base_config, tmp_path: Path, pretended
) -> None:
    runs = read_trial_runs(plan, base_config, tmp_path / "out")
    run_series(runs, pretended.tools(), deadline=Deadline(), time_limit_min=5, tell=lambda _: None)
    scores = read_trial_scores(runs, plan)
    cells = compare_rows(scores, plan)
    assert all(cell.ap50.mean == pytest.approx(1.0) for cell in cells)  # all boxes are found
    assert {cell.ap50.seeds for cell in cells} == {2}
    text = format_trials(cells, scores, plan)
    assert "| base | 1.000 (1.000-1.000) |" in text
    assert "| larger | 1.000 (1.000-1.000) +0.000 ± 0.000 |" in text
    assert "| larger | input_size_px = 416; options = mosaic 0.0 |" in text
    assert "2026-01-01" in text


def make_score(row: str, seed: int, ap50: float) -> TrialScore:
    record = RunRecord(
        key="",
        finished_at="2026-01-01",
        machine="m",
        train_min=1,
        search_min=1,
        learned_pictures=1,
        searched_pictures=1,
        training_folder="",
    )
    kind = KindScore(kind="street", class_name=GARBAGE, split="val", boxes=2, ap50=ap50, ap50_95=0)
    return TrialScore(row=row, seed=seed, record=record, scores=(kind,))


def test_only_differences_beyond_what_seeds_give_are_bold(plan: TrialPlan) -> None:
    scores = [
        make_score("base", 1, 0.40),
        make_score("base", 2, 0.42),
        make_score("larger", 1, 0.59),
        make_score("larger", 2, 0.61),
        make_score("no-negatives", 1, 0.43),
        make_score("no-negatives", 2, 0.45),
    ]
    text = format_trials(compare_rows(scores, plan), scores, plan)
    # Each row's variance is 0.0002, over 3 degrees of freedom: t = 3.182, and the difference of
    # two means of two has a standard error of sqrt(0.0002 * (1/2 + 1/2)) = 0.01414.
    assert "| larger | 0.600 (0.590-0.610) **+0.190 ± 0.045** |" in text
    assert "| no-negatives | 0.440 (0.430-0.450) +0.030 ± 0.045 |" in text


def test_one_seed_tells_nothing_of_noise(plan: TrialPlan) -> None:
    scores = [make_score("base", 1, 0.40), make_score("larger", 1, 0.60)]
    text = format_trials(compare_rows(scores, plan), scores, plan)
    assert "| larger | 0.600 (0.600-0.600) +0.200 (one seed) |" in text


def test_synthetic_pictures_are_scored_apart(
    plan: TrialPlan, base_config, make_set, make_picture, make_box, tmp_path: Path, pretended
) -> None:
    drawn = make_set(
        [make_picture("r", split="test", origin=Origin.RENDERED, boxes=(make_box(),))], "rendered"
    )
    wider = replace(
        plan,
        picture_sets=(*plan.picture_sets, drawn.folder),
        seeds=(1,),
        scored=(
            *plan.scored,
            PictureKind(title="synthetic", classes=(GARBAGE,), origin=Origin.RENDERED),
        ),
    )
    runs = read_trial_runs(wider, base_config, tmp_path / "out")
    run_series(runs, pretended.tools(), deadline=Deadline(), time_limit_min=5, tell=lambda _: None)
    scores = read_trial_scores(runs, wider)
    by_kind = {score.kind: score.boxes for score in scores[0].scores if score.split == "test"}
    assert by_kind == {"street": 2, "synthetic": 1}


PLAN = """
name = "t"
base_config = "b.toml"
picture_sets = ["s"]
picture_count = 4
picture_seed = 1
watch_count = 1
seeds = [1]
time_limit_min = {minutes}
scored = [{{title = "street", view = "street", classes = ["exposed_garbage"]}}]
{rows}
"""


def write_plan(path: Path, *, minutes: float = 5, rows: str = '[[rows]]\nname = "base"') -> Path:
    path.write_text(PLAN.format(minutes=minutes, rows=rows))
    return path


def test_a_plan_is_read_from_its_file(tmp_path: Path) -> None:
    rows = (
        '[[rows]]\nname = "base"\n[[rows]]\nname = "drawn"\n'
        '[rows.pictures]\nadded_sets = ["out/rendered"]\n[rows.look]\ntiling = "tiles"'
    )
    plan = read_trial_plan(write_plan(tmp_path / "p.toml", rows=rows))
    assert plan.rows[1].pictures.added_sets == (Path("out/rendered"),)
    assert plan.rows[1].look == {"tiling": "tiles"}
    assert plan.scored[0].view is View.STREET
    assert plan.scored[0].origin is Origin.PHOTO


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"minutes": 11}, "at most"),
        ({"rows": "\n".join(f'[[rows]]\nname = "r{n}"' for n in range(9))}, "at most"),
        ({"rows": '[[rows]]\nname = "../up"'}, "no folder"),
        ({"rows": '[[rows]]\nname = "a"\n[[rows]]\nname = "a"'}, "doubled"),
        ({"rows": '[[rows]]\nname = "a"\ncolour = 1'}, "colour"),
        ({"rows": '[[rows]]\nname = "a"\n[rows.pictures]\ncolour = 1'}, "colour"),
    ],
)
def test_plans_that_cost_too_much_or_say_nonsense_are_refused(
    tmp_path: Path, values: dict[str, object], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        read_trial_plan(write_plan(tmp_path / "p.toml", **values))


def test_a_setting_that_training_does_not_know_is_named(
    plan: TrialPlan, base_config, tmp_path: Path
) -> None:
    wrong = replace(plan, rows=(TrialRow(name="a", training={"colour": 1}),))
    with pytest.raises(TrainingError, match="colour"):
        read_trial_runs(wrong, base_config, tmp_path)
    long = replace(plan, rows=(TrialRow(name="a", training={"epochs": 7}),))
    with pytest.raises(TrainingError, match="7 epochs"):
        read_trial_runs(long, base_config, tmp_path)
