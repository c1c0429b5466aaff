import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, write_picture_set
from models.calibration import Calibration, CalibrationMethod
from models.history import Promotion
from models.registry import (
    REGISTRY_FOLDER,
    Registry,
    read_history,
    read_model_folder,
    write_manifest,
)
from service.command_line import main
from service.commands.model_text import describe_history, describe_list, describe_model

SIDE_PX, CELL_PX = 64, 32


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code, what was printed and what was complained of."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    code = stopped.value.code
    assert code is None or isinstance(code, int)
    return code or 0, printed.out, printed.err


@pytest.fixture
def candidate(model_folder: Path, tmp_path: Path) -> Path:
    """Return the folder of a tiny model that nobody has added yet."""
    return make_version(model_folder, tmp_path / "candidate", "7")


@pytest.fixture
def second(model_folder: Path, tmp_path: Path) -> Path:
    return make_version(model_folder, tmp_path / "second", "8")


def make_version(folder: Path, target: Path, version: str) -> Path:
    shutil.copytree(folder, target)
    write_manifest(dataclasses.replace(read_model_folder(folder).manifest, version=version), target)
    return target


@pytest.fixture
def regression_set(tmp_path: Path) -> Path:
    """Return a picture set of eight groups: a red cell on every second picture."""
    folder = tmp_path / "set"
    folder.mkdir()
    pictures = tuple(draw_picture(folder, number) for number in range(16))
    write_picture_set(
        PictureSet(
            name="frozen",
            version="1",
            taxonomy_version="1",
            sources=(Source(name="drawn", origin="here", licence="none"),),
            pictures=pictures,
            folder=folder,
        )
    )
    return folder


