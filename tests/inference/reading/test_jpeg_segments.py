from pathlib import Path
from typing import Any

from inference.reading.jpeg_segments import (
    END_OF_IMAGE,
    EXTENDED_XMP_HEADER,
    find_extended_xmp,
    find_frame,
    find_xmp,
    is_cut_off,
    iterate_segments,
)


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def part(guid: bytes, *, length: int, offset: int, piece: bytes) -> bytes:
    numbers = length.to_bytes(4, "big") + offset.to_bytes(4, "big")
    return segment(0xE1, EXTENDED_XMP_HEADER + guid + numbers + piece)


def test_the_size_comes_from_the_frame_header() -> None:
    # Precision 8, 450 rows, 800 columns.
    header = segment(0xC2, bytes([8, 0x01, 0xC2, 0x03, 0x20, 3]) + bytes(9))
    frame = find_frame(b"\xff\xd8" + segment(0xE0, b"JFIF\x00") + header)
    assert frame is not None
    assert (frame.width_px, frame.height_px) == (800, 450)


def test_huffman_tables_are_no_frame_header() -> None:
    assert find_frame(b"\xff\xd8" + segment(0xC4, bytes(20))) is None


def test_extended_xmp_is_put_together_by_offset_and_guid() -> None:
    guid, other = b"A" * 32, b"B" * 32
    data = (
        b"\xff\xd8"
        + part(guid, length=6, offset=3, piece=b"def")
        + part(other, length=3, offset=0, piece=b"xyz")
        + part(guid, length=6, offset=0, piece=b"abc")
    )
    assert find_extended_xmp(data, guid="A" * 32) == b"abcdef"
    assert find_extended_xmp(data, guid="C" * 32) is None


def test_a_segment_that_claims_more_than_there_is_ends_the_walk() -> None:
    data = b"\xff\xd8" + segment(0xE0, b"JFIF\x00") + b"\xff\xe1\xff\xff" + b"short"
    assert [s.marker for s in iterate_segments(data)] == [0xE0]
    assert find_xmp(data) is None


def test_a_whole_photo_is_not_cut_off_and_half_of_it_is(make_photo: Any) -> None:
    data = Path(make_photo(size=(200, 200))).read_bytes()
    assert not is_cut_off(data)
    assert not is_cut_off(data + b"appended preview" * 100)
    assert is_cut_off(data[: len(data) * 2 // 3])
    assert is_cut_off(data[:-2])
    assert data[-2:] == bytes([0xFF, END_OF_IMAGE])
