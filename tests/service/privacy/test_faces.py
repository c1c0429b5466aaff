import numpy as np
import pytest

from service.privacy.faces import parse_centerface, read_face_finder


def test_a_hot_cell_becomes_a_box_around_its_middle() -> None:
    heat = np.zeros((1, 4, 6), dtype=np.float32)
    sizes = np.zeros((2, 4, 6), dtype=np.float32)
    offsets = np.zeros((2, 4, 6), dtype=np.float32)
    heat[0, 2, 3] = 0.9
    sizes[:, 2, 3] = np.log([5, 3])  # 20 px high, 12 px wide
    offsets[:, 2, 3] = [0.25, -0.25]  # middle at y (2 + 0.25 + 0.5) * 4, x (3 - 0.25 + 0.5) * 4
    found = parse_centerface(heat, sizes, offsets, min_score=0.5)
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.boxes.tolist() == [pytest.approx([13 - 6, 11 - 10, 13 + 6, 11 + 10])]


def test_cells_below_the_score_are_left_out() -> None:
    heat = np.full((1, 2, 2), 0.3, dtype=np.float32)
    zeros = np.zeros((2, 2, 2), dtype=np.float32)
    assert len(parse_centerface(heat, zeros, zeros, min_score=0.31)) == 0


def test_the_real_network_finds_no_face_in_an_even_picture() -> None:
    finder = read_face_finder(threads=1)
    tile = np.full((finder.tile_px, finder.tile_px, 3), 128, dtype=np.uint8)
    assert len(finder.find(tile, min_score=0.2)) == 0
