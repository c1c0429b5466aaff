"""A taxonomy file that breaks a rule is refused with all that is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from datasets.errors import DatasetError
from datasets.taxonomy_file import parse_taxonomy

Table = dict[str, Any]


def make_code(code: str, **changes: object) -> Table:
    return {
        "standard": "City list",
        "kind": "matter",
        "code": code,
        "name": "name",
        "confidence": "low",
        "sources": ["the city"],
        **changes,
    }


def make_class(name: str, code: str) -> Table:
    return {
        "name": name,
        "title_en": name.title(),
        "title_zh": f"{name}类",
        "synonyms": [],
        "severity": "low",
        "codes": [make_code(code)],
        "hints": [],
        "sub_classes": [{"name": f"{name}_kind", "title_en": "Kind", "title_zh": "种"}],
    }


def make_taxonomy() -> Table:
    return {
        "version": "2026.1",
        "note": "for tests",
        "sources": [{"name": "the city", "what": "its dictionary"}],
        "standards": [{"name": "City list", "code_pattern": "[0-9]{3}", "note": "three digits"}],
        "classes": [make_class("pothole", "101"), make_class("weed", "102")],
    }


def parse(table: Table) -> None:
    parse_taxonomy(json.dumps(table))


def test_a_class_with_a_city_s_codes_needs_nothing_but_data() -> None:
    taxonomy = parse_taxonomy(json.dumps(make_taxonomy()))
    assert [entry.name for entry in taxonomy.classes] == ["pothole", "weed"]
    assert taxonomy.classes[0].codes[0].code == "101"
    assert taxonomy.classes[1].sub_classes[0].name == "weed_kind"


def test_codes_are_confirmed_once_each_of_them_is() -> None:
    table = make_taxonomy()
    table["classes"][0]["codes"] = [make_code("101", confirmed=True), make_code("104")]
    table["classes"][1]["codes"] = [make_code("102", confirmed=True)]
    table["classes"].append({**make_class("vendor", "103"), "codes": []})
    classes = parse_taxonomy(json.dumps(table)).classes
    assert [entry.codes_confirmed for entry in classes] == [False, True, False]


def _edit(*path: str | int, value: object) -> Callable[[Table], None]:
    def edit(table: Any) -> None:
        for key in path[:-1]:
            table = table[key]
        if path[-1] == "+":
            table.append(value)
        else:
            table[path[-1]] = value

    return edit


def make_hint(code: Table) -> Table:
    texts = dict.fromkeys(("confused_with_en", "confused_with_zh", "tell_en", "tell_zh"), "words")
    return {**texts, "instead": code}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_edit("classes", 0, "colour", value="red"), r"classes\.0\.colour"),
        (_edit("classes", 0, "severity", value="urgent"), r"classes\.0\.severity"),
        (_edit("classes", 0, "name", value="Pot hole"), r"classes\.0\.name"),
        (_edit("classes", 0, "title_zh", value=" "), r"classes\.0\.title_zh"),
        (_edit("classes", 0, "synonyms", value="坑"), r"classes\.0\.synonyms"),
        (_edit("classes", 0, "codes", 0, "kind", value="issue"), r"classes\.0\.codes\.0\.kind"),
        (_edit("version", value="next"), "version"),
        (_edit("standards", 0, "code_pattern", value="["), "regular expression"),
        (_edit("classes", 1, "name", value="pothole"), "class 'pothole' is there twice"),
        (
            _edit("classes", 1, "sub_classes", 0, "name", value="pothole_kind"),
            "sub-class 'pothole_kind' is there twice",
        ),
        (
            _edit("standards", "+", value=make_taxonomy()["standards"][0]),
            "standard 'City list' is there twice",
        ),
        (
            _edit("classes", 1, "synonyms", "+", value="POTHOLE"),
            "'pothole' stands for both pothole and weed",
        ),
        (_edit("classes", 1, "synonyms", "+", value="weed类"), "'weed类' is there twice in weed"),
        (_edit("classes", 1, "codes", "+", value=make_code("1234")), "1234: does not match"),
        (
            _edit("classes", 1, "codes", "+", value=make_code("103", standard="Other")),
            "Other matter 103: the standard is not listed",
        ),
        (
            _edit("classes", 1, "codes", "+", value=make_code("103", sources=["hearsay"])),
            "source 'hearsay' is not listed",
        ),
        (
            _edit("classes", 1, "codes", "+", value=make_code("101")),
            "101 is a code of both pothole and weed",
        ),
        (
            _edit("classes", 1, "hints", "+", value=make_hint(make_code("101", name="another"))),
            "101 is described in two ways",
        ),
        (
            _edit("classes", 1, "hints", "+", value=make_hint(make_code("102"))),
            "weed: hint 'words' gives its own code",
        ),
    ],
)
def test_what_breaks_a_rule_is_named(edit: Callable[[Table], None], message: str) -> None:
    table = make_taxonomy()
    edit(table)
    with pytest.raises(DatasetError, match=message):
        parse(table)


def test_all_that_is_wrong_is_said_at_once() -> None:
    table = make_taxonomy()
    table["classes"][0]["severity"] = "urgent"
    del table["classes"][1]["title_en"]
    with pytest.raises(DatasetError, match=r"severity.*title_en"):
        parse(table)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_taxonomy_is_refused(text: str) -> None:
    with pytest.raises(DatasetError, match="taxonomy"):
        parse_taxonomy(text)
