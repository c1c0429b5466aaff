"""Findings are kept as they are, and scored only where somebody looked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.detector import Detections
from training.errors import TrainingError
from training.evaluation.result import LeftOut, Way
from training.evaluation.search import plan_search
from training.recipe import plan_manifest
from training.trials.placed_pictures import place_pictures
from training.trials.searched_pictures import (
    ScoredBox,
    match_scored,
    read_results,
    scored_boxes,
    search_placed,
    write_results,
)


class CornerDetector:
    """Finds one box in the corner of every crop."""

    classes = ("exposed_garbage", "damaged_billboard", "illegal_structure")
    input_size_px = 128
    batch_size = 1

    def detect(self, crops, *, min_score):
        found = Detections(
            boxes=np.array([[0, 0, 12, 12]], dtype=np.float32),
            scores=np.array([0.75], dtype=np.float32),
            class_ids=np.array([1], dtype=np.int32),
        )
        return [found for _ in crops]


def test_pictures_go_the_way_of_a_photo_and_broken_ones_are_named(
    make_set, make_picture, tmp_path: Path
) -> None:
    made = make_set([make_picture("a", gsd_m=5.0), make_picture("b")])
    made.path_of(made.pictures[1]).write_bytes(b"no picture")
    manifest = replace(plan_manifest("m", "1"), input_size_px=128, street_long_side_px=128)
    search = plan_search(CornerDetector(), manifest, Way.TILED)
    found = list(search_placed(place_pictures(made), search))
    # At 5 m a pixel nothing would be searched: the ground sample distance is not looked at.
    assert found[0].picture == made.pictures[0]
    assert scored_boxes(found[0]) == [
        ScoredBox(class_name="damaged_billboard", score=0.75, box=(0, 0, 12, 12))
    ]
    assert isinstance(found[1], LeftOut)
    assert found[1].path == "b.png"
    path = tmp_path / "found.jsonl"
    write_results(found, path)
    assert read_results(path) == found[:1]


def test_boxes_from_anywhere_are_compared_with_the_labels(make_picture, make_box) -> None:
    picture = make_picture(boxes=(make_box(x_min=10),))
    near = ScoredBox(class_name="exposed_garbage", score=0.5, box=(10, 10, 30, 28))
    far = ScoredBox(class_name="exposed_garbage", score=0.9, box=(70, 10, 90, 30))
    other = ScoredBox(class_name="damaged_billboard", score=0.7, box=(10, 10, 30, 30))
    result = match_scored(picture, [near, far, other])
    assert [(box.score, box.true_box) for box in result.found] == [
        (pytest.approx(0.9), None),
        (pytest.approx(0.7), None),
        (pytest.approx(0.5), 0),
    ]
    # 0.9 of the box is shared, so it is right up to an IoU of 0.9.
    assert sum(result.found[2].hits) == 9
    assert match_scored(picture, []).found == ()


@pytest.mark.parametrize("line", ["{}", "[]", "x", '{"picture": {}, "found": []}'])
def test_what_is_no_finding_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "found.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(TrainingError, match="line 1"):
        read_results(path)
