"""Ground control points as OpenDroneMap has them: `gcp_list.txt`.

The first line names the coordinate system, each further one holds x, y, z, column, row, photo and
perhaps the mark's name and more, between blanks or tabs: https://docs.opendronemap.org/gcp/
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from service.geocheck.true_point import (
    TruePoint,
    TruthFile,
    check_position,
    line_error,
    parse_height_m,
    parse_number,
)
from service.printable import printable_text

WGS84_EPSG = 4326
LEAST_FIELDS = 6

EPSG_HEADER = re.compile(r"EPSG:(\d{1,6})(?:\+\d{1,6})?", re.IGNORECASE)
UTM_HEADER = re.compile(r"WGS\s?84[\s/]+UTM\s+(?:ZONE\s+)?(\d{1,2})\s?([NS])", re.IGNORECASE)
PROJ_HEADER = re.compile(r"\+proj=\w+(\s+\+[\w.=,-]+)*")  # no quotes, paths or signs of them
# Of these PROJ would open files that the text names.
READS_FILES = re.compile(r"grids|init|pipeline|catalog|\+step", re.IGNORECASE)

COMMENT = "#"

# PROJ's word for taking a datum's degrees for those of WGS 84 as they are.
BALLPARK = "Ballpark"
# Datums around the earth's middle (ETRS89, CGCS2000, NAD83, ...) have its ellipsoid or one within
# a millimetre, and lie within metres of it. Older ones have others and lie far off: Xian 1980 has
# an equator 3 m larger, Beijing 1954 one 108 m larger.
WGS84_SEMI_MAJOR_M, WGS84_INVERSE_FLATTENING = 6_378_137.0, 298.257_223_563
SAME_LENGTH_M, SAME_INVERSE_FLATTENING = 0.5, 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line, its coordinates not yet in WGS 84."""

    line: int
    x: float
    y: float
    height_m: float | None
    column_px: float
    row_px: float
    photo: str
    name: str | None


def is_crs_line(text: str) -> bool:
    """Tell whether a line names a coordinate system as `gcp_list.txt` does."""
    text = text.strip()
    return any(pattern.fullmatch(text) for pattern in (EPSG_HEADER, UTM_HEADER)) or text.startswith(
        "+proj"
    )


def parse_gcp_list(lines: Sequence[str], path: Path) -> TruthFile:
    """Return the points in WGS 84.

    Args:
        lines: Of the file; lines that are empty or begin with # are left out.
        path: For complaints.

    Raises:
        CannotStartError: A line is wrong; it is named by its number.
    """
    numbered = [(number, text.strip()) for number, text in enumerate(lines, 1)]
    told = [(number, text) for number, text in numbered if text and not text.startswith(COMMENT)]
    (crs_line, crs_text), *rest = told
    crs = _parse_crs(crs_text, path=path, line=crs_line)
    rows = [_parse_row(text, path=path, line=number) for number, text in rest]
    return _to_wgs84(rows, crs, path)


def _parse_crs(text: str, *, path: Path, line: int) -> CRS:
    epsg, utm = EPSG_HEADER.fullmatch(text), UTM_HEADER.fullmatch(text)
    try:
        if epsg is not None:
            return _horizontal(CRS.from_epsg(int(epsg[1])))
        if utm is not None and 1 <= int(utm[1]) <= 60:
            return CRS.from_epsg((32600 if utm[2] in "Nn" else 32700) + int(utm[1]))
        if PROJ_HEADER.fullmatch(text) and not READS_FILES.search(text):
            return _horizontal(CRS.from_proj4(text))
    except ProjError as error:
        raise line_error(path, line, f"PROJ knows no coordinate system {text[:80]!r}") from error
    raise line_error(path, line, f"{text[:80]!r} is no coordinate system that can be used")


def _horizontal(crs: CRS) -> CRS:
    """Return the part of a coordinate system that x and y are in; z is told, not compared.

    Raises:
        ProjError: It has none: heights alone, the earth's middle, or a shift between systems.
    """
    flat = (crs.sub_crs_list[0] if crs.is_compound else crs).to_2d()
    if not (flat.is_projected or flat.is_geographic):
        raise ProjError(f"{crs.name} has neither eastings nor longitudes")
    return flat