def draw_picture(folder: Path, number: int) -> LabelledPicture:
    pixels = np.zeros((SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    pixels[0, 0] = number  # no two pictures are alike
    boxes: tuple[LabelledBox, ...] = ()
    if number % 2:
        pixels[CELL_PX:, CELL_PX:] = (0, 0, 230)  # scored 0.9
        boxes = (LabelledBox(class_name="exposed_garbage", x_min=32, y_min=32, x_max=64, y_max=64),)
    path = folder / f"{number}.png"
    cv2.imwrite(str(path), pixels)
    return LabelledPicture(
        path=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        boxes=boxes,
        labelled_classes=("exposed_garbage",),
        source="drawn",
        group=f"g{number // 2}",
        split="test",
        view=View.STREET,
    )


def test_the_list_comes_with_and_without_its_word_and_marks_the_model_in_force(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain, with_word = run(capsys, "models"), run(capsys, "models", "list")
    assert plain == with_word
    code, printed, _ = plain
    assert code == 0
    assert [line[0] for line in printed.splitlines()].count("*") == 1
    assert "exposed_garbage" in printed


def test_a_model_is_added_promoted_by_force_and_rolled_back(
    candidate: Path, own_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(run(capsys, "models", "show", "--json")[1])
    assert run(capsys, "models", "add", candidate)[0] == 0
    code, printed, _ = run(
        capsys, "models", "promote", "bright-cells-7", "--force", "a trial", "--by", "ann"
    )
    assert code == 0
    assert "bright-cells-7 is in force" in printed
    assert "by ann by force: a trial" in printed
    assert json.loads(run(capsys, "models", "show", "--json")[1])["name"] == "bright-cells"
    last = read_history(Registry(own=own_models))[-1]
    assert (last.by, last.forced, last.reason) == ("ann", True, "a trial")
    assert run(capsys, "models", "rollback", "--reason", "worse")[0] == 0
    assert json.loads(run(capsys, "models", "show", "--json")[1]) == before
    history = run(capsys, "models", "history")[1].splitlines()
    assert ["rolled back" in line for line in history[-2:]] == [False, True]


def test_a_promoted_model_is_what_inspect_uses(
    candidate: Path,
    tmp_path: Path,
    write_drone_photo: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    photo = write_drone_photo(tmp_path / "photos" / "DJI_0.JPG", number=0, spots_px=((300, 200),))
    run(capsys, "models", "add", candidate)
    run(capsys, "models", "promote", "bright-cells-7", "--force", "a trial")
    out = tmp_path / "out"
    assert run(capsys, "inspect", photo.parent, "--out", out)[0] == 0
    feature = json.loads((out / "issues.geojson").read_text())["features"][0]
    assert "bright-cells" in json.dumps(feature)


def test_the_gate_lets_an_equal_model_through_and_keeps_its_report(
    candidate: Path,
    second: Path,
    regression_set: Path,
    own_models: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(capsys, "models", "add", candidate)
    run(capsys, "models", "add", second)
    run(capsys, "models", "promote", "bright-cells-7", "--force", "the first")
    code, printed, _ = run(
        capsys, "models", "promote", "bright-cells-8", "--against", regression_set
    )
    checks = {line.split()[1]: line.split()[0] for line in printed.splitlines()[1:-2]}
    # A busy machine may measure anything: the speed alone is left open.
    assert {checks[name] for name in ("AP50", "recall")} == {"holds"}
    assert (code == 0) == ("the gate: passed" in printed)
    assert len(list((own_models / "gate-reports").glob("bright-cells-8-*.json"))) == 1


def test_the_gate_refuses_a_model_that_finds_nothing(
    candidate: Path,
    second: Path,
    regression_set: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    manifest = read_model_folder(second).manifest
    blind = dataclasses.replace(manifest, min_confidence=dict.fromkeys(manifest.classes, 1.0))
    write_manifest(blind, second)
    run(capsys, "models", "add", candidate)
    run(capsys, "models", "add", second)
    run(capsys, "models", "promote", "bright-cells-7", "--force", "the first")
    code, printed, complaints = run(
        capsys, "models", "promote", "bright-cells-8", "--against", regression_set
    )
    assert (code, complaints) == (2, "")
    assert "FAILS      recall exposed_garbage street photo: 1.000 -> 0.000" in printed
    assert "not promoted; --force REASON" in printed
    assert json.loads(run(capsys, "models", "show", "--json")[1])["version"] == "7"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("models", "promote", "no-such-model", "--force", "x"), "no model 'no-such-model'"),
        (("models", "promote", "patrol-n"), "--against"),
        (("models", "promote", "patrol-n", "--force", " "), "reason is empty"),
        (
            ("models", "promote", "patrol-n-0.1.0", "--against", "/nowhere"),
            "no readable picture set",
        ),
        (("models", "add", "/nowhere"), "cannot be read"),
        (("models", "show", "../../etc"), "no model"),
        (("models", "calibrate", "/nowhere", "--on", "/nowhere"), "cannot be read"),
        (("models", "demote"), "demote"),
    ],
)
def test_trouble_is_one_line(
    arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed, complaints = run(capsys, *arguments)
    assert (code, printed) == (1, "")
    assert complaint in complaints
    assert len(complaints.splitlines()) == 1


def test_the_first_model_of_all_is_not_rolled_back(capsys: pytest.CaptureFixture[str]) -> None:
    for earlier in ("0.2.0", "0.1.0"):
        assert run(capsys, "models", "rollback", "--reason", "back to the first")[0] == 0
        assert json.loads(run(capsys, "models", "show", "--json")[1])["version"] == earlier
    code, printed, complaints = run(capsys, "models", "rollback", "--reason", "and on")
    assert (code, printed) == (1, "")
    assert "no model before" in complaints


def test_a_damaged_model_does_not_hide_the_others(
    candidate: Path, own_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "models", "add", candidate)
    (own_models / "bright-cells-7" / "model.bin").write_bytes(b"")
    code, printed, _ = run(capsys, "models")
    assert code == 0
    assert "bright-cells-7" in printed
    assert "damaged: " in printed
    assert "patrol-n" in printed


def test_calibration_with_few_detections_changes_nothing_and_says_so(
    candidate: Path, regression_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_model_folder(candidate).manifest
    code, printed, _ = run(
        capsys, "models", "calibrate", candidate, "--on", regression_set, "--split", "test"
    )
    assert code == 0
    assert "fewer than 100" in printed
    assert "street pictures: searched at" in printed
    assert "no class has 30 boxes there to choose by" in printed
    assert "street pictures: looked at once; no class has 30 boxes there" in printed
    assert read_model_folder(candidate).manifest == before


def test_several_looks_are_kept_with_the_size_and_forgotten_where_it_is_chosen_anew(
    candidate: Path, regression_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = read_model_folder(candidate).manifest
    write_manifest(dataclasses.replace(manifest, street_ratios=(0.5, 1.0)), candidate)
    calibrate = ("models", "calibrate", candidate, "--on", regression_set, "--split", "test")
    _, printed, _ = run(capsys, *calibrate, "--keep-size")
    assert "looked at 4 times (0.5, 1 of that size, mirrored too)" in printed
    assert read_model_folder(candidate).manifest.street_ratios == (0.5, 1.0)
    run(capsys, *calibrate)
    assert read_model_folder(candidate).manifest.street_ratios == ()


def test_figures_and_card_of_another_calibration_do_not_stay(
    candidate: Path, regression_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = read_model_folder(candidate).manifest
    before = Calibration(
        raw=(0.0, 1.0),
        calibrated=(0.0, 0.9),
        method=CalibrationMethod.ISOTONIC,
        detections=200,
        ece=0.02,
        brier=0.1,
    )
    scored = dataclasses.replace(
        manifest, calibration={"exposed_garbage": before}, metrics={"date": "2026-11-24"}
    )
    write_manifest(scored, candidate)
    (candidate / "CARD.md").write_text("of before", encoding="utf-8")
    run(capsys, "models", "calibrate", candidate, "--on", regression_set, "--split", "test")
    after = read_model_folder(candidate).manifest
    assert (after.calibration, after.metrics) == ({}, {})
    assert not (candidate / "CARD.md").exists()


def test_pictures_that_calibration_could_not_use_are_told(
    candidate: Path, regression_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (regression_set / "3.png").unlink()
    code, _, complaints = run(
        capsys, "models", "calibrate", candidate, "--on", regression_set, "--split", "test"
    )
    assert code == 0
    assert "1 pictures left out" in complaints
    assert "3.png" in complaints


def test_a_registered_model_is_not_calibrated_any_more(
    candidate: Path,
    own_models: Path,
    regression_set: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(capsys, "models", "add", candidate)
    code, _, complaints = run(
        capsys, "models", "calibrate", own_models / "bright-cells-7", "--on", regression_set
    )
    assert code == 1
    assert "stays as it is" in complaints


@pytest.mark.parametrize("command", ["calibrate", "score"])
def test_models_of_the_package_are_never_changed(
    command: str, regression_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = REGISTRY_FOLDER / "patrol-n-0.1.0"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, _, complaints = run(capsys, "models", command, folder, "--on", regression_set)
    assert code == 1
    assert "stays as it is" in complaints
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_reason_that_is_no_text_is_told_and_leaves_no_trace(
    candidate: Path, own_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "models", "add", candidate)
    code, _, complaints = run(capsys, "models", "promote", "bright-cells", "--force", "x\udcff")
    assert code == 1
    assert "UTF-8" in complaints
    assert [path.name for path in own_models.iterdir() if path.suffix == ".partial"] == []


def test_an_empty_registry_and_history_are_said_in_words() -> None:
    assert describe_list({}, in_force=None) == "no model is registered"
    assert describe_history(list[Promotion]()) == "no model was promoted yet"


def test_a_card_tells_limits_training_and_odd_metrics(model_folder: Path) -> None:
    model = read_model_folder(model_folder)
    manifest = dataclasses.replace(
        model.manifest,
        limits=("Not at night.",),
        training={"hours": 2.5},
        metrics={
            "date": "2026-11-24",
            "street": [{"class_name": "a", "recall": 0.5, "low": None}, "odd"],
        },
    )
    text = describe_model(dataclasses.replace(model, manifest=manifest), promotion=None)
    assert "in force   no" in text
    assert "limit      Not at night." in text
    assert "training   hours: 2.5" in text
    assert "  a: recall 0.50" in text


def test_a_candidate_looks_on_in_the_shadow_of_the_model_in_force(
    candidate: Path,
    second: Path,
    tmp_path: Path,
    write_drone_photo: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    photo = write_drone_photo(tmp_path / "photos" / "DJI_0.JPG", number=0, spots_px=((300, 200),))
    out = tmp_path / "out"
    code, printed, complaints = run(
        capsys, "inspect", photo.parent, "--out", out, "--model", candidate, "--shadow", second
    )
    assert (code, complaints) == (0, "")
    assert f"shadow   {out / 'shadow.html'}" in printed
    table = json.loads((out / "shadow.json").read_text(encoding="utf-8"))
    assert (table["production"]["version"], table["candidate"]["version"]) == ("7", "8")
    code, _, complaints = run(capsys, "inspect", photo.parent, "--out", out, "--shadow", "nobody")
    assert code == 1
    assert "no model 'nobody'" in complaints
