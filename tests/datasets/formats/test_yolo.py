"""YOLO label files."""

import math
from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.formats.labels import Label, PictureLabels
from datasets.formats.yolo import (
    format_yolo,
    number_labels,
    parse_class_list,
    parse_yolo,
    read_yolo,
    write_yolo,
)
from datasets.labelled_picture import LabelledBox

GARBAGE = Label("exposed_garbage")
LABELS_BY_NUMBER = {0: GARBAGE, 1: Label("exposed_garbage", "overflowing_bin"), 2: None}


def parse(text: str, size_px: tuple[int, int] = (200, 100)) -> PictureLabels:
    return parse_yolo(text, labels_by_number=LABELS_BY_NUMBER, file_name="a/1.jpg", size_px=size_px)


def make_box(x_min: float, y_min: float, x_max: float, y_max: float) -> LabelledBox:
    return LabelledBox(
        class_name="exposed_garbage", x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max
    )


def test_centre_and_size_are_parts_of_width_and_height() -> None:
    assert parse("0 0.5 0.5 0.25 0.5\n").boxes == (make_box(75, 25, 125, 75),)


def test_a_polygon_gives_the_box_around_it() -> None:
    assert parse("0 0.5 0.2 0.25 0.6 0.75 0.6").boxes == (make_box(50, 20, 150, 60),)


def test_a_number_can_stand_for_a_sub_class_or_be_dropped_knowingly() -> None:
    boxes = parse("2 0.5 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n").boxes
    assert [(box.class_name, box.sub_class) for box in boxes] == [
        ("exposed_garbage", "overflowing_bin")
    ]


def test_an_empty_file_is_a_picture_without_objects_and_an_absent_one_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "1.txt").write_bytes(b"\xef\xbb\xbf\r\n")  # as an editor on Windows leaves it
    picture = read_yolo(tmp_path / "1.txt", labels_by_number={}, file_name="1.jpg", size_px=(4, 3))
    assert picture == PictureLabels(file_name="1.jpg", width_px=4, height_px=3, boxes=())
    with pytest.raises(DatasetError, match=r"2\.txt: cannot be read"):
        read_yolo(tmp_path / "2.txt", labels_by_number={}, file_name="2.jpg", size_px=(4, 3))


def test_numbers_get_their_names_from_the_list_of_classes() -> None:
    names = parse_class_list("garbage\ngarbage_bin\noverflow\n")
    assert names == ("garbage", "garbage_bin", "overflow")
    mapping = {"garbage": GARBAGE, "garbage_bin": None, "overflow": LABELS_BY_NUMBER[1]}
    assert number_labels(names, mapping) == {0: GARBAGE, 1: None, 2: LABELS_BY_NUMBER[1]}
    with pytest.raises(DatasetError, match="'overflow' not in the mapping"):
        number_labels(names, {"garbage": GARBAGE, "garbage_bin": None})


@pytest.mark.parametrize("text", ["garbage\n\noverflow\n", "garbage\ngarbage\n"])
def test_a_list_of_classes_that_leaves_numbers_in_doubt_is_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="list of classes"):
        parse_class_list(text)


def test_boxes_are_written_with_six_decimals(tmp_path: Path) -> None:
    picture = PictureLabels(
        file_name="1.jpg", width_px=200, height_px=100, boxes=(make_box(75, 25, 125, 75),)
    )
    write_yolo(tmp_path / "labels/1.txt", picture, numbers_by_label={GARBAGE: 7})
    text = (tmp_path / "labels/1.txt").read_text()
    assert text == "7 0.500000 0.500000 0.250000 0.500000\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3 0.5 0.5 0.1 0.1\n9 0.5 0.5 0.1 0.1", "3, 9 not in the mapping"),
        ("0 0.5 0.5 0.1 0.1\n0 0.5 nan 0.1 0.1", "line 2.*no finite number"),
        ("0 0.5 0.5 inf 0.1", "finite"),
        ("0 0.5 0.5 -0.1 0.1", "negative"),
        ("0 0.5 0.5 0 0.1", "no area"),
        ("0 1.0 0.5 0.1 0.1", "10 px out of the picture of 200 x 100"),
        ("0 100 50 20 20", "out of the picture"),  # pixels in place of parts
        ("0.0 0.5 0.5 0.1 0.1", "not a whole number"),
        ("garbage 0.5 0.5 0.1 0.1", "not a whole number"),
        ("0 0.5 0.5 0.1", "3 numbers"),
        ("0 0.5 0.5 0.1 0.1 0.93", "confidence"),
        ("0 0.1 0.1 0.2 0.2 0.3 0.3 0.4", "7 numbers"),
        ("0 " + "0.5 " * 2_500_000, "10000002 characters, the limit is"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse(text)


def test_less_than_a_pixel_outside_is_rounding_and_cut() -> None:
    # Half of 0.508 of 200 px is 50.8 px: it begins 0.8 px left of the picture.
    assert parse("0 0.25 0.5 0.508 0.5").boxes[0].x_min == 0


def test_wrong_pictures_are_not_written() -> None:
    def write(box: LabelledBox, width_px: int | None = 200) -> str:
        picture = PictureLabels(file_name="1.jpg", width_px=width_px, height_px=100, boxes=(box,))
        return format_yolo(picture, numbers_by_label={GARBAGE: 0})

    with pytest.raises(DatasetError, match="size is not known"):
        write(make_box(1, 1, 2, 2), width_px=None)
    with pytest.raises(DatasetError, match="out of the picture"):
        write(make_box(100, 1, 300, 2))
    with pytest.raises(DatasetError, match="too small"):
        write(make_box(1, 1, math.nextafter(1, 2), 2))
    labelled = LabelledBox(
        class_name="exposed_garbage", sub_class="pile", x_min=1, y_min=1, x_max=2, y_max=2
    )
    with pytest.raises(DatasetError, match="'exposed_garbage/pile' not in the mapping"):
        write(labelled)


@pytest.mark.parametrize("name", ["", "../a.jpg", "/a.jpg", "C:/a.jpg", "a\\b.jpg", "a//b", "\n"])
def test_a_file_name_that_leads_out_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="file name"):
        parse_yolo("", labels_by_number={}, file_name=name, size_px=(1, 1))


@pytest.mark.shared
def test_real_label_files_are_read_whole(shared_folder: Path) -> None:
    folder = shared_folder / "images/malta_bags_street/labels"
    paths = sorted(folder.glob("*.txt"))[:40]
    for path in paths:
        picture = read_yolo(
            path, labels_by_number={0: GARBAGE}, file_name=f"{path.stem}.jpg", size_px=(512, 512)
        )
        assert len(picture.boxes) == len(path.read_text().split()) / 5
        again = format_yolo(picture, numbers_by_label={GARBAGE: 0})
        numbers, expected = (list(map(float, text.split())) for text in (again, path.read_text()))
        assert numbers == pytest.approx(expected, abs=1e-5)
