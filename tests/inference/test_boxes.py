"""Boxes beside, across and within each other."""

import pytest

from inference.boxes import area_px, find_cut_axes, iou, shared_area_px

BOX = (0.0, 0.0, 4.0, 2.0)


def test_an_area_is_width_times_height() -> None:
    assert area_px(BOX) == 8.0


def test_boxes_share_the_part_that_both_cover() -> None:
    # 2 x 1 of 8 + 8 - 2.
    across = (2.0, 1.0, 6.0, 3.0)
    assert shared_area_px(BOX, across) == 2.0
    assert iou(BOX, across) == pytest.approx(2.0 / 14.0)
    assert iou(BOX, BOX) == 1.0


@pytest.mark.parametrize("other", [(4.0, 0.0, 8.0, 2.0), (9.0, 9.0, 10.0, 10.0), (5, -3, 6, -1)])
def test_boxes_that_do_not_meet_share_nothing(other: tuple[float, ...]) -> None:
    assert shared_area_px(BOX, other) == 0.0
    assert iou(BOX, other) == 0.0


def test_boxes_without_area_share_nothing() -> None:
    assert iou((1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)) == 0.0


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ((100.0, 100.0, 200.0, 200.0), (False, False)),
        ((0.0, 100.0, 200.0, 200.0), (True, False)),
        ((900.0, 100.0, 999.0, 200.0), (True, False)),
        ((100.0, 0.5, 200.0, 200.0), (False, True)),
        ((800.0, 450.0, 1000.0, 500.0), (True, True)),
    ],
)
def test_boxes_at_the_edge_of_the_picture_are_cut(
    box: tuple[float, ...], cut: tuple[bool, bool]
) -> None:
    assert find_cut_axes(box, width_px=1000, height_px=500) == cut
