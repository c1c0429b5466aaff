import contextlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from inference.errors import PhotoRejectedError
from inference.reading.decode import read_pixels
from inference.reading.jpeg_segments import EXTENDED_XMP_HEADER
from inference.reading.limits import PhotoLimits
from inference.reading.metadata import Band, CaptureTimeSource, PhotoKind
from inference.reading.read_photo import read_photo_metadata
from inference.receipt import ReasonCode

MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME = 271, 272, 274, 305, 306
ORIGINAL, FOCAL_LENGTH, FOCAL_35MM, SERIAL = 0x9003, 0x920A, 0xA405, 0xA431
GPS = {1: "N", 2: (24.0, 40.0, 49.0), 3: "E", 4: (120.0, 57.0, 6.0), 5: b"\x00", 6: 186.57}
FLIGHT = {
    "AbsoluteAltitude": "+186.57",
    "RelativeAltitude": "+99.96",
    "GimbalYawDegree": "+92.90",
    "GimbalPitchDegree": "-60.00",
    "GimbalRollDegree": "+0.00",
    "RtkFlag": "50",
    "CaptureUUID": "27b14018528c11f0",
}


def codes(metadata: Any) -> set[ReasonCode]:
    return {reason.code for reason in metadata.reasons}


def test_all_that_a_drone_says(make_photo: Any) -> None:
    path = make_photo(
        size=(96, 64),
        image={MAKE: "DJI", MODEL: "FC6310R", ORIENTATION: 6, SOFTWARE: "v01"},
        exif={ORIGINAL: "2019:04:11 11:01:21", FOCAL_LENGTH: 8.8, FOCAL_35MM: 24, SERIAL: "ba44"},
        gps=GPS,
        dji=FLIGHT,
    )
    photo = read_photo_metadata(path, assumed_zone=timezone(timedelta(hours=8)))
    assert (photo.width_px, photo.height_px, photo.orientation) == (96, 64, 6)
    assert (photo.kind, photo.band) == (PhotoKind.DRONE, Band.VISUAL)
    assert (photo.make, photo.model, photo.serial_number) == ("DJI", "FC6310R", "ba44")
    assert photo.software == "v01"
    assert photo.captured_at == datetime(2019, 4, 11, 3, 1, 21, tzinfo=UTC)
    assert photo.capture_time_source is CaptureTimeSource.OPTION
    assert photo.latitude_deg == pytest.approx(24 + 40 / 60 + 49 / 3600)
    assert photo.longitude_deg == pytest.approx(120 + 57 / 60 + 6 / 3600)
    assert photo.gps_altitude_m == pytest.approx(186.57)
    assert photo.absolute_altitude_m == 186.57
    assert photo.relative_altitude_m == 99.96
    assert photo.attitude is not None
    assert photo.attitude.pitch_deg == -60.0
    assert photo.lens.focal_length_mm == pytest.approx(8.8)
    assert photo.lens.focal_length_35mm == 24
    assert photo.accuracy.rtk_flag == 50
    assert photo.capture_uuid == "27b14018528c11f0"
    assert photo.reasons == ()


def test_a_bare_picture_is_accepted_and_says_what_it_lacks(make_photo: Any) -> None:
    photo = read_photo_metadata(make_photo())
    assert photo.kind is PhotoKind.STREET
    assert photo.orientation == 1
    assert (photo.captured_at, photo.latitude_deg, photo.attitude) == (None, None, None)
    assert codes(photo) == {ReasonCode.NO_EXIF, ReasonCode.NO_CAPTURE_TIME, ReasonCode.NO_GPS}


def test_a_drone_photo_without_flight_data_says_so(make_photo: Any) -> None:
    photo = read_photo_metadata(make_photo(image={MAKE: "DJI", MODEL: "FC300S"}, gps=GPS))
    assert ReasonCode.NO_XMP in codes(photo)
    assert photo.relative_altitude_m is None


def test_minutes_beyond_60_are_no_coordinate(make_photo: Any) -> None:
    metadata = read_photo_metadata(make_photo(gps={**GPS, 2: (24.0, 70.0, 49.0)}))
    assert metadata.latitude_deg is None
    assert {ReasonCode.BAD_VALUE, ReasonCode.NO_GPS} <= codes(metadata)


def test_xmp_that_is_no_xml_costs_only_itself(make_photo: Any) -> None:
    photo = read_photo_metadata(make_photo(image={MAKE: "DJI"}, gps=GPS, xmp=b"<x:xmpmeta <<"))
    assert ReasonCode.XMP_UNREADABLE in codes(photo)
    assert photo.latitude_deg is not None


def test_an_entity_bomb_is_refused(make_photo: Any) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    assert ReasonCode.XMP_UNREADABLE in codes(read_photo_metadata(make_photo(xmp=bomb)))


def test_a_huge_packet_is_not_parsed(make_photo: Any) -> None:
    limits = PhotoLimits(max_xmp_bytes=200)
    photo = read_photo_metadata(make_photo(dji=FLIGHT), limits=limits)
    assert ReasonCode.XMP_TOO_LARGE in codes(photo)
    assert photo.relative_altitude_m is None


