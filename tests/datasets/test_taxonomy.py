"""The classes, their sub-classes, hints and codes as they are shipped."""

import pytest

from datasets.errors import DatasetError
from datasets.taxonomy import (
    CLASS_NAMES,
    CLASSES,
    SUB_CLASS_NAMES,
    TAXONOMY,
    check_label,
    find_class_name,
    find_codes,
)


def test_classes_keep_the_order_that_models_are_trained_with() -> None:
    assert CLASS_NAMES == ("exposed_garbage", "damaged_billboard", "illegal_structure")


def test_sub_classes_are_those_that_pictures_are_labelled_with() -> None:
    assert SUB_CLASS_NAMES == {
        "exposed_garbage": ("pile", "bags", "construction_waste", "overflowing_bin"),
        "damaged_billboard": ("torn", "blank", "faded", "broken_frame"),
        "illegal_structure": ("shed", "rooftop_addition", "canopy"),
    }


def test_every_class_and_sub_class_has_titles_in_both_languages() -> None:
    for entry in CLASSES:
        for part in (entry, *entry.sub_classes):
            assert part.title_en.isascii()
            assert not part.title_zh.isascii()


def test_every_class_has_codes_and_hints_in_both_languages() -> None:
    for entry in CLASSES:
        assert entry.codes
        assert entry.hints
        for hint in (*entry.hints, *(hint for sub in entry.sub_classes for hint in sub.hints)):
            assert (hint.confused_with_en + hint.tell_en).isascii()
            assert not hint.confused_with_zh.isascii()
            assert not hint.tell_zh.isascii()


def test_no_code_is_taken_for_confirmed_before_a_city_has_done_so() -> None:
    assert "confirm" in TAXONOMY.note
    assert not any(code.confirmed for entry in CLASSES for code in entry.codes)


def test_a_class_is_found_by_its_name_its_titles_and_what_else_people_call_it() -> None:
    for entry in CLASSES:
        for word in (entry.name, entry.title_en.upper(), f" {entry.title_zh} ", *entry.synonyms):
            assert find_class_name(word) == entry.name
    assert find_class_name("违法建设") == "illegal_structure"
    assert find_class_name("pothole") is None


def test_an_overflowing_bin_has_a_code_of_its_own_where_a_standard_knows_it() -> None:
    codes = {(c.standard, c.code) for c in find_codes("exposed_garbage", "overflowing_bin")}
    assert codes == {
        ("GB/T 47678.5-2026", "06042"),
        ("GB/T 30428.2-2013", "01-10"),
        ("CJ/T 214-2007", "01-02"),
    }
    assert find_codes("exposed_garbage", "pile") == find_codes("exposed_garbage")


def test_reviewers_learn_that_an_overflowing_bin_is_no_exposed_garbage() -> None:
    garbage = CLASSES[0]
    hint = next(hint for hint in garbage.hints if hint.confused_with_en == "overflowing bin")
    assert hint.instead is not None
    assert hint.instead.code == "06042"


def test_a_label_that_the_taxonomy_lacks_is_refused_by_name() -> None:
    check_label("illegal_structure")
    check_label("illegal_structure", "shed")
    with pytest.raises(DatasetError, match="no class 'pothole'"):
        check_label("pothole")
    with pytest.raises(DatasetError, match="exposed_garbage has no sub-class 'shed'"):
        find_codes("exposed_garbage", "shed")
