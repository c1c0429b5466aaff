"""The classes and their codes."""

from datasets.taxonomy import CLASS_NAMES, CLASSES, find_class_name


def test_classes_keep_the_order_that_models_are_trained_with() -> None:
    assert CLASS_NAMES == ("exposed_garbage", "damaged_billboard", "illegal_structure")


def test_every_class_has_titles_in_both_languages_and_codes() -> None:
    for entry in CLASSES:
        assert entry.title_en.isascii()
        assert not entry.title_zh.isascii()
        assert entry.severity in ("low", "medium", "high")
        assert entry.codes


def test_codes_are_unique_within_standard_and_kind() -> None:
    codes = [(c.standard, c.kind, c.code) for entry in CLASSES for c in entry.codes]
    assert len(codes) == len(set(codes))


def test_a_class_is_found_by_its_name_its_titles_and_what_else_people_call_it() -> None:
    for entry in CLASSES:
        for word in (entry.name, entry.title_en.upper(), f" {entry.title_zh} ", *entry.synonyms):
            assert find_class_name(word) == entry.name
    assert find_class_name("违法建设") == "illegal_structure"
    assert find_class_name("pothole") is None


def test_no_word_stands_for_two_classes() -> None:
    words = [
        word.casefold()
        for entry in CLASSES
        for word in (entry.name, entry.title_en, entry.title_zh, *entry.synonyms)
    ]
    assert len(words) == len(set(words))
