"""Scores of parts, sums done by hand."""

import pytest

from datasets.labelled_picture import Origin, View
from tests.training.evaluation.factories import make_picture, search_result
from training.evaluation.result import NegativeKind, SizeMeasure, SizeName, find_class
from training.evaluation.score import group_class, score_class, score_part, score_parts

BOX = (10.0, 10.0, 50.0, 50.0)
FAR = (200.0, 200.0, 240.0, 240.0)


def found(path: str, *boxes, group: str | None = None, **options):
    return search_result(
        make_picture([("garbage", *BOX)], path=path, group=group, **options), boxes
    )


def negative(path: str, *boxes, **options):
    return search_result(make_picture(path=path, **options), boxes)


def score(results, *, threshold: float = 0.5):
    whole = score_class(results, "garbage", threshold=threshold)
    assert whole is not None
    return whole


def test_operating_point_counts_right_wrong_and_missed() -> None:
    results = [
        found("a", ("garbage", 0.9, *BOX), ("garbage", 0.8, *FAR)),
        found("b", ("garbage", 0.4, *BOX)),
    ]
    at = score(results).operating
    assert (at.right, at.wrong, at.missed) == (1, 1, 1)
    assert at.precision is not None
    assert at.recall is not None
    assert (at.precision.value, at.recall.value) == (0.5, 0.5)


def test_nothing_shown_has_no_precision_and_misses_all() -> None:
    at = score([found("a", ("garbage", 0.3, *BOX))]).operating
    assert at.precision is None
    assert at.recall is not None
    assert at.recall.value == 0


def test_pictures_that_nobody_looked_through_for_the_class_do_not_count() -> None:
    results = [
        found("a", ("garbage", 0.9, *BOX)),
        negative("b", ("garbage", 0.95, *FAR), labelled=("billboard",)),
    ]
    whole = score(results)
    assert whole.map50 is not None
    assert (whole.pictures, whole.map50.value, whole.operating.wrong) == (1, 1.0, 0)


def test_class_that_nobody_looked_for_has_no_score() -> None:
    assert score_class([found("a")], "structure", threshold=0.5) is None


def test_false_alarms_tell_empty_pictures_from_those_with_other_objects() -> None:
    others = search_result(make_picture([("billboard", *BOX)], path="c"), [("garbage", 0.9, *FAR)])
    results = [
        found("a", ("garbage", 0.9, *FAR)),  # holds garbage: no negative
        negative("b", ("garbage", 0.9, *FAR), ("garbage", 0.2, *BOX)),
        negative("d"),
        others,
    ]
    alarms = {one.kind: one for one in score(results).false_alarms}
    empty, with_others = alarms[NegativeKind.EMPTY], alarms[NegativeKind.OTHERS]
    assert (empty.pictures, empty.boxes, empty.per_picture.value) == (2, 1, 0.5)
    assert (with_others.pictures, with_others.boxes) == (1, 1)


def test_budget_sends_the_best_boxes_of_all_pictures() -> None:
    right = [found(f"r{i}", ("garbage", 0.9, *BOX)) for i in range(6)]
    wrong = [negative(f"w{i}", ("garbage", 0.8, *BOX)) for i in range(6)]
    budgets = score(right + wrong).budgets
    assert [(one.budget, one.sent, one.right) for one in budgets] == [(10, 10, 6), (20, 12, 6)]


@pytest.mark.parametrize(
    ("box", "under"),
    [
        (("garbage", 0.7, 11, 10, 50, 50), "second box"),
        (("garbage", 0.7, 10, 10, 20, 50), "badly placed"),  # IoU a quarter
        (("garbage", 0.7, 105, 105, 115, 115), "bin"),
        (("garbage", 0.7, 300, 300, 320, 320), "background"),
    ],
)
def test_what_lies_under_a_false_alarm_is_named(box, under: str) -> None:
    picture = make_picture([("garbage", *BOX), ("bin", 100, 100, 140, 140)])
    whole = score([search_result(picture, [("garbage", 0.9, *BOX), box])])
    assert [(one.under, one.boxes) for one in whole.confusions] == [(under, 1)]


