"""Files of surveyed points: what is read, and what is complained of with its line."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from service.errors import CannotStartError
from service.geocheck.true_point import TruthFile
from service.geocheck.truth import MAX_BYTES, parse_truth, read_truth

PATH = Path("truth.txt")


def parse(*lines: str) -> TruthFile:
    return parse_truth("\n".join(lines), PATH)


def test_a_gcp_list_in_degrees_has_longitude_first() -> None:
    truth = parse(
        "EPSG:4326",
        "# a comment",
        "",
        "121.5 31.25 4.5 100.5 200 DJI_0001.JPG gcp1 more and more",
        "121.6\t31.35\tNaN\t1\t2\t\tfolder/DJI 0002.JPG\tgcp 2",
    )
    first, second = truth.points
    assert (first.line, first.photo, first.name) == (4, "DJI_0001.JPG", "gcp1")
    assert (first.longitude_deg, first.latitude_deg) == (121.5, 31.25)
    assert (first.column_px, first.row_px, first.height_m) == (100.5, 200.0, 4.5)
    assert (second.photo, second.name, second.height_m) == ("folder/DJI 0002.JPG", "gcp 2", None)
    assert truth.crs == "WGS 84 (EPSG:4326)"
    assert truth.transformation is None


@pytest.mark.parametrize(
    "head",
    [
        "EPSG:32632",
        "epsg:32632",
        "WGS84 UTM 32N",
        "wgs84 utm 32n",
        "WGS84 UTM 32 N",
        "+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs",
        "  +proj=utm +zone=32 +datum=WGS84\t",
        "EPSG:32632+5773",
    ],
)
def test_coordinate_systems_may_be_named_in_all_their_ways(head: str) -> None:
    # The middle of zone 32 is 9 degrees east; 500 km east is the false easting.
    point = parse(head, "500000 0 12 1 2 a.jpg").points[0]
    assert (point.latitude_deg, point.longitude_deg) == pytest.approx((0.0, 9.0), abs=1e-9)


def test_the_southern_hemisphere_is_told_by_its_letter() -> None:
    point = parse("WGS84 UTM 32S", "500000 10000000 12 1 2 a.jpg").points[0]
    assert point.latitude_deg == pytest.approx(0.0, abs=1e-9)


@given(latitude=st.floats(49.0, 54.8), longitude=st.floats(14.2, 24.1))
def test_a_national_grid_leads_back(latitude: float, longitude: float) -> None:
    to_grid = Transformer.from_crs(4326, 2180, always_xy=True)  # Poland's, with north as x
    x, y = to_grid.transform(longitude, latitude)
    point = parse("EPSG:2180", f"{x!r} {y!r} 0 1 2 a.jpg").points[0]
    assert (point.latitude_deg, point.longitude_deg) == pytest.approx(
        (latitude, longitude), abs=1e-8
    )


def test_what_was_done_to_the_coordinates_is_told() -> None:
    truth = parse("EPSG:2180", "340607.768 548220.879 70.8 149 1620 a.jpg")
    assert truth.crs.endswith("(EPSG:2180)")
    assert truth.transformation is not None
    assert "accuracy" in truth.transformation


@pytest.mark.parametrize(
    ("head", "is_rough"),
    [
        ("EPSG:4490", False),  # CGCS2000
        ("EPSG:4258", False),  # ETRS89
        ("+proj=longlat +ellps=GRS80", False),
        ("EPSG:4610", True),  # Xian 1980, off by a hundred metres in places
        ("EPSG:4214", True),  # Beijing 1954: none of its registered shifts reaches so far
        ("+proj=longlat +ellps=krass", True),
    ],
)
def test_degrees_that_stay_as_they_are_say_so_and_how_well(head: str, is_rough: bool) -> None:
    truth = parse(head, "120.15 30.25 0 1 2 a.jpg")
    point = truth.points[0]
    assert (point.longitude_deg, point.latitude_deg) == (120.15, 30.25)
    assert truth.transformation is not None
    assert "to WGS 84" in truth.transformation
    assert truth.is_rough is is_rough


def test_a_grid_is_as_rough_as_its_datum() -> None:
    assert not parse("EPSG:4528", "40500000 3500000 0 1 2 a.jpg").is_rough  # CGCS2000
    assert parse("EPSG:2364", "40500000 3500000 0 1 2 a.jpg").is_rough  # Xian 1980


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_finds_its_columns_by_name(delimiter: str) -> None:
    head = ["Name", "Image", "PX", "py", "Latitude", "LON", "height", "other"]
    row = ["gcp1", "DCIM/a.jpg", "10.5", "20", "31.25", "121.5", "", "x"]
    point = parse(delimiter.join(head), delimiter.join(row)).points[0]
    assert (point.photo, point.name, point.line) == ("DCIM/a.jpg", "gcp1", 2)
    assert (point.column_px, point.row_px) == (10.5, 20.0)
    assert (point.latitude_deg, point.longitude_deg) == (31.25, 121.5)
    assert point.height_m is None


@pytest.mark.parametrize("letters", ["xy", "XY", "ＸＹ"])  # the last are full-width
def test_a_table_may_have_a_chinese_head(letters: str) -> None:
    x, y = letters
    point = parse(
        f"照片,像素{x},像素{y},纬度,经度,高程,点号,照片宽度,照片高度",
        "无人机/DJI_0001.JPG,1843.5,920,31.2304,121.4737,4.2,检查点1,4000,3000",
    ).points[0]
    assert (point.photo, point.name) == ("无人机/DJI_0001.JPG", "检查点1")
    assert (point.column_px, point.row_px) == (1843.5, 920.0)
    assert (point.latitude_deg, point.longitude_deg, point.height_m) == (31.2304, 121.4737, 4.2)
    assert point.measured_size_px == (4000.0, 3000.0)


def test_a_chinese_table_may_be_in_the_encoding_of_chinese_spreadsheets(tmp_path: Path) -> None:
    table = tmp_path / "truth.csv"
    lines = "照片,像素x,像素y,纬度,经度\r\n巡检.JPG,1,2,31.2,121.4\r\n"
    table.write_bytes(lines.encode("gb18030"))
    assert [point.photo for point in read_truth(table).points] == ["巡检.JPG"]
    table.write_bytes("image,px,py,lat,lon\nété.jpg,1,2,3,4\n".encode("latin-1"))
    with pytest.raises(CannotStartError, match="no text in UTF-8"):
        read_truth(table)


def test_of_a_chinese_table_too_the_missing_column_is_named() -> None:
    with pytest.raises(CannotStartError, match=r"line 1: columns are missing .*照片"):
        parse("像素x,像素y,纬度,经度", "1,2,3,4")


def test_a_table_may_have_decimal_commas_between_semicolons() -> None:
    point = parse("image;px;py;lat;lon;z", "a,b.jpg;1,5;2;31,25;121,5;7,5").points[0]
    assert (point.photo, point.column_px, point.latitude_deg) == ("a,b.jpg", 1.5, 31.25)
    assert point.height_m == 7.5


def test_a_quoted_name_may_hold_the_delimiter() -> None:
    assert parse("image,px,py,lat,lon", '"a,b.jpg",1,2,3,4').points[0].photo == "a,b.jpg"


def test_a_table_may_say_how_large_the_picture_was() -> None:
    truth = parse(
        "image,px,py,lat,lon,truth_width,truth_height", "a.jpg,1,2,3,4,4000,3000", "a.jpg,1,2,3,4,,"
    )
    assert [point.measured_size_px for point in truth.points] == [(4000.0, 3000.0), None]


def test_lines_are_counted_over_comments_and_empty_ones() -> None:
    truth = parse("# made by hand", "", "image,px,py,lat,lon", "", "# more", "a.jpg,1,2,3,4")
    assert truth.points[0].line == 6


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_a_byte_order_mark_will_do(end: str, tmp_path: Path) -> None:
    path = tmp_path / "gcp_list.txt"
    path.write_bytes(("\ufeffEPSG:4326" + end + "9 50 0 1 2 a.jpg" + end).encode())
    assert read_truth(path).points[0].latitude_deg == 50.0


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["1 2 3 4 5 a.jpg"], "line 1: '1 2 3 4 5 a.jpg' is neither a coordinate system"),
        (["EPSG:4326", "9 50 0 1 a.jpg"], "line 2: 5 values, needed are x, y, z, column, row"),
        (["EPSG:4326", "# no", "9 x 0 1 2 a.jpg"], "line 3: y is 'x', not a number"),
        (["EPSG:4326", "9 inf 0 1 2 a.jpg"], "line 2: y is 'inf', not a number"),
        (["EPSG:4326", "9 50 high 1 2 a.jpg"], "line 2: the height is 'high', not a number"),
        (["EPSG:4326", "50 120 0 1 2 a.jpg"], "line 2: 120 is no latitude: x is the longitude"),
        (["EPSG:4326", "200 12 0 1 2 a.jpg"], "line 2: latitude 12 and longitude 200 are none"),
        (["EPSG:999999", "9 50 0 1 2 a.jpg"], "line 1: PROJ knows no coordinate system"),
        (["WGS84 UTM 61N", "9 50 0 1 2 a.jpg"], "line 1: 'WGS84 UTM 61N' is no coordinate system"),
        (["EPSG:32632", "1e99 0 0 1 2 a.jpg"], "line 2: "),
        (["+proj=nonsense", "1 2 0 1 2 a.jpg"], "line 1: "),
        (["+proj=longlat +nadgrids=/etc/passwd", "1 2 0 1 2 a.jpg"], "line 1: "),
        (["+proj=pipeline +step", "1 2 0 1 2 a.jpg"], "line 1: "),
        (["lat,lon", "3,4"], "line 1: columns are missing (photo: photo, image"),
        (["image,px,py,lat,lon", "a.jpg,1,2,3"], "line 2: the longitude is '', not a number"),
        (["image,px,py,lat,lon", ",1,2,3,4"], "line 2: no photo is named"),
        (["image,px,py,lat,lon", "a.jpg,1,2,95,4"], "line 2: latitude 95 and longitude 4 are none"),
        (["image,px,py,lat,lon,truth_width,truth_height", "a.jpg,1,2,3,4,0,0"], "line 2: "),
        (["image,px,py,lat,lon,truth_width,truth_height", "a.jpg,1,2,3,4,9,"], "line 2: "),
        (["image,px,py,lat,lon", "a" * 200_000 + ",1,2,3,4"], "line 2: field larger than"),
        (["", "# nothing"], "is empty"),
        (["EPSG:4326"], "holds no points"),
        (["image,px,py,lat,lon"], "holds no points"),
    ],
)
def test_a_wrong_line_is_named(lines: list[str], complaint: str) -> None:
    with pytest.raises(CannotStartError) as caught:
        parse(*lines)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("--truth truth.txt")
    assert "\n" not in str(caught.value)


@given(text=st.text(max_size=200))
def test_no_text_does_more_than_complain(text: str) -> None:
    for head in ("", "EPSG:4326\n", "image,px,py,lat,lon\n"):
        with contextlib.suppress(CannotStartError):
            parse_truth(head + text, PATH)


def test_files_that_are_no_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="cannot be read: No such file"):
        read_truth(tmp_path / "gone.txt")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(CannotStartError, match="no text in UTF-8"):
        read_truth(tmp_path / "photo.jpg")
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(CannotStartError, match="larger than 32 MiB"):
        read_truth(tmp_path / "huge.txt")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "count", "crs"),
    [
        ("bellus/gcp_list.txt", 4, "EPSG:32617"),
        ("boruszyn_kite/gcp_list.txt", 18, "EPSG:2180"),
        ("copr_kite/gcp_list.txt", 27, "EPSG:32611"),
        ("idm_usda/gcp_list.txt", 51, "EPSG:32612"),
        ("idm_usda/gcp_list_geographic.txt", 51, "EPSG:4326"),
        ("ioniq5_iphone/gcp_list.txt", 15, "EPSG:32652"),
        ("noema/gcp_file.txt", 104, "EPSG:32631"),
    ],
)
def test_lists_of_real_surveys_are_read(
    name: str, count: int, crs: str, shared_folder: Path
) -> None:
    truth = read_truth(shared_folder / "photos" / "flights" / "gcp_text_only" / name)
    assert len(truth.points) == count
    assert crs in truth.crs


@pytest.mark.shared
def test_one_survey_told_in_metres_and_in_degrees_is_the_same(shared_folder: Path) -> None:
    folder = shared_folder / "photos" / "flights" / "gcp_text_only" / "idm_usda"
    metres = read_truth(folder / "gcp_list.txt").points
    degrees = read_truth(folder / "gcp_list_geographic.txt").points
    for first, second in zip(metres, degrees, strict=True):
        assert (first.photo, first.column_px) == (second.photo, second.column_px)
        assert first.latitude_deg == pytest.approx(second.latitude_deg, abs=1e-8)
        assert first.longitude_deg == pytest.approx(second.longitude_deg, abs=1e-8)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "copr_kite/gcp_list_noimg.txt",
        "copr_kite/gcp_list_nocoord.txt",
        "copr_kite/GPS_average.txt",
        "idm_usda/gcp_ref.txt",
        "watercam_fixed_camera/gcps.csv",
    ],
)
def test_lists_that_lack_a_part_are_told_which(name: str, shared_folder: Path) -> None:
    with pytest.raises(CannotStartError, match=r"line \d"):
        read_truth(shared_folder / "photos" / "flights" / "gcp_text_only" / name)


def test_of_a_system_with_heights_only_the_plane_counts() -> None:
    point = parse("EPSG:4979", "121.5 31.25 4.5 1 2 a.jpg").points[0]
    assert (point.longitude_deg, point.latitude_deg) == (121.5, 31.25)


@pytest.mark.parametrize("head", ["EPSG:4978", "EPSG:5773", "+proj=cart"])
def test_systems_without_eastings_or_longitudes_are_refused(head: str) -> None:
    # From the earth's middle, heights alone: x and y would be anywhere.
    with pytest.raises(CannotStartError, match="line 1: PROJ knows no"):
        parse(head, "500000 0 12 1 2 a.jpg")


@pytest.mark.parametrize(
    "lines",
    [
        ("EPSG:4326", "121.5 31.25 4.5 1 2 a\x1b[31m.jpg gcp\x9b1"),
        ("photo,px,py,lat,lon,name", "a\x1b[31m.jpg,1,2,31,121,gcp\x9b1"),
    ],
)
def test_names_that_steer_a_terminal_become_plain_text(lines: tuple[str, ...]) -> None:
    point = parse(*lines).points[0]
    assert (point.photo, point.name) == ("a\\u001b[31m.jpg", "gcp\\u009b1")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless file here")
def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(CannotStartError, match="larger than 32 MiB"):
        read_truth(Path("/dev/zero"))
