import pytest

from datasets.labelled_picture import LabelledPicture
from datasets.sets.box_checks import check_boxes, overlap
from datasets.sets.findings import Limits
from tests.datasets.sets.factories import make_box, make_picture


def codes(picture: LabelledPicture) -> list[str]:
    return [finding.code for finding in check_boxes(picture, Limits())]


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ((10, 10, 40, 30), []),
        ((0, 0, 100.9, 80), []),  # rounding of a tool
        ((0, 0, 102, 80), ["box_outside"]),
        ((-30, 10, 20, 30), ["box_outside"]),
        ((10, 10, 10, 30), ["box_without_area"]),
        ((40, 10, 10, 30), ["box_without_area"]),
        ((float("nan"), 10, 10, 30), ["box_without_area"]),
        ((10, 10, 12, 30), ["box_tiny"]),
    ],
)
def test_a_box_has_to_lie_in_its_picture(
    corners: tuple[float, float, float, float], expected: list[str]
) -> None:
    assert codes(make_picture(boxes=[make_box(*corners)])) == expected


def test_boxes_of_one_class_on_the_same_place_are_doubles() -> None:
    box = make_box(10, 10, 40, 30)
    assert codes(make_picture(boxes=[box, make_box(10, 10, 40, 30.5)])) == ["box_doubled"]
    # Overflowing bins and the waste beside them overlap by design.
    assert codes(make_picture(boxes=[box, make_box(10, 10, 40, 50)])) == []


def test_classes_have_to_be_known_and_looked_for() -> None:
    unknown = make_picture(
        boxes=[make_box(10, 10, 40, 30, "pothole")], labelled_classes=("pothole",)
    )
    assert codes(unknown) == ["unknown_class"]
    unasked = make_picture(boxes=[make_box(10, 10, 40, 30, "damaged_billboard")])
    assert codes(unasked) == ["class_not_looked_for"]
    assert codes(make_picture(labelled_classes=())) == ["nothing_looked_for"]


def test_overlap_is_the_shared_part() -> None:
    # 10 x 10 shared of 200 + 200 - 100.
    assert overlap(make_box(0, 0, 20, 10), make_box(10, 0, 30, 10)) == pytest.approx(1 / 3)
    assert overlap(make_box(0, 0, 20, 10), make_box(20, 0, 30, 10)) == 0
