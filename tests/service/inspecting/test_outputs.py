"""What the files of results look like in cases that a flight over a heap does not show."""

import csv
import io
import json
from typing import Any

import pytest
import shapely

from inference.reading.metadata import Band, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, Outcome, Reason, ReasonCode
from service.inspecting.geojson import render_area, render_collection
from service.inspecting.issue_record import camera_position, degrees, instant_text, metres
from service.inspecting.receipts import is_photo
from service.inspecting.result import conclude_files
from service.report.issue_table import render_issue_table
from service.store.found_files import StoredFile
from service.store.inspections import Inspection


def make_feature(**changes: Any) -> dict[str, Any]:
    record = {
        "class": "exposed_garbage",
        "title": {"en": "Exposed garbage", "zh": "暴露垃圾"},
        "status": "candidate",
        "status_text": "automatically detected, unverified on site",
        "confidence": 0.5,
        "also_looks_like": [],
        "severity": "medium",
        "position": {"latitude": -30.5, "longitude": -70.25, "accuracy_m": 3.0, "method": "laser"},
        "not_placed": None,
        "camera_position": None,
        "grid_id": None,
        "responsible_unit": None,
        "suppressed_by": None,
        "observation_count": 1,
        "first_seen": None,
        "last_seen": None,
        "time_zone_known": None,
        "observations": [{"photo": "a.jpg", "photo_sha256": "0"}],
        "evidence": [],
    }
    return {"id": "x", "properties": record | changes}


def make_file(
    outcome: Outcome = Outcome.ACCEPTED,
    *codes: ReasonCode,
    name: str = "a.jpg",
    duplicate_of: str | None = None,
) -> StoredFile:
    return StoredFile(
        name=name,
        byte_count=1,
        sha256="a",
        outcome=outcome,
        reasons=tuple(Reason(code=code) for code in codes),
        duplicate_of=duplicate_of,
    )


def read_table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0.jpg"
    feature = make_feature(
        observations=[{"photo": name, "photo_sha256": "0"}], responsible_unit=name
    )
    row = read_table(render_issue_table([feature]))[0]
    assert row["photo"] == row["responsible_unit"] == f"'{name}"


def test_numbers_below_zero_stay_numbers() -> None:
    row = read_table(render_issue_table([make_feature()]))[0]
    assert (row["latitude"], row["longitude"]) == ("-30.5", "-70.25")


def test_an_issue_without_a_place_has_empty_cells_and_the_reason() -> None:
    feature = make_feature(
        position=None,
        not_placed={"code": "no_height", "detail": None},
        camera_position={"latitude": 30.0, "longitude": 120.0},
    )
    row = read_table(render_issue_table([feature]))[0]
    assert (row["latitude"], row["accuracy_m_ce90"]) == ("", "")
    assert (row["not_placed"], row["camera_latitude"]) == ("no_height", "30.0")


def test_the_table_says_what_makes_a_place_doubtful_and_whether_it_was_put_right() -> None:
    position = make_feature()["properties"]["position"] | {
        "refined": True,
        "doubts": ["height_unverified", "horizon_in_view"],
    }
    row = read_table(render_issue_table([make_feature(position=position)]))[0]
    assert (row["refined"], row["doubts"]) == ("True", "height_unverified horizon_in_view")


def test_a_table_of_no_issues_still_has_its_head() -> None:
    assert read_table(render_issue_table([])) == []
    assert render_issue_table([]).startswith(b"\xef\xbb\xbfid,class,")


def test_a_collection_of_nothing_is_a_collection() -> None:
    assert json.loads(render_collection([])) == {"type": "FeatureCollection", "features": []}


def test_what_is_no_number_is_never_written() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        render_collection([{"gsd_m": float("nan")}])


def test_degrees_and_metres_are_rounded_without_negative_zeros() -> None:
    assert degrees(120.123456789) == 120.1234568
    assert str(degrees(-0.00000001)) == "0.0"
    assert str(metres(-0.001)) == "0.0"
    assert metres(None) is None
    assert instant_text(None) is None


