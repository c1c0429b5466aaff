"""`skypatrol dataset review-labels` lists doubts from findings that are there already."""

import hashlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, write_picture_set
from datasets.reviews.json_lines import read_review_lines
from service.command_line import main
from training.trials.searched_pictures import ScoredBox, match_scored, write_results


@pytest.fixture
def picture_set(tmp_path: Path) -> PictureSet:
    folder = tmp_path / "set"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((80, 100, 3), 90, dtype=np.uint8))
    picture = LabelledPicture(
        path="a.png",
        sha256=hashlib.sha256((folder / "a.png").read_bytes()).hexdigest(),
        width_px=100,
        height_px=80,
        boxes=(LabelledBox(class_name="exposed_garbage", x_min=5, y_min=5, x_max=25, y_max=25),),
        labelled_classes=("exposed_garbage",),
        source="walk",
        group="g",
        split="train",
        view=View.STREET,
    )
    made = PictureSet(
        name="drawn",
        version="1",
        taxonomy_version="t",
        sources=(Source(name="walk", origin="drawn", licence="CC0-1.0"),),
        pictures=(picture,),
        folder=folder,
    )
    write_picture_set(made)
    return made


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_doubts_become_a_page_and_reviews(picture_set: PictureSet, tmp_path: Path, capsys) -> None:
    boxes = [ScoredBox(class_name="exposed_garbage", score=0.9, box=(60, 40, 80, 60))]
    found = tmp_path / "found.jsonl"
    write_results([match_scored(picture_set.pictures[0], boxes)], found)
    out = tmp_path / "out"
    command = ("dataset", "review-labels", picture_set.folder, "--out", out, "--found", found)
    assert run(*command) == 0
    told = capsys.readouterr()
    assert "Exposed garbage: Not labelled" in told.out
    assert "may have learned" not in told.err
    (review,) = read_review_lines(out / "reviews.jsonl")
    assert {box.verdict.value for box in review.boxes} == {"unsure"}
    assert (out / "labels.html").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--split", "else"], "--split"),
        (["--source", "nowhere"], "no picture of the train split"),
        (["--found", "absent.jsonl"], "absent.jsonl"),
    ],
)
def test_trouble_is_one_line(
    picture_set: PictureSet, tmp_path: Path, capsys, options: list[str], message: str
) -> None:
    command = ("dataset", "review-labels", picture_set.folder, "--out", tmp_path / "out", *options)
    assert run(*command) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "r" * 201])
def test_a_pseudonym_that_no_review_takes_is_refused_at_once(
    picture_set: PictureSet, tmp_path: Path, capsys, name: str
) -> None:
    out = tmp_path / "out"
    assert (
        run("dataset", "review-labels", picture_set.folder, "--out", out, "--reviewer", name) == 1
    )
    assert "--reviewer" in capsys.readouterr().err
    assert not out.exists()


def test_the_command_line_needs_no_torch() -> None:
    code = "import sys, service.command_line; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("language", "tag", "words"),
    [
        ("en", "en", "Not labelled, but the model is sure"),
        ("zh", "zh-Hans", "无标注，但模型确信有目标"),
    ],
)
def test_page_and_terminal_speak_the_language_that_is_asked_for(
    picture_set: PictureSet, tmp_path: Path, capsys, language: str, tag: str, words: str
) -> None:
    boxes = [ScoredBox(class_name="exposed_garbage", score=0.9, box=(60, 40, 80, 60))]
    found = tmp_path / "found.jsonl"
    write_results([match_scored(picture_set.pictures[0], boxes)], found)
    out = tmp_path / "out"
    command = ("dataset", "review-labels", picture_set.folder, "--out", out, "--found", found)
    assert run(*command, "--lang", language) == 0
    assert words in capsys.readouterr().out
    page = (out / "labels.html").read_text(encoding="utf-8")
    assert f'<html lang="{tag}">' in page
    assert words in page
