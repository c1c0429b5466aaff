"""The choice of a threshold, sums done by hand."""

import numpy as np
import pytest

from training.evaluation.grouped import GroupedMatches
from training.evaluation.operating_point import NegativePictures, choose_operating_point


def curve(scores: list[float], hits: list[bool], true_count: int) -> GroupedMatches:
    return GroupedMatches(
        scores=np.array(scores, dtype=np.float32),
        hits=np.array(hits, dtype=bool)[:, None],
        group_rows=np.zeros(len(scores), dtype=np.intp),
        true_counts=np.array([true_count]),
    )


CURVE = curve([0.9, 0.8, 0.5, 0.3, 0.2], [True, True, False, True, False], 3)


def test_threshold_with_the_best_f1() -> None:
    # At 0.8: 2 hits of 2 found, 3 true: F1 = 4/5. At 0.3: 3 hits of 4: F1 = 6/7. At 0.2: 6/8.
    chosen = choose_operating_point(CURVE, [], max_false_alarms=0.05, beta=1.0)
    assert 0.2 < chosen.threshold <= np.float32(0.3)
    assert chosen.recall == 1.0
    assert chosen.alarms_per_picture == {}


def test_threshold_that_weighs_precision_twice() -> None:
    # F0.5 = 1.25 hits / (found + 0.25 true). At 0.8: 2.5 / 2.75 = 0.91; at 0.3: 3.75 / 4.75 = 0.79.
    chosen = choose_operating_point(CURVE, [], max_false_alarms=0.05)
    assert 0.5 < chosen.threshold <= np.float32(0.8)
    assert chosen.precision == 1.0
    assert chosen.f_beta == pytest.approx(2.5 / 2.75)


def test_alarms_on_negatives_push_the_threshold_up() -> None:
    # 20 negatives bear one alarm: 0.95 stays, 0.82 is one too many.
    street = NegativePictures(kind="street", pictures=20, scores=(0.1, 0.95, 0.82))
    chosen = choose_operating_point(CURVE, [street], max_false_alarms=0.05)
    assert 0.82 < chosen.threshold <= np.float32(0.9)
    assert chosen.alarms_per_picture == {"street": 0.05}
    assert chosen.recall == pytest.approx(1 / 3)


def test_each_kind_of_negatives_has_to_be_quiet() -> None:
    # Pooled, one alarm on 40 pictures would pass; on the 10 from a drone it is one too many.
    street = NegativePictures(kind="street", pictures=30, scores=())
    drone = NegativePictures(kind="drone", pictures=10, scores=(0.85,))
    chosen = choose_operating_point(CURVE, [street, drone], max_false_alarms=0.05)
    assert chosen.threshold > 0.85


def test_model_that_cannot_be_quiet_enough_finds_nothing_and_says_so() -> None:
    drone = NegativePictures(kind="drone", pictures=10, scores=(0.95,))
    chosen = choose_operating_point(CURVE, [drone], max_false_alarms=0.05)
    assert chosen.threshold > 0.95
    assert (chosen.precision, chosen.recall) == (None, 0.0)
    assert chosen.alarms_per_picture == {"drone": 0.0}


def test_equal_scores_are_shown_all_or_none() -> None:
    equal = curve([0.6, 0.6, 0.6], [True, False, False], 1)
    chosen = choose_operating_point(equal, [], max_false_alarms=0.05)
    assert chosen.precision == pytest.approx(1 / 3)


def test_class_without_a_hit_keeps_a_cautious_threshold() -> None:
    chosen = choose_operating_point(curve([0.9], [False], 2), [], max_false_alarms=0.05)
    assert chosen.threshold == 0.5
