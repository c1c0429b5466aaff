"""Average precision against sums done by hand."""

import numpy as np
import pytest

from training.average_precision import (
    average_precisions,
    bootstrap_map,
    box_iou,
    join_matches,
    match_boxes,
    precision_recall_at,
)


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_iou_of_boxes_that_share_a_third() -> None:
    # Two 2x1 boxes share 1x1: 1 / (2 + 2 - 1).
    assert box_iou(boxes((0, 0, 2, 1)), boxes((1, 0, 3, 1)))[0, 0] == pytest.approx(1 / 3)


def test_perfect_boxes_score_one_at_every_level() -> None:
    true = boxes((0, 0, 10, 10), (20, 20, 40, 40))
    assert average_precisions(match_boxes(true, scores(0.9, 0.8), true)) == pytest.approx(1.0)


def test_a_false_alarm_ranked_first_halves_the_precision() -> None:
    true = boxes((0, 0, 10, 10))
    found = boxes((50, 50, 60, 60), (0, 0, 10, 10))
    matches = match_boxes(found, scores(0.9, 0.5), true)
    assert average_precisions(matches)[0] == pytest.approx(0.5)


def test_a_missed_box_caps_recall() -> None:
    # Recall reaches 0.5: recall levels 0.00 to 0.50 are met, 51 of 101, each at precision 1.
    true = boxes((0, 0, 10, 10), (50, 50, 60, 60))
    matches = match_boxes(boxes((0, 0, 10, 10)), scores(0.9), true)
    assert average_precisions(matches)[0] == pytest.approx(51 / 101)


def test_a_second_box_on_one_object_is_a_false_alarm() -> None:
    true = boxes((0, 0, 10, 10))
    matches = match_boxes(boxes((0, 0, 10, 10), (0, 0, 10, 9)), scores(0.9, 0.8), true)
    assert precision_recall_at(matches, min_score=0.0) == (0.5, 1.0)
    assert precision_recall_at(matches, min_score=0.85) == (1.0, 1.0)


def test_loose_box_counts_only_at_low_levels() -> None:
    # IoU 0.6: counts at 0.50, 0.55, 0.60.
    matches = match_boxes(boxes((0, 0, 10, 6)), scores(0.9), boxes((0, 0, 10, 10)))
    assert matches.hits[0].sum() == 3


def test_no_true_box_gives_no_value() -> None:
    assert np.isnan(average_precisions(match_boxes(boxes(), scores(), boxes()))).all()


def test_interval_holds_the_value_and_narrows_with_agreement() -> None:
    true = boxes((0, 0, 10, 10))
    good = match_boxes(true, scores(0.9), true)
    bad = match_boxes(boxes((50, 50, 60, 60)), scores(0.8), true)
    rng = np.random.default_rng(0)
    mixed, _ = bootstrap_map([good, bad] * 10, rng=rng)
    assert mixed.low <= mixed.value <= mixed.high
    same, _ = bootstrap_map([good] * 20, rng=rng)
    assert (same.low, same.value, same.high) == (1.0, 1.0, 1.0)
    assert join_matches([good, bad]).true_count == 2
