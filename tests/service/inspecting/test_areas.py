"""Permits and grids are read from whatever a city sends, or refused with the reason."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from datasets.taxonomy import CLASS_NAMES, CLASSES
from service.errors import CannotStartError
from service.inspecting.areas import GRID_COLUMNS, PERMIT_COLUMNS, read_grids, read_permits

DOCUMENT = Path(__file__).parents[3] / "docs" / "areas.md"
SQUARE = shapely.box(120.15, 30.28, 120.16, 30.29)


def write_geojson(path: Path, *features: tuple[Any, dict[str, object]]) -> Path:
    collection = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": None if shape is None else shapely.geometry.mapping(shape),
            }
            for shape, properties in features
        ],
    }
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def write_geopackage(path: Path, shape: Any, crs: str | None, **columns: object) -> Path:
    pyogrio.raw.write(
        path,
        geometry=np.array([shapely.to_wkb(shape)], dtype=object),
        field_data=[np.array([value], dtype=object) for value in columns.values()],
        fields=list(columns),
        geometry_type=shape.geom_type,
        crs=crs,
        driver="GPKG",
    )
    return path


def test_a_permit_is_read_with_all_its_columns(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "permits.geojson",
        (
            SQUARE,
            {
                "permit_id": "P-1",
                "class_names": "illegal_structure, damaged_billboard",
                "holder": "ACME",
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
            },
        ),
    )
    (permit,) = read_permits(path)
    assert permit.id == "P-1"
    assert permit.class_names == {"illegal_structure", "damaged_billboard"}
    assert permit.holder == "ACME"
    assert (permit.valid_from, permit.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert permit.shape.equals(SQUARE)


def test_a_permit_without_holder_and_dates_is_read_too(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "permits.geojson", (SQUARE, {"Permit_No": 17, "类别": "exposed_garbage"})
    )
    (permit,) = read_permits(path)
    assert (permit.id, permit.holder, permit.valid_from, permit.valid_to) == (
        "17",
        None,
        None,
        None,
    )
    assert permit.class_names == {"exposed_garbage"}


@pytest.mark.parametrize(
    "value", ["a,b", "a; b", "a，b", '["a", "b"]', ["a", "b"]], ids=lambda value: repr(value)
)
def test_classes_come_in_several_spellings(tmp_path: Path, value: object) -> None:
    path = write_geojson(tmp_path / "p.geojson", (SQUARE, {"permit_id": "1", "classes": value}))
    assert read_permits(path)[0].class_names == {"a", "b"}


def test_classes_are_known_by_what_people_call_them(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "p.geojson",
        (SQUARE, {"许可证号": "杭规 12", "类别": "私搭乱建；暴露垃圾"}),
        (SQUARE, {"许可证号": "杭规 13", "类别": "违法建设"}),
        (SQUARE, {"许可证号": "杭规 14", "类别": "Damaged billboard"}),
    )
    permits = read_permits(path, known_classes=CLASS_NAMES)
    assert [permit.id for permit in permits] == ["杭规 12", "杭规 13", "杭规 14"]
    assert [set(permit.class_names) for permit in permits] == [
        {"illegal_structure", "exposed_garbage"},
        {"illegal_structure"},
        {"damaged_billboard"},
    ]


def test_an_unknown_class_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "p.geojson", (SQUARE, {"permit_id": "1", "class": "占道经营"}))
    with pytest.raises(CannotStartError) as caught:
        read_permits(path, known_classes={*CLASS_NAMES, "pothole"})
    assert "unknown class 占道经营" in str(caught.value)
    for known in ("illegal_structure (私搭乱建)", "exposed_garbage (暴露垃圾)", "pothole"):
        assert known in str(caught.value)


def test_a_point_with_a_radius_is_a_circle(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "p.geojson",
        (shapely.Point(120.15, 30.28), {"permit_id": "1", "class": "a", "radius_m": 50}),
    )
    west, south, east, north = read_permits(path)[0].shape.bounds
    # A degree is 110.86 km to the north and 96.2 km to the east at 30.28 degrees north.
    assert (north - south) * 110_860 == pytest.approx(100, rel=0.01)
    assert (east - west) * 96_200 == pytest.approx(100, rel=0.01)


def test_grid_cells_of_a_geopackage_in_another_crs_come_out_in_wgs84(tmp_path: Path) -> None:
    # EPSG:4549 is CGCS2000 / 3-degree Gauss-Kruger CM 120E, false easting 500 km: its central
    # meridian is 120 degrees east exactly.
    strip = shapely.box(500_000, 3_350_000, 500_100, 3_350_100)
    path = write_geopackage(
        tmp_path / "grid.gpkg", strip, "EPSG:4549", bgcode="33010600100101", 责任单位="街道办"
    )
    (cell,) = read_grids(path)
    assert (cell.id, cell.responsible_unit, cell.division) == ("33010600100101", "街道办", None)
    west, south, _, north = cell.shape.bounds
    assert west == pytest.approx(120.0, abs=1e-7)
    assert 30.2 < south < north < 30.4
    assert (north - south) * 110_860 == pytest.approx(100, rel=0.01)


def test_a_crossed_polygon_is_mended(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(120, 30), (120.01, 30.01), (120.01, 30), (120, 30.01)])
    (cell,) = read_grids(write_geojson(tmp_path / "g.geojson", (bow_tie, {"grid_id": "1"})))
    assert cell.shape.is_valid
    assert cell.shape.area == pytest.approx(0.5e-4)


LINE = shapely.LineString([(120, 30), (120.1, 30)])
FLAT = shapely.Polygon([(120, 30), (120.01, 30), (120.02, 30)])
POINT = shapely.Point(120.15, 30.28)
GOOD = {"permit_id": "1", "class_names": "a"}


@pytest.mark.parametrize(
    ("shape", "properties", "problem"),
    [
        (SQUARE, {"class_names": "a"}, "no column permit_id"),
        (SQUARE, {"permit_id": "1"}, "no column class_names"),
        (SQUARE, {"permit_id": None, "class_names": "a"}, "feature 1: permit_id is empty"),
        (SQUARE, {**GOOD, "valid_to": "soon"}, "valid_to is 'soon'"),
        (SQUARE, {**GOOD, "valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "before"),
        (SQUARE, {**GOOD, "class_names": "b"}, "unknown class b"),
        (SQUARE, {**GOOD, "class_names": ","}, "unknown class"),
        (POINT, GOOD, "a point needs a radius_m"),
        (POINT, {**GOOD, "radius_m": -1}, "radius_m is -1"),
        (POINT, {**GOOD, "radius_m": "wide"}, "radius_m is 'wide'"),
        (LINE, GOOD, "a LineString is not an area"),
        (FLAT, GOOD, "covers nothing"),
        (None, GOOD, "no geometry"),
        (shapely.box(500_000, 3_350_000, 500_100, 3_350_100), GOOD, "is its CRS right?"),
    ],
)
def test_a_wrong_permit_is_refused_with_file_feature_and_reason(
    tmp_path: Path, shape: Any, properties: dict[str, object], problem: str
) -> None:
    path = write_geojson(tmp_path / "permits.geojson", (shape, properties))
    with pytest.raises(CannotStartError) as caught:
        read_permits(path, known_classes={"a"})
    assert str(path) in str(caught.value)
    assert problem in str(caught.value)


def test_an_id_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "g.geojson", (SQUARE, {"grid_id": "1"}), (SQUARE, {"grid_id": "1"})
    )
    with pytest.raises(CannotStartError, match="more than once"):
        read_grids(path)


def test_a_file_that_is_not_there_or_no_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="no such file"):
        read_grids(tmp_path / "none.geojson")
    (tmp_path / "text.geojson").write_text("hello")
    with pytest.raises(CannotStartError, match="cannot be read as a map layer"):
        read_grids(tmp_path / "text.geojson")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('"holder": "市容局"', "not UTF-8"),
        (
            '"crs": {"type": "name", "properties": {"name": "LOCAL_CS[\\"site\\"]"}}',
            "unknown coord",
        ),
    ],
)
def test_texts_in_gbk_and_axes_of_ones_own_are_refused(
    tmp_path: Path, content: str, problem: str
) -> None:
    path = write_geojson(tmp_path / "a.geojson", (SQUARE, {"permit_id": "1", "class": "a"}))
    inside = '"permit_id": "1"' if "holder" in content else '"type": "FeatureCollection"'
    text = path.read_text(encoding="utf-8").replace(inside, f"{inside}, {content}")
    path.write_bytes(text.encode("gbk"))
    with pytest.raises(CannotStartError, match=problem):
        read_permits(path)


def test_an_open_ring_is_refused(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", (SQUARE, {"grid_id": "1"}))
    collection = json.loads(path.read_text(encoding="utf-8"))
    collection["features"][0]["geometry"]["coordinates"] = [[[120, 30], [121, 30]]]
    path.write_text(json.dumps(collection), encoding="utf-8")
    with pytest.warns(RuntimeWarning), pytest.raises(CannotStartError, match="is damaged"):
        read_grids(path)


def test_an_area_across_the_date_line_has_to_be_cut_there(tmp_path: Path) -> None:
    around = shapely.box(-179.9, 0.0, 179.9, 1.0)
    path = write_geojson(tmp_path / "a.geojson", (around, {"grid_id": "1"}))
    with pytest.raises(CannotStartError, match="cut it in two"):
        read_grids(path)
    cut = shapely.MultiPolygon([shapely.box(179.9, 0, 180, 1), shapely.box(-180, 0, -179.9, 1)])
    path = write_geojson(tmp_path / "a.geojson", (cut, {"grid_id": "1"}))
    assert len(read_grids(path)) == 1


def test_a_point_off_the_earth_is_refused(tmp_path: Path) -> None:
    properties: dict[str, object] = {"permit_id": "1", "class": "a", "radius_m": 5}
    path = write_geojson(tmp_path / "a.geojson", (shapely.Point(999, 30), properties))
    with pytest.raises(CannotStartError, match="not longitude and latitude"):
        read_permits(path)


def test_a_file_without_a_coordinate_system_is_refused(tmp_path: Path) -> None:
    path = write_geopackage(tmp_path / "grid.gpkg", SQUARE, None, grid_id="1")
    with pytest.raises(CannotStartError, match="CRS"):
        read_grids(path)


def test_an_empty_collection_has_no_columns_to_miss(tmp_path: Path) -> None:
    assert read_permits(write_geojson(tmp_path / "p.geojson")) == []


def test_the_document_names_every_column_and_every_word_for_a_class() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    columns = {*PERMIT_COLUMNS.values(), *GRID_COLUMNS.values()}
    words = {word for aliases in columns for word in aliases}
    for entry in CLASSES:
        words |= {entry.name, entry.title_en, entry.title_zh, *entry.synonyms}
    assert {word for word in words if word not in text} == set()


def test_the_examples_of_the_document_are_read(tmp_path: Path) -> None:
    parts = DOCUMENT.read_text(encoding="utf-8").split("```")
    examples = [part.removeprefix("json") for part in parts if part.startswith("json")]
    for name, example in zip(("permits", "grids"), examples, strict=True):
        (tmp_path / f"{name}.geojson").write_text(example, encoding="utf-8")
    shed, board = read_permits(tmp_path / "permits.geojson", known_classes=CLASS_NAMES)
    assert shed.valid_to == date(2026, 12, 31)
    assert board.class_names == {"damaged_billboard"}
    (cell,) = read_grids(tmp_path / "grids.geojson")
    assert cell.shape.covers(shed.shape)
