"""Pasting one crop: size, light, shadow and whose pixels are whose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.pasting.crops import Crop
from datasets.pasting.paste import (
    Canvas,
    bend_crop,
    cast_shadow,
    match_light,
    overlap,
    paste_crop,
)


def make_canvas(grey: int = 120) -> Canvas:
    return Canvas(
        pixels=np.full((80, 100, 3), grey, np.uint8), owners=np.zeros((80, 100), np.int16)
    )


def make_crop(rows: int = 20, columns: int = 30, *, grey: int = 250) -> Crop:
    return Crop(
        pixels=np.full((rows, columns, 3), grey, np.uint8),
        mask=np.ones((rows, columns), np.float32),
    )


def extent(mask: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> tuple[int, int]:
    rows, columns = np.nonzero(mask > 0.5)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def test_a_crop_has_the_size_that_is_wished_for() -> None:
    bent = bend_crop(make_crop(), long_side_px=15, turn_deg=0, squeeze=1, lean=0)
    assert extent(bent.mask) == pytest.approx((10, 15), abs=1)


def test_squeezing_makes_it_flatter_and_turning_swaps_its_sides() -> None:
    flat = bend_crop(make_crop(), long_side_px=30, turn_deg=0, squeeze=0.5, lean=0)
    assert extent(flat.mask) == pytest.approx((10, 30), abs=1)
    upright = bend_crop(make_crop(), long_side_px=30, turn_deg=90, squeeze=1, lean=0)
    assert extent(upright.mask) == pytest.approx((30, 20), abs=1)


def test_light_is_drawn_towards_the_grounds_but_not_all_the_way() -> None:
    ground = np.full((10, 10, 3), 60, np.uint8)
    matched = match_light(make_crop(grey=220), ground).pixels.mean()
    assert 60 < matched < 150


def test_the_shadow_falls_where_it_is_told_to() -> None:
    canvas = make_canvas()
    cast_shadow(canvas, make_crop(), left=30, top=30, along_px=(12.0, 0.0))
    assert canvas.pixels[40, 66, 0] < 70  # half the light is left, right of the crop
    assert canvas.pixels[40, 20, 0] == 120
    assert canvas.pixels[20, 40, 0] == 120


def test_in_diffuse_light_the_shadow_is_faint_and_on_all_sides() -> None:
    canvas = make_canvas()
    cast_shadow(canvas, make_crop(), left=30, top=30, along_px=None)
    for row, column in ((40, 61), (40, 28), (28, 45), (51, 45)):
        assert 85 < canvas.pixels[row, column, 0] < 120


def test_owners_are_the_pixels_that_were_painted() -> None:
    canvas = make_canvas()
    paste_crop(canvas, make_crop(), left=40, top=30, number=3)
    changed = canvas.pixels[..., 0].astype(int) - 120 > 65  # more than half of 250 - 120
    assert (changed == (canvas.owners == 3)).all()


def test_seamless_pasting_owns_the_same_pixels() -> None:
    soft, seamless = make_canvas(), make_canvas()
    crop = bend_crop(make_crop(), long_side_px=30, turn_deg=10, squeeze=1, lean=0)
    paste_crop(soft, crop, left=30, top=20, number=1)
    paste_crop(seamless, crop, left=30, top=20, number=1, seamless=True)
    assert (soft.owners == seamless.owners).all()


@given(left=st.integers(-40, 110), top=st.integers(-40, 90))
def test_overlap_gives_windows_of_one_shape_inside_both(left: int, top: int) -> None:
    windows = overlap((80, 100), (20, 30), left=left, top=top)
    if windows is None:
        assert left <= -30 or left >= 100 or top <= -20 or top >= 80
        return
    there, here = (np.zeros(shape)[window].shape for shape, window in zip(
        ((80, 100), (20, 30)), windows, strict=True
    ))  # fmt: skip
    assert there == here
    assert min(there) > 0
