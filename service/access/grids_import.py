"""Cells of the management grid from a file that somebody sends: GeoJSON, GeoPackage, Shapefile.

`service.inspecting.areas` reads them. It would also read formats that point to other files and to
URLs (GDAL's virtual layers, for one); what comes from outside is let through only if it is one of
the three.
"""

from pathlib import Path

import pyogrio
import pyogrio.errors

from service.errors import CannotStartError
from service.inspecting.areas import read_grids
from service.store.grids import StoredGrid

_MAX_BYTES = 200_000_000
_MAX_CELLS = 200_000
_LONGEST_TEXT = 200
_NAME_COLUMNS = ("name", "grid_name", "title", "名称", "网格名称", "单元网格名称", "bgname")
_DRIVERS = frozenset({"GeoJSON", "GPKG", "ESRI Shapefile"})
_FIRST_BYTES_SQLITE = b"SQLite format 3\x00"
# The application id in SQLite's header. Other SQLite files may hold tables that read other files.
_GEOPACKAGE_IDS = frozenset({b"GPKG", b"GP10", b"GP11"})
_FIRST_BYTES_SHAPEFILE = b"\x00\x00\x27\x0a"


def read_grid_file(path: Path) -> list[StoredGrid]:
    """Return the cells of a file, for `service.store.grids.replace_grids`.

    Columns as in `service.inspecting.areas.GRID_COLUMNS`, and a name (`name`, `名称`, ...) where
    there is one.
    A Shapefile needs its .shx, .dbf and .prj beside it.

    Raises:
        CannotStartError: The file is of another kind, too large, holds no cell, or a wrong one.
    """
    _check_kind(path)
    try:
        facts = pyogrio.read_info(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise CannotStartError(f"{path.name}: cannot be read as a map layer: {error}") from error
    if facts["driver"] not in _DRIVERS:
        raise CannotStartError(f"{path.name}: {facts['driver']} is not read, only {_known()}")
    if facts["features"] > _MAX_CELLS:
        raise CannotStartError(f"{path.name}: {facts['features']} cells, over {_MAX_CELLS}")
    cells = read_grids(path)
    if not cells:
        raise CannotStartError(f"{path.name}: there is no cell in it")
    names = _read_names(path, [str(name) for name in facts["fields"]], count=len(cells))
    return [
        StoredGrid(
            code=_short(path, "grid_id", cell.id),
            name=None if name is None else _short(path, "name", name),
            unit=_short_or_none(path, "responsible_unit", cell.responsible_unit),
            shape=cell.shape,
            division=_short_or_none(path, "division", cell.division),
        )
        for cell, name in zip(cells, names, strict=True)
    ]


def _check_kind(path: Path) -> None:
    """Raise where a file's first bytes are of none of the three kinds, before GDAL sees it."""
    if not path.is_file() or path.is_symlink():
        raise CannotStartError(f"{path.name}: no such file")
    if path.stat().st_size > _MAX_BYTES:
        raise CannotStartError(f"{path.name}: over {_MAX_BYTES} bytes")
    with path.open("rb") as file:
        start = file.read(4096)
    is_json = start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    is_geopackage = start.startswith(_FIRST_BYTES_SQLITE) and start[68:72] in _GEOPACKAGE_IDS
    if not (is_json or is_geopackage or start.startswith(_FIRST_BYTES_SHAPEFILE)):
        raise CannotStartError(f"{path.name}: not {_known()}")


def _read_names(path: Path, columns: list[str], *, count: int) -> list[str | None]:
    """Return the cells' names in the order of the file."""
    by_name = {column.casefold(): column for column in columns}
    column = next((by_name[name] for name in _NAME_COLUMNS if name in by_name), None)
    if column is None:
        return [None] * count
    _, _, _, values = pyogrio.raw.read(path, columns=[column], read_geometry=False)
    texts = [None if value is None else str(value).strip() for value in values[0].tolist()]
    return [None if text in (None, "", "nan") else text for text in texts]


def _short(path: Path, column: str, text: str) -> str:
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        shown = text[:40].encode("ascii", "backslashreplace").decode("ascii")
        raise CannotStartError(
            f"{path.name}: {column} {shown!r} is longer than {_LONGEST_TEXT} or not printable"
        )
    return text


def _short_or_none(path: Path, column: str, text: str | None) -> str | None:
    return None if text is None else _short(path, column, text)


def _known() -> str:
    return "GeoJSON, GeoPackage or Shapefile"
