"""Label Studio's rectangles in pixels."""

import json
import math
from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.formats.label_studio import Rectangle, parse_rectangle


def make_result(**changes: object) -> dict[str, object]:
    """Return a region of a 1000 x 500 picture; changes of `value` go by its keys' names."""
    value: dict[str, object] = {
        "x": 10,
        "y": 20,
        "width": 30,
        "height": 40,
        "rotation": 0,
        "rectanglelabels": ["exposed_garbage"],
    }
    result: dict[str, object] = {
        "id": "r1",
        "from_name": "label",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": 1000,
        "original_height": 500,
        "image_rotation": 0,
    }
    for key, change in changes.items():
        (value if key in value else result)[key] = change
    return {**result, "value": value}


def corners(rectangle: Rectangle) -> tuple[float, float, float, float]:
    return rectangle.x_min, rectangle.y_min, rectangle.x_max, rectangle.y_max


def test_percent_are_of_width_and_height_each() -> None:
    rectangle = parse_rectangle(make_result())
    assert corners(rectangle) == pytest.approx((100, 100, 400, 300))
    assert (rectangle.width_px, rectangle.height_px) == (1000, 500)
    assert (rectangle.region_id, rectangle.word, rectangle.score) == (
        "r1",
        "exposed_garbage",
        None,
    )


def test_a_quarter_turn_is_clockwise_about_the_first_corner_and_in_pixels() -> None:
    # HumanSignal/label-studio#2293: 300 x 100 px from (200, 100), turned by 90 degrees, covers
    # what an upright 100 x 300 px from (100, 100) does; the YOLO export got it wrong.
    rectangle = parse_rectangle(make_result(x=20, y=20, width=30, height=20, rotation=90))
    assert corners(rectangle) == pytest.approx((100, 100, 200, 400))


def test_a_half_diagonal_turn_gives_the_box_around_it() -> None:
    # A square of 100 px at (500, 200), turned by 45 degrees, is a diamond below its corner.
    rectangle = parse_rectangle(make_result(x=50, y=40, width=10, height=20, rotation=45))
    half = 100 / math.sqrt(2)
    assert corners(rectangle) == pytest.approx((500 - half, 200, 500 + half, 200 + 2 * half))


def test_a_turned_rectangle_is_cut_at_the_edges() -> None:
    rectangle = parse_rectangle(make_result(x=10, rotation=90))  # would begin at x = -100
    assert corners(rectangle) == pytest.approx((0, 100, 100, 400))


def test_a_part_of_a_pixel_outside_is_cut_and_more_is_refused() -> None:
    assert parse_rectangle(make_result(x=-0.09)).x_min == 0
    with pytest.raises(DatasetError, match=r"'r1'.*out of the picture of 1000 x 500"):
        parse_rectangle(make_result(x=-0.2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": -1}, "negative"),
        ({"height": 0}, "no area"),
        ({"x": math.nan}, "value.x"),
        ({"x": "10"}, "value.x"),
        ({"type": "choices"}, "choices"),
        ({"type": "brushlabels"}, "brushlabels"),
        ({"rectanglelabels": []}, "expected one"),
        ({"rectanglelabels": ["a", "b"]}, "expected one"),
        ({"image_rotation": 90}, "turned by 90"),
        ({"original_width": 0}, "not possible"),
        ({"original_width": None}, "original_width"),
        ({"score": 2.0}, "score"),
        ({"id": None}, "id"),
        ({"rotation": math.inf}, "rotation"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse_rectangle(make_result(**changes))


@pytest.mark.shared
def test_a_box_moved_in_the_editor_is_read_where_it_was_put(shared_folder: Path) -> None:
    path = shared_folder / "label_studio/payloads/webhook_perRegion_from_real_UI.json"
    results = json.loads(path.read_text())["body"]["annotation"]["result"]
    rectangles = [parse_rectangle(r) for r in results if r["type"] == "rectanglelabels"]
    assert [(r.region_id, r.word, r.score) for r in rectangles] == [
        ("ra", "illegal_structure", 0.9),
        ("rb", "exposed_garbage", 0.9),
    ]
    # 35 % of 1280 x 720, put at 16.603 and 49.886 %; 20 % put at the middle.
    assert corners(rectangles[0]) == pytest.approx((212.518, 359.176, 660.518, 611.176), abs=1e-3)
    assert corners(rectangles[1]) == pytest.approx((640, 360, 896, 504))
