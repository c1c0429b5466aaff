"""The classes that are looked for: their names, titles, sub-classes, hints and codes."""

from collections.abc import Mapping
from pathlib import Path

from datasets.errors import DatasetError
from datasets.taxonomy_file import ProjectClass, StandardCode, Taxonomy, parse_taxonomy

TAXONOMY_FILE = Path(__file__).with_name("taxonomy.json")

# A small file of our own package: read once here so that everybody may write CLASSES.
TAXONOMY: Taxonomy = parse_taxonomy(TAXONOMY_FILE.read_text(encoding="utf-8"))
TAXONOMY_VERSION: str = TAXONOMY.version
CLASSES: tuple[ProjectClass, ...] = TAXONOMY.classes
CLASS_NAMES: tuple[str, ...] = tuple(entry.name for entry in CLASSES)
SUB_CLASS_NAMES: Mapping[str, tuple[str, ...]] = {
    entry.name: tuple(sub.name for sub in entry.sub_classes) for entry in CLASSES
}
_NAMES_BY_WORD = {word.casefold(): entry.name for entry in CLASSES for word in entry.words}


def find_class_name(word: str) -> str | None:
    """Return the name of the class that is called so, by name, title or synonym, or None."""
    return _NAMES_BY_WORD.get(word.strip().casefold())


def check_label(class_name: str, sub_class: str | None = None) -> None:
    """Pass a class, or a class with a sub-class of its own.

    Raises:
        DatasetError: The taxonomy lacks one of them; says what it has.
    """
    if class_name not in SUB_CLASS_NAMES:
        raise DatasetError(f"no class {class_name!r} in the taxonomy; it has {CLASS_NAMES}")
    known = SUB_CLASS_NAMES[class_name]
    if sub_class is not None and sub_class not in known:
        raise DatasetError(f"{class_name} has no sub-class {sub_class!r}; it has {known}")


def find_codes(class_name: str, sub_class: str | None = None) -> tuple[StandardCode, ...]:
    """Return the codes of a class, with a sub-class's own ones in place of its class's.

    Raises:
        DatasetError: As `check_label`.
    """
    check_label(class_name, sub_class)
    entry = next(entry for entry in CLASSES if entry.name == class_name)
    own = tuple(code for sub in entry.sub_classes if sub.name == sub_class for code in sub.codes)
    replaced = {(code.standard, code.kind) for code in own}
    return own + tuple(c for c in entry.codes if (c.standard, c.kind) not in replaced)
