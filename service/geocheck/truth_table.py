"""Surveyed points as a table with a head: photo, pixel, latitude, longitude and more."""

import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.geocheck.true_point import (
    TruePoint,
    TruthFile,
    check_position,
    line_error,
    parse_height_m,
    parse_number,
)
from service.printable import printable_text

# Our name for each column, and those that it may have; capitals and full-width letters count not.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "photo": (
        *("photo", "image", "image_name", "file", "file_name", "filename"),
        *("照片", "照片名", "照片名称", "影像", "影像名称", "图片", "文件名"),
    ),
    "column": (
        *("px", "pixel_x", "im_x", "x_px", "column_px", "column"),
        *("像素x", "像素列", "列号", "列"),
    ),
    "row": (
        *("py", "pixel_y", "im_y", "y_px", "row_px", "row"),
        *("像素y", "像素行", "行号", "行"),
    ),
    "latitude": ("latitude", "lat", "latitude_deg", "纬度"),
    "longitude": ("longitude", "lon", "lng", "long", "longitude_deg", "经度"),
    "height": ("height", "height_m", "altitude", "elevation", "z", "高程", "海拔", "大地高"),
    "name": ("name", "gcp", "gcp_name", "point", "label", "点名", "点号", "名称"),
    "width": ("truth_width", "image_width", "width_px", "照片宽度", "影像宽度"),
    "depth": ("truth_height", "image_height", "height_px", "照片高度", "影像高度"),
}
NEEDED = ("photo", "column", "row", "latitude", "longitude")
DELIMITERS = (",", ";", "\t")
WGS84 = "WGS 84 (EPSG:4326)"


def is_table_head(text: str) -> bool:
    """Tell whether a line names columns of positions."""
    names = _names(text, _find_delimiter(text))
    return any(alias in names for name in ("latitude", "longitude") for alias in COLUMNS[name])


def parse_truth_table(lines: Sequence[str], path: Path) -> TruthFile:
    """Return the points; positions are in WGS 84.

    Args:
        lines: Of the file, with their ends; the first that is not empty is the head. Between
            semicolons numbers may have a decimal comma.
        path: For complaints.

    Raises:
        CannotStartError: A column is missing or a line is wrong; it is named by its number.
    """
    head = next(index for index, text in enumerate(lines) if text.strip())
    delimiter = _find_delimiter(lines[head])
    places = _find_columns(_names(lines[head], delimiter))
    missing = [ours for ours in NEEDED if ours not in places]
    if missing:
        tried = "; ".join(f"{ours}: {', '.join(COLUMNS[ours])}" for ours in missing)
        raise line_error(path, head + 1, f"columns are missing ({tried})")
    points = []
    for line, cells in _read_rows(lines[head + 1 :], delimiter, path, first_line=head + 2):
        texts = {ours: cells[place].strip() for ours, place in places.items() if place < len(cells)}
        row = _Row(path=path, line=line, texts=texts, has_decimal_comma=delimiter == ";")
        points.append(_parse_point(row))
    return TruthFile(points=tuple(points), crs=WGS84)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line's texts by our names of the columns."""

    path: Path
    line: int
    texts: Mapping[str, str]
    has_decimal_comma: bool

    def text(self, name: str) -> str:
        """Return what stands in a column, empty where nothing does."""
        return self.texts.get(name, "")

    def number_text(self, name: str) -> str:
        """Return the same with a decimal point."""
        text = self.text(name)
        return text.replace(",", ".") if self.has_decimal_comma else text

    def number(self, name: str) -> float:
        """Return a number that must be there."""
        text = self.number_text(name)
        return parse_number(text, f"the {name}", path=self.path, line=self.line)


def _find_delimiter(head: str) -> str:
    return max(DELIMITERS, key=head.count)


def _names(head: str, delimiter: str) -> list[str]:
    names = [name.strip().strip('"').strip() for name in head.split(delimiter)]
    return [unicodedata.normalize("NFKC", name).casefold() for name in names]


def _find_columns(names: Sequence[str]) -> dict[str, int]:
    """Return the place of each of our columns that is there."""
    found = {
        ours: next((names.index(alias) for alias in aliases if alias in names), None)
        for ours, aliases in COLUMNS.items()
    }
    return {ours: place for ours, place in found.items() if place is not None}


def _read_rows(
    lines: Sequence[str], delimiter: str, path: Path, *, first_line: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line that holds any, with its number."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield first_line + reader.line_num - 1, cells
    except csv.Error as error:
        raise line_error(path, first_line + reader.line_num - 1, str(error)) from error


def _parse_point(row: _Row) -> TruePoint:
    if not row.text("photo"):
        raise line_error(row.path, row.line, "no photo is named")
    latitude, longitude = row.number("latitude"), row.number("longitude")
    check_position(latitude, longitude, path=row.path, line=row.line)
    return TruePoint(
        line=row.line,
        photo=printable_text(row.text("photo")),
        column_px=row.number("column"),
        row_px=row.number("row"),
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_m=parse_height_m(row.number_text("height"), path=row.path, line=row.line),
        name=printable_text(row.text("name")) or None,
        measured_size_px=_measured_size_px(row),
    )


def _measured_size_px(row: _Row) -> tuple[float, float] | None:
    if not row.text("width") and not row.text("depth"):
        return None
    size_px = row.number("width"), row.number("depth")
    if min(size_px) <= 0.0:
        raise line_error(row.path, row.line, f"a picture of {size_px[0]:g} x {size_px[1]:g} pixels")
    return size_px
