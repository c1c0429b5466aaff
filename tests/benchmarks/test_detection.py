"""The table of detection: what is counted, and what decides."""

import dataclasses
import json
from pathlib import Path

import pytest

pytest.importorskip("sahi")
pytest.importorskip("ultralytics")

from benchmarks.detection import Target, count_alarms, find_map50, read_folds, thin_out
from benchmarks.detectors.default_training import format_yolo_label, train_by_default
from datasets.labelled_picture import View
from datasets.picture_set import PictureSet, Source
from tests.training.evaluation.factories import make_picture, search_result
from training.evaluation.result import Interval
from training.evaluation.score import score_parts

pytestmark = pytest.mark.train

CLASSES = ("exposed_garbage", "illegal_structure")
BOX = (10.0, 10.0, 50.0, 50.0)


def test_alarms_are_boxes_of_classes_looked_for_on_pictures_without_objects() -> None:
    found = [("exposed_garbage", 0.9, *BOX), ("illegal_structure", 0.9, *BOX)]
    looked_for = ("exposed_garbage",)
    results = [
        search_result(make_picture(labelled=looked_for, view=View.DRONE), found, classes=CLASSES),
        search_result(
            make_picture([("exposed_garbage", *BOX)], labelled=looked_for, view=View.DRONE),
            found,
            classes=CLASSES,
        ),
        search_result(make_picture(labelled=looked_for), found, classes=CLASSES),
    ]
    thresholds = {"exposed_garbage": 0.5, "illegal_structure": 0.5}
    assert count_alarms(results, View.DRONE, thresholds) == (1, 1)


@pytest.mark.parametrize(
    ("at_most", "value", "holds"), [(True, 0.05, True), (True, 0.06, False), (False, 0.8, True)]
)
def test_target_holds_at_its_limit(at_most: bool, value: float, holds: bool) -> None:
    limit = 0.05 if at_most else 0.8
    reached = Interval(value=value, low=None, high=None)
    assert Target(what="x", limit=limit, at_most=at_most, reached=reached).holds is holds


def test_figure_that_was_not_measured_does_not_hold() -> None:
    assert not Target(what="x", limit=1.0, at_most=True, reached=None).holds


def test_map_of_a_source_is_found_in_its_part() -> None:
    hit, missed = [("exposed_garbage", 0.9, *BOX)], []
    results = [
        search_result(
            make_picture([("exposed_garbage", *BOX)], path=name, source=name, labelled=CLASSES),
            found,
            classes=CLASSES,
        )
        for name, found in (("bins", hit), ("dashcam", missed))
    ]
    parts = score_parts(results, thresholds=dict.fromkeys(CLASSES, 0.5))
    alone = find_map50(parts, View.STREET, "exposed_garbage", "bins")
    assert alone is not None
    assert alone.value == 1.0
    assert find_map50(parts, View.DRONE, "exposed_garbage") is None


def test_first_recipe_of_the_folds_counts_and_absent_folds_are_no_figure(tmp_path: Path) -> None:
    assert read_folds(tmp_path / "none.json") == {}
    scores = [
        {"class_name": "a", "ap50": {"value": value, "low": None, "high": None}}
        for value in (0.3, 0.9)
    ]
    table = {"plan": "folds", "results": [{"scores": [score]} for score in scores]}
    (tmp_path / "table.json").write_text(json.dumps(table), encoding="utf-8")
    assert read_folds(tmp_path / "table.json")["a"].value == 0.3


def test_quick_takes_every_sixth_picture_of_each_source() -> None:
    pictures = [make_picture(path=f"{i}", source="ab"[i % 2]) for i in range(14)]
    assert [one.path for one in thin_out(pictures)] == ["0", "1", "12", "13"]


def test_label_is_centre_and_size_in_parts_of_the_frame() -> None:
    picture = make_picture([("exposed_garbage", 0, 100, 200, 200), ("bin", *BOX)])
    assert format_yolo_label(picture) == "0 0.250000 0.375000 0.500000 0.250000\n"


@pytest.mark.shared
@pytest.mark.slow
def test_default_training_leaves_weights_that_can_be_read(
    tmp_path: Path, shared_folder: Path
) -> None:
    import cv2
    import numpy as np

    from models.ultralytics_detector import read_trainable_network

    pictures = []
    for index, split in enumerate(("train", "train", "val")):
        cv2.imwrite(str(tmp_path / f"{index}.jpg"), np.full((400, 400, 3), 90, dtype=np.uint8))
        picture = make_picture([("exposed_garbage", *BOX)], path=f"{index}.jpg")
        pictures.append(dataclasses.replace(picture, split=split))
    picture_set = PictureSet(
        name="s",
        version="1",
        taxonomy_version="1",
        sources=(Source(name="bins", origin="drawn", licence="CC0-1.0"),),
        pictures=tuple(pictures),
        folder=tmp_path,
    )
    out = train_by_default(
        picture_set, tmp_path / "out", hours=0.002, work=tmp_path / "work", imgsz=64, workers=0
    )
    assert read_trainable_network(out).names[0] == "exposed_garbage"
    assert (out / "results.csv").is_file()
