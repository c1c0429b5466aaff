from dataclasses import replace

from datasets.sets.balance_checks import check_balance, check_words
from datasets.sets.findings import Limits
from tests.datasets.sets.factories import make_box, make_picture, make_set


def test_splits_and_classes_that_cannot_be_measured_are_told() -> None:
    box = make_box(10, 10, 40, 30)
    pictures = [
        make_picture("a.jpg", boxes=[box, make_box(50, 10, 90, 30)]),
        make_picture("b.jpg"),
        make_picture("c.jpg", split="val"),
    ]
    found = check_balance(make_set(pictures), Limits(least_boxes=3))
    assert [(one.code, one.message) for one in found] == [
        ("class_rare", "2 boxes of exposed_garbage in train"),
        ("class_absent", "no box of exposed_garbage in val"),
        ("split_empty", "no picture in test"),
    ]


def test_a_picture_that_nobody_searched_for_a_class_is_no_negative_of_it() -> None:
    box = make_box(10, 10, 40, 30)
    other = make_picture("b.jpg", labelled_classes=("damaged_billboard",))
    pictures = [make_picture("a.jpg", boxes=[box]), other]
    found = check_balance(make_set(pictures), Limits(least_boxes=1))
    assert ("no_negatives", "no picture in train where exposed_garbage was looked for and is not "
            "there") in [(one.code, one.message) for one in found]  # fmt: skip


def test_unknown_splits_and_sources_are_told() -> None:
    picture = make_picture("a.jpg", split="valid")
    odd_set = make_set([picture])
    assert [one.code for one in check_words(odd_set)] == ["unknown_split"]


def test_times_and_places_that_say_nothing_are_told() -> None:
    pictures = [
        make_picture("a.jpg", captured_at="yesterday"),
        replace(make_picture("b.jpg"), latitude=1.0),
        make_picture("c.jpg", captured_at="2024-04-26T14:53:30+08:00", place=(1.0, 2.0)),
    ]
    found = [(one.code, one.picture) for one in check_words(make_set(pictures))]
    assert found == [
        ("time_unreadable", "images/bins/a.jpg"),
        ("place_incomplete", "images/bins/b.jpg"),
    ]
