from dataclasses import replace
from pathlib import Path

import pytest

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import write_picture_set
from datasets.sets.build import build_picture_set
from datasets.sets.check import CheckReport, check_folder
from datasets.sets.findings import Limits, Severity
from datasets.sets.picture_facts import PictureFacts, read_picture_facts
from datasets.sets.recipe import read_recipe
from tests.datasets.sets.factories import draw_picture, make_box, make_picture, make_set

REPOSITORY = Path(__file__).resolve().parents[3]


def draw(folder: Path, picture: LabelledPicture, *, seed: int, **options: str) -> LabelledPicture:
    """Draw a picture's file and return the picture with the file's hash."""
    path = draw_picture(folder / picture.path, seed=seed, size_px=(100, 80), **options)  # type: ignore[arg-type]
    facts = read_picture_facts(path)
    assert isinstance(facts, PictureFacts)
    return replace(picture, sha256=facts.sha256)


@pytest.fixture
def pictures(tmp_path: Path) -> list[LabelledPicture]:
    boxes = [make_box(10, 10, 40, 30)]
    return [
        draw(tmp_path, make_picture(f"{split}{k}.jpg", split=split, boxes=boxes * (k == 0)), seed=n)
        for n, (split, k) in enumerate((s, k) for s in ("train", "val", "test") for k in (0, 1))
    ]


def check(folder: Path, pictures: list[LabelledPicture]) -> CheckReport:
    write_picture_set(make_set(pictures, folder))
    return check_folder(folder, Limits(least_boxes=1))


def test_a_good_set_is_clean(tmp_path: Path, pictures: list[LabelledPicture]) -> None:
    report = check(tmp_path, pictures)
    assert report.findings == ()
    assert [(one.split, one.pictures, one.negatives) for one in report.counts] == [
        ("test", 2, 1),
        ("train", 2, 1),
        ("val", 2, 1),
    ]


def test_files_have_to_be_what_the_set_says(
    tmp_path: Path, pictures: list[LabelledPicture]
) -> None:
    paths = [tmp_path / picture.path for picture in pictures]
    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes()[:700])
    paths[2].write_text("no picture")
    draw_picture(paths[3], seed=50, size_px=(80, 100))
    pictures[4] = draw(tmp_path, pictures[4], seed=51, orientation=3)  # type: ignore[arg-type]
    pictures[5] = replace(pictures[5], path="../../up/out.jpg")
    report = check(tmp_path, [*pictures, pictures[4]])
    found = {(one.code, (one.picture or "")[12:]) for one in report.findings if one.picture}
    assert found == {
        ("absent", "train0.jpg"),
        ("truncated", "train1.jpg"),
        ("undecodable", "val0.jpg"),
        ("hash_differs", "val1.jpg"),
        ("size_differs", "val1.jpg"),
        ("turned_by_exif", "test0.jpg"),
        ("listed_twice", "test0.jpg"),
        ("same_twice", "test0.jpg"),
        ("outside", ".jpg"),
    }


def test_doubles_across_splits_are_errors(tmp_path: Path, pictures: list[LabelledPicture]) -> None:
    pictures[2] = draw(tmp_path, pictures[2], seed=0)  # the file of train0
    again = tmp_path / pictures[4].path
    draw_picture(again, seed=1, size_px=(200, 160))  # train1 in another size
    facts = read_picture_facts(again)
    assert isinstance(facts, PictureFacts)
    pictures[4] = replace(pictures[4], sha256=facts.sha256, width_px=200, height_px=160)
    report = check(tmp_path, pictures)
    assert [(one.code, one.picture, one.other) for one in report.findings] == [
        ("same_across_splits", "images/bins/val0.jpg", "images/bins/train0.jpg"),
        ("alike_across_splits", "images/bins/test0.jpg", "images/bins/train1.jpg"),
    ]
    assert report.count(Severity.ERROR) == 2


@pytest.mark.shared
@pytest.mark.slow
def test_our_own_pictures_hold_the_leaks_that_their_readme_tells_of(
    shared_folder: Path, tmp_path: Path
) -> None:
    recipe = read_recipe(REPOSITORY / "datasets" / "recipes" / "patrol.toml")
    root = shared_folder / "images"
    built = build_picture_set(recipe, root=root, folder=tmp_path / "set", link=True)
    assert built.left_out == ()
    report = check_folder(tmp_path / "set", Limits())
    # README: 1706/308/264 pictures; 6 of 72 val frames and 2 of 47 test frames lie within
    # 50 m of a training frame; no pair across splits has a hash distance of 6 or less.
    counted = {split: sum(one.pictures for one in report.counts if one.split == split)
               for split in ("train", "val", "test")}  # fmt: skip
    assert counted == {"train": 1706, "val": 308, "test": 264}
    near = [one for one in report.findings if one.code.startswith("near_in_place")]
    assert sum("train and val" in one.message for one in near) == 6
    assert sum("train and test" in one.message for one in near) == 2
    assert not [one for one in report.findings if one.code == "alike_across_splits"]
    assert {one.code for one in report.findings if one.severity is Severity.ERROR} == {
        "near_in_place_and_time"
    }
