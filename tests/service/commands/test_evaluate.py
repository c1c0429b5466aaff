"""`skypatrol evaluate` on pictures drawn here, with a model that finds bright cells."""

import hashlib
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, read_picture_set, write_picture_set
from service.command_line import main
from service.commands.evaluate import EXIT_LEFT_OUT
from service.evaluation.job import PAGE, SCORES
from service.inspecting.folder import STORE_NAME
from training.evaluation.result import NegativeKind, Way, find_class
from training.evaluation.result_json import parse_scores

CLASS = "exposed_garbage"
SIDE_PX = 64  # of the network: four cells of 32 px
CELLS = ((0, 0), (32, 0), (0, 32), (32, 32))


def write_picture(
    folder: Path, name: str, *, bright: tuple[int, ...], labelled: tuple[int, ...], split: str
) -> LabelledPicture:
    """Write a dark picture with bright cells, and label some of its cells."""
    pixels = np.zeros((SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    for cell in bright:
        x, y = CELLS[cell]
        pixels[y : y + 32, x : x + 32] = 230
    content = cv2.imencode(".png", pixels)[1].tobytes()
    (folder / name).write_bytes(content)
    return LabelledPicture(
        path=name,
        sha256=hashlib.sha256(content).hexdigest(),
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        boxes=tuple(
            LabelledBox(class_name=CLASS, x_min=x, y_min=y, x_max=x + 32, y_max=y + 32)
            for x, y in (CELLS[cell] for cell in labelled)
        ),
        labelled_classes=(CLASS,),
        source="drawn",
        group=name,
        split=split,
        view=View.STREET,
    )


@pytest.fixture
def picture_set(tmp_path: Path) -> Path:
    """Return a set of two pictures a split: one right box and one miss; a false alarm on nothing.

    Of the third picture of each split nothing is left.
    """
    folder = tmp_path / "set"
    folder.mkdir()
    pictures = []
    for split in ("val", "test"):
        pictures += [
            write_picture(folder, f"{split}-1.png", bright=(0,), labelled=(0, 3), split=split),
            write_picture(folder, f"{split}-2.png", bright=(1,), labelled=(), split=split),
            write_picture(folder, f"{split}-3.png", bright=(), labelled=(), split=split),
        ]
        (folder / f"{split}-3.png").write_bytes(b"broken")
    source = Source(name="drawn", origin="this test", licence="CC0-1.0")
    write_picture_set(
        PictureSet(
            name="cells",
            version="1",
            taxonomy_version="1",
            sources=(source,),
            pictures=tuple(pictures),
            folder=folder,
        )
    )
    return folder


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    code = stopped.value.code
    return code if isinstance(code, int) else 0


def test_scores_page_and_exit_code(
    model_folder: Path, picture_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("evaluate", model_folder, picture_set, "--out", out) == EXIT_LEFT_OUT
    tiled, whole = parse_scores((out / SCORES).read_text(encoding="utf-8"))
    assert (tiled.head.way, whole.head.way) == (Way.TILED, Way.WHOLE)
    assert [one.path for one in tiled.left_out] == ["test-3.png"]
    assert "SHA-256" in tiled.left_out[0].reason
    for evaluation in (tiled, whole):
        score = find_class(evaluation.parts[0], CLASS)
        assert score is not None
        at = score.operating
        assert (at.right, at.wrong, at.missed) == (1, 1, 1)
        empty = [one for one in score.false_alarms if one.kind is NegativeKind.EMPTY]
        assert (empty[0].pictures, empty[0].per_picture.value) == (1, 1.0)
    told = capsys.readouterr().out
    assert "test-3.png" in told
    assert str(out / PAGE) in told


def test_page_shows_the_miss_and_the_false_alarm_and_nothing_from_outside(
    model_folder: Path, picture_set: Path, tmp_path: Path
) -> None:
    run("evaluate", model_folder, picture_set, "--out", tmp_path / "out", "--lang", "zh")
    page = (tmp_path / "out" / PAGE).read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 2
    assert "暴露垃圾" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_a_stopped_evaluation_goes_on_and_pictures_that_came_back_are_taken_in(
    model_folder: Path, picture_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run("evaluate", model_folder, picture_set, "--out", out, "--way", "tiled")
    journal = out / "found-tiled.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 3
    # Killed in the middle of a line, after which the broken picture was copied anew.
    journal.write_text(f"{lines[0]}\n{lines[1]}\n{lines[2][:40]}", encoding="utf-8")
    write_picture(picture_set, "test-3.png", bright=(), labelled=(), split="test")
    assert run("evaluate", model_folder, picture_set, "--out", out, "--way", "tiled") == 0
    again = journal.read_text(encoding="utf-8").splitlines()
    assert again[:3] == lines[:3]
    assert json.loads(again[3])["picture"]["path"] == "test-3.png"


def test_changed_labels_are_evaluated_anew(
    model_folder: Path, picture_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run("evaluate", model_folder, picture_set, "--out", out, "--way", "tiled")
    lines = (picture_set / "pictures.jsonl").read_text(encoding="utf-8")
    relabelled = lines.replace('"group": "test-1.png"', '"group": "other"')
    (picture_set / "pictures.jsonl").write_text(relabelled, encoding="utf-8")
    run("evaluate", model_folder, picture_set, "--out", out, "--way", "tiled")
    journal = (out / "found-tiled.jsonl").read_text(encoding="utf-8")
    assert journal.count('"group":"other"') == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--split", "holdout"), "holdout"),
        (("--lang", "fr"), "fr"),
    ],
)
def test_wrong_options_end_in_one_line(
    model_folder: Path,
    picture_set: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    complaint: str,
) -> None:
    out = tmp_path / "out"
    assert run("evaluate", model_folder, picture_set, "--out", out, *arguments) == 1
    told = capsys.readouterr().err
    assert complaint in told
    assert len(told.splitlines()) == 1
    assert not out.exists()


def test_folder_of_other_files_is_left_alone(
    model_folder: Path, picture_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "inspection"
    out.mkdir()
    (out / STORE_NAME).write_text("of an inspection")
    assert run("evaluate", model_folder, picture_set, "--out", out) == 1
    assert "other files" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == [STORE_NAME]


def test_set_without_readable_pictures_says_why(
    model_folder: Path, picture_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for picture in read_picture_set(picture_set).pictures:
        (picture_set / picture.path).unlink()
    assert run("evaluate", model_folder, picture_set, "--out", tmp_path / "out") == 1
    assert "none of 3 test pictures can be read" in capsys.readouterr().err


def test_card_states_thresholds_scores_and_calibration(
    model_folder: Path, picture_set: Path, tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "scored"
    shutil.copytree(model_folder, folder)
    (folder / "MADE.md").write_text("<!-- a\nhint -->\nMade by hand in a test.", encoding="utf-8")
    assert run("models", "score", folder, "--on", picture_set, "--day", "2026-11-25") == 0
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "Made by hand in a test." in card
    assert "hint" not in card
    # The bright cell on the empty picture is as sure as the right one: no threshold is quiet.
    assert manifest["min_confidence"][CLASS] > 0.9
    assert f"| {CLASS} | {manifest['min_confidence'][CLASS]:g} | – | 0.00 | street 0.000 |" in card
    assert "## Real photos, street view: test split, tiled" in card
    assert "reliability.svg" in card
    assert (folder / "reliability.svg").read_text(encoding="utf-8").startswith("<svg")
    assert manifest["metrics"]["date"] == "2026-11-25"
    assert "photo, street, test, tiled" in manifest["metrics"]


def test_card_needs_words_on_how_the_model_was_made(
    model_folder: Path, picture_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    folder = tmp_path / "scored"
    shutil.copytree(model_folder, folder)
    before = (folder / "manifest.json").read_bytes()
    # Said before the search, which takes minutes: not even the set is looked at.
    assert run("models", "score", folder, "--on", tmp_path / "nowhere") == 1
    assert "MADE.md" in capsys.readouterr().err
    assert (folder / "manifest.json").read_bytes() == before
