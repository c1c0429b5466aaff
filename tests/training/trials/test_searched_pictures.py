"""Findings are kept as they are, and scored only where somebody looked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.detector import Detections
from training.errors import TrainingError
from training.recipe import plan_manifest
from training.trials.placed_pictures import place_pictures
from training.trials.scores import match_class
from training.trials.searched_pictures import (
    FoundBox,
    SearchedPicture,
    read_searched,
    search_placed,
    with_labels_of,
    write_searched,
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


def test_pictures_go_the_way_of_a_photo_and_broken_ones_are_left_out(
    make_set, make_picture, tmp_path: Path
) -> None:
    made = make_set([make_picture("a"), make_picture("b")])
    made.path_of(made.pictures[1]).write_bytes(b"no picture")
    sizes = {"input_size_px": 128, "street_long_side_px": 128}
    manifest = replace(plan_manifest("m", "1"), **sizes)
    found = list(search_placed(place_pictures(made), detector=CornerDetector(), manifest=manifest))
    assert [entry.picture.path for entry in found] == ["a.png"]
    box = found[0].found[0]
    assert (box.class_name, box.score) == ("damaged_billboard", 0.75)
    assert (box.x_min, box.y_min, box.x_max, box.y_max) == (0, 0, 12, 12)
    path = tmp_path / "found.jsonl"
    write_searched(found, path)
    assert read_searched(path) == found


def test_a_class_that_nobody_looked_for_is_not_scored(make_picture, make_box) -> None:
    picture = make_picture(labelled_classes=("exposed_garbage",), boxes=(make_box(),))
    found = FoundBox(
        class_name="exposed_garbage", score=0.9, x_min=10, y_min=10, x_max=30, y_max=30
    )
    entry = SearchedPicture(picture=picture, found=(found, replace(found, x_min=80, x_max=90)))
    matches = match_class(entry, "exposed_garbage")
    assert matches is not None
    assert matches.hits[:, 0].tolist() == [True, False]
    assert match_class(entry, "damaged_billboard") is None


def test_newer_labels_stand_beside_older_findings(make_picture, make_box) -> None:
    entry = SearchedPicture(picture=make_picture("a"), found=())
    newer = make_picture("a", boxes=(make_box(),))
    assert with_labels_of([entry], [newer, make_picture("b")])[0].picture == newer


@pytest.mark.parametrize("line", ["{}", "[]", "x", '{"picture": {}, "found": []}'])
def test_what_is_no_finding_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "found.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(TrainingError, match="line 1"):
        read_searched(path)
