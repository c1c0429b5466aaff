import numpy as np
import pytest

from service.privacy.blur import blur_boxes, pad_box


def make_picture(*, rows: int = 60, columns: int = 80, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), np.uint8)


def test_a_box_gets_a_quarter_of_its_sides_more_on_each_side() -> None:
    assert pad_box((40, 20, 60, 28), width_px=100, height_px=100) == (35, 18, 65, 30)


def test_a_small_box_gets_two_pixels_at_least_and_none_beyond_the_picture() -> None:
    assert pad_box((1, 1, 5, 5), width_px=6, height_px=100) == (0, 0, 6, 7)


def test_outside_the_padded_box_every_pixel_stays() -> None:
    picture = make_picture()
    blurred = blur_boxes(picture, [(20, 20, 40, 36)])
    outside = np.ones(picture.shape[:2], dtype=bool)
    outside[16:40, 15:45] = False
    assert np.array_equal(blurred[outside], picture[outside])
    assert not np.array_equal(blurred, picture)


def test_pictures_with_equal_averages_become_the_same_so_nothing_can_be_put_back() -> None:
    # 16 x 16 px hidden in 4 x 4 blocks: 16 pixels in another order within each block.
    first = make_picture()
    second = first.copy()
    for top in range(20, 36, 4):
        for left in range(20, 36, 4):
            block = first[top : top + 4, left : left + 4]
            second[top : top + 4, left : left + 4] = block[::-1, ::-1]
    hidden = (22.67, 22.67, 33.33, 33.33)  # padded by 2.665: from 20.005 to 35.995
    assert pad_box(hidden, width_px=80, height_px=60) == (20, 20, 36, 36)
    assert not np.array_equal(first, second)
    assert np.array_equal(blur_boxes(first, [hidden]), blur_boxes(second, [hidden]))


@pytest.mark.parametrize("side_px", [6, 20, 100, 400])
def test_no_more_than_four_by_four_values_of_a_face_are_left_at_any_size(side_px: int) -> None:
    noise = make_picture(rows=side_px * 2, columns=side_px * 2, seed=1)
    box = (side_px / 2, side_px / 2, side_px * 1.5, side_px * 1.5)
    x_min, y_min, x_max, y_max = pad_box(box, width_px=2 * side_px, height_px=2 * side_px)
    part = blur_boxes(noise, [box])[y_min:y_max, x_min:x_max].astype(np.float64)
    # Linear between at most 4 x 4 values: a matrix of rank 4, but for rounding.
    singular = np.linalg.svd(part[:, :, 0], compute_uv=False)
    rounding = 0.5 * np.sqrt(part.shape[0] * part.shape[1])
    assert (singular > 2 * rounding).sum() <= 4


def test_boxes_outside_the_picture_do_nothing_and_the_picture_given_stays() -> None:
    picture = make_picture()
    before = picture.copy()
    assert np.array_equal(blur_boxes(picture, [(200, 200, 220, 220), (-50, -50, -20, -20)]), before)
    blur_boxes(picture, [(0, 0, 80, 60)])
    assert np.array_equal(picture, before)


def test_the_same_boxes_in_another_order_give_the_same_where_they_do_not_overlap() -> None:
    picture = make_picture()
    boxes = [(5.0, 5.0, 15.0, 15.0), (40.0, 30.0, 60.0, 40.0)]
    assert np.array_equal(blur_boxes(picture, boxes), blur_boxes(picture, boxes[::-1]))
