from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.detection.tiles import (
    CutTiles,
    Tile,
    plan_levels,
    plan_skipped_classes,
    plan_tiles,
    scale_picture,
)
from models.manifest import ModelManifest

CLASSES = ("garbage", "billboard", "structure")


def make_manifest(**gsd_range_m: tuple[float, float]) -> ModelManifest:
    return ModelManifest(
        name="none",
        version="1",
        classes=CLASSES,
        input_size_px=640,
        gsd_range_m={**dict.fromkeys(CLASSES, (0.02, 0.05)), **gsd_range_m},
        street_long_side_px=1280,
        min_confidence=dict.fromkeys(CLASSES, 0.5),
        weights_sha256="none",
        licence="none",
        data="none",
        metrics={},
    )


def test_tiles_without_overlap_meet_edge_to_edge() -> None:
    assert plan_tiles(1280, 640, size=640, overlap=0) == [
        Tile(0, 0, 640, 640),
        Tile(640, 0, 1280, 640),
    ]


def test_the_last_tile_moves_back_inside_the_picture() -> None:
    assert plan_tiles(1000, 640, size=640, overlap=0.25) == [
        Tile(0, 0, 640, 640),
        Tile(360, 0, 1000, 640),
    ]


def test_a_twenty_megapixel_photo_takes_seventy_tiles_at_fifteen_percent() -> None:
    # Steps of 544: columns 0, 544, ... 4352, 4832 are 10, rows 0, 544, ... 2720, 3008 are 7.
    tiles = plan_tiles(5472, 3648, size=640, overlap=0.15)
    assert len(tiles) == 70
    assert tiles[-1] == Tile(4832, 3008, 5472, 3648)


def test_a_picture_smaller_than_a_tile_is_one_tile() -> None:
    assert plan_tiles(300, 200, size=640, overlap=0.2) == [Tile(0, 0, 300, 200)]


@given(
    width=st.integers(1, 3000),
    height=st.integers(1, 3000),
    size=st.integers(32, 640),
    overlap=st.floats(0, 0.9),
)
def test_tiles_cover_the_picture_and_none_is_a_sliver(
    width: int, height: int, size: int, overlap: float
) -> None:
    tiles = plan_tiles(width, height, size=size, overlap=overlap)
    assert len(set(tiles)) == len(tiles)
    for tile in tiles:
        assert 0 <= tile.x_min < tile.x_max <= width
        assert 0 <= tile.y_min < tile.y_max <= height
        assert tile.x_max - tile.x_min == min(size, width)
        assert tile.y_max - tile.y_min == min(size, height)
    # Tiles stand in columns and rows, so that it is enough if these leave no gap.
    for length, pairs in (
        (width, sorted({(tile.x_min, tile.x_max) for tile in tiles})),
        (height, sorted({(tile.y_min, tile.y_max) for tile in tiles})),
    ):
        assert pairs[0][0] == 0
        assert pairs[-1][1] == length
        for (_, end), (start, _) in pairwise(pairs):
            assert start <= end


def test_a_photo_finer_than_the_training_is_scaled_down_to_it() -> None:
    (level,) = plan_levels(4000, 3000, gsd_m=0.005, manifest=make_manifest())
    # 5 mm a pixel seen as 20 mm a pixel: a quarter.
    assert level.scale == pytest.approx(0.25)
    assert (level.width_px, level.height_px) == (1000, 750)
    assert level.classes == CLASSES


def test_a_photo_within_or_somewhat_beyond_the_training_stays_as_it_is() -> None:
    for gsd_m in (0.0195, 0.02, 0.04, 0.09):
        (level,) = plan_levels(4000, 3000, gsd_m=gsd_m, manifest=make_manifest())
        assert (level.scale, level.width_px, level.height_px) == (1.0, 4000, 3000)


def test_classes_of_other_scales_have_levels_of_their_own() -> None:
    manifest = make_manifest(structure=(0.08, 0.3))
    levels = plan_levels(4000, 3000, gsd_m=0.02, manifest=manifest)
    assert [(level.scale, level.classes) for level in levels] == [
        (0.25, ("structure",)),
        (1.0, ("garbage", "billboard")),
    ]


def test_a_class_is_skipped_where_pixels_are_far_too_coarse() -> None:
    manifest = make_manifest(structure=(0.08, 0.3))
    (level,) = plan_levels(4000, 3000, gsd_m=0.11, manifest=manifest)
    assert level.classes == ("structure",)
    skipped = plan_skipped_classes(gsd_m=0.11, manifest=manifest)
    assert skipped == ["garbage", "billboard"]
    assert plan_levels(4000, 3000, gsd_m=1.0, manifest=manifest) == []


def test_a_large_street_photo_is_searched_whole_and_twice_as_fine() -> None:
    levels = plan_levels(4000, 3000, gsd_m=None, manifest=make_manifest())
    assert [(level.width_px, level.height_px) for level in levels] == [(1280, 960), (2560, 1920)]
    assert all(level.classes == CLASSES for level in levels)
    assert plan_skipped_classes(gsd_m=None, manifest=make_manifest()) == []


@pytest.mark.parametrize("width_px", [300, 1280, 2000])
def test_a_smaller_street_photo_is_searched_once_and_never_scaled_up(width_px: int) -> None:
    (level,) = plan_levels(width_px, 200, gsd_m=None, manifest=make_manifest())
    assert level.width_px == min(width_px, 1280)


def test_scaling_gives_the_planned_size_and_native_pictures_are_not_copied() -> None:
    picture = np.zeros((300, 400, 3), dtype=np.uint8)
    (level,) = plan_levels(400, 300, gsd_m=0.005, manifest=make_manifest())
    assert scale_picture(picture, level).shape == (75, 100, 3)
    (native,) = plan_levels(400, 300, gsd_m=0.03, manifest=make_manifest())
    assert scale_picture(picture, native) is picture


def test_full_tiles_are_views_and_small_ones_are_padded_copies() -> None:
    picture = np.arange(100 * 100 * 3, dtype=np.uint8).reshape(100, 100, 3)
    (full,) = CutTiles(picture, [Tile(20, 30, 84, 94)], size=64)
    assert full.base is not None
    np.testing.assert_array_equal(full, picture[30:94, 20:84])
    (small,) = CutTiles(picture[:10, :20], [Tile(0, 0, 20, 10)], size=64)
    np.testing.assert_array_equal(small[:10, :20], picture[:10, :20])
    assert (small[10:] == 114).all()
    assert (small[:, 20:] == 114).all()
