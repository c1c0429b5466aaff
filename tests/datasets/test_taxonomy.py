"""The classes and their codes."""

from datasets.taxonomy import CLASS_NAMES, CLASSES


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
