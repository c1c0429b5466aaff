"""A run's own choice of pictures: links, newer labels, ignored regions."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from datasets.picture_set import read_picture_set, write_picture_set
from training.errors import TrainingError
from training.trials.clear_billboards import (
    IGNORED,
    ignore_ambiguous,
    read_billboard_review,
)
from training.trials.linked_set import write_linked_set
from training.trials.placed_pictures import place_pictures
from training.trials.row_pictures import RowPictures, read_chosen_pictures


def test_a_linked_set_holds_the_same_files(make_set, make_picture, make_box, tmp_path) -> None:
    made = make_set([make_picture("a", boxes=(make_box(), make_box("sign"))), make_picture("b")])
    placed = place_pictures(made)
    linked = write_linked_set(placed, tmp_path / "linked", name="run", taxonomy_version="t")
    assert read_picture_set(tmp_path / "linked") == linked
    for before, after in zip(made.pictures, linked.pictures, strict=True):
        assert linked.path_of(after).resolve() == made.path_of(before).resolve()
        assert after.sha256 == before.sha256
    assert linked.pictures[0].boxes == made.pictures[0].boxes


def test_ignored_regions_are_painted_over_in_a_copy(
    make_set, make_picture, make_box, tmp_path
) -> None:
    made = make_set([make_picture("a", boxes=(make_box(IGNORED, x_min=10), make_box(x_min=60)))])
    before = made.path_of(made.pictures[0]).read_bytes()
    linked = write_linked_set(
        place_pictures(made), tmp_path / "linked", name="run", taxonomy_version="t"
    )
    pixels = cv2.imread(str(linked.path_of(linked.pictures[0])))
    assert abs(pixels[15:25, 15:25].astype(int) - 114).max() <= 8  # JPEG
    assert pixels[15:25, 65:75].std() > 40
    assert [box.class_name for box in linked.pictures[0].boxes] == ["exposed_garbage"]
    assert made.path_of(made.pictures[0]).read_bytes() == before


def test_a_changed_choice_replaces_the_linked_set(make_set, make_picture, tmp_path) -> None:
    placed = place_pictures(make_set([make_picture("a"), make_picture("b")]))
    folder = tmp_path / "linked"
    first = write_linked_set(placed, folder, name="run", taxonomy_version="t")
    assert write_linked_set(placed, folder, name="run", taxonomy_version="t") == first
    second = write_linked_set(placed[:1], folder, name="run", taxonomy_version="t")
    assert second.version != first.version
    assert len(list(folder.rglob("*.png"))) == 1


def test_newer_labels_replace_those_of_the_same_file(
    make_set, make_picture, make_box, tmp_path
) -> None:
    made = make_set([make_picture("a"), make_picture("b")])
    cleaned = replace(
        made,
        folder=tmp_path / "cleaned",
        pictures=(replace(made.pictures[0], path="else.png", boxes=(make_box(),)),),
    )
    write_picture_set(cleaned)
    chosen = read_chosen_pictures(
        place_pictures(made), RowPictures(labels_from=cleaned.folder), seed=0
    )
    assert [len(entry.picture.boxes) for entry in chosen] == [1, 0]
    assert chosen[0].path == made.path_of(made.pictures[0])


def test_reviews_replace_the_labels_of_train_pictures_alone(
    make_set, make_picture, make_box, tmp_path
) -> None:
    made = make_set(
        [
            make_picture("a", boxes=(make_box(x_min=0), make_box(x_min=40))),
            make_picture("b", split="val", boxes=(make_box(),)),
        ]
    )
    lines = [
        {
            "schema_version": "1",
            "picture": picture.path,
            "sha256": picture.sha256,
            "width_px": 100,
            "height_px": 80,
            "group": picture.group,
            "view": "street",
            "reviewer": "r",
            "reviewed_at": "2026-03-01T00:00:00Z",
            "looked_at": "picture",
            "asked_classes": ["exposed_garbage"],
            "model": {"name": "m"},
            "boxes": [
                {
                    "verdict": "corrected",
                    "proposed": {"class": "exposed_garbage", "box": [0, 10, 20, 30]},
                    "final": {"class": "exposed_garbage", "box": [0, 10, 15, 30]},
                },
                {
                    "verdict": "unsure",
                    "proposed": {"class": "exposed_garbage", "box": [40, 10, 60, 30]},
                },
            ],
        }
        for picture in made.pictures
    ]
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    first, second = read_chosen_pictures(place_pictures(made), RowPictures(reviews=path), seed=0)
    assert [(box.class_name, box.x_min, box.x_max) for box in first.picture.boxes] == [
        ("exposed_garbage", 0, 15),
        (IGNORED, 40, 60),
    ]
    assert first.picture.labelled_classes == ("exposed_garbage",)
    assert second.picture == made.pictures[1]


def test_added_sets_give_train_pictures_only(make_set, make_picture) -> None:
    real = make_set([make_picture("a")])
    drawn = make_set([make_picture("b"), make_picture("c", split="test")], "drawn")
    choice = RowPictures(added_sets=(drawn.folder,), sources=("walk",))
    chosen = read_chosen_pictures(place_pictures(real), choice, seed=0)
    assert [entry.picture.path for entry in chosen] == ["a.png", "b.png"]


def test_signs_may_take_the_place_of_a_class(make_set, make_picture, make_box) -> None:
    real = make_set([make_picture("a", boxes=(make_box("sign"),), labelled_classes=("sign",))])
    choice = RowPictures(classes_as=(("sign", "damaged_billboard"),))
    chosen = read_chosen_pictures(place_pictures(real), choice, seed=0)
    assert chosen[0].picture.boxes[0].class_name == "damaged_billboard"
    assert chosen[0].picture.labelled_classes == ("damaged_billboard",)


REVIEW = """image,cx,cy,w,h,review
a,0.2,0.25,0.2,0.25,clear
a,0.7,0.25,0.2,0.25,ambiguous
"""


def test_ambiguous_billboards_are_neither_object_nor_background(
    make_picture, make_box, tmp_path: Path
) -> None:
    path = tmp_path / "review.csv"
    path.write_text(REVIEW)
    reviewed = read_billboard_review(path)
    # In 100 x 80 pixels: the first box is 10..30 x 10..30, the second 60..80 x 10..30.
    picture = make_picture(
        "a", boxes=(make_box("damaged_billboard", 10), make_box("damaged_billboard", 60))
    )
    names = [box.class_name for box in ignore_ambiguous(picture, reviewed).boxes]
    assert names == ["damaged_billboard", IGNORED]
    other = make_picture("b", boxes=picture.boxes)
    assert ignore_ambiguous(other, reviewed) == other


def test_a_review_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "review.csv"
    path.write_text("image,cx\na,0.5\n")
    with pytest.raises(TrainingError, match=r"review\.csv"):
        read_billboard_review(path)
