"""Wide frames become tiles, and a box belongs to the tiles that show enough of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.labelled_picture import LabelledBox
from inference.detection.tiles import Tile
from training.config import Tiling
from training.tiling import cut_boxes, plan_tile_side, plan_views


def box(x_min: float, y_min: float, x_max: float, y_max: float) -> LabelledBox:
    return LabelledBox(
        class_name="exposed_garbage", x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max
    )


@pytest.mark.parametrize(
    ("size", "side_px"),
    [((1024, 576), 576), ((1920, 1080), 1024), ((400, 300), 512), ((4000, 200), 512)],
)
def test_a_tile_is_as_high_as_a_low_picture(size: tuple[int, int], side_px: int) -> None:
    assert plan_tile_side(*size, tile_px=512) == side_px


def test_a_wide_frame_is_two_tiles_and_itself() -> None:
    # Tiles of 576 px overlap by at least 0.2 * 576 = 115 px: the second ends at the right edge.
    tiles = [Tile(0, 0, 576, 576), Tile(448, 0, 1024, 576)]
    assert plan_views(1024, 576, tiling=Tiling.TILES, tile_px=512) == tiles
    whole = Tile(0, 0, 1024, 576)
    assert plan_views(1024, 576, tiling=Tiling.BOTH, tile_px=512) == [whole, *tiles]
    assert plan_views(1024, 576, tiling=Tiling.WHOLE, tile_px=512) == [whole]


@pytest.mark.parametrize("tiling", list(Tiling))
def test_a_picture_no_larger_than_a_tile_is_shown_once(tiling: Tiling) -> None:
    assert plan_views(512, 400, tiling=tiling, tile_px=512) == [Tile(0, 0, 512, 400)]


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_tiles_cover_every_pixel(width_px: int, height_px: int) -> None:
    tiles = plan_views(width_px, height_px, tiling=Tiling.TILES, tile_px=512)
    for x, y in ((0, 0), (width_px - 1, height_px - 1), (width_px // 2, height_px // 3)):
        assert any(t.x_min <= x < t.x_max and t.y_min <= y < t.y_max for t in tiles)


def test_a_cut_box_stays_where_two_fifths_of_it_are_seen() -> None:
    tile = Tile(100, 0, 200, 100)
    # 40 of 100 px are inside the tile, then 39 of 100.
    assert cut_boxes((box(40, 10, 140, 20),), tile, scale=1.0) == (box(0, 10, 40, 20),)
    assert cut_boxes((box(39, 10, 139, 20),), tile, scale=1.0) == ()


def test_boxes_are_scaled_with_their_tile() -> None:
    tile = Tile(100, 50, 300, 250)
    assert cut_boxes((box(120, 70, 160, 90),), tile, scale=0.5) == (box(10, 10, 30, 20),)


def test_a_box_without_area_is_left_out() -> None:
    assert cut_boxes((box(10, 10, 10, 20),), Tile(0, 0, 100, 100), scale=1.0) == ()
