from datasets.sets.duplicate_checks import check_alike, check_same
from tests.datasets.sets.factories import make_facts, make_picture

FAR = 0xFFFF_FFFF_0000_0000


def test_equal_files_are_told_and_worse_across_splits() -> None:
    pictures = [
        make_picture("c.jpg", split="test"),
        make_picture("a.jpg"),
        make_picture("b.jpg"),
        make_picture("d.jpg"),
    ]
    facts = {picture.path: make_facts(sha256="same") for picture in pictures[:3]}
    facts[pictures[3].path] = make_facts(sha256="other")
    found = [(one.code, one.picture, one.other) for one in check_same(pictures, facts)]
    assert found == [
        ("same_twice", "images/bins/b.jpg", "images/bins/a.jpg"),
        ("same_across_splits", "images/bins/c.jpg", "images/bins/a.jpg"),
    ]


def test_a_picture_is_told_once_with_the_one_it_is_most_like() -> None:
    pictures = [
        make_picture("far.jpg"),
        make_picture("near.jpg"),
        make_picture("test.jpg", split="test"),
    ]
    looks = {"far.jpg": 0b11111, "near.jpg": 0b1, "test.jpg": 0}
    facts = {
        picture.path: make_facts(sha256=str(place), looks=looks[picture.path[12:]])
        for place, picture in enumerate(pictures)
    }
    found = list(check_alike(pictures, facts, alike_bits=6))
    assert [(one.code, one.picture, one.other) for one in found] == [
        ("alike_across_groups", "images/bins/near.jpg", "images/bins/far.jpg"),
        ("alike_across_splits", "images/bins/test.jpg", "images/bins/near.jpg"),
    ]
    assert found[1].message == "1 of 64 bits differ, train and test"


def test_bursts_within_a_group_are_meant() -> None:
    pictures = [make_picture("a.jpg", group="walk"), make_picture("b.jpg", group="walk")]
    facts = {picture.path: make_facts(sha256=picture.path, looks=5) for picture in pictures}
    assert list(check_alike(pictures, facts, alike_bits=6)) == []


def test_pictures_that_differ_in_more_bits_are_not_alike() -> None:
    pictures = [make_picture("a.jpg"), make_picture("b.jpg", split="val")]
    facts = {
        pictures[0].path: make_facts(sha256="a", looks=FAR),
        pictures[1].path: make_facts(sha256="b", looks=FAR ^ 0b1111111),
    }
    assert list(check_alike(pictures, facts, alike_bits=6)) == []
    assert len(list(check_alike(pictures, facts, alike_bits=7))) == 1