def test_a_photo_without_gps_has_no_camera_position() -> None:
    metadata = PhotoMetadata(
        width_px=1, height_px=1, orientation=1, kind=PhotoKind.STREET, band=Band.VISUAL,
        latitude_deg=30.0,
    )  # fmt: skip
    assert camera_position(metadata) is None


def test_a_photo_that_could_not_be_decoded_is_rejected_with_its_copies() -> None:
    reason = Reason(code=ReasonCode.TRUNCATED, detail="half")
    inspection = Inspection(
        photo_sha256="a", outcome=Outcome.REJECTED, gsd_m=None, reasons=(reason,)
    )
    original, copy = conclude_files(
        [
            make_file(Outcome.ACCEPTED, ReasonCode.NO_XMP),
            make_file(Outcome.ACCEPTED, ReasonCode.DUPLICATE, name="b", duplicate_of="a.jpg"),
        ],
        inspections={"a": inspection},
        views={"a": NotPlaced(code=ReasonCode.NO_HEIGHT)},
        doubts={},
    )
    assert original.outcome is copy.outcome is Outcome.REJECTED
    assert [one.code for one in original.reasons] == ["truncated", "no_xmp", "no_height"]
    assert [one.code for one in copy.reasons] == ["duplicate"]


def test_a_reason_that_is_there_is_not_said_twice() -> None:
    (file,) = conclude_files(
        [make_file(Outcome.ACCEPTED, ReasonCode.GPS_ZERO)],
        inspections={},
        views={"a": NotPlaced(code=ReasonCode.GPS_ZERO)},
        doubts={},
    )
    assert [one.code for one in file.reasons] == ["gps_zero"]


def test_what_makes_a_photo_doubtful_is_told_on_its_file_and_not_on_copies() -> None:
    original, copy = conclude_files(
        [
            make_file(Outcome.ACCEPTED),
            make_file(Outcome.ACCEPTED, ReasonCode.DUPLICATE, name="b", duplicate_of="a.jpg"),
        ],
        inspections={},
        views={},
        doubts={"a": (Reason(code=ReasonCode.GPS_FROZEN),)},
    )
    assert [one.code for one in original.reasons] == ["gps_frozen"]
    assert [one.code for one in copy.reasons] == ["duplicate"]


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        (ReasonCode.NOT_A_PHOTO, False),
        (ReasonCode.HEIGHT_MODEL, False),
        (ReasonCode.TELEMETRY_WITHOUT_VIDEO, False),
        (ReasonCode.NO_TELEMETRY, False),
        (ReasonCode.VIDEO_UNREADABLE, True),
        (ReasonCode.TRUNCATED, True),
        (ReasonCode.UNSUPPORTED_FORMAT, True),
        (ReasonCode.UNREADABLE_FILE, True),
    ],
)
def test_what_counts_as_a_photo_that_was_missed(code: ReasonCode, counts: bool) -> None:
    assert is_photo(make_file(Outcome.REJECTED, code)) is counts


def test_an_area_across_the_date_line_is_cut_in_two_there() -> None:
    ring = [(179.5, 30.0), (-179.5, 30.0), (-179.5, 31.0), (179.5, 31.0), (179.5, 30.0)]
    area = render_area(ring)
    assert area["type"] == "MultiPolygon"
    west, east = (shapely.Polygon(part[0]) for part in area["coordinates"])
    assert west.equals(shapely.box(179.5, 30, 180, 31))
    assert east.equals(shapely.box(-180, 30, -179.5, 31))
    assert west.exterior.is_ccw
    assert east.exterior.is_ccw


def test_any_other_area_is_one_polygon() -> None:
    ring = [(120.0, 30.0), (121.0, 30.0), (121.0, 31.0), (120.0, 30.0)]
    assert render_area(ring) == {"type": "Polygon", "coordinates": [[list(p) for p in ring]]}
