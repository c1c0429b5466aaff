"""Evaluation on pictures drawn here, with a detector that knows the answer."""

from pathlib import Path

import numpy as np
import pytest

from training.average_precision import Matches
from training.errors import TrainingError
from training.evaluate import (
    PictureResult,
    best_threshold,
    false_alarms_per_picture,
    read_true_boxes,
    score_classes,
)


def matches(scores: list[float], hits: list[bool], true_count: int) -> Matches:
    return Matches(
        scores=np.array(scores, dtype=np.float32),
        hits=np.repeat(np.array(hits, dtype=bool)[:, None], 10, axis=1).reshape(-1, 10),
        true_count=true_count,
    )


def test_label_centre_and_size_become_corners(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("2 0.5 0.25 0.2 0.5\n")
    ids, boxes = read_true_boxes(tmp_path / "a.txt", width_px=100, height_px=200)
    assert ids.tolist() == [2]
    assert boxes[0] == pytest.approx([40, 0, 60, 100])


def test_empty_label_is_a_negative(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    ids, boxes = read_true_boxes(tmp_path / "a.txt", width_px=10, height_px=10)
    assert (len(ids), boxes.shape) == (0, (0, 4))


def test_broken_label_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 0.5 nonsense 1 1\n")
    with pytest.raises(TrainingError, match=r"a\.txt"):
        read_true_boxes(tmp_path / "a.txt", width_px=10, height_px=10)


def test_threshold_with_the_best_f1() -> None:
    # At 0.8: 2 hits of 2 found, 3 true: F1 = 4/5. At 0.3: 3 hits of 4: F1 = 6/7. At 0.2: 6/8.
    curve = matches([0.9, 0.8, 0.5, 0.3, 0.2], [True, True, False, True, False], 3)
    assert best_threshold(curve, beta=1.0) == pytest.approx(0.3)


def test_threshold_that_weighs_precision_twice() -> None:
    # F0.5 = 1.25 hits / (found + 0.25 true). At 0.8: 2.5 / 2.75 = 0.91; at 0.3: 3.75 / 4.75 = 0.79.
    curve = matches([0.9, 0.8, 0.5, 0.3, 0.2], [True, True, False, True, False], 3)
    assert best_threshold(curve) == pytest.approx(0.8)


def test_scores_leave_out_classes_without_truth() -> None:
    result = PictureResult(
        group="a", matches={"x": matches([0.9], [True], 1), "y": matches([0.7], [False], 0)}
    )
    scores = score_classes([result], thresholds={"x": 0.5, "y": 0.5})
    assert [score.class_name for score in scores] == ["x"]
    assert (scores[0].map50.value, scores[0].precision, scores[0].recall) == (1.0, 1.0, 1.0)


def test_false_alarms_count_only_pictures_without_objects() -> None:
    empty = PictureResult(group="a", matches={"x": matches([0.9, 0.2], [False, False], 0)})
    full = PictureResult(group="b", matches={"x": matches([0.9, 0.8], [True, False], 1)})
    assert false_alarms_per_picture([empty, full], thresholds={"x": 0.5}) == {"x": 1.0}
