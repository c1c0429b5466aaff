"""The segments of a JPEG file: where its EXIF, its XMP and its size are (ITU-T T.81, annex B)."""

from collections.abc import Iterator
from dataclasses import dataclass

START_OF_SCAN = 0xDA
END_OF_IMAGE = 0xD9
APP1 = 0xE1
# SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC), which share the range.
START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})

EXIF_HEADER = b"Exif\x00"
XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\x00"
EXTENDED_XMP_HEADER = b"http://ns.adobe.com/xmp/extension/\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One marker segment: its code, and where its payload is in the file."""

    marker: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegFrame:
    """What the frame header says of the picture."""

    width_px: int
    height_px: int


def iterate_segments(data: bytes, start: int = 2) -> Iterator[Segment]:
    """Yield the segments in front of the picture's data, up to and with the start of scan.

    Stops without an error where the file breaks off or is malformed: what was found so far
    stays usable.
    """
    position = start
    while (position := data.find(b"\xff", position)) != -1 and position + 4 <= len(data):
        marker = data[position + 1]
        if marker == 0xFF:  # padding
            position += 1
            continue
        if marker == 0x00 or marker in WITHOUT_LENGTH:
            position += 2
            continue
        stop = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == END_OF_IMAGE or stop < position + 4 or stop > len(data):
            return
        yield Segment(marker=marker, start=position + 4, stop=stop)
        if marker == START_OF_SCAN:
            return
        position = stop


def find_frame(data: bytes) -> JpegFrame | None:
    """Return the picture's size, or None where there is no frame header."""
    for segment in iterate_segments(data):
        if segment.marker in START_OF_FRAME and segment.stop - segment.start >= 5:
            header = data[segment.start : segment.stop]
            return JpegFrame(
                height_px=int.from_bytes(header[1:3], "big"),
                width_px=int.from_bytes(header[3:5], "big"),
            )
    return None


def is_cut_off(data: bytes) -> bool:
    """Return whether the picture's data ends before its end marker.

    Inside entropy-coded data every 0xFF is followed by 0x00 or a restart marker, so the first
    end marker after the start of scan is the picture's own, whatever is appended behind it
    (previews, gain maps, raw temperatures).
    """
    scan = next((s for s in iterate_segments(data) if s.marker == START_OF_SCAN), None)
    return scan is None or data.find(b"\xff\xd9", scan.stop) == -1


def find_exif(data: bytes) -> bytes | None:
    """Return the TIFF structure inside the EXIF segment, or None."""
    for segment in iterate_segments(data):
        if segment.marker == APP1 and data.startswith(EXIF_HEADER, segment.start):
            return data[segment.start + len(EXIF_HEADER) + 1 : segment.stop]
    return None


def find_xmp(data: bytes) -> bytes | None:
    """Return the standard XMP packet, or None."""
    for segment in iterate_segments(data):
        if segment.marker == APP1 and data.startswith(XMP_HEADER, segment.start):
            return data[segment.start + len(XMP_HEADER) : segment.stop]
    return None


def find_extended_xmp(data: bytes, *, guid: str) -> bytes | None:
    """Return the extended XMP packet put together from its parts, or None.

    Each part holds the GUID (32 characters), the full length and its own offset (4 bytes each,
    big-endian), then its piece (XMP specification part 3, section 1.1.3.1).

    Args:
        data: The file.
        guid: What xmpNote:HasExtendedXMP names; parts of other packets are left out.
    """
    head = EXTENDED_XMP_HEADER + guid.encode("ascii", "replace")
    parts: dict[int, bytes] = {}
    for segment in iterate_segments(data):
        if segment.marker == APP1 and data.startswith(head, segment.start):
            body = data[segment.start + len(head) : segment.stop]
            parts[int.from_bytes(body[4:8], "big")] = body[8:]
    return b"".join(parts[offset] for offset in sorted(parts)) or None
