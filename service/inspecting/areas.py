"""Files of permits and of management grids, in whatever map system they come.

GeoJSON, GeoPackage, Shapefile and all else that GDAL reads. Coordinates in GCJ-02, as from
Chinese web maps, carry no mark that would tell them from WGS 84: such files come out some
hundred metres off and must be converted before.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyogrio
import pyogrio.errors
import pyproj
import pyproj.exceptions
import shapely
from numpy.typing import NDArray

from datasets.taxonomy import CLASSES, find_class_name
from inference.merging.areas import GridCell, Permit, circle_wgs84
from service.errors import CannotStartError

# Names under which a column is known; capitals change nothing. The first is ours. docs/areas.md
# lists them.
PERMIT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "permit_id": (
        *("permit_id", "permit_no", "permit", "id"),
        *("许可证编号", "许可证号", "审批编号", "编号"),
    ),
    "class_names": ("class_names", "class_name", "classes", "class", "category", "类别"),
    "holder": ("holder", "permit_holder", "applicant", "持证单位", "申请单位"),
    "valid_from": ("valid_from", "start_date", "start", "有效期起"),
    "valid_to": ("valid_to", "valid_until", "end_date", "end", "有效期止"),
    "radius_m": ("radius_m", "radius", "半径"),
}
GRID_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "grid_id": ("grid_id", "grid_code", "bgcode", "code", "id", "单元网格代码", "网格编码"),
    "responsible_unit": ("responsible_unit", "unit", "department", "责任单位"),
    "division": ("division", "division_code", "adcode", "行政区划代码"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Layer:
    """Rows of a file: geometries in WGS 84 and our columns, None where the file has none."""

    path: Path
    shapes: NDArray[np.object_]
    columns: Mapping[str, list[object] | None]

    def text(self, name: str, row: int) -> str | None:
        """Return a value as text, None where it is absent or empty."""
        column = self.columns[name]
        value = None if column is None else column[row]
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return None
        if isinstance(value, list | np.ndarray):
            return ", ".join(map(str, value)) or None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value).strip() or None

    def error(self, row: int, problem: str) -> CannotStartError:
        """Return the error that names the file and the feature, counted from 1."""
        return CannotStartError(f"{self.path}: feature {row + 1}: {problem}")


def read_permits(path: Path, *, known_classes: Collection[str] | None = None) -> list[Permit]:
    """Return the permits of a file.

    Columns (see PERMIT_COLUMNS for other names): permit_id and class_names are needed; holder,
    valid_from, valid_to (YYYY-MM-DD) and radius_m may be there. Several classes are separated
    by commas or written as a JSON list, by their names or by what the taxonomy calls them. A
    point needs a radius_m; lines are refused.

    Args:
        path: Any vector file that GDAL reads.
        known_classes: Where given, a permit for any other class is refused: it would never
            explain anything.

    Raises:
        CannotStartError: The file cannot be read, lacks a column or holds a wrong value.
    """
    layer = _read_layer(path, PERMIT_COLUMNS, needed=("permit_id", "class_names"))
    permits = [
        _parse_permit(layer, row, known_classes=known_classes) for row in range(len(layer.shapes))
    ]
    _refuse_repeated(path, "permit_id", [permit.id for permit in permits])
    return permits


def read_grids(path: Path) -> list[GridCell]:
    """Return the management grid cells of a file.

    Columns (see GRID_COLUMNS for other names): grid_id is needed; responsible_unit and division
    may be there.

    Raises:
        CannotStartError: The file cannot be read, lacks a column or holds a wrong value.
    """
    layer = _read_layer(path, GRID_COLUMNS, needed=("grid_id",))
    cells = [
        GridCell(
            id=_needed_text(layer, "grid_id", row),
            shape=_clean_area(layer, row),
            responsible_unit=layer.text("responsible_unit", row),
            division=layer.text("division", row),
        )
        for row in range(len(layer.shapes))
    ]
    _refuse_repeated(path, "grid_id", [cell.id for cell in cells])
    return cells


def _parse_permit(layer: _Layer, row: int, *, known_classes: Collection[str] | None) -> Permit:
    """Return one row as a permit."""
    class_names = _parse_class_names(_needed_text(layer, "class_names", row))
    unknown = sorted(class_names - set(known_classes)) if known_classes is not None else []
    if unknown or not class_names:
        problem = f"unknown class {', '.join(unknown) or '(none)'} in class_names"
        raise layer.error(row, f"{problem} (known: {_list_classes(known_classes)})")
    valid_from, valid_to = (_parse_date(layer, name, row) for name in ("valid_from", "valid_to"))
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise layer.error(row, f"valid_to {valid_to} is before valid_from {valid_from}")
    return Permit(
        id=_needed_text(layer, "permit_id", row),
        class_names=class_names,
        shape=_permit_shape(layer, row),
        holder=layer.text("holder", row),
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _list_classes(known_classes: Collection[str] | None) -> str:
    """Return the classes that a permit may be for, with their titles, for people."""
    titles = {entry.name: entry.title_zh for entry in CLASSES}
    names = sorted(titles if known_classes is None else known_classes)
    return ", ".join(f"{name} ({titles[name]})" if name in titles else name for name in names)


def _parse_class_names(text: str) -> frozenset[str]:
    """Return the classes in a JSON list or separated by commas (Western or Chinese)."""
    if text.startswith("["):
        try:
            names = json.loads(text)
        except json.JSONDecodeError:
            names = text.strip("[]").split(",")
    else:
        names = re.split("[,;，；、]", text)
    words = (str(part).strip(" '\"") for part in names)
    return frozenset(find_class_name(word) or word for word in words if word)


def _parse_date(layer: _Layer, name: str, row: int) -> date | None:
    """Return a day from an ISO date, with or without a time, or YYYY/MM/DD; None if absent."""
    text = layer.text(name, row)
    if text is None or text == "NaT":
        return None
    try:
        return date.fromisoformat(text.replace("/", "-")[:10])
    except ValueError as error:
        raise layer.error(row, f"{name} is {text!r}, not a date like 2026-12-31") from error


def _permit_shape(layer: _Layer, row: int) -> shapely.Geometry:
    """Return the area of a permit: a polygon, or a circle around a point."""
    shape = layer.shapes[row]
    if shape is None or shape.geom_type != "Point" or shape.is_empty:
        return _clean_area(layer, row)
    text = layer.text("radius_m", row)
    if text is None:
        raise layer.error(row, "a point needs a radius_m")
    try:
        radius_m = float(text)
    except ValueError as error:
        raise layer.error(row, f"radius_m is {text!r}, not a number") from error
    if not 0 < radius_m < 10_000:
        raise layer.error(row, f"radius_m is {radius_m:g}, not between 0 and 10000")
    _check_bounds(layer, row)
    return circle_wgs84(shape.y, shape.x, radius_m=radius_m)


def _clean_area(layer: _Layer, row: int) -> shapely.Geometry:
    """Return the feature's polygons, mended where their rings cross."""
    shape = layer.shapes[row]
    if shape is None or shape.is_empty:
        raise layer.error(row, "no geometry")
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise layer.error(row, f"a {shape.geom_type} is not an area")
    _check_bounds(layer, row)
    parts = [
        part
        for part in shapely.get_parts(shapely.make_valid(shape)).tolist()
        if part.geom_type in ("Polygon", "MultiPolygon") and part.area > 0
    ]
    if not parts:
        raise layer.error(row, f"the polygon covers nothing: {shapely.is_valid_reason(shape)}")
    if any(part.bounds[2] - part.bounds[0] > 180 for part in parts):
        raise layer.error(row, "goes around the earth: cut it in two at 180 degrees")
    return shapely.union_all(parts)


