"""Names in ZIP files: written by Windows in Chinese, by macOS, by anybody."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.receiving.entry_names import decode_names
from service.receiving.zip_directory import ZipEntry, read_directory
from tests.service.receiving.raw_zip import Raw, make_zip

UTF8 = 1 << 11


def make_entry(raw_name: bytes, *, flags: int = 0, unicode_name: bytes | None = None) -> ZipEntry:
    return ZipEntry(
        raw_name=raw_name,
        unicode_name=unicode_name,
        flags=flags,
        method=0,
        crc32=0,
        packed_bytes=0,
        byte_count=0,
        header_offset=0,
        data_offset=0,
        unix_mode=0,
    )


def decode(*raw_names: bytes) -> list[str]:
    return decode_names([make_entry(raw_name) for raw_name in raw_names])


def test_names_of_chinese_windows_are_read_as_gbk() -> None:
    names = ["航拍照片/违章建筑_001.JPG", "DCIM/a.jpg"]
    assert decode(*(name.encode("gbk") for name in names)) == names


def test_names_of_macos_are_utf8_without_saying_so() -> None:
    names = ["航拍照片/垃圾_001.JPG", "café.jpg"]
    assert decode(*(name.encode() for name in names)) == names


def test_a_name_in_gbk_that_is_utf8_by_chance_is_told_by_its_neighbours() -> None:
    by_chance = "目录".encode("gbk")
    assert by_chance.decode("utf-8") != "目录"
    assert decode(by_chance, "航拍照片".encode("gbk")) == ["目录", "航拍照片"]


def test_a_backslash_within_a_character_is_no_separator() -> None:
    name = "誠信/a.jpg"
    assert b"\\" in "誠".encode("gbk")
    assert decode(name.encode("gbk")) == [name]


def test_marked_names_are_utf8_and_say_nothing_of_the_others() -> None:
    entries = [make_entry("垃圾".encode(), flags=UTF8), make_entry("垃圾".encode("gbk"))]
    assert decode_names(entries) == ["垃圾", "垃圾"]


def test_a_second_name_in_utf8_counts() -> None:
    assert decode_names([make_entry(b"\xff\xff", unicode_name="垃圾".encode())]) == ["垃圾"]


def test_other_bytes_are_read_as_the_standard_says() -> None:
    # Code page 437: 0x82 is é. 0xFF can begin no character of GBK.
    assert decode(b"caf\x82 \xff") == ["café \xa0"]


def test_marked_names_that_are_no_utf8_show_their_bytes() -> None:
    (name,) = decode_names([make_entry(b"a\xff.jpg", flags=UTF8)])
    assert name == "a\udcff.jpg"


@given(raw=st.lists(st.binary(max_size=30), max_size=6), flags=st.sampled_from([0, UTF8]))
def test_every_name_becomes_some_text(raw: list[bytes], flags: int) -> None:
    names = decode_names([make_entry(name, flags=flags) for name in raw])
    assert len(names) == len(raw)


@pytest.mark.parametrize(
    ("checksum_of", "version", "expected"),
    [(b"old", 1, "新.jpg"), (b"another", 1, "old"), (b"old", 2, "old")],
)
def test_a_second_name_must_belong_to_the_first(
    checksum_of: bytes, version: int, expected: str
) -> None:
    payload = struct.pack("<BL", version, zlib.crc32(checksum_of)) + "新.jpg".encode()
    extra = struct.pack("<2H", 0x7075, len(payload)) + payload
    archive = BytesIO(make_zip([Raw(name=b"old", extra=extra)]))
    entries = read_directory(archive, max_entries=9, max_directory_bytes=999)
    assert decode_names(entries) == [expected]
