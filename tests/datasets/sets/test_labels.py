import json
from pathlib import Path

import pytest

from datasets.labelled_picture import LabelledBox
from datasets.sets.labels import Boxes, NoBoxes, PictureSize, read_boxes
from datasets.sets.recipe import parse_recipe
from tests.datasets.sets.factories import SPLIT_BY_FLIGHT, make_box, write_recipe_text

PICTURE = PictureSize(inner_path="walk/a.jpg", width_px=200, height_px=100)
VOC = """<annotation><filename>a.jpg</filename><size><width>{width}</width><height>100</height>
</size><object><name>garbage</name><bndbox><xmin>11</xmin><ymin>21</ymin><xmax>50</xmax>
<ymax>60</ymax></bndbox></object></annotation>"""


def read(root: Path, text: str, *pictures: PictureSize) -> list[Boxes | NoBoxes]:
    source = parse_recipe(text).source[0]
    return list(read_boxes(source, root, pictures or (PICTURE,)).values())


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def recipe(**changes: str) -> str:
    text = write_recipe_text(split=SPLIT_BY_FLIGHT)
    for old, new in changes.items():
        text = text.replace(f'{old} = "', f'{old} = "{new}" #')
    return text


def test_yolo_words_are_mapped_or_ignored(tmp_path: Path) -> None:
    write(tmp_path / "bins/labels/walk/a.txt", "0 0.5 0.5 0.25 0.5\n1 0.2 0.2 0.1 0.1\n")
    # 0.25 of 200 px and 0.5 of 100 px around the middle.
    assert read(tmp_path, recipe()) == [(make_box(75, 25, 125, 75),)]


def test_yolo_numbers_may_be_named_themselves(tmp_path: Path) -> None:
    text = recipe().replace('class_words = ["garbage", "bin"]\n', "")
    text = text.replace("garbage = ", '"7" = ', 1).replace('["bin"]', '["8"]')
    write(tmp_path / "bins/labels/walk/a.txt", "7 0.5 0.5 0.25 0.5\n8 0.2 0.2 0.1 0.1\n")
    assert read(tmp_path, text) == [(make_box(75, 25, 125, 75),)]


def test_pascal_voc_is_read_with_its_sub_class(tmp_path: Path) -> None:
    write(tmp_path / "bins/labels/walk/a.xml", VOC.format(width=200))
    text = recipe(format="pascal_voc").replace(
        '= "exposed_garbage" }', '= "exposed_garbage/pile" }'
    )
    assert read(tmp_path, text) == [
        (
            LabelledBox(
                class_name="exposed_garbage",
                sub_class="pile",
                x_min=10,
                y_min=20,
                x_max=50,
                y_max=60,
            ),
        )
    ]


def test_labels_of_another_picture_size_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "bins/labels/walk/a.xml", VOC.format(width=100))
    (found,) = read(tmp_path, recipe(format="pascal_voc"))
    assert isinstance(found, NoBoxes)
    assert "100 x 100 px" in found.reason


def test_coco_gives_each_picture_its_boxes_or_the_reason(tmp_path: Path) -> None:
    names = ("walk/a.jpg", "bad.jpg", "none.jpg")
    table = {
        "images": [
            {"id": k, "file_name": name, "width": 200, "height": 100}
            for k, name in enumerate(names[:2])
        ],
        "annotations": [
            {"id": 1, "image_id": 0, "category_id": 1, "bbox": [10, 20, 40, 40]},
            {"id": 2, "image_id": 1, "category_id": 1, "bbox": [500, 20, 40, 40]},
        ],
        "categories": [{"id": 1, "name": "garbage"}],
    }
    write(tmp_path / "bins/all.json", json.dumps(table))
    sizes = [PictureSize(inner_path=name, width_px=200, height_px=100) for name in names]
    source = parse_recipe(recipe(format="coco", labels="bins/all.json")).source[0]
    found = read_boxes(source, tmp_path, sizes)
    assert found["walk/a.jpg"] == (make_box(10, 20, 50, 60),)
    assert [getattr(found[name], "code", None) for name in names[1:]] == ["bad_labels", "no_labels"]


def test_a_picture_without_labels_is_nothing_unless_the_recipe_says_so(tmp_path: Path) -> None:
    (found,) = read(tmp_path, recipe())
    assert isinstance(found, NoBoxes)
    assert found.code == "no_labels"
    looked_at = write_recipe_text(
        split=SPLIT_BY_FLIGHT, source_lines='without_labels = "nothing_there"'
    )
    assert read(tmp_path, looked_at) == [()]


@pytest.mark.parametrize(
    "line",
    [
        "2 0.5 0.5 0.1 0.1",
        "0 0.5 0.5 0.1",
        "0 1.5 0.5 0.1 0.1",
        "0 nan 0.5 0.1 0.1",
        "x",
        "-1 0.5 0.5 0.1 0.1",
        "0 1e400 0.5 0.1 0.1",
        "0 0.1 0.1 0.4 0.1 0.4 nan 0.1 0.4",
        "9" * 5000 + " 0.5 0.5 0.1 0.1",
    ],
)
def test_wrong_labels_are_a_reason(tmp_path: Path, line: str) -> None:
    write(tmp_path / "bins/labels/walk/a.txt", line)
    (found,) = read(tmp_path, recipe())
    assert isinstance(found, NoBoxes)
    assert found.code == "bad_labels"
