"""The words of a subtitle: names with their values as written, the same for all dialects."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from inference.reading.capture_time import FIRST_YEAR, LAST_YEAR
from inference.reading.tag_values import parse_number

# `latitude : 31.4`, `rel_alt: 1.3 abs_alt: 4.5`, `BAROMETER:0.3M`; of `latitude: 31,4` the part
# before a decimal comma is no value.
NAMED_VALUE = re.compile(
    r"(?<![\w.])([A-Za-z]\w{0,30}) ?: ?([^\s,\[\]()<>]{1,40}+)(?!,\d)", re.ASCII
)
# `GPS (8.2090, 47.4692, 18)`, `G.PRY (-24.4°, 0.0°, 110.4°)`
NAMED_LIST = re.compile(r"(?<![\w.])([A-Z][A-Z.]{0,10}) ?\(([^()]{1,100})\)", re.ASCII)
# `H 85.80m`, `D 698.70m`, but not the speed `H.S 0.00m/s`
NAMED_METRES = re.compile(r"(?<![\w.])([A-Z]) (-?\d{1,6}(?:\.\d{1,6})?)m(?![\w/])", re.ASCII)
# `2021-12-25 12:27:52.373`, `2022-08-07 13:40:40,774,808`, `2017.8.5 14:11:51`
CLOCK = re.compile(
    r"(?<!\d)(\d{4})[-.](\d{1,2})[-.](\d{1,2}) (\d{1,2}):(\d\d):(\d\d)"
    r"(?:[.,](\d{3})(?:,(\d{3}))?(?!\d))?",
    re.ASCII,
)
# Units may follow. Of `1e3` or a number that goes on, the beginning is another number.
NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,30})?(?!\d|\.\d|[eE][-+]?\d)", re.ASCII)


def parse_words(text: str) -> dict[str, tuple[str, ...]]:
    """Return the values that a subtitle names, as written; of equal names the first counts."""
    words: dict[str, tuple[str, ...]] = {}
    for name, value in NAMED_VALUE.findall(text):
        words.setdefault(name, (value,))
    for name, values in NAMED_LIST.findall(text):
        words.setdefault(name, tuple(value.strip() for value in values.split(",")))
    for name, value in NAMED_METRES.findall(text):
        words.setdefault(name, (value,))
    return words


def find_number(words: Mapping[str, tuple[str, ...]], name: str, place: int = 0) -> float | None:
    """Return the number at a place of a named list, units behind it left aside, or None."""
    written = find_digits(words, name, place)
    return None if written is None else parse_number(written)


def find_digits(words: Mapping[str, tuple[str, ...]], name: str, place: int = 0) -> str | None:
    """Return a number as it is written, without the unit behind it, or None."""
    values = words.get(name, ())
    match = NUMBER.match(values[place]) if place < len(values) else None
    return None if match is None else match[0]


def parse_clock(text: str) -> datetime | None:
    """Return the wall clock of a subtitle, without a zone: none of the dialects tells it."""
    match = CLOCK.search(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(number) for number in match.groups()[:6])
    milliseconds, microseconds = (int(number or 0) for number in match.groups()[6:])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return moment + timedelta(milliseconds=milliseconds, microseconds=microseconds)
