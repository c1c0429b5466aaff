"""Positions in other frames, as the files of results carry them."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.geometry.output_frames import OutputFrame
from service.command_line import main
from service.inspecting.frame_record import frame_cells, frame_columns, frame_records

SHANGHAI = (31.1774276, 121.5272106)
LIMA = (-12.0464, -77.0428)
ALL = tuple(OutputFrame)


def test_each_frame_is_named_with_its_codes() -> None:
    records = frame_records(*SHANGHAI, ALL)
    assert list(records) == ["cgcs2000", "cgcs2000-6", "gcj02", "utm", "mgrs"]
    assert records["cgcs2000"]["crs"] == records["cgcs2000-6"]["crs"] == "EPSG:4490"
    assert records["cgcs2000"]["grid"]["crs"] == "EPSG:4529"  # zone 41 around 123 degrees
    assert records["cgcs2000-6"]["grid"]["crs"] == "EPSG:4499"  # zone 21 around 123 degrees
    assert records["utm"]["grid"]["crs"] == "EPSG:32651"
    assert records["gcj02"]["crs"] == "GCJ-02"
    assert "not surveyed" in records["gcj02"]["note"]
    assert "ballpark" in records["cgcs2000"]["note"]
    assert records["mgrs"]["reference"].startswith("51R")


def test_numbers_are_rounded_to_a_centimetre() -> None:
    records = frame_records(*SHANGHAI, ALL)
    # The published shift of this place, see tests/inference/geometry/test_gcj02.py.
    assert (records["gcj02"]["latitude"], records["gcj02"]["longitude"]) == (
        31.175304, 121.5315419,
    )  # fmt: skip
    easting_m = records["cgcs2000"]["grid"]["easting_m"]
    assert easting_m == round(easting_m, 2)


def test_a_frame_has_the_same_parts_wherever_the_place_is() -> None:
    here, there = frame_records(*SHANGHAI, ALL), frame_records(*LIMA, ALL)
    assert {name: set(record) for name, record in here.items()} == {
        name: set(record) for name, record in there.items()
    }


def test_a_place_outside_a_frame_has_nulls_and_the_reason() -> None:
    records = frame_records(*LIMA, ALL)
    assert records["gcj02"] == {
        "crs": None,
        "latitude": None,
        "longitude": None,
        "note": records["gcj02"]["note"],
        "not_given": {
            "code": "outside_frame",
            "detail": "maps use GCJ-02 in mainland China, Hong Kong and Macau only",
        },
    }
    assert records["cgcs2000"]["grid"] is None
    assert records["cgcs2000"]["not_given"]["code"] == "outside_frame"
    assert records["utm"]["not_given"] is records["mgrs"]["not_given"] is None


def test_a_table_has_a_column_for_each_value_and_one_for_the_reason() -> None:
    assert frame_columns([OutputFrame.GCJ02, OutputFrame.UTM]) == [
        "gcj02_latitude", "gcj02_longitude", "gcj02_missing",
        "utm_grid_crs", "utm_easting_m", "utm_northing_m", "utm_missing",
    ]  # fmt: skip
    assert len(set(frame_columns(ALL))) == len(frame_columns(ALL))


@pytest.mark.parametrize("place", [SHANGHAI, LIMA])
def test_cells_hold_what_the_records_hold(place: tuple[float, float]) -> None:
    records = frame_records(*place, ALL)
    cells = frame_cells(records, ALL)
    assert list(cells) == frame_columns(ALL)
    assert cells["gcj02_latitude"] == records["gcj02"]["latitude"]
    assert cells["utm_easting_m"] == records["utm"]["grid"]["easting_m"]
    assert cells["mgrs_reference"] == records["mgrs"]["reference"]
    missing = "outside_frame" if place is LIMA else None
    assert cells["gcj02_missing"] == cells["cgcs2000_6_missing"] == missing
    assert (cells["cgcs2000_grid_crs"] is None) == (place is LIMA)


def test_an_issue_without_a_position_has_empty_cells() -> None:
    assert set(frame_cells({}, ALL).values()) == {None}


@pytest.fixture
def photo(tmp_path: Path, write_drone_photo: Callable[..., Path]) -> Path:
    return write_drone_photo(tmp_path / "photos" / "DJI_0.JPG", number=0, spots_px=((300, 200),))


def inspect(photo: Path, model_folder: Path, out: Path, *options: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["inspect", str(photo), "--out", str(out), "--model", str(model_folder), *options])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def test_the_frames_asked_for_are_in_map_table_and_report(
    photo: Path, model_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert inspect(photo, model_folder, out, "--coordinates", "CGCS2000,gcj02",
                   "--coordinates", "mgrs") == 0  # fmt: skip
    feature = json.loads((out / "issues.geojson").read_text())["features"][0]
    position = feature["properties"]["position"]
    assert list(position["frames"]) == ["cgcs2000", "gcj02", "mgrs"]
    # The geometry stays WGS 84, as RFC 7946 has it.
    assert feature["geometry"]["coordinates"] == [position["longitude"], position["latitude"]]
    assert position["frames"]["gcj02"]["longitude"] != position["longitude"]
    with (out / "issues.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    reference = position["frames"]["mgrs"]["reference"]
    assert row["mgrs_reference"] == reference
    assert reference in (out / "report.html").read_text()
    assert "GCJ-02" in (out / "report.html").read_text()


def test_the_report_tells_the_zones_of_cgcs2000_apart(
    photo: Path, model_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert inspect(photo, model_folder, out, "--coordinates", "cgcs2000,cgcs2000-6") == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "CGCS2000, 3° zones" in page
    assert "CGCS2000, 6° zones" in page


def test_without_being_asked_there_is_wgs84_alone(
    photo: Path, model_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert inspect(photo, model_folder, out) == 0
    feature = json.loads((out / "issues.geojson").read_text())["features"][0]
    assert "frames" not in feature["properties"]["position"]
    assert "mgrs" not in (out / "issues.csv").read_text(encoding="utf-8-sig")


def test_an_unknown_frame_is_told_with_the_known_ones(
    photo: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(photo, model_folder, tmp_path / "out", "--coordinates", "bd09") == 1
    complaint = capsys.readouterr().err
    assert "--coordinates: 'bd09' is no frame" in complaint
    assert "known are cgcs2000, cgcs2000-6, gcj02, utm, mgrs" in complaint
