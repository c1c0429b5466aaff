"""The form of a taxonomy file, and the rules that its parts keep among each other."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from datasets.errors import DatasetError


def _check_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    return pattern


_RULES = ConfigDict(extra="forbid", strict=True)
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Words = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$")]  # not empty, no space around
Pattern = Annotated[str, AfterValidator(_check_pattern)]
Severity = Literal["low", "medium", "high"]
Kind = Literal["matter", "component"]
Confidence = Literal["low", "medium", "high"]
CodeKey = tuple[str, str, str]  # standard, kind, code


@dataclass(frozen=True, slots=True, kw_only=True, config=_RULES)
class CodeSource:
    """Where codes were read."""

    name: Words
    what: Words


@dataclass(frozen=True, slots=True, kw_only=True, config=_RULES)
class Standard:
    """A list of codes, national or a city's own.

    Attributes:
        code_pattern: Regular expression that its codes match as a whole.
    """

    name: Words
    code_pattern: Pattern
    note: Words


@dataclass(frozen=True, slots=True, kw_only=True, config=_RULES)
class StandardCode:
    """A code in one standard; confirm it with the city's dictionary.

    Attributes:
        kind: The same digits mean different things as a matter and as a component.
        name: What the standard calls it.
        confidence: high where lists of independent authors agree; medium where one list has
            it, or where it is inferred which standard a list follows; low where it was only
            met in passing in one list.
        sources: Names of `CodeSource`s.
        confirmed: True once somebody compared it with the city's own dictionary.
    """

    standard: Words
    kind: Kind
    code: Words
    name: Words
    confidence: Confidence
    sources: tuple[Words, ...]
    confirmed: bool = False

    @property
    def key(self) -> CodeKey:
        """Return what the code is known by."""
        return self.standard, self.kind, self.code

    def __str__(self) -> str:
        """Return the key as people read it."""
        return " ".join(self.key)


@dataclass(frozen=True, slots=True, kw_only=True, config=_RULES)
class ConfusionHint:
    """What reviewers take for a class, how to tell it, and where it belongs.

    Attributes:
        instead: The neighbour's code; None where there is nothing to report or no code known.
    """

    confused_with_en: Words
    confused_with_zh: Words
    tell_en: Words
    tell_zh: Words
    instead: StandardCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True, config=_RULES)
class SubClass:
    """A kind within a class.

    Attributes:
        codes: Only those that differ from the class's; `find_codes` joins them.
    """

    name: Name
    title_en: Words
    title_zh: Words
    codes: tuple[StandardCode, ...] = ()
    hints: tuple[ConfusionHint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, config=_RULES)
class ProjectClass:
    """One class of defect.

    Attributes:
        synonyms: What else people call it, as in a city's lists.
    """

    name: Name
    title_en: Words
    title_zh: Words
    synonyms: tuple[Words, ...]
    severity: Severity
    codes: tuple[StandardCode, ...]
    hints: tuple[ConfusionHint, ...] = ()
    sub_classes: tuple[SubClass, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Return all that it is called."""
        return (self.name, self.title_en, self.title_zh, *self.synonyms)

    @property
    def parts(self) -> "tuple[ProjectClass | SubClass, ...]":
        """Return the class itself and its sub-classes: what has codes and hints."""
        return (self, *self.sub_classes)

    @property
    def codes_confirmed(self) -> bool:
        """Return whether somebody compared every code with the city's own dictionary."""
        return bool(self.codes) and all(code.confirmed for code in self.codes)


@dataclass(frozen=True, slots=True, kw_only=True, config=_RULES)
class Taxonomy:
    """All classes; a class's place is its number."""

    version: Annotated[str, StringConstraints(pattern=r"^\d{4}\.\d+$")]
    note: Words
    sources: tuple[CodeSource, ...]
    standards: tuple[Standard, ...]
    classes: tuple[ProjectClass, ...]


