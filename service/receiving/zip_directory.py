"""The directory of a ZIP file: which entries it says it has, and where their bytes lie.

Written by strangers, so nothing is believed: memory is bounded before anything is read, and what
the directory says of an entry is held against what stands before its bytes. Python's own zipfile
reads a directory of any size and (before 3.11.8) entries that overlap.

Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.6 and appendix D.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from inference.errors import rejected
from inference.receipt import ReasonCode

END = struct.Struct("<4s4H2LH")
END_SIGNATURE = b"PK\x05\x06"
END64 = struct.Struct("<4sQ2H2L4Q")
END64_SIGNATURE = b"PK\x06\x06"
LOCATOR64 = struct.Struct("<4sLQL")
LOCATOR64_SIGNATURE = b"PK\x06\x07"
CENTRAL = struct.Struct("<4s6H3L5H2L")
CENTRAL_SIGNATURE = b"PK\x01\x02"
LOCAL = struct.Struct("<4s5H3L2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
MAX_COMMENT_BYTES = 0xFFFF
IN_ZIP64 = 0xFFFFFFFF
ZIP64_EXTRA = 0x0001
UNICODE_NAME_EXTRA = 0x7075

FLAG_ENCRYPTED = 1 << 0
FLAG_STRONGLY_ENCRYPTED = 1 << 6
FLAG_UTF8 = 1 << 11
FLAG_MASKED = 1 << 13


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipEntry:
    """What the archive says of one entry, in the order of its directory.

    Attributes:
        raw_name: As written, in an encoding that has to be found out.
        unicode_name: The name in UTF-8 that some programs write beside it; None without.
        header_offset, data_offset: From the file's beginning; where its bytes end follows.
        unix_mode: Kind of file and its rights as Unix has them; 0 where not written.
        damage: What about it cannot be, or None.
    """

    raw_name: bytes
    unicode_name: bytes | None
    flags: int
    method: int
    crc32: int
    packed_bytes: int
    byte_count: int
    header_offset: int
    data_offset: int
    unix_mode: int
    damage: str | None = None

    @property
    def end_offset(self) -> int:
        """Where its bytes end."""
        return self.data_offset + self.packed_bytes

    @property
    def is_encrypted(self) -> bool:
        """Whether it takes a password."""
        return bool(self.flags & (FLAG_ENCRYPTED | FLAG_STRONGLY_ENCRYPTED | FLAG_MASKED))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    offset: int
    byte_count: int
    entry_count: int


def read_directory(
    file: BinaryIO, *, max_entries: int, max_directory_bytes: int
) -> tuple[ZipEntry, ...]:
    """Return what a ZIP file says it holds.

    Raises:
        PhotoRejectedError: It is no whole ZIP file, or its directory is too large.
        OSError: It cannot be read.
    """
    extent = _read_extent(file)
    if extent.entry_count > max_entries:
        raise _over_limit(f"{extent.entry_count} files, more than {max_entries}")
    if extent.byte_count > max_directory_bytes:
        raise _over_limit(f"its directory takes {extent.byte_count} bytes")
    file.seek(extent.offset)
    data = file.read(extent.byte_count)
    entries = list[ZipEntry]()
    for entry in _parse_central(data):
        if len(entries) == max_entries:
            raise _over_limit(f"more than {max_entries} files")
        entries.append(entry)
    # Old writers count to 65,535 and begin anew.
    if len(entries) & 0xFFFF != extent.entry_count & 0xFFFF:
        raise _unreadable(f"{extent.entry_count} files announced, {len(entries)} listed")
    return tuple(_with_local_header(file, entry, extent.offset) for entry in entries)


def _read_extent(file: BinaryIO) -> _Extent:
    """Find the directory from the file's end."""
    file_bytes = file.seek(0, os.SEEK_END)
    tail_offset = max(0, file_bytes - END.size - MAX_COMMENT_BYTES)
    file.seek(tail_offset)
    tail = file.read(END.size + MAX_COMMENT_BYTES)
    position = tail.rfind(END_SIGNATURE)
    # The same four bytes may stand in a comment: the record is the one that ends with the file.
    while position >= 0 and not _ends_with_file(tail, position):
        position = tail.rfind(END_SIGNATURE, 0, position)
    if position < 0:
        raise _unreadable("its end is missing")
    _, disk, first_disk, here, count, size, offset, _ = END.unpack_from(tail, position)
    end_offset = tail_offset + position
    extent = _Extent(offset=offset, byte_count=size, entry_count=count)
    # Programs that pack into a pipe write the large record even where the small one would do.
    if (large := _read_extent64(file, end_offset)) is not None:
        extent, end_offset = large
    elif disk or first_disk or here != count:
        raise _unreadable("it is one part of several")
    if extent.offset + extent.byte_count != end_offset:
        raise _unreadable("its directory is not where it says")
    return extent


def _ends_with_file(tail: bytes, position: int) -> bool:
    if position + END.size > len(tail):
        return False
    comment_bytes = END.unpack_from(tail, position)[7]
    return bool(position + END.size + comment_bytes == len(tail))


