"""What a file is, told by its first bytes: names and extensions lie.

Only where the bytes say nothing does the name say what the file was meant to be.
"""

from enum import StrEnum
from pathlib import PurePath

from inference.receipt import Reason, ReasonCode

HEAD_BYTES = 512  # enough for every signature here; tar's is at 257


class ContentType(StrEnum):
    """Kinds of files that an operator's card holds."""

    JPEG = "jpeg"
    TIFF = "tiff"
    HEIC = "heic"
    OTHER_PICTURE = "other_picture"
    VIDEO = "video"
    ARCHIVE = "archive"
    EMPTY = "empty"
    UNKNOWN = "unknown"


# Signatures at the very start of a file. Longer ones stand before those that they begin with.
SIGNATURES: tuple[tuple[bytes, ContentType], ...] = (
    (b"\xff\xd8\xff", ContentType.JPEG),
    (b"II*\x00\x10\x00\x00\x00CR", ContentType.OTHER_PICTURE),  # Canon CR2, else a TIFF
    (b"II*\x00", ContentType.TIFF),
    (b"MM\x00*", ContentType.TIFF),
    (b"II+\x00", ContentType.OTHER_PICTURE),  # BigTIFF: maps, not photos
    (b"MM\x00+", ContentType.OTHER_PICTURE),
    (b"\x89PNG\r\n", ContentType.OTHER_PICTURE),
    (b"GIF8", ContentType.OTHER_PICTURE),
    (b"BM", ContentType.OTHER_PICTURE),
    (b"8BPS", ContentType.OTHER_PICTURE),  # Photoshop
    (b"\x00\x00\x00\x0cjP  ", ContentType.OTHER_PICTURE),  # JPEG 2000
    (b"\x00\x00\x00\x0cJXL ", ContentType.OTHER_PICTURE),
    (b"\xff\x0a", ContentType.OTHER_PICTURE),  # JPEG XL codestream
    (b"FUJIFILMCCD-RAW", ContentType.OTHER_PICTURE),
    (b"IIRO", ContentType.OTHER_PICTURE),  # Olympus raw
    (b"IIRS", ContentType.OTHER_PICTURE),
    (b"IIU\x00", ContentType.OTHER_PICTURE),  # Panasonic raw
    (b"\x1aE\xdf\xa3", ContentType.VIDEO),  # Matroska, WebM
    (b"\x00\x00\x01\xba", ContentType.VIDEO),
    (b"\x00\x00\x01\xb3", ContentType.VIDEO),
    (b"PK\x03\x04", ContentType.ARCHIVE),
    (b"PK\x05\x06", ContentType.ARCHIVE),
    (b"Rar!", ContentType.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ContentType.ARCHIVE),
    (b"\x1f\x8b", ContentType.ARCHIVE),
    (b"BZh", ContentType.ARCHIVE),
    (b"\xfd7zXZ\x00", ContentType.ARCHIVE),
)
# Where the first packet of a transport stream begins and how long packets are: MTS and M2TS files,
# whose packets all begin with a G (ISO/IEC 13818-1, section 2.4.3.2).
TRANSPORT_PACKETS = ((0, 188), (4, 192))
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
STILL_BRANDS = frozenset({b"avif", b"avis", b"crx ", b"jpeg"})  # still pictures that we don't read
RIFF_FORMS = {b"WEBP": ContentType.OTHER_PICTURE, b"AVI ": ContentType.VIDEO}

REJECTIONS: dict[ContentType, tuple[ReasonCode, str]] = {
    ContentType.EMPTY: (ReasonCode.EMPTY_FILE, "the file holds no bytes"),
    ContentType.OTHER_PICTURE: (
        ReasonCode.UNSUPPORTED_FORMAT,
        "a picture, but neither JPEG nor TIFF nor HEIC",
    ),
    ContentType.VIDEO: (ReasonCode.NOT_A_PHOTO, "a video"),
    ContentType.ARCHIVE: (ReasonCode.ARCHIVE_NOT_SUPPORTED, "an archive"),
    ContentType.UNKNOWN: (ReasonCode.NOT_A_PHOTO, "does not begin like any kind of picture"),
}

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".heic", ".heif", ".dng", ".png"}
)
VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".mts"})


def detect_content_type(head: bytes) -> ContentType:
    """Return what a file is.

    Args:
        head: Its first HEAD_BYTES bytes, or all of them where it is shorter.
    """
    if not head:
        return ContentType.EMPTY
    if head[4:8] == b"ftyp":
        return _detect_iso_media(head)
    if head[:4] == b"RIFF":
        return RIFF_FORMS.get(head[8:12], ContentType.UNKNOWN)
    if head[257:262] == b"ustar":
        return ContentType.ARCHIVE
    if any(head[start : start + 2 * step : step] == b"GG" for start, step in TRANSPORT_PACKETS):
        return ContentType.VIDEO
    for signature, content_type in SIGNATURES:
        if head.startswith(signature):
            return content_type
    return ContentType.UNKNOWN


def _detect_iso_media(head: bytes) -> ContentType:
    """Tell HEIC, AVIF and videos apart; all are ISO base media files with an `ftyp` box."""
    box_bytes = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12]} | {head[i : i + 4] for i in range(16, box_bytes, 4)}
    # AVIF files may also claim the general brand mif1, so it comes first.
    if brands & STILL_BRANDS:
        return ContentType.OTHER_PICTURE
    if brands & HEIC_BRANDS or head[8:12] in (b"mif1", b"msf1"):
        return ContentType.HEIC
    return ContentType.VIDEO


def reason_to_reject(content_type: ContentType) -> Reason | None:
    """Return why files of this kind are not inspected, or None where they are."""
    if content_type not in REJECTIONS:
        return None
    code, detail = REJECTIONS[content_type]
    return Reason(code=code, detail=detail)


def reason_to_reject_unknown(name: str, head: bytes) -> Reason:
    """Return why a file is not inspected whose first bytes are of no known kind.

    A photo that came off its card as zeros, or as the error page of a server, is a photo lost.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in PHOTO_SUFFIXES:
        detail = f"named like a photo, but its content is not one ({_describe_bytes(head)})"
        return Reason(code=ReasonCode.CANNOT_DECODE, detail=detail)
    if suffix in VIDEO_SUFFIXES:
        detail = f"named like a video, but its content is not one ({_describe_bytes(head)})"
        return Reason(code=ReasonCode.VIDEO_UNREADABLE, detail=detail)
    code, detail = REJECTIONS[ContentType.UNKNOWN]
    return Reason(code=code, detail=detail)


def _describe_bytes(head: bytes) -> str:
    if not any(head):
        return "zeros"
    # Text holds no other control characters; nearly everything else does.
    is_text = all(byte >= ord(" ") or byte in b"\t\n\f\r" for byte in head)
    return "text" if is_text else "unknown bytes"
