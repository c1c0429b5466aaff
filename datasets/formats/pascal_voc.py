"""Pascal VOC: one XML file a picture, boxes in whole pixels that are counted from 1.

The VOC development kit numbers pixels from 1 and counts the last one in: a picture of 500 px that
one object fills has xmin 1 and xmax 500. Here edges are counted from 0 and x_max is the first
pixel outside: 0 and 500. Many tools write edges from 0 into the same XML; the file does not say
which, so `Pixels` does.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from xml.etree.ElementTree import (  # nosec: types and writing, defusedxml does the parsing
    Element,
    SubElement,
    indent,
    tostring,
)

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from datasets.errors import DatasetError
from datasets.formats.boxes import Corners, check_size, corners_of, make_box, size_of
from datasets.formats.files import read_bytes, write_text
from datasets.formats.labels import (
    Label,
    PictureLabels,
    check_file_name,
    map_labels,
    map_words,
)

MAX_BYTES = 8_000_000
MAX_OUTSIDE_PX = 0.5  # less than the one pixel by which the two ways of counting differ


class Pixels(StrEnum):
    """How a tool counts pixels; both kinds of file look alike."""

    FROM_1_LAST_IN = "from_1_last_in"  # the VOC development kit, labelImg
    EDGES_FROM_0 = "edges_from_0"  # tools that write x_min and x_max as they are


def parse_pascal_voc(
    content: bytes,
    *,
    labels_by_word: Mapping[str, Label | None],
    keep_difficult: bool,
    pixels: Pixels = Pixels.FROM_1_LAST_IN,
) -> PictureLabels:
    """Return the labels of a picture.

    Args:
        content: XML; without objects somebody looked and found nothing.
        labels_by_word: What each object's name stands for, None to drop its boxes.
        keep_difficult: Whether an object marked as difficult counts as one of its class.
        pixels: How the tool counts that wrote the file.

    Raises:
        DatasetError: It is no such XML, has a document type or entities, a field is absent or
            no number, a box lies outside, or a name is not in the mapping.
    """
    root = _parse_xml(content)
    file_name = check_file_name(_text(root, "filename", where="VOC file"), where="VOC file")
    width_px, height_px = check_size(
        _whole(root, "size/width", where=file_name),
        _whole(root, "size/height", where=file_name),
        where=file_name,
    )
    objects = [
        (f"{file_name}: object {number}", entry)
        for number, entry in enumerate(root.iterfind("object"), start=1)
        if keep_difficult or entry.findtext("difficult", "0").strip() != "1"
    ]
    words = [_text(entry, "name", where=where) for where, entry in objects]
    labels = map_words(words, labels_by_word, where=file_name)
    boxes = tuple(
        make_box(
            _parse_corners(entry, pixels, where=where),
            label,
            size_px=(width_px, height_px),
            where=where,
            max_outside_px=MAX_OUTSIDE_PX,
        )
        for (where, entry), label in zip(objects, labels, strict=True)
        if label is not None
    )
    return PictureLabels(file_name=file_name, width_px=width_px, height_px=height_px, boxes=boxes)


def format_pascal_voc(picture: PictureLabels, *, words_by_label: Mapping[Label, str | None]) -> str:
    """Return the XML of a picture, pixels counted from 1 with the last one in.

    Edges move by half a pixel at most; a box narrower than a pixel grows to the whole pixels
    that it touches.

    Args:
        picture: With its size.
        words_by_label: Name of each label, None to leave its boxes out.

    Raises:
        DatasetError: The size is unknown, a box lies outside, or a label is not in the mapping.
    """
    width_px, height_px = size_of(picture)
    root = Element("annotation")
    name = check_file_name(picture.file_name, where="VOC file")
    SubElement(root, "filename").text = name
    size = SubElement(root, "size")
    for tag, value in (("width", width_px), ("height", height_px)):
        SubElement(size, tag).text = str(value)
    for box, word in map_labels(picture.boxes, words_by_label, where=name):
        entry = SubElement(root, "object")
        SubElement(entry, "name").text = word
        SubElement(entry, "difficult").text = "0"
        place = SubElement(entry, "bndbox")
        corners = _round_corners(corners_of(box, size_px=(width_px, height_px), where=name))
        for tag, edge in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True):
            SubElement(place, tag).text = str(edge)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def read_pascal_voc(
    path: Path,
    *,
    labels_by_word: Mapping[str, Label | None],
    keep_difficult: bool,
    pixels: Pixels = Pixels.FROM_1_LAST_IN,
) -> PictureLabels:
    """Return the labels of a picture from its XML file; `parse_pascal_voc` says how.

    Raises:
        DatasetError: As `parse_pascal_voc`, or the file cannot be read.
    """
    content = read_bytes(path, max_bytes=MAX_BYTES)
    try:
        return parse_pascal_voc(
            content, labels_by_word=labels_by_word, keep_difficult=keep_difficult, pixels=pixels
        )
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error


def write_pascal_voc(
    path: Path, picture: PictureLabels, *, words_by_label: Mapping[Label, str | None]
) -> None:
    """Write a picture's XML file; `format_pascal_voc` says how."""
    write_text(path, format_pascal_voc(picture, words_by_label=words_by_label))


