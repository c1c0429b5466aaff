"""Words for people, in English and Simplified Chinese; the tables are in service/texts/."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from datasets.taxonomy import CLASSES
from inference.receipt import Outcome, ReasonCode

TEXTS_FOLDER = Path(__file__).parent / "texts"


class Language(StrEnum):
    """A language that people can choose."""

    ENGLISH = "en"
    CHINESE = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonText:
    """What a reason is called, and what a person can do about it."""

    title: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All words of one language.

    Attributes:
        methods: By `Placement.method`.
        report: Of an inspection, by key; texts with {names} are filled by `str.format`.
        geocheck: Of the page and the terminal of a geocheck, likewise.
        evaluation: Of the page and the terminal of an evaluation, likewise.
        shadow: Of the page of a shadow, likewise.
        label_review: Of the page and the terminal of doubtful labels, likewise.
        terminal: Of an inspection's stages and figures, likewise.
        upload: Of an upload: progress, what holds it up, the receipt; likewise.
    """

    language: Language
    outcomes: Mapping[Outcome, str]
    reasons: Mapping[ReasonCode, ReasonText]
    methods: Mapping[str, str]
    report: Mapping[str, str]
    geocheck: Mapping[str, str]
    evaluation: Mapping[str, str]
    shadow: Mapping[str, str]
    label_review: Mapping[str, str]
    terminal: Mapping[str, str]
    upload: Mapping[str, str]


@cache
def read_texts(language: str) -> Texts:
    """Return the words of a language, `en` or `zh`.

    Raises:
        ValueError: There is no such language.
    """
    chosen = Language(language)
    table = json.loads((TEXTS_FOLDER / f"{chosen}.json").read_text(encoding="utf-8"))
    return Texts(
        language=chosen,
        outcomes={Outcome(name): text for name, text in table["outcomes"].items()},
        reasons={ReasonCode(code): ReasonText(**text) for code, text in table["reasons"].items()},
        methods=table["methods"],
        report=table["report"],
        geocheck=table["geocheck"],
        evaluation=table["evaluation"],
        shadow=table["shadow"],
        label_review=table["label_review"],
        terminal=table["terminal"],
        upload=table["upload"],
    )


def reason_text(code: ReasonCode, language: str) -> ReasonText:
    """Return the title of a reason and the advice on it."""
    return read_texts(language).reasons[code]


def class_title(class_name: str, language: str) -> str:
    """Return what people call a class; one that is not in the taxonomy keeps its own name."""
    for entry in CLASSES:
        if entry.name == class_name:
            return entry.title_zh if Language(language) is Language.CHINESE else entry.title_en
    return class_name.replace("_", " ")
