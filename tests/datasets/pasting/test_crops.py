"""Cutting out: masks that fit, and those that are thrown away."""

import cv2
import numpy as np
import pytest

from datasets.pasting.crops import cut_box, cut_patch, cut_roof
from tests.datasets.pasting.factories import draw_heap

BOX = (24.0, 33.0, 96.0, 87.0)


def test_the_heap_in_a_box_is_cut_out() -> None:
    crop = cut_box(draw_heap((30, 30, 200)), BOX)
    assert crop is not None
    # An ellipse fills pi / 4 of the box around it, and the crop is trimmed to that box.
    assert crop.mask.mean() == pytest.approx(np.pi / 4, abs=0.06)
    inside = crop.pixels[crop.mask > 0.5].mean(axis=0)
    assert inside[2] > 150 > 90 > inside[1]


def test_a_box_without_anything_in_it_gives_no_crop() -> None:
    plain = np.full((120, 120, 3), 90, np.uint8)
    assert cut_box(plain, BOX) is None


def test_scattered_pieces_give_no_crop() -> None:
    picture = np.full((120, 120, 3), 90, np.uint8)
    for x, y in ((34, 42), (84, 42), (34, 76), (84, 76)):
        cv2.circle(picture, (x, y), 7, (30, 30, 220), -1)
    assert cut_box(picture, BOX) is None


def test_a_tiny_box_gives_no_crop() -> None:
    assert cut_box(draw_heap((30, 30, 200)), (55, 55, 65, 65)) is None


def test_the_same_box_has_the_same_mask() -> None:
    one, two = (cut_box(draw_heap((30, 30, 200)), BOX) for _ in range(2))
    assert one is not None
    assert two is not None
    assert (one.mask == two.mask).all()


def test_a_roof_that_fills_its_picture_is_cut_out_with_straight_edges() -> None:
    picture = np.full((90, 120, 3), (60, 120, 70), np.uint8)
    picture += np.random.default_rng(0).integers(0, 9, picture.shape, dtype=np.uint8)
    cv2.rectangle(picture, (12, 12), (107, 77), (150, 150, 200), -1)
    crop = cut_roof(picture)
    assert crop is not None
    assert crop.mask.mean() > 0.9
    assert crop.mask.shape == pytest.approx((66, 96), abs=4)


def test_a_patch_lies_inside_the_picture_and_is_ragged() -> None:
    picture = draw_heap((30, 30, 200))
    crop = cut_patch(picture, np.random.default_rng(0), share=(0.5, 0.5))
    assert crop.mask.shape == (60, 60)
    assert crop.mask[0, 0] == 0
    assert crop.mask[30, 30] == 1
