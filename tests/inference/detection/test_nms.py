import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.detection.nms import merge_detections
from models.detector import Detections
from models.suppression import select_detections


def make_detections(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return Detections(
        boxes=table[:, :4].astype(np.float32),
        scores=table[:, 4].astype(np.float32),
        class_ids=table[:, 5].astype(np.int32),
    )


NO_SIDE = (False, False, False, False)
LEFT = (True, False, False, False)
TOP = (False, True, False, False)
RIGHT = (False, False, True, False)
BOTTOM = (False, False, False, True)


def test_a_cut_box_gives_way_to_the_whole_one_even_with_a_better_score() -> None:
    # The right half of the object, seen from the next tile.
    found = make_detections((0, 0, 100, 50, 0.6, 0), (50, 0, 100, 50, 0.9, 0))
    merged = merge_detections(found, min_iou=0.6, cut_sides=np.array([NO_SIDE, LEFT]))
    assert merged.boxes.tolist() == [[0, 0, 100, 50]]


def test_a_small_object_inside_a_larger_one_stays_where_no_tile_cut_it() -> None:
    found = make_detections((0, 0, 100, 50, 0.6, 0), (50, 0, 100, 50, 0.9, 0))
    assert len(merge_detections(found, min_iou=0.6, cut_sides=np.array([NO_SIDE, NO_SIDE]))) == 2
    assert len(merge_detections(found, min_iou=0.6)) == 2


def test_a_cut_box_stays_beside_a_box_of_another_class_or_place() -> None:
    cut = np.array([NO_SIDE, LEFT])
    other_class = make_detections((0, 0, 100, 50, 0.6, 0), (50, 0, 100, 50, 0.9, 1))
    assert len(merge_detections(other_class, min_iou=0.6, cut_sides=cut)) == 2
    # Seven tenths inside.
    beside = make_detections((0, 0, 100, 50, 0.6, 0), (65, 0, 115, 50, 0.9, 0))
    assert len(merge_detections(beside, min_iou=0.6, cut_sides=cut)) == 2


def test_of_two_equal_cut_boxes_one_is_left() -> None:
    found = make_detections((0, 0, 10, 10, 0.6, 0), (0, 0, 10, 10, 0.9, 0))
    merged = merge_detections(found, min_iou=0.6, cut_sides=np.array([LEFT, LEFT]))
    assert merged.scores.tolist() == [np.float32(0.9)]


def test_parts_that_continue_each_other_become_one_box() -> None:
    # Tiles of 640 from 0 and from 512: each sees the object up to its own edge.
    found = make_detections((300, 50, 640, 150, 0.6, 0), (512, 55, 900, 150, 0.8, 0))
    merged = merge_detections(found, min_iou=0.5, cut_sides=np.array([RIGHT, LEFT]))
    assert merged.boxes.tolist() == [[300, 50, 900, 150]]
    assert merged.scores.tolist() == [np.float32(0.8)]


def test_an_object_over_four_tiles_becomes_one_box() -> None:
    found = make_detections(
        (400, 400, 640, 640, 0.6, 0),
        (512, 400, 800, 640, 0.7, 0),
        (400, 512, 640, 800, 0.8, 0),
        (512, 512, 800, 800, 0.9, 0),
    )
    sides = np.array([RIGHT, LEFT, RIGHT, LEFT]) | np.array([BOTTOM, BOTTOM, TOP, TOP])
    merged = merge_detections(found, min_iou=0.5, cut_sides=sides)
    assert merged.boxes.tolist() == [[400, 400, 800, 800]]


def test_boxes_that_no_edge_cut_or_that_lie_apart_are_not_joined() -> None:
    boxes = ((300, 50, 640, 150, 0.6, 0), (512, 55, 900, 150, 0.8, 0))
    whole = np.array([NO_SIDE, NO_SIDE])
    assert len(merge_detections(make_detections(*boxes), min_iou=0.5, cut_sides=whole)) == 2
    # One above the other along the seam, and not facing each other.
    for second, sides in (
        ((512, 200, 900, 300, 0.8, 0), [RIGHT, LEFT]),
        ((512, 55, 900, 150, 0.8, 1), [RIGHT, LEFT]),
        ((512, 55, 900, 150, 0.8, 0), [LEFT, RIGHT]),
    ):
        apart = make_detections(boxes[0], second)
        assert len(merge_detections(apart, min_iou=0.5, cut_sides=np.array(sides))) == 2


def test_nothing_gives_nothing() -> None:
    empty = make_detections()
    assert len(merge_detections(empty, min_iou=0.5)) == 0
    assert (
        len(merge_detections(empty, min_iou=0.5, cut_sides=np.zeros((0, 4), dtype=np.bool_))) == 0
    )


whole = st.integers(0, 30)
row = st.tuples(
    whole, whole, st.integers(1, 12), st.integers(1, 12), whole, st.tuples(*[st.booleans()] * 4)
)


@given(rows=st.lists(row, max_size=25, unique_by=lambda row: row[:5]), seed=st.integers(0, 99))
@settings(max_examples=60)
def test_the_order_of_the_input_changes_nothing(
    rows: list[tuple[int, int, int, int, int, tuple[bool, ...]]], seed: int
) -> None:
    found = make_detections(
        *((x, y, x + width, y + height, score / 30, 0) for x, y, width, height, score, _ in rows)
    )
    cut = np.array([row[5] for row in rows], dtype=np.bool_).reshape(-1, 4)
    order = np.random.default_rng(seed).permutation(len(rows))
    first = merge_detections(found, min_iou=0.5, cut_sides=cut)
    second = merge_detections(select_detections(found, order), min_iou=0.5, cut_sides=cut[order])
    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.scores, second.scores)
    assert (np.diff(first.scores) <= 0).all()
