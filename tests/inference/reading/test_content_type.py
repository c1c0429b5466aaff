import pytest

from inference.reading.content_type import (
    ContentType,
    detect_content_type,
    reason_to_reject,
    reason_to_reject_unknown,
)
from inference.receipt import ReasonCode


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"", ContentType.EMPTY),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", ContentType.JPEG),
        (b"II*\x00\x08\x00\x00\x00", ContentType.TIFF),
        (b"MM\x00*\x00\x00\x00\x08", ContentType.TIFF),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", ContentType.OTHER_PICTURE),
        (b"\x89PNG\r\n\x1a\n", ContentType.OTHER_PICTURE),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", ContentType.OTHER_PICTURE),
        (b"RIFF\x10\x00\x00\x00AVI LIST", ContentType.VIDEO),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", ContentType.UNKNOWN),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", ContentType.HEIC),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", ContentType.OTHER_PICTURE),
        (b"G@\x00\x10" + bytes(184) + b"G@\x00\x11" + bytes(184), ContentType.VIDEO),
        (b"\x00\x00\x00\x00G@" + bytes(190) + b"G@" + bytes(184), ContentType.VIDEO),
        (b"GG" + bytes(400), ContentType.UNKNOWN),
        (b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom", ContentType.VIDEO),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  ", ContentType.VIDEO),
        (b"PK\x03\x04\x14\x00", ContentType.ARCHIVE),
        (b"\x00" * 257 + b"ustar\x0000", ContentType.ARCHIVE),
        (b"<!DOCTYPE html>", ContentType.UNKNOWN),
        (b"1\n00:00:00,000 --> 00:00:01,000", ContentType.UNKNOWN),
        (b"\x00" * 512, ContentType.UNKNOWN),
    ],
)
def test_the_first_bytes_tell_what_a_file_is(head: bytes, expected: ContentType) -> None:
    assert detect_content_type(head) is expected


def test_pictures_that_are_inspected_have_no_reason_to_reject() -> None:
    for content_type in (ContentType.JPEG, ContentType.TIFF, ContentType.HEIC):
        assert reason_to_reject(content_type) is None


def test_every_other_kind_has_its_own_reason() -> None:
    codes = {
        content_type: reason.code
        for content_type in ContentType
        if (reason := reason_to_reject(content_type)) is not None
    }
    assert codes == {
        ContentType.EMPTY: ReasonCode.EMPTY_FILE,
        ContentType.OTHER_PICTURE: ReasonCode.UNSUPPORTED_FORMAT,
        ContentType.VIDEO: ReasonCode.NOT_A_PHOTO,
        ContentType.ARCHIVE: ReasonCode.ARCHIVE_NOT_SUPPORTED,
        ContentType.UNKNOWN: ReasonCode.NOT_A_PHOTO,
    }


@pytest.mark.parametrize(
    ("name", "head", "code", "words"),
    [
        ("DJI_0001.JPG", b"\0" * 512, ReasonCode.CANNOT_DECODE, "(zeros)"),
        ("DJI_0001.tiff", "<p>\n404 没有".encode()[:-1], ReasonCode.CANNOT_DECODE, "(text)"),
        ("IMG_1.HEIC", b"\x07\xfe\x11", ReasonCode.CANNOT_DECODE, "(unknown bytes)"),
        ("DJI_0001.MP4", b"\0" * 512, ReasonCode.VIDEO_UNREADABLE, "(zeros)"),
        ("DJI_0001.SRT", b"1\n00:00", ReasonCode.NOT_A_PHOTO, "does not begin like"),
        ("JPG", b"\0" * 512, ReasonCode.NOT_A_PHOTO, "does not begin like"),
    ],
)
def test_bytes_that_say_nothing_are_what_their_name_says(
    name: str, head: bytes, code: ReasonCode, words: str
) -> None:
    reason = reason_to_reject_unknown(name, head)
    assert reason.code is code
    assert words in (reason.detail or "")
