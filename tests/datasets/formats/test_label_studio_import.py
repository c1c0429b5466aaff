"""Tasks for Label Studio's importer."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.formats.label_studio import parse_rectangle
from datasets.formats.label_studio_import import PictureTask, Proposal, format_tasks, write_tasks
from datasets.formats.labels import Label
from datasets.labelled_picture import LabelledBox

WORDS = {Label("exposed_garbage"): "garbage", Label("illegal_structure"): None}
BOX = LabelledBox(class_name="exposed_garbage", x_min=256, y_min=216, x_max=512, y_max=432)
PROPOSAL = Proposal(region_id="g0", box=BOX, score=0.91)
TASK = PictureTask(
    picture="flight7/街.jpg",
    image_url="https://pictures.example/1.jpg",
    width_px=1280,
    height_px=720,
    proposals=(PROPOSAL, replace(PROPOSAL, region_id="g1", score=0.4)),
    more_data={"group": "flight7"},
)


def write(*tasks: PictureTask) -> str:
    return format_tasks(tasks, model_version="m1", words_by_label=WORDS)


def test_a_task_has_the_form_of_one_that_a_real_server_took(tmp_path: Path) -> None:
    one = replace(TASK, proposals=(PROPOSAL,))
    write_tasks(tmp_path / "tasks.json", [one], model_version="m1", words_by_label=WORDS)
    assert json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8")) == [
        {
            "data": {
                "image": "https://pictures.example/1.jpg",
                "picture": "flight7/街.jpg",
                "width_px": 1280,
                "height_px": 720,
                "group": "flight7",
            },
            "predictions": [
                {
                    "model_version": "m1",
                    "score": 0.91,
                    "result": [
                        {
                            "id": "g0",
                            "from_name": "label",
                            "to_name": "image",
                            "type": "rectanglelabels",
                            "original_width": 1280,
                            "original_height": 720,
                            "image_rotation": 0,
                            "score": 0.91,
                            "value": {
                                "x": 20.0,
                                "y": 30.0,
                                "width": 20.0,
                                "height": 30.0,
                                "rotation": 0,
                                "rectanglelabels": ["garbage"],
                            },
                        }
                    ],
                }
            ],
        }
    ]


@pytest.mark.shared
def test_a_task_has_the_keys_of_the_request_that_the_server_took(shared_folder: Path) -> None:
    path = shared_folder / "label_studio/payloads/import_request_tasks.json"
    taken = json.loads(path.read_text())[0]["predictions"][0]
    written = json.loads(write(TASK))[0]["predictions"][0]
    assert written.keys() == taken.keys()
    region, taken_region = written["result"][0], taken["result"][0]
    assert region.keys() == taken_region.keys() - {"meta"}
    assert region["value"].keys() == taken_region["value"].keys()


def test_all_boxes_are_in_one_prediction_with_the_score_of_the_surest() -> None:
    (task,) = json.loads(write(TASK))
    (prediction,) = task["predictions"]
    assert [parse_rectangle(region).region_id for region in prediction["result"]] == ["g0", "g1"]
    assert prediction["score"] == 0.91


def test_a_picture_without_proposals_has_no_prediction() -> None:
    structure = replace(BOX, class_name="illegal_structure")
    left_out = replace(TASK, proposals=(replace(PROPOSAL, box=structure),))
    for task in (replace(TASK, proposals=()), left_out):
        assert "predictions" not in json.loads(write(task))[0]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (replace(TASK, proposals=(PROPOSAL, PROPOSAL)), "'g0' is there twice"),
        (replace(TASK, proposals=(replace(PROPOSAL, score=2.0),)), "score 2.0"),
        (replace(TASK, proposals=(replace(PROPOSAL, score=math.nan),)), "score nan"),
        (replace(TASK, proposals=(replace(PROPOSAL, region_id=""),)), "no id"),
        (replace(TASK, width_px=400), "112 px out of the picture"),
        (replace(TASK, width_px=0), "not possible"),
        (replace(TASK, picture="../1.jpg"), "no file name"),
        (replace(TASK, image_url=""), "address is empty"),
        (replace(TASK, more_data={"image": "x"}), "replaces .'image'."),
        (
            replace(TASK, proposals=(replace(PROPOSAL, box=replace(BOX, sub_class="bags")),)),
            "'exposed_garbage/bags' not in the mapping",
        ),
    ],
)
def test_what_the_importer_would_swallow_is_refused(task: PictureTask, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        write(task)


def test_a_picture_is_asked_for_once() -> None:
    with pytest.raises(DatasetError, match=r"街\.jpg' is there twice"):
        write(TASK, TASK)
