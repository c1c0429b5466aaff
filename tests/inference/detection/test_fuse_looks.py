"""Several looks at one picture become one box an object."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.detection.fuse_looks import fuse_looks, mirror_boxes
from models.detector import Detections

Row = tuple[float, float, float, float, float, int]


def look(*rows: Row) -> Detections:
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return Detections(
        boxes=table[:, :4].astype(np.float32),
        scores=table[:, 4].astype(np.float32),
        class_ids=table[:, 5].astype(np.int32),
    )


def test_a_box_is_the_mean_of_its_boxes_weighted_by_score() -> None:
    fused = fuse_looks([look((0, 0, 10, 10, 0.9, 0)), look((2, 0, 12, 10, 0.3, 0))], min_iou=0.5)
    # (0 * 0.9 + 2 * 0.3) / 1.2 = 0.5.
    np.testing.assert_allclose(fused.boxes, [[0.5, 0, 10.5, 10]], rtol=1e-6)
    np.testing.assert_allclose(fused.scores, [0.6], rtol=1e-6)


def test_what_one_look_of_four_saw_is_worth_a_quarter() -> None:
    fused = fuse_looks([look((0, 0, 10, 10, 0.8, 1)), look(), look(), look()], min_iou=0.5)
    assert fused.boxes.tolist() == [[0, 0, 10, 10]]
    assert fused.class_ids.tolist() == [1]
    np.testing.assert_allclose(fused.scores, [0.2], rtol=1e-6)


def test_a_look_counts_with_its_best_box_alone() -> None:
    # Two boxes of one look on one object: else it would have two votes.
    twice = look((0, 0, 10, 10, 0.8, 0), (0, 0, 10, 9, 0.6, 0))
    fused = fuse_looks([twice, look((0, 0, 10, 10, 0.4, 0))], min_iou=0.5)
    np.testing.assert_allclose(fused.scores, [0.6], rtol=1e-6)


def test_classes_and_distant_objects_stay_apart_and_the_best_comes_first() -> None:
    looks = [
        look((0, 0, 10, 10, 0.5, 0), (0, 0, 10, 10, 0.6, 1)),
        look((50, 50, 60, 60, 0.9, 0), (0, 0, 10, 10, 0.9, 0)),
    ]
    fused = fuse_looks(looks, min_iou=0.5)
    assert fused.class_ids.tolist() == [0, 0, 1]
    np.testing.assert_allclose(fused.scores, [0.7, 0.45, 0.3], rtol=1e-6)


def test_nothing_seen_is_nothing() -> None:
    assert len(fuse_looks([look(), look()], min_iou=0.5)) == 0
    assert len(fuse_looks([], min_iou=0.5)) == 0


def test_boxes_that_score_nothing_have_a_mean_too() -> None:
    zero = look((0, 0, 10, 10, 0.0, 0))
    assert fuse_looks([zero, zero], min_iou=0.5).boxes.tolist() == [[0, 0, 10, 10]]


rows = st.tuples(
    st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20),
    st.integers(1, 1000), st.integers(0, 1),
).map(lambda r: (r[0], r[1], r[0] + r[2], r[1] + r[3], r[4] / 1000, r[5]))  # fmt: skip
looks_of_rows = st.lists(st.lists(rows, max_size=6), min_size=1, max_size=4)


@given(looks_of_rows, st.randoms())
def test_the_order_of_the_looks_changes_nothing(listed: list[list[Row]], random: object) -> None:
    looks = [look(*one) for one in listed]
    shuffled = list(looks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    first, second = fuse_looks(looks, min_iou=0.5), fuse_looks(shuffled, min_iou=0.5)
    np.testing.assert_allclose(first.scores, second.scores, rtol=1e-5)
    assert len(first) == len(second)


@given(looks_of_rows)
def test_no_object_is_surer_than_the_surest_look_nor_outside_of_what_they_saw(
    listed: list[list[Row]],
) -> None:
    every = [row for one in listed for row in one]
    fused = fuse_looks([look(*one) for one in listed], min_iou=0.5)
    assert len(fused) <= len(every)
    assert bool(fused.scores.size) == bool(every)
    for box, score in zip(fused.boxes, fused.scores, strict=True):
        assert score <= max(row[4] for row in every) + 1e-6
        assert box[0] >= min(row[0] for row in every) - 1e-3
        assert box[2] <= max(row[2] for row in every) + 1e-3
        assert box[0] < box[2]
        assert box[1] < box[3]


@pytest.mark.parametrize("width_px", [10, 11])
def test_boxes_mirrored_twice_are_as_before(width_px: int) -> None:
    boxes = np.array([[0, 1, 4, 5], [3, 2, 10, 9]], dtype=np.float32)
    once = mirror_boxes(boxes, width_px=width_px)
    assert once[0].tolist() == [width_px - 4, 1, width_px, 5]
    assert mirror_boxes(once, width_px=width_px).tolist() == boxes.tolist()
