from pathlib import Path
from typing import Any

import pytest

from inference.reading import exif as exif_module
from inference.reading.exif import Exif, parse_exif, parse_gdal_exif
from inference.reading.jpeg_segments import find_exif
from inference.receipt import ReasonCode


def exif_of(path: Path) -> bytes:
    body = find_exif(path.read_bytes())
    assert body is not None
    return body


def test_texts_and_numbers_come_back_plain(make_photo: Any) -> None:
    path = make_photo(image={271: "DJI", 274: 6}, exif={0x920A: 8.8}, gps={2: (24.0, 40.0, 49.0)})
    exif, reason = parse_exif(exif_of(path))
    assert reason is None
    assert exif.text("Image Make") == "DJI"
    assert exif.number("Image Orientation") == 6
    assert exif.number("EXIF FocalLength") == pytest.approx(8.8)
    assert exif.numbers["GPS GPSLatitude"] == (24.0, 40.0, 49.0)


def test_absent_tags_are_none() -> None:
    assert Exif().text("Image Make") is None
    assert Exif().number("EXIF FocalLength") is None
    assert not Exif()


def test_a_ratio_over_zero_is_undefined_not_zero() -> None:
    # One entry: tag 0x829A ExposureTime has no number we use; FocalLength lies in the EXIF
    # directory, so a hand-made IFD0 with XResolution (0x011A), RATIONAL 0/0 at offset 26.
    header = b"II*\x00\x08\x00\x00\x00" + b"\x01\x00"
    entry = b"\x1a\x01\x05\x00\x01\x00\x00\x00\x1a\x00\x00\x00" + b"\x00\x00\x00\x00"
    exif, _ = parse_exif(header + entry + b"\x00" * 8)
    assert exif.numbers["Image XResolution"] == (None,)
    assert exif.number("Image XResolution") is None


def test_an_empty_structure_is_reported() -> None:
    exif, reason = parse_exif(b"II*\x00\x08\x00\x00\x00\x00\x00")
    assert not exif
    assert reason is not None
    assert reason.code is ReasonCode.EXIF_UNREADABLE


@pytest.mark.parametrize("error", [IndexError("x"), AttributeError("x"), RecursionError("x")])
def test_whatever_exifread_raises_becomes_a_reason(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(exif_module.exifread, "process_file", fail)
    assert parse_exif(b"II*\x00")[1].code is ReasonCode.EXIF_UNREADABLE
    assert (
        parse_exif(b"II*\x00", with_maker_notes=True)[1].code is ReasonCode.MAKER_NOTES_UNREADABLE
    )


def test_a_maker_note_that_claims_four_gigabytes_is_given_up_soon() -> None:
    # IFD0 at 8 with Make (ASCII, 4 bytes inline), the EXIF pointer to 38; there one MakerNote of
    # type UNDEFINED with the greatest count.
    ifd0 = b"\x02\x00" + b"\x0f\x01\x02\x00\x04\x00\x00\x00DJI\x00"
    ifd0 += b"\x69\x87\x04\x00\x01\x00\x00\x00" + (38).to_bytes(4, "little") + bytes(4)
    note = b"\x01\x00" + b"\x7c\x92\x07\x00\xff\xff\xff\xff" + (56).to_bytes(4, "little")
    tiff = b"II*\x00\x08\x00\x00\x00" + ifd0 + note + bytes(60)
    plain, reason = parse_exif(tiff)
    assert plain.text("Image Make") == "DJI"
    assert reason is None
    _, reason = parse_exif(tiff, with_maker_notes=True)
    assert reason is not None
    assert reason.code is ReasonCode.MAKER_NOTES_UNREADABLE


def test_tags_kept_by_gdal_get_the_usual_names() -> None:
    exif = parse_gdal_exif(
        b'<GDALMetadata><Item name="EXIF_Make">DJI</Item>'
        b'<Item name="EXIF_GPSLatitude">(24) (40) (49.5)</Item>'
        b'<Item name="EXIF_GPSAltitudeRef">0x01</Item>'
        b'<Item name="EXIF_FocalLengthIn35mmFilm">24</Item>'
        b'<Item name="AREA_OR_POINT">Area</Item></GDALMetadata>\x00'
    )
    assert exif.text("Image Make") == "DJI"
    assert exif.numbers["GPS GPSLatitude"] == (24.0, 40.0, 49.5)
    assert exif.number("GPS GPSAltitudeRef") == 1
    assert exif.number("EXIF FocalLengthIn35mmFilm") == 24
    assert not any("AREA" in name for name in exif.texts)


def test_gdal_metadata_with_entities_is_not_parsed() -> None:
    item = b'<GDALMetadata><Item name="EXIF_Make">&b;</Item></GDALMetadata>'
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + item
    assert not parse_gdal_exif(bomb)
