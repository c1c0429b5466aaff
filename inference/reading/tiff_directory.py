"""The first directory of a TIFF file: size, bands, XMP, and what kind of TIFF it is (TIFF 6.0)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

IMAGE_WIDTH, IMAGE_LENGTH = 256, 257
SUBFILE_TYPE, PHOTOMETRIC, SAMPLES_PER_PIXEL, SUB_IFDS = 254, 262, 277, 330
XMP_PACKET, GEO_KEYS, GDAL_METADATA, DNG_VERSION = 700, 34735, 42112, 50706
COLOUR_FILTER_ARRAY = 32803  # PhotometricInterpretation of raw sensor data

TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
INTEGER_FORMATS = {1: "B", 3: "H", 4: "I"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffDirectory:
    """What the first directory says.

    Attributes:
        is_raw: Sensor data (DNG, NEF) rather than a developed picture.
        is_map: Pixels have places on the ground already (GeoTIFF).
    """

    width_px: int
    height_px: int
    bands: int
    is_raw: bool
    is_map: bool
    xmp: bytes | None
    gdal_metadata: bytes | None


def parse_tiff_directory(data: bytes) -> TiffDirectory | None:
    """Return the first directory of a TIFF file, or None where it has none with a size."""
    entries = _parse_entries(data)
    width_px = _first_integer(entries.get(IMAGE_WIDTH))
    height_px = _first_integer(entries.get(IMAGE_LENGTH))
    if width_px is None or height_px is None:
        return None
    return TiffDirectory(
        width_px=width_px,
        height_px=height_px,
        bands=_first_integer(entries.get(SAMPLES_PER_PIXEL)) or 1,
        is_raw=_is_raw(entries),
        is_map=GEO_KEYS in entries,
        xmp=_bytes_of(entries.get(XMP_PACKET)),
        gdal_metadata=_bytes_of(entries.get(GDAL_METADATA)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One directory entry with its value as raw bytes."""

    byte_order: str
    field_type: int
    value: bytes


def _parse_entries(data: bytes) -> Mapping[int, _Entry]:
    order = "<" if data[:2] == b"II" else ">"
    try:
        (offset,) = struct.unpack_from(order + "I", data, 4)
        (count,) = struct.unpack_from(order + "H", data, offset)
    except struct.error:
        return {}
    entries = {}
    for index in range(count):
        at = offset + 2 + 12 * index
        if at + 12 > len(data):
            break
        tag, field_type, values = struct.unpack_from(order + "HHI", data, at)
        length = TYPE_BYTES.get(field_type, 0) * values
        start = at + 8 if length <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
        if 0 < length <= len(data) - start:
            value = data[start : start + length]
            entries[tag] = _Entry(byte_order=order, field_type=field_type, value=value)
    return entries


def _first_integer(entry: _Entry | None) -> int | None:
    if entry is None or entry.field_type not in INTEGER_FORMATS:
        return None
    code = entry.byte_order + INTEGER_FORMATS[entry.field_type]
    return int(struct.unpack_from(code, entry.value)[0])


def _bytes_of(entry: _Entry | None) -> bytes | None:
    return None if entry is None else entry.value


def _is_raw(entries: Mapping[int, _Entry]) -> bool:
    """Tell raw files: their first directory is sensor data, or a preview of it."""
    if DNG_VERSION in entries:
        return True
    if _first_integer(entries.get(PHOTOMETRIC)) == COLOUR_FILTER_ARRAY:
        return True
    return SUB_IFDS in entries and _first_integer(entries.get(SUBFILE_TYPE)) == 1
