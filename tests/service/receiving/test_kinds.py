"""Kinds by content, whatever a file is called."""

from pathlib import Path

import pytest

from inference.receipt import ReasonCode
from service.receiving.kinds import FileKind, find_kind, read_kind, reason_to_refuse

SRT = b"1\r\n00:00:00,000 --> 00:00:00,033\r\nHOME(120.1,30.2)\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "kind", "media_type"),
    [
        (b"\xff\xd8\xff\xe1", FileKind.PHOTO, "image/jpeg"),
        (b"II*\x00\x08", FileKind.PHOTO, "image/tiff"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", FileKind.PHOTO, "image/heic"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", FileKind.VIDEO, "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", FileKind.VIDEO, "video/quicktime"),
        (b"\x1aE\xdf\xa3", FileKind.VIDEO, "video/x-matroska"),
        (b"RIFF\0\0\0\0AVI LIST", FileKind.VIDEO, "video/x-msvideo"),
        (b"\x00\x00\x01\xba", FileKind.VIDEO, "video/mpeg"),
        (b"G" + bytes(187) + b"G" + bytes(187), FileKind.VIDEO, "video/mp2t"),
        (b"PK\x03\x04\x14\0", FileKind.ZIP, "application/zip"),
        (b"PK\x05\x06" + bytes(18), FileKind.ZIP, "application/zip"),
        (SRT, FileKind.TELEMETRY, "application/x-subrip"),
        (SRT.decode().encode("utf-16")[:-1], FileKind.TELEMETRY, "application/x-subrip"),
        (b"Rar!\x1a\x07", FileKind.OTHER, "application/octet-stream"),
        (b"\x89PNG\r\n\x1a\n", FileKind.OTHER, "application/octet-stream"),
        (b"#!/bin/sh\nrm -r /\n", FileKind.OTHER, "application/octet-stream"),
        (b"<html>", FileKind.OTHER, "application/octet-stream"),
        (b"", FileKind.OTHER, "application/octet-stream"),
    ],
)
def test_the_first_bytes_tell(tmp_path: Path, head: bytes, kind: FileKind, media_type: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(head)
    for known in (find_kind(head), read_kind(path)):
        assert (known.kind, known.media_type) == (kind, media_type)


@pytest.mark.parametrize(
    ("name", "head", "code"),
    [
        ("a.jpg", b"", ReasonCode.EMPTY_FILE),
        ("a.jpg", b"<html>", ReasonCode.CANNOT_DECODE),
        ("FLY001.DAT", b"\x01\x02", ReasonCode.NOT_A_PHOTO),
        ("a.rar", b"Rar!\x1a\x07", ReasonCode.ARCHIVE_NOT_SUPPORTED),
        ("a.png", b"\x89PNG\r\n\x1a\n", ReasonCode.UNSUPPORTED_FORMAT),
    ],
)
def test_what_nothing_can_be_done_with_has_a_reason(
    name: str, head: bytes, code: ReasonCode
) -> None:
    reason = reason_to_refuse(find_kind(head), name=name, head=head)
    assert reason is not None
    assert reason.code is code


@pytest.mark.parametrize("head", [b"\xff\xd8\xff\xe1", b"PK\x03\x04", SRT, b"\x1aE\xdf\xa3"])
def test_all_else_goes_on_whatever_it_is_called(head: bytes) -> None:
    assert reason_to_refuse(find_kind(head), name="x.exe", head=head) is None
