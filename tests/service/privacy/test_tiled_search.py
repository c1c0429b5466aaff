import numpy as np
import pytest

from models.detector import Image
from service.privacy.tiled_search import plan_scales, search_picture


def make_picture(*boxes: tuple[int, int, int, int], rows: int = 200, columns: int = 300) -> Image:
    picture = np.full((rows, columns, 3), 90, dtype=np.uint8)
    for x_min, y_min, x_max, y_max in boxes:
        picture[y_min:y_max, x_min:x_max] = (0, 0, 255)
    return picture


def test_scales_halve_until_the_whole_picture_fits_into_a_tile() -> None:
    assert plan_scales(4000, 3000, tile_px=640, finest_scale=1.0) == [1, 0.5, 0.25, 0.125]
    assert plan_scales(512, 512, tile_px=640, finest_scale=2.0) == [2, 1]
    assert plan_scales(100, 50, tile_px=640, finest_scale=1.0) == [1]


@pytest.mark.parametrize("scale", [2.0, 1.0, 0.5])
def test_an_object_is_found_where_it_is_at_every_scale(red_squares: type, scale: float) -> None:
    picture = make_picture((110, 60, 118, 70))
    finder = red_squares(min_side_px=3)
    found = search_picture(picture, finder, scales=[scale], min_score=0.5)
    assert found.boxes.tolist() == [pytest.approx([110, 60, 118, 70], abs=2)]


def test_objects_at_tile_edges_corners_and_the_pictures_rim_are_all_found(
    red_squares: type,
) -> None:
    boxes = [(x, y, x + 10, y + 10) for x in range(0, 291, 29) for y in range(0, 191, 38)]
    picture = make_picture(*boxes)
    found = search_picture(picture, red_squares(), scales=[1.0], min_score=0.5)
    kept = sorted(tuple(round(value) for value in box) for box in found.boxes.tolist())
    assert kept == sorted(boxes)  # none missed, none twice, none in parts


def test_one_object_seen_in_several_tiles_and_scales_is_one(red_squares: type) -> None:
    picture = make_picture((144, 92, 152, 100))
    found = search_picture(picture, red_squares(), scales=[2.0, 1.0], min_score=0.5)
    assert found.boxes.tolist() == [pytest.approx([144, 92, 152, 100], abs=1)]


def test_an_object_larger_than_a_tile_is_found_at_the_coarsest_scale(red_squares: type) -> None:
    picture = make_picture((50, 20, 250, 180))
    scales = plan_scales(300, 200, tile_px=64, finest_scale=1.0)
    found = search_picture(picture, red_squares(), scales=scales, min_score=0.5)
    assert any(box == pytest.approx([50, 20, 250, 180], abs=10) for box in found.boxes.tolist())


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (7, 500), (500, 7), (64, 64)])
def test_pictures_of_any_shape_are_searched_in_tiles_of_one_size(
    red_squares: type, rows: int, columns: int
) -> None:
    finder = red_squares()
    scales = plan_scales(columns, rows, tile_px=64, finest_scale=2.0)
    picture = make_picture(rows=rows, columns=columns)
    assert len(search_picture(picture, finder, scales=scales, min_score=0.5)) == 0
    assert set(finder.shapes) == {(64, 64, 3)}


def test_boxes_end_at_the_pictures_rim(red_squares: type) -> None:
    found = search_picture(
        make_picture((280, 180, 300, 200)), red_squares(), scales=[2.0, 1.0], min_score=0.5
    )
    assert found.boxes[:, 2].max() <= 300
    assert found.boxes[:, 3].max() <= 200
