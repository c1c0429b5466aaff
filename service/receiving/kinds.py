"""What an arrived file is, told by its first bytes; names and what clients claim count nothing."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inference.errors import PhotoRejectedError
from inference.reading.content_type import (
    HEAD_BYTES,
    ContentType,
    detect_content_type,
    reason_to_reject,
    reason_to_reject_unknown,
)
from inference.receipt import Reason
from inference.video.srt import parse_srt

OCTETS = "application/octet-stream"
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")  # with entries; without any


class FileKind(StrEnum):
    """What is to be done with a file."""

    PHOTO = "photo"
    VIDEO = "video"
    TELEMETRY = "telemetry"  # subtitles; whether flight data is in them, the worker finds out
    ZIP = "zip"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKind:
    """Kind of a file, and its media type for the record.

    Attributes:
        media_type: OCTETS for all that we don't read.
    """

    kind: FileKind
    content_type: ContentType
    media_type: str


PHOTO_MEDIA_TYPES = {
    ContentType.JPEG: "image/jpeg",
    ContentType.TIFF: "image/tiff",
    ContentType.HEIC: "image/heic",
}
# By the first bytes; what is not there is a transport stream.
VIDEO_MEDIA_TYPES = (
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"RIFF", "video/x-msvideo"),
    (b"\x00\x00\x01", "video/mpeg"),
)


def find_kind(head: bytes) -> KnownKind:
    """Return what a file is.

    Args:
        head: Its first HEAD_BYTES bytes, or all of them where it is shorter.
    """
    content_type = detect_content_type(head)
    kind, media_type = FileKind.OTHER, OCTETS
    if content_type in PHOTO_MEDIA_TYPES:
        kind, media_type = FileKind.PHOTO, PHOTO_MEDIA_TYPES[content_type]
    elif content_type is ContentType.VIDEO:
        kind, media_type = FileKind.VIDEO, _video_media_type(head)
    elif head.startswith(ZIP_SIGNATURES):
        kind, media_type = FileKind.ZIP, "application/zip"
    elif content_type is ContentType.UNKNOWN and _begins_like_subtitles(head):
        kind, media_type = FileKind.TELEMETRY, "application/x-subrip"
    return KnownKind(kind=kind, content_type=content_type, media_type=media_type)


def read_kind(path: Path) -> KnownKind:
    """Return what a file is.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return find_kind(file.read(HEAD_BYTES))


def reason_to_refuse(known: KnownKind, *, name: str, head: bytes) -> Reason | None:
    """Return why nothing can be done with a file, or None where something can.

    Args:
        known: What it is.
        name: Tells what a file of no known kind was meant to be: a photo that was lost, or a log.
        head: Its first bytes.
    """
    if known.kind is not FileKind.OTHER:
        return None
    if known.content_type is ContentType.UNKNOWN:
        return reason_to_reject_unknown(name, head)
    return reason_to_reject(known.content_type)


def _video_media_type(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    for signature, media_type in VIDEO_MEDIA_TYPES:
        if head.startswith(signature):
            return media_type
    return "video/mp2t"


def _begins_like_subtitles(head: bytes) -> bool:
    try:
        parse_srt(head)
    except PhotoRejectedError:
        return False
    return True
