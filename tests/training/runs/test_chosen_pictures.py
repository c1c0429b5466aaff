"""Which pictures an epoch shows: always the same ones, rare classes more often."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import PictureSet
from training.chosen_pictures import (
    PlacedPicture,
    choose_pictures,
    limit_pictures,
    repeat_rare_pictures,
    weigh_pictures,
)
from training.config import PictureChoice

GARBAGE, BILLBOARD = "exposed_garbage", "damaged_billboard"


@pytest.fixture
def placed(tmp_path: Path, draw_picture: Callable) -> list[PlacedPicture]:
    names = [f"picture{number}" for number in range(10)]
    return place([draw_picture(tmp_path, name) for name in names], tmp_path)


def place(pictures: Sequence[LabelledPicture], folder: Path) -> list[PlacedPicture]:
    return [PlacedPicture(picture=picture, path=folder / picture.path) for picture in pictures]


def test_a_limit_always_takes_the_same_pictures(placed: list[PlacedPicture]) -> None:
    chosen = limit_pictures(placed, 4)
    assert len(chosen) == 4
    assert set(limit_pictures(placed[::-1], 4)) == set(chosen)
    # Fewer are part of more, and other pictures push out no more than their number.
    assert set(limit_pictures(placed, 3)) < set(chosen)
    assert len(set(limit_pictures(placed[1:], 4)) & set(chosen)) >= 3


def test_no_limit_takes_all(placed: list[PlacedPicture]) -> None:
    assert limit_pictures(placed, None) == placed
    assert limit_pictures(placed, 10) == placed


def test_a_limit_counts_repeated_pictures(placed: list[PlacedPicture]) -> None:
    assert len(limit_pictures([*placed, *placed], 5)) == 5


@pytest.mark.parametrize(("weight", "count"), [(1.0, 10), (2.0, 20), (0.5, 5), (1.3, 13)])
def test_a_weight_is_how_often_pictures_are_shown(
    placed: list[PlacedPicture], weight: float, count: int
) -> None:
    assert len(weigh_pictures(placed, weight)) == count


def test_pictures_of_rare_classes_are_repeated_and_no_other(
    tmp_path: Path, draw_picture: Callable
) -> None:
    common = [draw_picture(tmp_path, f"c{number}") for number in range(6)]
    rare = draw_picture(tmp_path, "rare", class_name=BILLBOARD)
    negative = draw_picture(tmp_path, "negative", class_name=None)
    odd = draw_picture(tmp_path, "odd", class_name="graffiti")
    shown = repeat_rare_pictures(
        place([*common, rare, negative, odd], tmp_path),
        least_per_class=6,
        classes=(GARBAGE, BILLBOARD),
    )
    counts = {
        name: sum(p.picture.path == f"{name}.png" for p in shown)
        for name in ("rare", "negative", "odd", *(f"c{number}" for number in range(6)))
    }
    assert counts == {"rare": 6, "negative": 1, "odd": 1, **{f"c{n}": 1 for n in range(6)}}


def test_choices_are_for_training_pictures_and_val_is_whole(drawn_set: PictureSet) -> None:
    choice = PictureChoice(folder=drawn_set.folder, limit=1, weight=3.0)
    assert len(choose_pictures(drawn_set, choice, "train")) == 3
    assert len(choose_pictures(drawn_set, choice, "val")) == 2


def test_sources_can_be_chosen(drawn_set: PictureSet) -> None:
    first, *others = drawn_set.pictures
    mixed = replace(drawn_set, pictures=(replace(first, source="dashcam"), *others))
    choice = PictureChoice(folder=drawn_set.folder, sources=("dashcam",))
    assert [p.picture.source for p in choose_pictures(mixed, choice, "train")] == ["dashcam"]
    assert choose_pictures(mixed, choice, "val") == []
