import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledBox, LabelledPicture, View, has_possible_boxes
from datasets.picture_set import (
    PICTURES_FILE,
    SET_FILE,
    PictureSet,
    Source,
    read_picture_set,
    write_picture_set,
)

BOX = LabelledBox(class_name="exposed_garbage", x_min=1, y_min=2, x_max=3.5, y_max=4)
PICTURE = LabelledPicture(
    path="images/a.jpg",
    sha256="0" * 64,
    width_px=64,
    height_px=48,
    boxes=(BOX,),
    labelled_classes=("exposed_garbage",),
    source="bins",
    group="bins/1",
    split="train",
    view=View.STREET,
)


def make_set(folder: Path, picture: LabelledPicture = PICTURE) -> PictureSet:
    made = PictureSet(
        name="drawn",
        version="1",
        taxonomy_version="2026.2",
        sources=(Source(name="bins", origin="drawn", licence="CC0"),),
        pictures=(picture,),
        folder=folder,
    )
    write_picture_set(made)
    return made


def write_line(folder: Path, **changes: object) -> None:
    make_set(folder)
    (folder / PICTURES_FILE).write_text(json.dumps({**asdict(PICTURE), **changes}) + "\n")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    placed = replace(PICTURE, gsd_m=0.02, captured_at="2026-01-02", latitude=1.5, longitude=-2)

    made = make_set(tmp_path, placed)

    assert read_picture_set(tmp_path) == made


# JSON leaves them as they are, and str.splitlines cuts at them.
@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85"])
def test_characters_that_only_some_take_for_line_ends_are_part_of_a_name(
    tmp_path: Path, character: str
) -> None:
    made = make_set(tmp_path, replace(PICTURE, path=f"images/a{character}b.jpg"))

    assert read_picture_set(tmp_path).pictures == made.pictures


def test_windows_line_ends_and_byte_order_marks_are_taken(tmp_path: Path) -> None:
    made = make_set(tmp_path)
    for name in (SET_FILE, PICTURES_FILE):
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(text, encoding="utf-8-sig", newline="\r\n")

    assert read_picture_set(tmp_path) == made


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"width_px": "wide"}, "width_px"),
        ({"width_px": 0}, "width_px"),
        ({"height_px": 10**400}, "height_px"),
        ({"sha256": 5}, "sha256"),
        ({"path": 5}, "path"),
        ({"group": ["a"]}, "group"),
        ({"source": None}, "source"),
        ({"boxes": [{**asdict(BOX), "x_min": "left"}]}, "boxes.0.x_min"),
        ({"boxes": [{**asdict(BOX), "class_name": ["a"]}]}, "boxes.0.class_name"),
        ({"boxes": [{**asdict(BOX), "colour": "red"}]}, "colour"),
        ({"labelled_classes": "exposed_garbage"}, "labelled_classes"),
        ({"latitude": float("nan"), "longitude": 1}, "latitude"),
        ({"latitude": 1, "longitude": 181}, "longitude"),
        ({"gsd_m": -1}, "gsd_m"),
        ({"view": "satellite"}, "view"),
        ({"note": "?"}, "note"),
    ],
)
def test_a_wrong_field_is_named_with_its_line(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    write_line(tmp_path, **changes)

    with pytest.raises(DatasetError, match=rf"line 1: .*{named}"):
        read_picture_set(tmp_path)


@pytest.mark.parametrize("name", [SET_FILE, PICTURES_FILE])
@pytest.mark.parametrize("text", ["[" * 100_000, "\0", "5", "{", '{"sources": 1}'])
def test_files_of_another_kind_are_refused(tmp_path: Path, name: str, text: str) -> None:
    make_set(tmp_path)
    (tmp_path / name).write_text(text)

    with pytest.raises(DatasetError, match=name):
        read_picture_set(tmp_path)


@pytest.mark.parametrize("path", ["../a.jpg", "/etc/passwd", "a/../../b", "a\\b", "a\0", ""])
def test_no_picture_lies_outside_its_set(tmp_path: Path, path: str) -> None:
    made = make_set(tmp_path)

    with pytest.raises(DatasetError, match="outside"):
        made.path_of(replace(PICTURE, path=path))


def test_a_set_that_cannot_be_written_stays_what_it_was(tmp_path: Path) -> None:
    made = make_set(tmp_path)
    surrogate = replace(PICTURE, path="images/\ud800.jpg")  # UTF-8 has no such character

    with pytest.raises(UnicodeEncodeError):
        make_set(tmp_path, surrogate)

    assert read_picture_set(tmp_path) == made
    assert sorted(path.name for path in tmp_path.iterdir()) == [PICTURES_FILE, SET_FILE]


def test_corners_that_are_no_numbers_are_told() -> None:
    assert has_possible_boxes(PICTURE)
    assert not has_possible_boxes(replace(PICTURE, boxes=(BOX, replace(BOX, x_max=float("nan")))))
    assert not has_possible_boxes(replace(PICTURE, boxes=(replace(BOX, y_min=float("-inf")),)))
    assert not has_possible_boxes(replace(PICTURE, boxes=(replace(BOX, x_max=1e308),)))
