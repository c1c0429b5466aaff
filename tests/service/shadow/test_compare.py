import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.sighting import Detection
from service.shadow.compare import ClassTotals, compare_all, compare_photo, total_classes

Box = tuple[float, float, float, float]


def make_detection(
    name: str, box: Box, *, confidence: float = 0.5, class_name: str = "garbage"
) -> Detection:
    return Detection(
        id=name,
        photo_sha256="a",
        class_name=class_name,
        confidence=confidence,
        box_photo=box,
        appearance=np.zeros(2, dtype=np.float32),
    )


def test_boxes_that_overlap_by_half_are_one_object() -> None:
    old = make_detection("1", (0, 0, 10, 10), confidence=0.5)
    # 10 x 10 and 10 x 10 moved by 2: 80 shared of 120 together, 0.67.
    near = make_detection("2", (2, 0, 12, 10), confidence=0.8)
    # Moved by 5: 50 shared of 150 together, 0.33.
    far = make_detection("3", (5, 0, 15, 10), confidence=0.8)
    (both,) = compare_photo("p", [old], [near]).boxes
    assert (both.production, both.candidate, both.box_photo) == (0.5, 0.8, (0, 0, 10, 10))
    alone = compare_photo("p", [old], [far]).boxes
    assert [(box.production, box.candidate) for box in alone] == [(None, 0.8), (0.5, None)]


def test_the_nearest_box_is_taken_and_each_but_once() -> None:
    old = make_detection("1", (0, 0, 10, 10))
    near = make_detection("2", (1, 0, 11, 10), confidence=0.2)
    nearer = make_detection("3", (0, 0, 10, 10), confidence=0.9)
    boxes = compare_photo("p", [old], [near, nearer]).boxes
    assert [(box.production, box.candidate) for box in boxes] == [(None, 0.2), (0.5, 0.9)]


def test_boxes_of_other_classes_are_never_one_object() -> None:
    old = make_detection("1", (0, 0, 10, 10))
    new = make_detection("2", (0, 0, 10, 10), class_name="board")
    assert not any(box.is_on_both for box in compare_photo("p", [old], [new]).boxes)


def test_totals_are_by_class_with_the_mean_step_of_shared_boxes() -> None:
    differences = compare_all(
        {"a": "one", "b": "two", "c": "empty"},
        {"a": [make_detection("1", (0, 0, 9, 9), confidence=0.5)]},
        {
            "a": [make_detection("2", (0, 0, 9, 9), confidence=0.9)],
            "b": [make_detection("3", (0, 0, 9, 9))],
            "unknown": [make_detection("4", (0, 0, 9, 9))],
        },
    )
    assert [one.photo for one in differences] == ["one", "two"]
    assert total_classes(differences, ("garbage", "board")) == (
        ClassTotals(
            class_name="garbage",
            both=1,
            only_candidate=1,
            only_production=0,
            mean_difference=pytest.approx(0.4),
        ),
        ClassTotals(
            class_name="board", both=0, only_candidate=0, only_production=0, mean_difference=None
        ),
    )


corners = st.integers(0, 30)


@given(
    st.lists(st.tuples(corners, corners, st.sampled_from("ab")), max_size=8),
    st.lists(st.tuples(corners, corners, st.sampled_from("ab")), max_size=8),
)
def test_every_box_of_either_model_is_told_once(
    first: list[tuple[int, int, str]], second: list[tuple[int, int, str]]
) -> None:
    sides = [
        [
            make_detection(f"{side}{k}", (x, y, x + 10, y + 10), class_name=name)
            for k, (x, y, name) in enumerate(boxes)
        ]
        for side, boxes in (("old", first), ("new", second))
    ]
    told = compare_photo("p", *sides).boxes
    assert sum(box.production is not None for box in told) == len(first)
    assert sum(box.candidate is not None for box in told) == len(second)
    same = compare_photo("p", sides[0], sides[0]).boxes
    assert all(box.production == box.candidate for box in same)
