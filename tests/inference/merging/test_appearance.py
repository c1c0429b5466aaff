"""Appearance tells things apart however the camera is turned."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.merging.appearance import describe_appearance
from models.detector import Image

BOX = (60.0, 60.0, 140.0, 140.0)


def draw_heap(rng: np.random.Generator, *, colour: tuple[int, int, int]) -> Image:
    """Return grey ground with patches of about one colour in the middle."""
    image = np.full((200, 200, 3), 120, dtype=np.uint8)
    for _ in range(40):
        x, y = rng.integers(65, 130, size=2)
        width, height = rng.integers(4, 15, size=2)
        shade = np.clip(np.array(colour) + rng.integers(-30, 30, size=3), 0, 255)
        corner = (int(x + width), int(y + height))
        cv2.rectangle(image, (int(x), int(y)), corner, shade.tolist(), -1)
    return image


def distance(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return 1.0 - float(first @ second)


def test_a_description_has_unit_length_and_is_repeatable() -> None:
    image = draw_heap(np.random.default_rng(1), colour=(60, 90, 200))
    first, second = describe_appearance(image, BOX), describe_appearance(image, BOX)
    assert first.dtype == np.float32
    assert float(np.linalg.norm(first)) == pytest.approx(1.0, abs=1e-6)
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_camera_changes_little(turns: int) -> None:
    red = draw_heap(np.random.default_rng(2), colour=(60, 60, 200))
    turned = np.ascontiguousarray(np.rot90(red, turns))
    green = draw_heap(np.random.default_rng(3), colour=(60, 180, 60))
    same = distance(describe_appearance(red, BOX), describe_appearance(turned, BOX))
    other = distance(describe_appearance(red, BOX), describe_appearance(green, BOX))
    assert same < 0.02
    assert other > 5 * same


def test_two_views_of_a_heap_are_closer_than_two_heaps() -> None:
    red = draw_heap(np.random.default_rng(4), colour=(60, 60, 200))
    noise = np.random.default_rng(5).integers(-8, 9, size=red.shape)
    again = np.clip(red.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    blue = draw_heap(np.random.default_rng(6), colour=(200, 90, 60))
    view = describe_appearance(red, BOX)
    moved_box = (62.0, 58.0, 143.0, 138.0)
    assert distance(view, describe_appearance(again, moved_box)) < distance(
        view, describe_appearance(blue, BOX)
    )


@pytest.mark.parametrize(
    "box", [(-50.0, -50.0, 10.0, 10.0), (199.5, 199.5, 260.0, 260.0), (300.0, 300.0, 310.0, 310.0)]
)
def test_boxes_over_the_edge_are_cut(box: tuple[float, float, float, float]) -> None:
    image = draw_heap(np.random.default_rng(7), colour=(60, 60, 200))
    assert np.isfinite(describe_appearance(image, box)).all()


def test_a_uniform_crop_has_a_description_too() -> None:
    black = np.zeros((50, 50, 3), dtype=np.uint8)
    assert float(np.linalg.norm(describe_appearance(black, (0, 0, 50, 50)))) == pytest.approx(1.0)
