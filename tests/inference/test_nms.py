import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.nms import merge_detections
from models.detector import Detections
from models.suppression import select_detections


def make_detections(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return Detections(
        boxes=table[:, :4].astype(np.float32),
        scores=table[:, 4].astype(np.float32),
        class_ids=table[:, 5].astype(np.int32),
    )


def test_a_cut_box_gives_way_to_the_whole_one_even_with_a_better_score() -> None:
    # The right half of the object, seen from the next tile.
    found = make_detections((0, 0, 100, 50, 0.6, 0), (50, 0, 100, 50, 0.9, 0))
    merged = merge_detections(found, min_iou=0.6, cut=np.array([False, True]))
    assert merged.boxes.tolist() == [[0, 0, 100, 50]]


def test_a_small_object_inside_a_larger_one_stays_where_no_tile_cut_it() -> None:
    found = make_detections((0, 0, 100, 50, 0.6, 0), (50, 0, 100, 50, 0.9, 0))
    assert len(merge_detections(found, min_iou=0.6, cut=np.array([False, False]))) == 2
    assert len(merge_detections(found, min_iou=0.6)) == 2


def test_a_cut_box_stays_beside_a_box_of_another_class_or_place() -> None:
    cut = np.array([False, True])
    other_class = make_detections((0, 0, 100, 50, 0.6, 0), (50, 0, 100, 50, 0.9, 1))
    assert len(merge_detections(other_class, min_iou=0.6, cut=cut)) == 2
    # Seven tenths inside.
    beside = make_detections((0, 0, 100, 50, 0.6, 0), (65, 0, 115, 50, 0.9, 0))
    assert len(merge_detections(beside, min_iou=0.6, cut=cut)) == 2


def test_of_two_equal_cut_boxes_one_is_left() -> None:
    found = make_detections((0, 0, 10, 10, 0.6, 0), (0, 0, 10, 10, 0.9, 0))
    merged = merge_detections(found, min_iou=0.6, cut=np.array([True, True]))
    assert merged.scores.tolist() == [np.float32(0.9)]


def test_nothing_gives_nothing() -> None:
    empty = make_detections()
    assert len(merge_detections(empty, min_iou=0.5)) == 0
    assert len(merge_detections(empty, min_iou=0.5, cut=np.zeros(0, dtype=np.bool_))) == 0


whole = st.integers(0, 30)
row = st.tuples(whole, whole, st.integers(1, 12), st.integers(1, 12), whole, st.booleans())


@given(rows=st.lists(row, max_size=25, unique_by=lambda row: row[:5]), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_input_changes_nothing(
    rows: list[tuple[int, int, int, int, int, bool]], seed: int
) -> None:
    found = make_detections(
        *((x, y, x + width, y + height, score / 30, 0) for x, y, width, height, score, _ in rows)
    )
    cut = np.array([row[5] for row in rows], dtype=np.bool_)
    order = np.random.default_rng(seed).permutation(len(rows))
    first = merge_detections(found, min_iou=0.5, cut=cut)
    second = merge_detections(select_detections(found, order), min_iou=0.5, cut=cut[order])
    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert (np.diff(first.scores) <= 0).all()
