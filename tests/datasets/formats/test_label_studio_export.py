"""Label Studio's JSON export as labelled pictures."""

import json
from pathlib import Path
from typing import Any

import pytest

from datasets.errors import DatasetError
from datasets.formats.label_studio_export import parse_label_studio, read_label_studio
from datasets.formats.labels import Label, PictureLabels
from datasets.labelled_picture import LabelledBox

MAPPING = {"garbage": Label("exposed_garbage"), "bin": None}
Table = dict[str, Any]


def make_region(**changes: object) -> Table:
    """Return garbage from (20, 10) to (60, 20) on a picture of 200 x 100 px."""
    value = {"x": 10, "y": 10, "width": 20, "height": 10}
    return {
        "id": "r1",
        "type": "rectanglelabels",
        "original_width": 200,
        "original_height": 100,
        "value": {**value, "rectanglelabels": [changes.pop("label", "garbage")]},
        **changes,
    }


def make_annotation(*results: Table, **changes: object) -> Table:
    return {"id": 1, "created_at": "2026-11-24T20:07:32Z", "result": list(results), **changes}


def make_task(number: int, *annotations: Table, **data: object) -> Table:
    return {
        "id": number,
        "data": {"picture": f"a/{number}.jpg", **data},
        "annotations": list(annotations),
    }


def parse(*tasks: Table) -> tuple[PictureLabels, ...]:
    return parse_label_studio(json.dumps(tasks), labels_by_word=MAPPING)


GARBAGE_BOX = LabelledBox(class_name="exposed_garbage", x_min=20, y_min=10, x_max=60, y_max=20)


def test_a_submitted_annotation_gives_boxes_in_pixels() -> None:
    assert parse(make_task(1, make_annotation(make_region(), make_region(label="bin")))) == (
        PictureLabels(file_name="a/1.jpg", width_px=200, height_px=100, boxes=(GARBAGE_BOX,)),
    )


def test_the_export_and_the_list_of_the_api_read_alike() -> None:
    tasks = [make_task(1, make_annotation(make_region()))]
    listed = json.dumps({"tasks": tasks, "total": 1, "total_annotations": 1})
    assert parse_label_studio(listed, labels_by_word=MAPPING) == parse(*tasks)


def test_what_nobody_submitted_is_no_empty_picture() -> None:
    skipped = make_annotation(was_cancelled=True)
    assert parse(make_task(1), make_task(2, skipped)) == ()


def test_an_empty_annotation_is_an_empty_picture_of_unknown_size() -> None:
    expected = PictureLabels(file_name="a/1.jpg", width_px=None, height_px=None, boxes=())
    assert parse(make_task(1, make_annotation())) == (expected,)


def test_the_size_of_an_empty_picture_comes_from_its_proposals_or_its_task() -> None:
    proposed = make_annotation(prediction={"id": 1, "result": [make_region()]})
    stated = make_task(2, make_annotation(), width_px=30, height_px=40)
    sizes = [(one.width_px, one.height_px) for one in parse(make_task(1, proposed), stated)]
    assert sizes == [(200, 100), (30, 40)]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (make_task(1, make_annotation(make_region(), {"type": "choices"})), "choices.*reviews"),
        (make_task(1, make_annotation({"type": "brushlabels"})), "brushlabels"),
        (make_task(1, make_annotation(), make_annotation()), "2 annotations"),
        (make_task(1, make_annotation(make_region(label="tree"))), "'tree' not in the mapping"),
        (make_task(1, make_annotation(), picture=None), "task 1: data.picture holds no file name"),
        (make_task(1, make_annotation(), picture="../1.jpg"), "no file name within"),
        (
            make_task(1, make_annotation(make_region(), make_region(original_width=300))),
            "different sizes",
        ),
        (make_task(1, make_annotation(), width_px=[3], height_px=4), "whole pixels"),
        (make_task(1, make_annotation(), width_px=3), "whole pixels"),
        (make_task(1, make_annotation(), width_px=-3, height_px=4), "not possible"),
    ],
)
def test_a_picture_in_doubt_is_left_out_with_the_reason(task: Table, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse(task)
    troubles: list[DatasetError] = []
    good = make_task(2, make_annotation(make_region()))
    pictures = parse_label_studio(
        json.dumps([task, good]),
        labels_by_word=MAPPING,
        on_trouble=lambda name, error: troubles.append(error),
    )
    assert [picture.file_name for picture in pictures] == ["a/2.jpg"]
    assert len(troubles) == 1


def test_two_tasks_of_one_picture_are_refused() -> None:
    task = make_task(1, make_annotation())
    with pytest.raises(DatasetError, match="two tasks"):
        parse(task, task)


@pytest.mark.parametrize("text", ["", "{", '{"tasks": 1}', "[1]", "[" * 200_000])
def test_what_is_no_export_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match=r"export\.json: no "):
        read_label_studio(path, labels_by_word=MAPPING)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["export_JSON.json", "tasks_list_filtered_response.json"])
def test_a_rejected_detection_of_a_real_export_is_no_label(shared_folder: Path, name: str) -> None:
    path = shared_folder / "label_studio/payloads" / name
    with pytest.raises(DatasetError, match="flight7/frame_000: results of type choices"):
        read_label_studio(path, labels_by_word={}, picture_key="frame_id")


@pytest.mark.shared
def test_rectangles_of_a_real_export_are_read(shared_folder: Path) -> None:
    text = (shared_folder / "label_studio/payloads/export_JSON.json").read_text()
    tasks = json.loads(text)
    for task in tasks:
        for annotation in task["annotations"]:
            annotation["result"] = [r for r in annotation["result"] if r["type"] != "choices"]
    words = {"exposed_garbage": Label("exposed_garbage"), "damaged_billboard": None}
    found = parse_label_studio(json.dumps(tasks), labels_by_word=words, picture_key="frame_id")
    # Of three tasks one is submitted, one untouched, one skipped; 20 and 30 % of 1280 x 720.
    (picture,) = found
    assert picture.file_name == "flight7/frame_000"
    (box,) = picture.boxes
    assert (box.x_min, box.y_min, box.x_max, box.y_max) == pytest.approx((256, 216, 512, 432))
