"""Signs are found first and judged by their crops."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox
from datasets.picture_set import read_picture_set
from training.errors import TrainingError
from training.trials.clear_billboards import DAMAGED, IGNORED
from training.trials.placed_pictures import place_pictures
from training.trials.searched_pictures import ScoredBox, match_scored
from training.two_step.crops import cut_crop
from training.two_step.intact_signs import write_intact_signs
from training.two_step.judge import (
    INTACT,
    SIGN,
    fit_judge,
    found_intact_examples,
    judge_signs,
    labelled_examples,
)


def brightness(crops) -> np.ndarray:
    return np.array([[crop[30:66, 30:66].mean()] for crop in crops], dtype=np.float32)


def sign(score: float, x_min: float) -> ScoredBox:
    return ScoredBox(class_name=SIGN, score=score, box=(x_min, 10, x_min + 20, 30))


@pytest.fixture
def placed(make_set, make_picture, make_box):
    """One picture with a dark damaged sign, and bright intact ones."""
    boxes = (make_box(DAMAGED, 10), make_box(INTACT, 40))
    made = make_set([make_picture("a", boxes=boxes)])
    pixels = np.full((80, 100, 3), 128, dtype=np.uint8)
    pixels[10:30, 10:30], pixels[10:30, 40:60], pixels[10:30, 70:90] = 10, 240, 240
    cv2.imwrite(str(made.path_of(made.pictures[0])), pixels)
    return place_pictures(made)[0]


def test_a_crop_is_square_with_surroundings_and_grey_outside_the_picture() -> None:
    pixels = np.zeros((50, 100, 3), dtype=np.uint8)
    crop = cut_crop(pixels, (0, 0, 20, 10), side_px=26)
    assert crop.shape == (26, 26, 3)
    # 20 px and 15 % on each side are 26: from -3 in x, and from -8 in y.
    assert (crop[:7] == 114).all()
    assert (crop[:, :2] == 114).all()
    assert (crop[10:20, 5:] == 0).all()


def test_examples_are_labelled_signs_of_both_states(placed) -> None:
    examples = list(labelled_examples([placed]))
    assert [(example.box[0], example.damaged) for example in examples] == [(10, True), (40, False)]


def test_found_signs_apart_from_all_damaged_ones_are_intact(placed) -> None:
    result = match_scored(placed.picture, [sign(0.9, 12), sign(0.8, 70), sign(0.1, 45)])
    examples = list(found_intact_examples([placed], [result]))
    assert [(example.box[0], example.damaged) for example in examples] == [(70, False)]


def test_ambiguous_signs_are_no_examples_of_intact_ones(placed, make_box) -> None:
    unclear = replace(placed.picture, boxes=(make_box(IGNORED, 70),))
    entry = replace(placed, picture=unclear)
    result = match_scored(unclear, [sign(0.9, 70)])
    assert list(found_intact_examples([entry], [result])) == []
    nobody_looked = replace(placed.picture, labelled_classes=("exposed_garbage",), boxes=())
    entry = replace(placed, picture=nobody_looked)
    assert list(found_intact_examples([entry], [result])) == []


def test_a_sign_counts_as_damaged_as_far_as_it_is_a_sign_and_damaged(placed) -> None:
    judge = fit_judge(labelled_examples([placed]), brightness)
    result = match_scored(placed.picture, [sign(0.8, 10), sign(0.6, 70)])
    judged = judge_signs(result, placed, judge, brightness)
    dark, bright = judged.found
    assert (dark.class_name, dark.x_min, dark.true_box) == (DAMAGED, 10, 0)
    assert 0.4 < dark.score < 0.8
    assert bright.score < 0.3
    assert judge_signs(match_scored(placed.picture, []), placed, judge, brightness).found == ()


def test_intact_signs_become_a_set_of_links(tmp_path: Path) -> None:
    folder = tmp_path / "facades"
    for kind in ("images", "labels_aux"):
        (folder / kind).mkdir(parents=True)
    for number in range(12):
        cv2.imwrite(str(folder / "images" / f"{number:02d}.jpg"), np.zeros((80, 100, 3), np.uint8))
    (folder / "labels_aux" / "00.txt").write_text("0 0.5 0.5 0.2 0.25\n")
    made = write_intact_signs([folder], tmp_path / "set")
    assert read_picture_set(tmp_path / "set") == made
    assert made.pictures[0].boxes == (
        LabelledBox(class_name=INTACT, x_min=40, y_min=30, x_max=60, y_max=50),
    )
    assert made.path_of(made.pictures[0]).is_file()
    assert {picture.split for picture in made.pictures} == {"train"}
    assert len({picture.group for picture in made.pictures}) == 2
    (folder / "labels_aux" / "01.txt").write_text("0 0.5\n")
    with pytest.raises(TrainingError, match="no YOLO row"):
        write_intact_signs([folder], tmp_path / "set")
