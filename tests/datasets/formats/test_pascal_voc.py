"""Pascal VOC files."""

from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.formats.labels import Label, PictureLabels
from datasets.formats.pascal_voc import (
    Pixels,
    format_pascal_voc,
    parse_pascal_voc,
    read_pascal_voc,
    write_pascal_voc,
)
from datasets.labelled_picture import LabelledBox

GARBAGE = Label("exposed_garbage")
MAPPING = {"garbage": GARBAGE, "bin": None}
HEAD = "<filename>a.jpg</filename><size><width>500</width><height>300</height></size>"


def make_object(name: str, *edges: object, more: str = "") -> str:
    tags = ("xmin", "ymin", "xmax", "ymax")
    place = "".join(f"<{tag}>{edge}</{tag}>" for tag, edge in zip(tags, edges, strict=True))
    return f"<object><name>{name}</name>{more}<bndbox>{place}</bndbox></object>"


def parse(
    objects: str, *, pixels: Pixels = Pixels.FROM_1_LAST_IN, head: str = HEAD
) -> PictureLabels:
    return parse_pascal_voc(
        f"<annotation>{head}{objects}</annotation>".encode(),
        labels_by_word=MAPPING,
        keep_difficult=False,
        pixels=pixels,
    )


def corners(picture: PictureLabels) -> list[tuple[float, float, float, float]]:
    return [(box.x_min, box.y_min, box.x_max, box.y_max) for box in picture.boxes]


def test_an_object_that_fills_the_picture_goes_from_pixel_1_to_the_last() -> None:
    assert corners(parse(make_object("garbage", 1, 1, 500, 300))) == [(0, 0, 500, 300)]


def test_a_single_pixel_has_the_same_first_and_last() -> None:
    assert corners(parse(make_object("garbage", 8, 9, 8, 9))) == [(7, 8, 8, 9)]


def test_edges_from_0_are_taken_as_they_are_where_the_reader_says_so() -> None:
    objects = make_object("garbage", 0, 0, "52.5", 300)
    assert corners(parse(objects, pixels=Pixels.EDGES_FROM_0)) == [(0, 0, 52.5, 300)]
    with pytest.raises(DatasetError, match=r"counted from 1.*edges_from_0"):
        parse(objects)


def test_a_picture_without_objects_is_kept_and_parts_of_objects_are_no_objects() -> None:
    assert parse("") == PictureLabels(file_name="a.jpg", width_px=500, height_px=300, boxes=())
    part = "<part><name>lid</name><bndbox><xmin>1</xmin></bndbox></part>"
    assert len(parse(make_object("garbage", 2, 2, 9, 9, more=part)).boxes) == 1


def test_difficult_objects_count_only_where_they_are_wanted() -> None:
    objects = make_object("garbage", 2, 2, 9, 9, more="<difficult>1</difficult>")
    assert parse(objects).boxes == ()
    content = f"<annotation>{HEAD}{objects}</annotation>".encode()
    assert parse_pascal_voc(content, labels_by_word=MAPPING, keep_difficult=True).boxes


def test_names_are_mapped_or_dropped_knowingly() -> None:
    objects = make_object("bin", 1, 1, 2, 2) + make_object("garbage", 1, 1, 2, 2)
    assert [box.class_name for box in parse(objects).boxes] == ["exposed_garbage"]
    with pytest.raises(DatasetError, match=r"a\.jpg: 'tree' not in the mapping"):
        parse(make_object("tree", 1, 1, 2, 2))


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (make_object("garbage", "nan", 1, 2, 2), "not a finite number"),
        (make_object("garbage", "1e999", 1, 2, 2), "not a finite number"),
        (make_object("garbage", "ten", 1, 2, 2), "bndbox/xmin> is 'ten', not a number"),
        (make_object("garbage", 9, 1, 2, 2), "object 1: .*no area"),
        (make_object("garbage", 1, 1, 502, 2), "2 px out"),
        (make_object("garbage", 1, 1, 2, ""), "bndbox/ymax> is absent or empty"),
        ("<object><name>garbage</name></object>", "bndbox/xmin> is absent"),
        (make_object("", 1, 1, 2, 2), "<name> is absent or empty"),
    ],
)
def test_what_is_wrong_is_named(objects: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse(objects)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("", "filename> is absent"),
        ("<filename>../../etc/passwd</filename>", "no file name within"),
        (HEAD.replace("500", "0"), "not possible"),
        (HEAD.replace("500", "1.5"), "not a whole number"),
        (HEAD.replace("500", "1e12"), "not possible"),
    ],
)
def test_a_wrong_head_is_named(head: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse("", head=head)


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><annotation><filename>&c;</filename></annotation>'
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;</annotation>'


@pytest.mark.parametrize(
    "content",
    [b"", b"<annotation>", b"\xff\xfe<", BOMB.encode(), OUTSIDE.encode(), b"{}"],
    ids=["empty", "cut off", "no text", "bomb", "file of the machine", "json"],
)
def test_broken_and_hostile_xml_is_refused(content: bytes) -> None:
    with pytest.raises(DatasetError, match="no XML of labels"):
        parse_pascal_voc(content, labels_by_word=MAPPING, keep_difficult=True)


def test_other_xml_is_refused_and_elements_within_elements_do_no_harm() -> None:
    with pytest.raises(DatasetError, match="outer element is 'svg'"):
        parse_pascal_voc(b"<svg/>", labels_by_word=MAPPING, keep_difficult=True)
    deep = "<object>" * 20_000 + "</object>" * 20_000
    with pytest.raises(DatasetError, match="name"):
        parse(deep)


def test_a_file_of_ten_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b"<annotation>" + b" " * 10_000_000)
    with pytest.raises(DatasetError, match=r"a\.xml: larger than the limit"):
        read_pascal_voc(path, labels_by_word=MAPPING, keep_difficult=True)


def test_a_written_file_counts_from_1(tmp_path: Path) -> None:
    box = LabelledBox(class_name="exposed_garbage", x_min=0, y_min=9.6, x_max=7.4, y_max=10)
    picture = PictureLabels(file_name="街<1>.jpg", width_px=500, height_px=300, boxes=(box,))
    path = tmp_path / "labels/街.xml"
    write_pascal_voc(path, picture, words_by_label={GARBAGE: "garbage & bags"})
    read = read_pascal_voc(path, labels_by_word={"garbage & bags": GARBAGE}, keep_difficult=False)
    # 0 to 7.4 becomes pixels 1 to 7; 9.6 to 10 lies within pixel 10 alone.
    assert read.file_name == "街<1>.jpg"
    assert corners(read) == [(0, 9, 7, 10)]
    assert "<xmin>1</xmin>" in path.read_text(encoding="utf-8")


def test_a_label_without_a_word_is_not_written() -> None:
    box = LabelledBox(class_name="illegal_structure", x_min=0, y_min=0, x_max=7, y_max=7)
    picture = PictureLabels(file_name="a.jpg", width_px=9, height_px=9, boxes=(box,))
    with pytest.raises(DatasetError, match="'illegal_structure' not in the mapping"):
        format_pascal_voc(picture, words_by_label={GARBAGE: "garbage"})