def _check_bounds(layer: _Layer, row: int) -> None:
    """Raise where a feature does not lie on the earth."""
    west, south, east, north = layer.shapes[row].bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise layer.error(row, "coordinates are not longitude and latitude: is its CRS right?")


def _needed_text(layer: _Layer, name: str, row: int) -> str:
    """Return a value that must be there."""
    text = layer.text(name, row)
    if text is None:
        raise layer.error(row, f"{name} is empty")
    return text


def _refuse_repeated(path: Path, name: str, ids: list[str]) -> None:
    """Raise where two features carry one id: nobody could tell which of them was meant."""
    seen: set[str] = set()
    for value in ids:
        if value in seen:
            raise CannotStartError(f"{path}: {name} {value!r} occurs more than once")
        seen.add(value)


def _read_layer(
    path: Path, aliases: Mapping[str, tuple[str, ...]], *, needed: tuple[str, ...]
) -> _Layer:
    """Return a file's rows with geometries in WGS 84."""
    if not path.is_file():
        raise CannotStartError(f"{path}: no such file")
    try:
        meta, _, geometries, values = pyogrio.raw.read(path, force_2d=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise CannotStartError(f"{path}: cannot be read as a map layer: {error}") from error
    except UnicodeDecodeError as error:
        raise CannotStartError(f"{path}: its texts are not UTF-8, save it as such") from error
    if geometries is None:
        raise CannotStartError(f"{path}: its features have no geometry")
    if len(geometries) == 0:
        # A city without permits: GeoJSON has no columns then that could be asked for.
        return _Layer(path=path, shapes=np.empty(0, dtype=np.object_), columns={})
    names = [str(name) for name in meta["fields"]]
    columns = {ours: _pick_column(names, values, aliases[ours]) for ours in aliases}
    for ours in needed:
        if columns[ours] is None:
            tried, there = ", ".join(aliases[ours]), ", ".join(names) or "none"
            raise CannotStartError(f"{path}: no column {ours} (tried {tried}; columns: {there})")
    try:
        shapes = np.asarray(shapely.from_wkb(geometries), dtype=np.object_)
    except shapely.errors.GEOSException as error:
        raise CannotStartError(f"{path}: a geometry is damaged: {error}") from error
    return _Layer(path=path, shapes=_to_wgs84(path, shapes, meta["crs"]), columns=columns)


def _pick_column(
    names: list[str], values: list[NDArray[np.generic]], aliases: tuple[str, ...]
) -> list[object] | None:
    """Return the first column with one of the names, as plain Python values."""
    places = {name.casefold(): i for i, name in enumerate(names)}
    index = next((places[alias] for alias in aliases if alias in places), None)
    if index is None:
        return None
    column = values[index]
    # Days and times come as numpy's datetime64: as text they are ISO dates.
    plain = column.astype(str) if np.issubdtype(column.dtype, np.datetime64) else column
    return list(plain.tolist())


def _to_wgs84(path: Path, shapes: NDArray[np.object_], crs_text: str | None) -> NDArray[np.object_]:
    """Return the geometries as longitude and latitude in WGS 84."""
    if crs_text is None:
        raise CannotStartError(f"{path}: says no coordinate system (CRS)")
    try:
        crs = pyproj.CRS.from_user_input(crs_text)
        if crs.to_epsg() == 4326:
            return shapes
        transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise CannotStartError(f"{path}: unknown coordinate system {crs_text!r}") from error
    moved = shapely.transform(
        shapes, lambda points: np.column_stack(transformer.transform(points[:, 0], points[:, 1]))
    )
    return np.asarray(moved, dtype=np.object_)
