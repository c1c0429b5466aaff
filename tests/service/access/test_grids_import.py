import json
import sqlite3
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from service.access.grids_import import read_grid_file
from service.errors import CannotStartError
from service.store.grids import StoredGrid

SQUARES = [shapely.box(121.0, 31.0, 121.1, 31.1), shapely.box(121.1, 31.0, 121.2, 31.1)]
COLUMNS: dict[str, list[str | None]] = {
    "grid_id": ["G1", "G2"],
    "name": ["Market", None],
    "unit": ["north", None],
}


def write_layer(path: Path, columns: dict[str, list[str | None]], **options: object) -> Path:
    pyogrio.raw.write(
        path,
        shapely.to_wkb(SQUARES),
        [np.array(values, dtype=object) for values in columns.values()],
        list(columns),
        geometry_type="Polygon",
        crs="EPSG:4326",
        **options,
    )
    return path


def shown(cells: list[StoredGrid]) -> list[tuple[str, str | None, str | None]]:
    return [(cell.code, cell.name, cell.unit) for cell in cells]


@pytest.mark.parametrize("name", ["grids.geojson", "grids.gpkg", "grids.shp"])
def test_cells_come_from_all_three_kinds(tmp_path: Path, name: str) -> None:
    cells = read_grid_file(write_layer(tmp_path / name, COLUMNS))

    assert shown(cells) == [("G1", "Market", "north"), ("G2", None, None)]
    for cell, square in zip(cells, SQUARES, strict=True):
        assert cell.shape.equals(square)


def test_the_name_of_the_file_says_nothing(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "grids.geojson", COLUMNS)

    assert len(read_grid_file(path.rename(tmp_path / "upload.bin"))) == 2


def test_columns_in_chinese(tmp_path: Path) -> None:
    columns: dict[str, list[str | None]] = {
        "网格编码": ["G1", "G2"],
        "网格名称": ["市场", "公园"],
        "责任单位": ["城管一队", None],
    }

    cells = read_grid_file(write_layer(tmp_path / "grids.geojson", columns))

    assert shown(cells) == [("G1", "市场", "城管一队"), ("G2", "公园", None)]


def test_cells_without_names_have_none(tmp_path: Path) -> None:
    columns = {"grid_id": COLUMNS["grid_id"]}

    cells = read_grid_file(write_layer(tmp_path / "grids.geojson", columns))

    assert shown(cells) == [("G1", None, None), ("G2", None, None)]


def test_a_virtual_layer_that_points_to_another_file_is_refused(tmp_path: Path) -> None:
    write_layer(tmp_path / "secret.geojson", COLUMNS)
    path = tmp_path / "grids.vrt"
    path.write_text(
        f"<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>{tmp_path}/secret.geojson"
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )

    assert len(pyogrio.raw.read(path)[2]) == 2  # GDAL would follow it
    with pytest.raises(CannotStartError, match="not GeoJSON, GeoPackage or Shapefile"):
        read_grid_file(path)


def test_a_database_that_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grids.gpkg"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE grids (grid_id TEXT)")
    connection.close()

    with pytest.raises(CannotStartError, match="not GeoJSON"):
        read_grid_file(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"grid_id,unit\n1,north\n",
        b"<kml></kml>",
        b"PK\x03\x04",
        b"http://127.0.0.1/grids.json",
        b"{",
        b'{"type": "Topology", "objects": {}, "arcs": []}',
        b'{"type": "FeatureCollection", "features": []}',
        b"\x00\x00\x27\x0a" + b"\0" * 96,
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "grids.geojson"
    path.write_bytes(content)

    with pytest.raises(CannotStartError):
        read_grid_file(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "grids.geojson", COLUMNS)
    link = tmp_path / "link.geojson"
    link.symlink_to(path)

    with pytest.raises(CannotStartError, match="no such file"):
        read_grid_file(link)


@pytest.mark.parametrize("text", ["x" * 201, "a\nb", "a\u202eb"])
def test_texts_that_would_spoil_lists_are_refused(tmp_path: Path, text: str) -> None:
    path = write_layer(tmp_path / "grids.geojson", COLUMNS | {"name": [text, None]})

    with pytest.raises(CannotStartError, match="not printable"):
        read_grid_file(path)


def test_the_error_names_the_file_without_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "grids.geojson"
    path.write_text(json.dumps({"type": "Topology"}))

    with pytest.raises(CannotStartError) as caught:
        read_grid_file(path)
    assert str(tmp_path) not in str(caught.value)
