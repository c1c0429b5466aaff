import pytest

from inference.content_type import ContentType, detect_content_type, reason_to_reject
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
        ContentType.VIDEO: ReasonCode.VIDEO_NOT_SUPPORTED,
        ContentType.ARCHIVE: ReasonCode.ARCHIVE_NOT_SUPPORTED,
        ContentType.UNKNOWN: ReasonCode.NOT_A_PHOTO,
    }
