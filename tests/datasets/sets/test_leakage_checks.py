from dataclasses import replace

import pytest

from datasets.labelled_picture import LabelledPicture
from datasets.sets.findings import Limits
from datasets.sets.leakage_checks import check_groups, check_places, minutes_apart
from tests.datasets.sets.factories import make_picture

METRE_DEG = 1 / 111_195  # of latitude


def place_picture(
    name: str, north_m: float, *, split: str = "train", captured_at: str | None = None
) -> LabelledPicture:
    place = (24.5 + north_m * METRE_DEG, 46.7)
    return make_picture(name, split=split, place=place, captured_at=captured_at)


def find(*pictures: LabelledPicture) -> list[tuple[str, str | None, str | None]]:
    found = check_places(pictures, Limits(near_m=50, near_minutes=10))
    return [(one.code, one.picture and one.picture[12:], one.other and one.other[12:])
            for one in found]  # fmt: skip


def test_near_pictures_of_two_splits_at_one_time_are_a_leak() -> None:
    train = place_picture("a.jpg", 0, captured_at="2022-07-23T09:19:00")
    near = place_picture("b.jpg", 49, split="val", captured_at="2022-07-23T09:29:00")
    late = place_picture("c.jpg", 49, split="val", captured_at="2022-07-23T09:29:01")
    far = place_picture("d.jpg", 51, split="val", captured_at="2022-07-23T09:19:00")
    assert find(train, near) == [("near_in_place_and_time", "b.jpg", "a.jpg")]
    assert find(train, late) == [("near_in_place", "c.jpg", "a.jpg")]
    assert find(train, far) == []


def test_the_picture_of_the_later_split_is_told_with_its_worst_neighbour() -> None:
    test = place_picture("t.jpg", 0, split="test", captured_at="2022-07-23T09:00:00")
    nearest = place_picture("a.jpg", 5, captured_at="2022-07-24T09:00:00")
    same_time = place_picture("b.jpg", 40, captured_at="2022-07-23T09:05:00")
    assert find(test, nearest, same_time) == [("near_in_place_and_time", "t.jpg", "b.jpg")]


def test_pictures_of_one_split_or_without_a_place_are_no_leak() -> None:
    assert find(place_picture("a.jpg", 0), place_picture("b.jpg", 1)) == []
    assert find(make_picture("a.jpg"), make_picture("b.jpg", split="val")) == []


def test_longitudes_shrink_to_the_north_and_meet_at_the_date_line() -> None:
    # At 60 degrees north 0.0008 degrees of longitude are 44 m, at the equator 89 m.
    for latitude, expected in ((60.0, 1), (0.0, 0)):
        pair = (
            make_picture("a.jpg", place=(latitude, 179.9996)),
            make_picture("b.jpg", split="val", place=(latitude, -179.9996)),
        )
        assert len(find(*pair)) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2022-07-23T09:00:00", "2022-07-23T09:10:30", 10.5),
        ("2022-07-23T09:00:00+08:00", "2022-07-23T01:00:00+00:00", 0),
        ("2022-07-23T09:00:00+08:00", "2022-07-23T09:00:00", None),
        (None, "2022-07-23T09:00:00", None),
    ],
)
def test_times_of_clocks_that_differ_are_not_compared(
    first: str | None, second: str | None, expected: float | None
) -> None:
    assert minutes_apart(first, second) == expected


def test_a_group_has_one_split() -> None:
    pictures = [
        make_picture("a.jpg", group="walk"),
        make_picture("b.jpg", group="walk"),
        make_picture("c.jpg", group="walk", split="val"),
    ]
    found = list(check_groups(pictures))
    assert [(one.code, one.picture) for one in found] == [
        ("group_across_splits", "images/bins/c.jpg")
    ]


def test_a_time_that_is_none_or_half_a_place_ends_no_check() -> None:
    pictures = [
        make_picture("a.jpg", place=(1.0, 2.0), captured_at="yesterday"),
        make_picture("b.jpg", place=(1.0, 2.0), captured_at="2024-01-01T00:00", split="test"),
        replace(make_picture("c.jpg", split="test"), latitude=1.0),
    ]
    found = [(one.code, one.picture) for one in check_places(pictures, Limits())]
    assert found == [("near_in_place", "images/bins/b.jpg")]
