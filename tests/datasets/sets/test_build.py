import json
import os
from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.folder_lock import lock_folder
from datasets.picture_set import UNFINISHED_FILE, read_picture_set
from datasets.sets.build import build_picture_set
from datasets.sets.recipe import Recipe, parse_recipe
from tests.datasets.sets.factories import (
    SPLIT_BY_FLIGHT,
    draw_picture,
    make_box,
    write_recipe_text,
)

TABLE = 'splits_table = "splits.csv"'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with four pictures of two flights; one is a negative."""
    root = tmp_path / "pictures"
    for seed, name in enumerate(("f1/a", "f1/b", "f2/c", "f2/d")):
        draw_picture(root / f"bins/images/{name}.jpg", seed=seed, size_px=(200, 100))
        label = root / f"bins/labels/{name}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("" if name == "f2/d" else "0 0.5 0.5 0.1 0.2\n")
    return root


@pytest.fixture
def recipe() -> Recipe:
    return parse_recipe(write_recipe_text(split=SPLIT_BY_FLIGHT))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_recipe_becomes_a_set_that_reads_back(root: Path, recipe: Recipe, tmp_path: Path) -> None:
    report = build_picture_set(recipe, root=root, folder=tmp_path / "set")
    found = read_picture_set(tmp_path / "set")
    assert (found.name, found.version) == ("street", report.version)
    assert [picture.path for picture in found.pictures] == [
        f"images/bins/{name}.jpg" for name in ("f1/a", "f1/b", "f2/c", "f2/d")
    ]
    first = found.pictures[0]
    assert first.boxes == (make_box(90, 40, 110, 60),)
    assert first.group == "bins/flight_f1"
    assert found.pictures[1].split == first.split
    assert found.pictures[3].boxes == ()
    assert found.path_of(first).read_bytes() == (root / "bins/images/f1/a.jpg").read_bytes()
    assert found.sources[0].licence == "CC0 1.0"


def test_the_same_inputs_give_the_same_bytes(root: Path, recipe: Recipe, tmp_path: Path) -> None:
    build_picture_set(recipe, root=root, folder=tmp_path / "one", workers=1)
    build_picture_set(recipe, root=root, folder=tmp_path / "two", workers=4)
    build_picture_set(recipe, root=root, folder=tmp_path / "two", workers=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_links_give_the_same_set(root: Path, recipe: Recipe, tmp_path: Path) -> None:
    build_picture_set(recipe, root=root, folder=tmp_path / "one")
    build_picture_set(recipe, root=root, folder=tmp_path / "two", link=True)
    assert (tmp_path / "two/images/bins/f1/a.jpg").is_symlink()
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    build_picture_set(recipe, root=root, folder=tmp_path / "two")
    assert not (tmp_path / "two/images/bins/f1/a.jpg").is_symlink()
    assert not (root / "bins/images/f1/a.jpg").is_symlink()


@pytest.mark.parametrize("change", ["picture", "label", "licence"])
def test_the_version_follows_from_all_that_is_in_it(
    root: Path, recipe: Recipe, tmp_path: Path, change: str
) -> None:
    before = build_picture_set(recipe, root=root, folder=tmp_path / "set")
    if change == "picture":
        draw_picture(root / "bins/images/f1/a.jpg", seed=9, size_px=(200, 100))
    elif change == "label":
        (root / "bins/labels/f1/a.txt").write_text("0 0.5 0.5 0.1 0.3\n")
    else:
        text = write_recipe_text(split=SPLIT_BY_FLIGHT).replace("CC0 1.0", "MIT")
        recipe = parse_recipe(text)
    after = build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert after.version != before.version


def test_what_is_broken_is_left_out_and_named(root: Path, recipe: Recipe, tmp_path: Path) -> None:
    whole = (root / "bins/images/f1/a.jpg").read_bytes()
    (root / "bins/images/f1/a.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "bins/labels/f1/b.txt").unlink()
    (root / "bins/labels/f2/c.txt").write_text("0 0.5 0.5 0.1\n")
    report = build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert [(entry.picture, entry.code) for entry in report.left_out] == [
        ("f1/a.jpg", "truncated"),
        ("f1/b.jpg", "no_labels"),
        ("f2/c.jpg", "bad_labels"),
    ]
    assert len(read_picture_set(tmp_path / "set").pictures) == 1
    told = json.loads((tmp_path / "set/build.json").read_text())
    assert [entry["code"] for entry in told["left_out"]] == ["truncated", "no_labels", "bad_labels"]


def test_a_table_gives_splits_and_tells_what_it_lacks(root: Path, tmp_path: Path) -> None:
    (root / "splits.csv").write_text(
        "folder,image,split,group\n"
        "bins/images,f1/a.jpg,train,walk\n"
        "bins/images,f1/b.jpg,test,shop\n"
        "bins/images,gone.jpg,test,shop\n"
        "other,f2/c.jpg,test,shop\n"
    )
    recipe = parse_recipe(write_recipe_text(head_lines=TABLE, source_lines='site = "town"'))
    report = build_picture_set(recipe, root=root, folder=tmp_path / "set")
    pictures = read_picture_set(tmp_path / "set").pictures
    assert [(one.path[12:], one.split, one.group) for one in pictures] == [
        ("f1/a.jpg", "train", "town/walk"),
        ("f1/b.jpg", "test", "town/shop"),
    ]
    assert [(entry.picture, entry.code) for entry in report.left_out] == [
        ("f2/c.jpg", "not_in_splits_table"),
        ("f2/d.jpg", "not_in_splits_table"),
        ("gone.jpg", "absent"),
    ]


def test_pictures_that_left_a_source_leave_the_set(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    build_picture_set(recipe, root=root, folder=tmp_path / "set")
    (root / "bins/images/f2/d.jpg").unlink()
    build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert not (tmp_path / "set/images/bins/f2/d.jpg").exists()


def test_pictures_may_be_chosen_by_their_names(root: Path, tmp_path: Path) -> None:
    text = write_recipe_text(split=SPLIT_BY_FLIGHT, source_lines='include = "f2/*"')
    build_picture_set(parse_recipe(text), root=root, folder=tmp_path / "set")
    assert len(read_picture_set(tmp_path / "set").pictures) == 2


def test_a_folder_with_something_else_is_left_alone(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/thesis.txt").write_text("years of work")
    with pytest.raises(DatasetError, match="no picture set"):
        build_picture_set(recipe, root=root, folder=tmp_path / "set")


def test_an_absent_source_or_nothing_left_ends_the_build(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="source bins"):
        build_picture_set(recipe, root=tmp_path, folder=tmp_path / "set")
    for label in (root / "bins/labels").rglob("*.txt"):
        label.unlink()
    with pytest.raises(DatasetError, match="no picture is left of 4"):
        build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_name_that_is_no_text_is_left_out_and_told(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    folder = os.fsencode(root / "bins/images/f1")
    content = (root / "bins/images/f1/a.jpg").read_bytes()
    try:
        Path(os.fsdecode(folder + b"/odd\xff.jpg")).write_bytes(content)
    except OSError:
        pytest.skip("this file system takes no such names")

    report = build_picture_set(recipe, root=root, folder=tmp_path / "set")

    assert [(entry.picture, entry.code) for entry in report.left_out] == [
        ("f1/odd\\udcff.jpg", "bad_name")
    ]


def test_a_build_that_was_killed_is_taken_up_again(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    build_picture_set(recipe, root=root, folder=tmp_path / "whole")
    killed = tmp_path / "killed"
    (killed / "images/bins/f1").mkdir(parents=True)
    (killed / "images/bins/f1/a.jpg.part").write_bytes(b"half a pict")
    (killed / UNFINISHED_FILE).touch()

    build_picture_set(recipe, root=root, folder=killed)

    assert contents(killed) == contents(tmp_path / "whole")


def test_what_is_handed_on_does_not_tell_our_folders(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    (root / "bins/labels/f1/a.txt").write_bytes(b"\xff\xfe")
    (root / "bins/images/f1/b.jpg").write_bytes(b"no picture")

    report = build_picture_set(recipe, root=root, folder=tmp_path / "set")

    assert len(report.left_out) == 2
    for name in ("build.json", "set.json", "pictures.jsonl"):
        assert str(tmp_path) not in (tmp_path / "set" / name).read_text()


def test_a_folder_in_which_another_build_is_at_work_is_left_alone(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    build_picture_set(recipe, root=root, folder=tmp_path / "set")
    before = contents(tmp_path / "set")
    with lock_folder(tmp_path / "set"), pytest.raises(DatasetError, match="another process"):
        build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert contents(tmp_path / "set") == before


def test_a_set_in_which_a_build_was_broken_off_is_not_read(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    build_picture_set(recipe, root=root, folder=tmp_path / "set")
    (tmp_path / "set" / UNFINISHED_FILE).touch()
    with pytest.raises(DatasetError, match="build again"):
        read_picture_set(tmp_path / "set")
    build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert len(read_picture_set(tmp_path / "set").pictures) == 4


def test_nothing_is_written_through_a_link_in_a_set_that_was_handed_on(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    build_picture_set(recipe, root=root, folder=tmp_path / "set")
    (tmp_path / "set/images").rename(tmp_path / "elsewhere")
    (tmp_path / "set/images").symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path / "elsewhere")
    (root / "bins/images/f1/a.jpg").unlink()
    with pytest.raises(DatasetError, match="link to a folder"):
        build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert contents(tmp_path / "elsewhere") == before


def test_a_build_that_fails_leaves_no_folder(root: Path, recipe: Recipe, tmp_path: Path) -> None:
    (root / "bins/images").rename(root / "bins/other")
    with pytest.raises(DatasetError, match="no folder"):
        build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_pictures_of_kinds_that_are_not_read_are_told(
    root: Path, recipe: Recipe, tmp_path: Path
) -> None:
    for name in ("f1/e.HEIC", "f1/notes.txt"):
        (root / "bins/images" / name).write_bytes(b"x")
    report = build_picture_set(recipe, root=root, folder=tmp_path / "set")
    assert [(one.picture, one.code) for one in report.left_out] == [("f1/e.HEIC", "other_kind")]


def test_a_row_of_the_table_that_is_no_picture_is_told(root: Path, tmp_path: Path) -> None:
    rows = ["f1/a.jpg", "../labels/f1/a.txt", "notes.txt", "x" * 300]
    (root / "bins/images/notes.txt").write_text("no picture")
    lines = [f"bins/images,{name},train,walk" for name in rows]
    (root / "splits.csv").write_text("\n".join(["folder,image,split,group", *lines]))
    recipe = parse_recipe(write_recipe_text(head_lines=TABLE))
    report = build_picture_set(recipe, root=root, folder=tmp_path / "set")
    absent = [one.picture for one in report.left_out if one.code == "absent"]
    assert absent == sorted(rows[1:])


def test_pictures_that_only_a_coco_file_names_are_told(root: Path, tmp_path: Path) -> None:
    names = ("f1/a.jpg", "f1/gone.jpg")
    table = {
        "images": [
            {"id": k, "file_name": name, "width": 200, "height": 100}
            for k, name in enumerate(names)
        ],
        "annotations": [],
        "categories": [],
    }
    (root / "bins/all.json").write_text(json.dumps(table))
    text = write_recipe_text(split=SPLIT_BY_FLIGHT).replace("bins/labels", "bins/all.json")
    text = text.replace('"yolo"', '"coco"').replace('class_words = ["garbage", "bin"]', "")
    report = build_picture_set(parse_recipe(text), root=root, folder=tmp_path / "set")
    told = {one.picture: one.code for one in report.left_out}
    assert told["f1/gone.jpg"] == "absent"
    assert len(told) == 4  # and three pictures without labels