def _parse_row(text: str, *, path: Path, line: int) -> _Row:
    # Names may hold blanks where tabs part the fields.
    fields = [field.strip() for field in re.split(r"\t+", text) if field.strip()]
    if len(fields) < LEAST_FIELDS:
        fields = text.split()
    if len(fields) < LEAST_FIELDS:
        raise line_error(
            path, line, f"{len(fields)} values, needed are x, y, z, column, row and photo"
        )
    x, y, z, column, row, photo, *more = fields
    return _Row(
        line=line,
        x=parse_number(x, "x", path=path, line=line),
        y=parse_number(y, "y", path=path, line=line),
        height_m=parse_height_m(z, path=path, line=line),
        column_px=parse_number(column, "the pixel's column", path=path, line=line),
        row_px=parse_number(row, "the pixel's row", path=path, line=line),
        photo=printable_text(photo),
        name=printable_text(more[0]) if more else None,
    )


def _to_wgs84(rows: Sequence[_Row], crs: CRS, path: Path) -> TruthFile:
    transformation, is_rough = None, False
    x, y = [row.x for row in rows], [row.y for row in rows]
    if crs.is_geographic:
        _refuse_swapped(rows, path)
    if crs.to_epsg() != WGS84_EPSG and rows:
        try:
            transformer = Transformer.from_crs(crs, WGS84_EPSG, always_xy=True)
            x, y = transformer.transform(x, y)
            transformation = _describe(transformer)
            is_rough = BALLPARK in transformation and not _is_like_wgs84(crs)
        except ProjError as error:
            raise line_error(path, 1, f"no way from {crs.name} to WGS 84: {error}") from error
    points = tuple(_points(rows, x, y, crs, path))
    return TruthFile(
        points=points, crs=_name(crs), transformation=transformation, is_rough=is_rough
    )


def _refuse_swapped(rows: Iterable[_Row], path: Path) -> None:
    for row in rows:
        if abs(row.y) > 90.0:
            problem = f"{row.y:g} is no latitude: x is the longitude and comes first"
            raise line_error(path, row.line, problem)


def _points(
    rows: Sequence[_Row],
    longitudes_deg: Sequence[float],
    latitudes_deg: Sequence[float],
    crs: CRS,
    path: Path,
) -> Iterable[TruePoint]:
    for row, longitude, latitude in zip(rows, longitudes_deg, latitudes_deg, strict=True):
        if not (math.isfinite(longitude) and math.isfinite(latitude)):
            raise line_error(path, row.line, f"{row.x:g} {row.y:g} is no place in {crs.name}")
        check_position(latitude, longitude, path=path, line=row.line)
        yield TruePoint(
            line=row.line,
            photo=row.photo,
            column_px=row.column_px,
            row_px=row.row_px,
            latitude_deg=latitude,
            longitude_deg=longitude,
            height_m=row.height_m,
            name=row.name,
        )


def _name(crs: CRS) -> str:
    authority = crs.to_authority()
    if authority is None:
        return str(crs.to_string())
    # One that was written out is named after its equal in the registry.
    return f"{CRS.from_authority(*authority).name} ({':'.join(authority)})"


def _is_like_wgs84(crs: CRS) -> bool:
    """Tell whether the system's degrees can be taken for those of WGS 84 within metres."""
    ellipsoid = crs.ellipsoid
    return (
        ellipsoid is not None
        and abs(ellipsoid.semi_major_metre - WGS84_SEMI_MAJOR_M) < SAME_LENGTH_M
        and abs(ellipsoid.inverse_flattening - WGS84_INVERSE_FLATTENING) < SAME_INVERSE_FLATTENING
    )


def _describe(transformer: Transformer) -> str:
    """Return what PROJ did and how exact it says that is."""
    try:
        used = transformer.get_last_used_operation()
    except ProjError:  # where numbers stay as they are PROJ does nothing, and knows of no last use
        used = transformer
    accuracy = f"{used.accuracy:g} m" if used.accuracy >= 0.0 else "not stated"
    return f"{used.description} (accuracy: {accuracy})"