def test_sizes_are_those_that_the_network_saw() -> None:
    # A side of 40 pixels seen at half its size is 20: small; a tenth of the frame's 400: both.
    picture = make_picture([("garbage", *BOX)])
    sizes = score([search_result(picture, [("garbage", 0.9, *BOX)], scale=0.5)]).sizes
    by_size = {(one.measure, one.size): one.boxes for one in sizes}
    assert by_size[SizeMeasure.NETWORK, SizeName.SMALL] == 1
    assert (SizeMeasure.NETWORK, SizeName.MEDIUM) not in by_size


def test_calibration_error_of_scores_that_say_twice_the_truth() -> None:
    # Ten boxes of 0.8, four of them right: |0.8 - 0.4|, and Brier (4 * 0.04 + 6 * 0.64) / 10.
    results = [found(f"r{i}", ("garbage", 0.8, *BOX)) for i in range(4)]
    results += [found(f"w{i}", ("garbage", 0.8, *FAR)) for i in range(6)]
    calibration = score(results).calibration
    assert calibration is not None
    # One box a bin: each right one is off by 0.2, each wrong one by 0.8; bins would average.
    assert calibration.brier.value == pytest.approx(0.4)
    assert calibration.detections == 10


def test_perfectly_calibrated_bins_have_no_error() -> None:
    results = [found(f"{i}", ("garbage", 0.5, *(BOX if i % 2 else FAR))) for i in range(40)]
    calibration = score(results).calibration
    assert calibration is not None
    assert calibration.ece.value == pytest.approx(0.0)


def test_one_group_gives_no_interval_and_many_alike_a_narrow_one() -> None:
    burst = [found(str(i), ("garbage", 0.9, *BOX), group="burst") for i in range(5)]
    alone = score(burst).map50
    assert alone is not None
    assert (alone.value, alone.low, alone.high) == (1.0, None, None)
    apart = score([found(str(i), ("garbage", 0.9, *BOX)) for i in range(5)]).map50
    assert apart is not None
    assert (apart.low, apart.high) == (1.0, 1.0)


def test_interval_holds_the_value() -> None:
    results = [found(str(i), ("garbage", 0.9, *(BOX if i % 2 else FAR))) for i in range(20)]
    recall = score(results).operating.recall
    assert recall is not None
    assert recall.low is not None
    assert recall.high is not None
    assert recall.low < recall.value == 0.5 < recall.high


def test_group_that_counts_twice_is_its_pictures_twice() -> None:
    import numpy as np

    from training.evaluation.average_precision import average_precisions

    first = [found("a", ("garbage", 0.9, *FAR), ("garbage", 0.6, *BOX)), found("b")]
    second = [found("c", ("garbage", 0.7, *BOX))]
    weighted = average_precisions(group_class(first + second, "garbage"), np.array([2, 2, 1]))
    doubled = average_precisions(group_class(first + first + second, "garbage"))
    assert weighted == pytest.approx(doubled)


def test_views_and_origins_are_never_mixed() -> None:
    results = [
        found("a", ("garbage", 0.9, *BOX)),
        found("b", source="walk"),
        found("c", view=View.DRONE),
        found("d", view=View.DRONE, origin=Origin.RENDERED),
    ]
    parts = score_parts(results, thresholds={"garbage": 0.5})
    names = {(part.view, part.origin, part.source, part.pictures) for part in parts}
    assert names == {
        (View.STREET, Origin.PHOTO, None, 2),
        (View.STREET, Origin.PHOTO, "bins", 1),
        (View.STREET, Origin.PHOTO, "walk", 1),
        (View.DRONE, Origin.PHOTO, None, 1),
        (View.DRONE, Origin.RENDERED, None, 1),
    }
    part = score_part(results[:1], source=None, thresholds={"garbage": 0.5, "billboard": 0.5})
    billboard = find_class(part, "billboard")
    assert billboard is not None
    assert (billboard.boxes, billboard.map50) == (0, None)
