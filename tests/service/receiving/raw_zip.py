"""ZIP files written byte by byte, so that they can say what no honest program would."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

UTF8 = 1 << 11


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@dataclass(frozen=True, kw_only=True)
class Raw:
    """One entry; what is None is what an honest program would write.

    Attributes:
        packed: As it stands in the file.
        at: Where the directory says that it begins, in place of where it does.
        unix_mode: Kind of file and rights.
    """

    name: bytes = b"DCIM/DJI_0001.JPG"
    data: bytes = b"\xff\xd8\xff\xe0 a photo"
    method: int = 0
    flags: int = 0
    packed: bytes | None = None
    packed_bytes: int | None = None
    byte_count: int | None = None
    crc32: int | None = None
    local_name: bytes | None = None
    local_method: int | None = None
    at: int | None = None
    unix_mode: int = 0
    extra: bytes = b""
    disk: int = 0


def make_zip(
    entries: Sequence[Raw], *, comment: bytes = b"", zip64: bool = False, count: int | None = None
) -> bytes:
    """Return a ZIP file; with zip64 all numbers stand in the large records."""
    body, directory = b"", b""
    for entry in entries:
        offset = len(body) if entry.at is None else entry.at
        body += local_part(entry)
        directory += central_part(entry, offset, zip64=zip64)
    return (
        body
        + directory
        + end_part(
            len(entries) if count is None else count,
            len(directory),
            len(body),
            comment,
            zip64=zip64,
        )
    )


def packed_of(entry: Raw) -> bytes:
    if entry.packed is not None:
        return entry.packed
    return deflate(entry.data) if entry.method == 8 else entry.data


def _sizes(entry: Raw) -> tuple[int, int, int]:
    crc32 = zlib.crc32(entry.data) if entry.crc32 is None else entry.crc32
    packed = len(packed_of(entry)) if entry.packed_bytes is None else entry.packed_bytes
    return crc32, packed, len(entry.data) if entry.byte_count is None else entry.byte_count


def local_header(entry: Raw) -> bytes:
    name = entry.name if entry.local_name is None else entry.local_name
    method = entry.method if entry.local_method is None else entry.local_method
    sizes = [size & 0xFFFFFFFF for size in _sizes(entry)]
    return (
        struct.pack(
            "<4s5H3L2H", b"PK\x03\x04", 20, entry.flags, method, 0, 33, *sizes, len(name), 0
        )
        + name
    )


def local_part(entry: Raw) -> bytes:
    return local_header(entry) + packed_of(entry)


def central_part(entry: Raw, offset: int, *, zip64: bool = False) -> bytes:
    crc32, packed, byte_count = _sizes(entry)
    extra = entry.extra
    if zip64:
        extra = struct.pack("<2H3Q", 1, 24, byte_count, packed, offset) + extra
        packed = byte_count = offset = 0xFFFFFFFF
    return (
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            (3 << 8) | 20,
            20,
            entry.flags,
            entry.method,
            0,
            33,
            crc32,
            packed,
            byte_count,
            len(entry.name),
            len(extra),
            0,
            entry.disk,
            0,
            entry.unix_mode << 16,
            offset,
        )
        + entry.name
        + extra
    )


def end_part(
    count: int, directory_bytes: int, offset: int, comment: bytes = b"", *, zip64: bool = False
) -> bytes:
    large = b""
    if zip64:
        large = struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, directory_bytes, offset
        ) + struct.pack("<4sLQL", b"PK\x06\x07", 0, offset + directory_bytes, 1)
        count, directory_bytes, offset = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    small = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        0,
        0,
        count & 0xFFFF,
        count & 0xFFFF,
        directory_bytes,
        offset,
        len(comment),
    )
    return large + small + comment


def make_quoted_overlap_bomb(layers: int, kernel_bytes: int) -> bytes:
    """Return a bomb after D. Fifield (A better zip bomb, WOOT 2019).

    Each file begins with a stored deflate block that quotes the header of the next one, so that
    all of them unpack the same kernel.
    """
    packed, data = deflate(bytes(kernel_bytes)), bytes(kernel_bytes)
    entries = [Raw(name=b"%04d.jpg" % layers, data=data, packed=packed, method=8)]
    for number in range(layers - 1, 0, -1):
        inner = local_header(entries[0])
        quote = struct.pack("<B2H", 0, len(inner), len(inner) ^ 0xFFFF)
        packed, data = quote + inner + packed, inner + data
        entries.insert(0, Raw(name=b"%04d.jpg" % number, data=data, packed=packed, method=8))
    body = local_part(entries[0])
    directory, offset = b"", 0
    for entry in entries:
        directory += central_part(entry, offset)
        offset += len(local_header(entry)) + 5
    return body + directory + end_part(len(entries), len(directory), len(body))
