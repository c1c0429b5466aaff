"""EXIF as plain texts and numbers, read with exifread."""

import logging
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any  # exifread's tags hold values of many types

import exifread
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from inference.receipt import Reason, ReasonCode

MAX_VALUES = 64  # of one tag; longer ones are tables that nobody here reads
MAX_READS = 500_000  # by exifread, of one photo; the largest honest maker notes take 100 000
IMAGE_TAGS = frozenset({"Make", "Model", "Software", "Orientation", "DateTime"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exif:
    """EXIF tags by exifread's names, such as `GPS GPSLatitude`.

    Attributes:
        texts: Trimmed; empty ones are left out.
        numbers: None stands for a ratio with the denominator 0, which means undefined.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.texts or self.numbers)

    def text(self, name: str) -> str | None:
        """Return a tag's text, or None where it is absent or empty."""
        return self.texts.get(name)

    def number(self, name: str) -> float | None:
        """Return a tag's first number, or None where it is absent or undefined."""
        values = self.numbers.get(name)
        return values[0] if values else None


class _BoundedFile(BytesIO):
    """Bytes that may be read MAX_READS times.

    exifread reads a maker note byte by byte, as many as its count says: a damaged count of four
    billion would take it an hour.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads_left = MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, as any file does.

        Raises:
            OSError: There were too many reads.
        """
        self._reads_left -= 1
        if self._reads_left < 0:
            raise OSError(f"more than {MAX_READS} reads")
        return super().read(size)


def parse_exif(tiff: bytes, *, with_maker_notes: bool = False) -> tuple[Exif, Reason | None]:
    """Return the tags of a TIFF structure, and what went wrong on the way.

    Args:
        tiff: From the byte order mark on: a TIFF file, or what a JPEG's EXIF segment holds.
        with_maker_notes: Read only the maker notes, which exifread gets wrong on some photos
            of recent drones; their failure then costs nothing else.
    """
    code = ReasonCode.MAKER_NOTES_UNREADABLE if with_maker_notes else ReasonCode.EXIF_UNREADABLE
    # It also logs warnings of its own, which the reasons here say better.
    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    try:
        tags = exifread.process_file(
            _BoundedFile(tiff), details=with_maker_notes, extract_thumbnail=False
        )
    except Exception as error:
        # exifread raises errors of any kind (IndexError, struct.error, AttributeError, ...)
        # on damaged files: whatever it is, this photo's tags can't be read.
        return Exif(), Reason(code=code, detail=type(error).__name__)
    if with_maker_notes:
        tags = {name: tag for name, tag in tags.items() if name.startswith("MakerNote ")}
    elif not tags:
        return Exif(), Reason(code=code, detail="no tag could be read")
    return _plain_exif(tags), None


def _plain_exif(tags: Mapping[str, Any]) -> Exif:
    texts: dict[str, str] = {}
    numbers: dict[str, tuple[float | None, ...]] = {}
    for name, tag in tags.items():
        values = getattr(tag, "values", None)
        if isinstance(values, str):
            text = values.strip("\x00 \t\r\n")
            if text:
                texts[name] = text
        elif isinstance(values, list | tuple) and 0 < len(values) <= MAX_VALUES:
            plain = tuple(_plain_numbers(values))
            if plain:
                numbers[name] = plain
    return Exif(texts=texts, numbers=numbers)


def _plain_numbers(values: Iterable[Any]) -> Iterable[float | None]:
    """Yield numbers; exifread wraps floating-point values into tuples of one."""
    for value in values:
        if isinstance(value, tuple):
            yield from _plain_numbers(value)
        elif not isinstance(value, str | bytes):
            yield _plain_number(value)


def _plain_number(value: Any) -> float | None:
    try:
        number = float(value)
    except (ZeroDivisionError, TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def parse_gdal_exif(xml: bytes) -> Exif:
    """Return the tags that GDAL kept when it turned a JPEG into a TIFF.

    It writes them as text into its own metadata tag, as items named `EXIF_DateTime` or
    `EXIF_GPSLatitude`, numbers in parentheses.
    """
    try:
        root = ElementTree.fromstring(xml.rstrip(b"\x00"), forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException):
        return Exif()
    texts: dict[str, str] = {}
    numbers: dict[str, tuple[float | None, ...]] = {}
    for item in root.iter("Item"):
        name, value = item.get("name", ""), (item.text or "").strip()
        if not name.startswith("EXIF_") or not value:
            continue
        key = _exifread_name(name.removeprefix("EXIF_"))
        texts[key] = value
        # Ratios stand in parentheses, bytes like 0x01.
        bracketed = re.findall(r"\(([^()]*)\)", value) or [value]
        values = tuple(_parse_gdal_number(number) for number in bracketed)
        if None not in values:
            numbers[key] = values
    return Exif(texts=texts, numbers=numbers)


def _parse_gdal_number(text: str) -> float | None:
    return _plain_number(int(text, 16) if re.fullmatch(r"0x[0-9a-fA-F]{1,8}", text) else text)


def _exifread_name(tag: str) -> str:
    if tag == "GPSDateStamp":
        return "GPS GPSDate"
    if tag.startswith("GPS"):
        return f"GPS {tag}"
    return f"Image {tag}" if tag in IMAGE_TAGS else f"EXIF {tag}"