def test_extended_xmp_adds_to_the_main_packet(make_photo: Any) -> None:
    guid = "0123456789ABCDEF0123456789ABCDEF"
    rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    main = (
        f'{rdf}xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
        f'xmpNote:HasExtendedXMP="{guid}"/></rdf:RDF>'
    ).encode()
    piece = (
        f'{rdf}xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" '
        'drone-dji:RelativeAltitude="+12.5"/></rdf:RDF>'
    ).encode()
    path = make_photo(xmp=main)
    payload = EXTENDED_XMP_HEADER + guid.encode() + len(piece).to_bytes(4, "big") + bytes(4) + piece
    data = path.read_bytes()
    segment = b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload
    path.write_bytes(data[:2] + segment + data[2:])
    assert read_photo_metadata(path).relative_altitude_m == 12.5


def test_a_tiff_gives_its_exif_and_xmp(tmp_path: Path) -> None:
    xmp = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" drone-dji:GpsLatitude="24.5" '
        'drone-dji:GpsLongtitude="120.5" drone-dji:RelativeAltitude="+99.96"/></rdf:RDF>'
    )
    path = tmp_path / "photo.tif"
    Image.new("RGB", (60, 40)).save(path, tiffinfo={MAKE: "DJI", 700: xmp.encode()})
    photo = read_photo_metadata(path)
    assert (photo.width_px, photo.height_px, photo.make) == (60, 40, "DJI")
    assert (photo.latitude_deg, photo.longitude_deg) == (24.5, 120.5)
    assert photo.relative_altitude_m == 99.96
    assert photo.band is Band.VISUAL


def test_a_grey_tiff_is_a_single_band(tmp_path: Path) -> None:
    path = tmp_path / "band.tif"
    Image.new("L", (60, 40)).save(path)
    assert read_photo_metadata(path).band is Band.SINGLE_BAND


def test_a_map_of_one_value_is_told_from_photos(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    # GeoKeyDirectoryTag of no keys (GeoTIFF 1.1, section 7.1.2): enough to be a map.
    Image.new("L", (60, 40)).save(path, tiffinfo={34735: (1, 1, 0, 0)})
    with pytest.raises(PhotoRejectedError) as caught:
        read_photo_metadata(path)
    assert caught.value.reason.code is ReasonCode.HEIGHT_MODEL


def test_raw_files_are_not_supported(tmp_path: Path) -> None:
    path = tmp_path / "raw.tif"
    Image.new("RGB", (60, 40)).save(path, tiffinfo={50706: b"\x01\x04\x00\x00"})
    with pytest.raises(PhotoRejectedError) as caught:
        read_photo_metadata(path)
    assert caught.value.reason.code is ReasonCode.UNSUPPORTED_FORMAT


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.jpg", b"", ReasonCode.EMPTY_FILE),
        ("a.html", b"<html>404</html>", ReasonCode.NOT_A_PHOTO),
        ("a.jpg", b"<html>404</html>", ReasonCode.CANNOT_DECODE),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), ReasonCode.UNSUPPORTED_FORMAT),
        ("a.mp4", b"\x00\x00\x00\x14ftypisom" + bytes(40), ReasonCode.NOT_A_PHOTO),
        ("a.zip", b"PK\x03\x04" + bytes(40), ReasonCode.ARCHIVE_NOT_SUPPORTED),
        ("a.jpg", b"\xff\xd8\xff\xe0", ReasonCode.CANNOT_DECODE),
        ("a.tif", b"II*\x00\xff\xff\xff\xff", ReasonCode.CANNOT_DECODE),
        ("a.heic", b"\x00\x00\x00\x18ftypheic" + bytes(40), ReasonCode.CANNOT_DECODE),
    ],
)
def test_files_that_are_turned_down(
    tmp_path: Path, name: str, content: bytes, code: ReasonCode
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PhotoRejectedError) as caught:
        read_photo_metadata(path)
    assert caught.value.reason.code is code


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(PhotoRejectedError) as caught:
        read_photo_metadata(tmp_path / "none.jpg")
    assert caught.value.reason.code is ReasonCode.UNREADABLE_FILE


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, 3000),
)
def test_no_damage_makes_anything_but_a_rejection(
    make_photo: Any, changes: list[tuple[int, int]], cut: int
) -> None:
    tags = {MAKE: "DJI"}
    path = make_photo(image=tags, exif={ORIGINAL: "2019:04:11 11:01:21"}, gps=GPS, dji=FLIGHT)
    data = bytearray(path.read_bytes())
    for position, value in changes:
        data[position % len(data)] = value
    path.write_bytes(data[: max(len(data) - cut // 4, 0)])
    limits = PhotoLimits(max_pixels=1_000_000)
    with contextlib.suppress(PhotoRejectedError):
        read_photo_metadata(path, limits=limits)
    with contextlib.suppress(PhotoRejectedError):
        read_pixels(path, limits=limits)
