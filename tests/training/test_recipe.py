"""What a model is said to be fit for follows from the pictures that it has seen."""

import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from training.recipe import measure_gsd_ranges_m


def make_picture(gsd_m: float | None, *, side_px: float, name: str = "shed") -> LabelledPicture:
    box = LabelledBox(class_name=name, x_min=0, y_min=0, x_max=side_px, y_max=side_px / 2)
    return LabelledPicture(
        path="a.jpg",
        sha256="0" * 64,
        width_px=500,
        height_px=500,
        boxes=(box,),
        labelled_classes=(name,),
        source="drawn",
        group="g",
        split="train",
        view=View.DRONE,
        gsd_m=gsd_m,
    )


def test_small_objects_were_learned_between_the_outermost_scales() -> None:
    pictures = [make_picture(0.01 + 0.0001 * step, side_px=10) for step in range(101)]
    ranges = measure_gsd_ranges_m(pictures, ["shed"], tile_px=500)
    assert ranges["shed"] == pytest.approx((0.0105, 0.0195))


def test_large_objects_are_searched_no_finer_than_lets_them_fit_into_a_tile() -> None:
    # 6 m long in each picture: 60 % of a tile of 500 pixels at 2 cm a pixel.
    pictures = [make_picture(gsd, side_px=6 / gsd) for gsd in (0.01, 0.02, 0.03, 0.04)]
    ranges = measure_gsd_ranges_m(pictures, ["shed"], tile_px=500)
    assert ranges["shed"] is not None
    assert ranges["shed"][0] == pytest.approx(0.02)


def test_without_a_known_scale_nothing_is_said() -> None:
    pictures = [make_picture(None, side_px=10), make_picture(0.02, side_px=10, name="heap")]
    ranges = measure_gsd_ranges_m(pictures, ["shed", "heap", "board"], tile_px=500)
    assert ranges == {"shed": None, "heap": (0.02, 0.02), "board": None}