def parse_taxonomy(text: str) -> Taxonomy:
    """Return the taxonomy in a JSON text.

    Raises:
        DatasetError: A key is absent, unknown or of a wrong value, a name is there twice, a
            word stands for two classes, or a code breaks its standard's pattern; lists all.
    """
    try:
        taxonomy = TypeAdapter(Taxonomy).validate_json(text)
    except ValidationError as error:
        raise DatasetError(f"taxonomy: {_describe(error)}") from error
    rules = (_find_doubled, _find_shared_words, _find_wrong_codes, _find_misleading_codes)
    problems = [problem for rule in rules for problem in rule(taxonomy)]
    if problems:
        raise DatasetError("taxonomy: " + "; ".join(problems))
    return taxonomy


def _describe(error: ValidationError) -> str:
    """Return everything that is wrong, each with its place, such as `classes.0.codes.1.kind`."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False)
    )


def _find_doubled(taxonomy: Taxonomy) -> Iterator[str]:
    """Yield names that are there twice though each has to name one thing."""
    for kind, names in (
        ("source", [source.name for source in taxonomy.sources]),
        ("standard", [standard.name for standard in taxonomy.standards]),
        ("class", [entry.name for entry in taxonomy.classes]),
        # Rendered and pasted objects are known by their sub-class alone.
        ("sub-class", [sub.name for entry in taxonomy.classes for sub in entry.sub_classes]),
    ):
        yield from (f"{kind} {name!r} is there twice" for name in _list_doubled(names))


def _find_shared_words(taxonomy: Taxonomy) -> Iterator[str]:
    """Yield words that do not say which class is meant, or say it twice."""
    owners: dict[str, str] = {}
    for entry in taxonomy.classes:
        doubled = _list_doubled(entry.words)
        yield from (f"{word!r} is there twice in {entry.name}" for word in doubled)
        for word in map(str.casefold, entry.words):
            owner = owners.setdefault(word, entry.name)
            if owner != entry.name:
                yield f"{word!r} stands for both {owner} and {entry.name}"


def _find_wrong_codes(taxonomy: Taxonomy) -> Iterator[str]:
    """Yield codes without standard or source, against its pattern, or described in two ways."""
    patterns = {standard.name: standard.code_pattern for standard in taxonomy.standards}
    sources = {source.name for source in taxonomy.sources}
    described: dict[CodeKey, StandardCode] = {}
    for code in _list_codes(taxonomy):
        pattern = patterns.get(code.standard)
        if pattern is None:
            yield f"{code}: the standard is not listed in `standards`"
        elif not re.fullmatch(pattern, code.code):
            yield f"{code}: does not match {pattern!r}"
        for name in sorted(set(code.sources) - sources):
            yield f"{code}: source {name!r} is not listed in `sources`"
        if described.setdefault(code.key, code) != code:
            yield f"{code} is described in two ways"


def _find_misleading_codes(taxonomy: Taxonomy) -> Iterator[str]:
    """Yield codes of two classes, and hints that send a neighbour to where it came from."""
    owners: dict[CodeKey, str] = {}
    for entry in taxonomy.classes:
        for code in (*entry.codes, *(code for sub in entry.sub_classes for code in sub.codes)):
            owner = owners.setdefault(code.key, entry.name)
            if owner != entry.name:
                yield f"{code} is a code of both {owner} and {entry.name}"
        for part in entry.parts:
            own = {code.key for code in part.codes}
            for hint in part.hints:
                if hint.instead is not None and hint.instead.key in own:
                    yield f"{part.name}: hint {hint.confused_with_en!r} gives its own code"


def _list_codes(taxonomy: Taxonomy) -> Iterator[StandardCode]:
    """Yield every code that is written anywhere."""
    for entry in taxonomy.classes:
        for part in entry.parts:
            yield from part.codes
            yield from (hint.instead for hint in part.hints if hint.instead is not None)


def _list_doubled(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
