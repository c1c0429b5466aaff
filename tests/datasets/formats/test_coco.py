"""COCO files."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from datasets.errors import DatasetError
from datasets.formats.coco import format_coco, parse_coco, read_coco, write_coco
from datasets.formats.labels import Label, PictureLabels
from datasets.labelled_picture import LabelledBox

MAPPING = {"garbage": Label("exposed_garbage"), "bin": None}
Table = dict[str, Any]


def make_file() -> Table:
    """Return two pictures of 100 x 50 px: garbage and a bin on the first, nothing on the other."""
    return {
        "info": {"year": 2026},
        "images": [
            {"id": 7, "file_name": "街/一.jpg", "width": 100, "height": 50, "license": 1},
            {"id": 3, "file_name": "b.jpg", "width": 100, "height": 50},
        ],
        "categories": [{"id": 5, "name": "garbage", "supercategory": ""}, {"id": 6, "name": "bin"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 5, "bbox": [10.5, 20, 30, 10], "area": 300},
            {"id": 2, "image_id": 7, "category_id": 6, "bbox": [0, 0, 5, 5], "iscrowd": 0},
        ],
    }


def parse(table: Table, *, keep_crowds: bool = False) -> tuple[PictureLabels, ...]:
    return parse_coco(json.dumps(table), labels_by_word=MAPPING, keep_crowds=keep_crowds)


GARBAGE_BOX = LabelledBox(class_name="exposed_garbage", x_min=10.5, y_min=20, x_max=40.5, y_max=30)


def test_a_box_is_its_corner_and_its_size_and_empty_pictures_are_kept() -> None:
    assert parse(make_file()) == (
        PictureLabels(file_name="街/一.jpg", width_px=100, height_px=50, boxes=(GARBAGE_BOX,)),
        PictureLabels(file_name="b.jpg", width_px=100, height_px=50, boxes=()),
    )


def test_a_box_around_a_crowd_counts_only_where_it_is_wanted() -> None:
    table = make_file()
    table["annotations"][0]["iscrowd"] = 1
    assert parse(table, keep_crowds=False)[0].boxes == ()
    assert parse(table, keep_crowds=True)[0].boxes == (GARBAGE_BOX,)


def test_a_bad_picture_stops_the_reading_only_where_nobody_takes_note() -> None:
    table = make_file()
    table["annotations"][0]["bbox"] = [90, 20, 30, 10]
    with pytest.raises(DatasetError, match=r"一\.jpg: annotation 1: .* 20 px out"):
        parse(table)
    noted: list[str] = []
    pictures = parse_coco(
        json.dumps(table),
        labels_by_word=MAPPING,
        keep_crowds=False,
        on_trouble=lambda name, error: noted.append(name),
    )
    assert [picture.file_name for picture in pictures] == ["b.jpg"]
    assert noted == ["街/一.jpg"]


@pytest.mark.parametrize("bbox", [[1, math.nan, 2, 2], [1, 1, 2], [], None, "x", [1, 1, 0, 2]])
def test_a_box_that_is_none_costs_its_picture_alone(bbox: object) -> None:
    table = make_file()
    table["annotations"][0]["bbox"] = bbox
    noted: dict[str, str] = {}
    pictures = parse_coco(
        json.dumps(table),
        labels_by_word=MAPPING,
        keep_crowds=False,
        on_trouble=lambda name, error: noted.update({name: str(error)}),
    )
    assert [picture.file_name for picture in pictures] == ["b.jpg"]
    assert list(noted) == ["街/一.jpg"]


def test_every_category_in_use_needs_a_decision() -> None:
    table = make_file()
    table["categories"] += [{"id": 8, "name": "tree"}, {"id": 9, "name": "car"}]
    parse(table)  # neither is in use
    for number in (8, 9):
        entry = {"id": number, "image_id": 3, "category_id": number, "bbox": [1, 1, 2, 2]}
        table["annotations"].append(entry)
    with pytest.raises(DatasetError, match=r"'tree', 'car' not in the mapping.* 'garbage', 'bin'"):
        parse(table)


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("annotations", {"bbox": [1, math.nan, 2, 2]}, r"annotations\.0\.bbox"),
        ("annotations", {"bbox": [1, 1, math.inf, 2]}, r"annotations\.0\.bbox"),
        ("annotations", {"bbox": [1, 1, 2]}, r"annotations\.0\.bbox"),
        ("annotations", {"bbox": ["1", 1, 2, 2]}, r"annotations\.0\.bbox"),
        ("annotations", {"bbox": [10, 1, -2, 2]}, "negative"),
        ("annotations", {"bbox": [10, 1, 0, 2]}, "no area"),
        ("annotations", {"image_id": 8}, "annotation 1: there is no image 8"),
        ("annotations", {"category_id": 8}, "annotation 1: there is no category 8"),
        ("annotations", {"id": 2}, "annotation id 2 is there twice"),
        ("annotations", {"iscrowd": 2}, "iscrowd"),
        ("images", {"id": 3}, "image id 3 is there twice"),
        ("images", {"file_name": "b.jpg"}, "file name 'b.jpg' is there twice"),
        ("images", {"file_name": "../b.jpg"}, "no file name within"),
        ("images", {"width": 0}, "not possible"),
        ("images", {"height": None}, r"images\.0\.height"),
        ("categories", {"id": 6}, "category id 6 is there twice"),
        ("categories", {"name": "bin"}, "category name 'bin' is there twice"),
    ],
)
def test_what_is_wrong_is_named(part: str, change: Table, message: str) -> None:
    table = make_file()
    table[part][0] |= change
    with pytest.raises(DatasetError, match=message):
        parse(table)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"images": []}', "[" * 200_000, "\ud800", '{"images": 1e999}'],
)
def test_what_is_no_coco_file_is_refused(content: str) -> None:
    with pytest.raises(DatasetError, match="no COCO labels"):
        parse_coco(
            content.encode(errors="surrogatepass"), labels_by_word=MAPPING, keep_crowds=False
        )


def test_a_file_on_one_line_of_ten_megabytes_is_read(tmp_path: Path) -> None:
    table = make_file() | {"info": "x" * 10_000_000}
    (tmp_path / "labels.json").write_text("\ufeff" + json.dumps(table), encoding="utf-8")
    read = read_coco(tmp_path / "labels.json", labels_by_word=MAPPING, keep_crowds=False)
    assert read == parse(make_file())


def test_a_written_file_has_what_evaluation_tools_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "out/labels.json"
    words = {Label("exposed_garbage"): "garbage", Label("illegal_structure"): None}
    write_coco(path, parse(make_file()), words_by_label=words)
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "images": [
            {"id": 1, "file_name": "街/一.jpg", "width": 100, "height": 50},
            {"id": 2, "file_name": "b.jpg", "width": 100, "height": 50},
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 1,
                "bbox": [10.5, 20.0, 30.0, 10.0],
                "area": 300.0,
                "iscrowd": 0,
            }
        ],
        "categories": [{"id": 1, "name": "garbage"}],
    }


def test_a_picture_is_not_written_twice() -> None:
    picture = PictureLabels(file_name="a.jpg", width_px=1, height_px=1, boxes=())
    with pytest.raises(DatasetError, match=r"'a\.jpg' is there twice"):
        format_coco([picture, picture], words_by_label={})


def test_an_absent_file_and_a_broken_one_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.json", "broken.json"):
        with pytest.raises(DatasetError, match=name):
            read_coco(tmp_path / name, labels_by_word=MAPPING, keep_crowds=False)
