import cv2
import numpy as np
import pytest

from models.detector import Image
from service.privacy.plates import parse_plates, plan_anchors, read_plate_finder


def test_anchors_stand_in_the_middles_of_cells_smallest_cells_first() -> None:
    anchors = plan_anchors(64)
    # 8 x 8 cells of 8 px, 4 x 4 of 16 px, 2 x 2 of 32 px; two anchors each.
    assert len(anchors) == 2 * (64 + 16 + 4)
    assert anchors[:4].tolist() == [
        [4, 4, 24, 24],
        [4, 4, 48, 48],
        [12, 4, 24, 24],
        [12, 4, 48, 48],
    ]
    assert anchors[-1].tolist() == [48, 48, 768, 768]


def test_shifts_move_and_stretch_an_anchor() -> None:
    anchors = np.array([[100, 50, 24, 24], [10, 10, 24, 24]], dtype=np.float32)
    shifts = np.array([[1, -2, np.log(2) / 0.2, 0], [0, 0, 0, 0]], dtype=np.float32)
    scores = np.array([0.8, 0.1], dtype=np.float32)
    found = parse_plates(shifts, scores, anchors, min_score=0.5)
    # Middle (100 + 0.1 * 24, 50 - 0.2 * 24), 48 px wide, 24 px high.
    assert found.boxes.tolist() == [pytest.approx([78.4, 33.2, 126.4, 57.2], abs=1e-4)]


def draw_plate(tile_px: int) -> Image:
    """Return a dark car's rear with a plate as in China: white characters on blue."""
    tile = np.full((tile_px, tile_px, 3), 60, dtype=np.uint8)
    cv2.rectangle(tile, (240, 300), (400, 350), (180, 60, 10), -1)
    cv2.rectangle(tile, (243, 303), (397, 347), (255, 255, 255), 1)
    cv2.putText(tile, "A.12345", (250, 336), cv2.FONT_HERSHEY_DUPLEX, 1.1, (255, 255, 255), 2)
    return tile


def test_the_real_network_finds_a_drawn_plate_where_it_is() -> None:
    finder = read_plate_finder(threads=1)
    found = finder.find(draw_plate(finder.tile_px), min_score=0.5)
    assert len(found) > 0
    assert found.boxes[found.scores.argmax()].tolist() == pytest.approx(
        [240, 300, 400, 350], abs=20
    )


def test_the_real_network_finds_no_plate_in_an_even_picture() -> None:
    finder = read_plate_finder(threads=1)
    tile = np.full((finder.tile_px, finder.tile_px, 3), 128, dtype=np.uint8)
    assert len(finder.find(tile, min_score=0.2)) == 0
