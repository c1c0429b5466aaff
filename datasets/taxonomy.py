"""The classes that are looked for, with their severity and their codes in each standard."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TAXONOMY_FILE = Path(__file__).with_name("taxonomy.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardCode:
    """A class's code in one standard; confirm it with the city's dictionary."""

    standard: str
    kind: str  # matter or component: the same digits mean different things
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectClass:
    """One class of defect.

    Attributes:
        synonyms: What else people call it, as in a city's lists.
    """

    name: str
    title_en: str
    title_zh: str
    synonyms: tuple[str, ...]
    severity: str
    codes: tuple[StandardCode, ...]


def parse_classes(text: str) -> tuple[ProjectClass, ...]:
    """Return the classes of a taxonomy file in its order; a class's place is its number."""
    return tuple(_parse_class(entry) for entry in json.loads(text)["classes"])


def _parse_class(entry: Mapping[str, object]) -> ProjectClass:
    codes, synonyms = entry["codes"], entry["synonyms"]
    if not isinstance(codes, list) or not isinstance(synonyms, list):
        raise TypeError(f"taxonomy: codes or synonyms of {entry['name']} are not a list")
    return ProjectClass(
        name=str(entry["name"]),
        title_en=str(entry["title_en"]),
        title_zh=str(entry["title_zh"]),
        synonyms=tuple(map(str, synonyms)),
        severity=str(entry["severity"]),
        codes=tuple(StandardCode(**code) for code in codes),
    )


# A small file of our own package: read once here so that everybody may write CLASSES.
CLASSES: tuple[ProjectClass, ...] = parse_classes(TAXONOMY_FILE.read_text(encoding="utf-8"))
CLASS_NAMES: tuple[str, ...] = tuple(entry.name for entry in CLASSES)
_NAMES_BY_WORD = {
    word.casefold(): entry.name
    for entry in CLASSES
    for word in (entry.name, entry.title_en, entry.title_zh, *entry.synonyms)
}


def find_class_name(word: str) -> str | None:
    """Return the name of the class that is called so, by name, title or synonym, or None."""
    return _NAMES_BY_WORD.get(word.strip().casefold())