def _read_extent64(file: BinaryIO, end_offset: int) -> tuple[_Extent, int] | None:
    """Return the directory's place by the large record, and where that is; None without one."""
    locator_offset = end_offset - LOCATOR64.size
    if locator_offset < END64.size:
        return None
    file.seek(locator_offset)
    signature, disk, offset, disks = LOCATOR64.unpack(file.read(LOCATOR64.size))
    if signature != LOCATOR64_SIGNATURE:
        return None
    if disk or disks > 1:
        raise _unreadable("it is one part of several")
    if offset > locator_offset - END64.size:
        raise _unreadable("its directory is not where it says")
    file.seek(offset)
    record = END64.unpack(file.read(END64.size))
    if record[0] != END64_SIGNATURE:
        raise _unreadable("its directory is not where it says")
    count, size, directory_offset = record[7:10]
    return _Extent(offset=directory_offset, byte_count=size, entry_count=count), offset


def _parse_central(data: bytes) -> Iterator[ZipEntry]:
    position = 0
    while position < len(data):
        if position + CENTRAL.size > len(data):
            raise _unreadable("its directory is cut off")
        fields = CENTRAL.unpack_from(data, position)
        if fields[0] != CENTRAL_SIGNATURE:
            raise _unreadable("its directory is damaged")
        name_bytes, extra_bytes, comment_bytes = fields[10:13]
        name_start = position + CENTRAL.size
        extra_start = name_start + name_bytes
        position = extra_start + extra_bytes + comment_bytes
        if position > len(data):
            raise _unreadable("its directory is cut off")
        extra = data[extra_start : extra_start + extra_bytes]
        yield _central_entry(fields, data[name_start:extra_start], extra)


def _central_entry(fields: tuple[int, ...], raw_name: bytes, extra: bytes) -> ZipEntry:
    extras = _parse_extras(extra)
    sizes = [fields[9], fields[8], fields[16]]  # byte_count, packed, offset: zip64's order
    damage = _fill_from_zip64(sizes, (extras or {}).get(ZIP64_EXTRA, b""))
    if extras is None:
        damage = "its additional fields are damaged"
    elif fields[13] not in (0, 0xFFFF):
        damage = "it lies in another part of the archive"
    return ZipEntry(
        raw_name=raw_name,
        unicode_name=_unicode_name(raw_name, (extras or {}).get(UNICODE_NAME_EXTRA)),
        flags=fields[3],
        method=fields[4],
        crc32=fields[7],
        byte_count=sizes[0],
        packed_bytes=sizes[1],
        header_offset=sizes[2],
        data_offset=sizes[2],
        unix_mode=fields[15] >> 16,
        damage=damage,
    )


def _parse_extras(data: bytes) -> dict[int, bytes] | None:
    """Return the additional fields by their kind; None where they are damaged."""
    extras: dict[int, bytes] = {}
    position = 0
    while position + 4 <= len(data):
        kind, size = struct.unpack_from("<2H", data, position)
        position += 4
        if position + size > len(data):
            return None
        extras.setdefault(kind, data[position : position + size])
        position += size
    # Some writers pad with fewer than four bytes.
    return extras if not any(data[position:]) else None


def _fill_from_zip64(sizes: list[int], extra: bytes) -> str | None:
    """Put large numbers in place of those that do not fit; return what is wrong, or None."""
    position = 0
    for index, size in enumerate(sizes):
        if size == IN_ZIP64 and extra:
            if position + 8 > len(extra):
                return "its size is not given"
            (sizes[index],) = struct.unpack_from("<Q", extra, position)
            position += 8
    return None


def _unicode_name(raw_name: bytes, extra: bytes | None) -> bytes | None:
    # Version 1, then a checksum of the name that it stands for: programs that rename an entry
    # and do not know of this leave an old one behind.
    if extra is None or len(extra) < 5 or extra[0] != 1:
        return None
    (checksum,) = struct.unpack_from("<L", extra, 1)
    return extra[5:] if checksum == zlib.crc32(raw_name) else None


def _with_local_header(file: BinaryIO, entry: ZipEntry, directory_offset: int) -> ZipEntry:
    """Hold an entry against the header before its bytes, which tells where they begin."""
    if entry.damage is not None:
        return entry
    if entry.header_offset + LOCAL.size > directory_offset:
        return replace(entry, damage="it does not lie within the archive")
    file.seek(entry.header_offset)
    header = file.read(LOCAL.size + len(entry.raw_name))
    fields = LOCAL.unpack_from(header)
    name_bytes, extra_bytes = fields[9:11]
    data_offset = entry.header_offset + LOCAL.size + name_bytes + extra_bytes
    placed = replace(entry, data_offset=data_offset)
    if fields[0] != LOCAL_SIGNATURE:
        return replace(entry, damage="it does not begin where the directory says")
    if header[LOCAL.size :] != entry.raw_name or name_bytes != len(entry.raw_name):
        return replace(placed, damage="it has another name than in the directory")
    if fields[3] != entry.method:
        return replace(placed, damage="it is packed in another way than the directory says")
    if placed.end_offset > directory_offset:
        return replace(placed, damage="it does not lie within the archive")
    return placed


def _unreadable(detail: str) -> Exception:
    return rejected(ReasonCode.ARCHIVE_UNREADABLE, detail)


def _over_limit(detail: str) -> Exception:
    return rejected(ReasonCode.ARCHIVE_OVER_LIMIT, detail)