def _parse_xml(content: bytes) -> Element:
    try:
        # Labels need neither entities nor document types; those serve to exhaust memory.
        root: Element = ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DatasetError(f"no XML of labels: {error or type(error).__name__}") from error
    if root.tag != "annotation":
        raise DatasetError(f"no Pascal VOC labels: the outer element is {root.tag!r}")
    return root


def _text(element: Element, path: str, *, where: str) -> str:
    text = (element.findtext(path) or "").strip()
    if not text:
        raise DatasetError(f"{where}: <{path}> is absent or empty")
    return text


def _number(element: Element, path: str, *, where: str) -> float:
    text = _text(element, path, where=where)
    try:
        number = float(text)
    except ValueError as error:
        raise DatasetError(f"{where}: <{path}> is {text[:40]!r}, not a number") from error
    if not math.isfinite(number):
        raise DatasetError(f"{where}: <{path}> is {text[:40]!r}, not a finite number")
    return number


def _whole(element: Element, path: str, *, where: str) -> int:
    number = _number(element, path, where=where)
    if not number.is_integer():
        raise DatasetError(f"{where}: <{path}> is {number:g}, not a whole number")
    return int(number)


def _parse_corners(entry: Element, pixels: Pixels, *, where: str) -> Corners:
    x_min, y_min, x_max, y_max = (
        _number(entry, f"bndbox/{tag}", where=where) for tag in ("xmin", "ymin", "xmax", "ymax")
    )
    if pixels is Pixels.EDGES_FROM_0:
        return x_min, y_min, x_max, y_max
    if min(x_min, y_min) < 1 - MAX_OUTSIDE_PX:
        raise DatasetError(
            f"{where}: a box begins at {min(x_min, y_min):g}, but pixels are counted from 1; read "
            f"the folder with pixels={Pixels.EDGES_FROM_0.value!r} if its tool counts from 0"
        )
    return x_min - 1, y_min - 1, x_max, y_max


def _round_corners(corners: Corners) -> tuple[int, int, int, int]:
    x_min, y_min, x_max, y_max = corners
    first_column, last_column = _round_span(x_min, x_max)
    first_row, last_row = _round_span(y_min, y_max)
    return first_column, first_row, last_column, last_row


def _round_span(start: float, end: float) -> tuple[int, int]:
    """Return the first and the last pixel of a span, counted from 1."""
    first, last = math.floor(start + 0.5), math.floor(end + 0.5)
    if first >= last:
        first, last = math.floor(start), math.ceil(end)
    return first + 1, last
