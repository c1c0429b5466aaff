"""Every reason has words that an operator can act on, in each language."""

import re
import string
from pathlib import Path

import pytest

import inference.geometry.view
import inference.patrol.methods
from inference.receipt import Outcome, ReasonCode
from service.translations import Language, read_texts, reason_text

POSITIONS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "positions.md"
METHODS = {
    value
    for module in (inference.geometry.view, inference.patrol.methods)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
}
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_a_title_and_an_advice(code: ReasonCode, language: Language) -> None:
    text = reason_text(code, language)
    assert 2 <= len(text.title) <= 40
    assert len(text.advice) >= 12
    assert text.advice[-1] in ".。"
    assert code.value not in text.title + text.advice


@pytest.mark.parametrize("language", Language)
def test_every_outcome_has_a_name(language: Language) -> None:
    assert set(read_texts(language).outcomes) == set(Outcome)


@pytest.mark.parametrize("code", ReasonCode)
def test_chinese_reasons_are_chinese_and_english_ones_are_not(code: ReasonCode) -> None:
    assert HAN.search(reason_text(code, "zh").title)
    assert HAN.search(reason_text(code, "zh").advice)
    assert not HAN.search(reason_text(code, "en").title + reason_text(code, "en").advice)


def test_titles_tell_reasons_apart() -> None:
    for language in Language:
        titles = [text.title for text in read_texts(language).reasons.values()]
        assert len(set(titles)) == len(titles)


def test_languages_have_the_same_texts_with_the_same_blanks() -> None:
    english, chinese = read_texts("en"), read_texts("zh")
    assert set(english.methods) == set(chinese.methods)
    for ours, theirs in (
        (english.report, chinese.report),
        (english.geocheck, chinese.geocheck),
        (english.evaluation, chinese.evaluation),
        (english.shadow, chinese.shadow),
        (english.label_review, chinese.label_review),
        (english.terminal, chinese.terminal),
        (english.upload, chinese.upload),
    ):
        assert {key: _blanks(text) for key, text in ours.items()} == {
            key: _blanks(text) for key, text in theirs.items()
        }


def test_every_method_of_placing_has_words_and_its_line_in_the_docs() -> None:
    page = POSITIONS_PAGE.read_text(encoding="utf-8").partition("## Methods")[2]
    assert "laser" in METHODS
    assert set(read_texts("en").methods) == METHODS
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == METHODS


def test_no_text_is_named_like_a_method_of_its_table() -> None:
    # Templates write text.name, which would find the method first.
    texts = read_texts("en")
    assert not (set(texts.report) | set(texts.geocheck)) & set(dir(dict))


def test_chinese_words_of_a_geocheck_are_chinese() -> None:
    without_words = {"ce90", "list_semicolon"}
    for key, text in read_texts("zh").geocheck.items():
        assert HAN.search(text) or key in without_words


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(ValueError, match="fr"):
        read_texts("fr")


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
