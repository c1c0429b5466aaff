"""Which entries of an archive are unpacked and why the others are not, before anything is."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass

from inference.receipt import Reason, ReasonCode
from service.printable import printable_text
from service.receiving.entry_names import decode_names
from service.receiving.errors import UnsafeNameError
from service.receiving.file_names import is_hidden, safe_name
from service.receiving.zip_directory import ZipEntry

STORED, DEFLATED = 0, 8
# Every part of a path would be shown in full else, and names may have 65,535 bytes.
SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Bounds on what an archive may hold and become.

    Attributes:
        max_entries: Files and folders; a card holds some ten thousand.
        max_directory_bytes: Of the directory, which is held in memory.
        max_entry_bytes: Of one unpacked file; videos of an hour take some 50 GB.
        max_total_bytes: Of all of them.
        max_entry_ratio: Unpacked to packed; photos and videos have 1, flight logs up to 20.
        max_total_ratio: Of all files to the archive.
        ratio_from_bytes: Smaller files, or archives that unpack to less, may have any ratio.
    """

    max_entries: int = 100_000
    max_directory_bytes: int = 16 << 20
    max_entry_bytes: int = 100 << 30
    max_total_bytes: int = 1 << 40
    max_entry_ratio: int = 100
    max_total_ratio: int = 30
    ratio_from_bytes: int = 64 << 20


STANDARD_LIMITS = ArchiveLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEntry:
    """A file of an archive.

    Attributes:
        name: A relative path that is safe and that no other file of the archive has.
        refusal: Why it is not unpacked, or None.
    """

    entry: ZipEntry
    name: str
    refusal: Reason | None


def plan_unpacking(
    entries: Sequence[ZipEntry], *, archive_bytes: int, limits: ArchiveLimits
) -> list[PlannedEntry]:
    """Return every file of an archive, in its order, with what becomes of it.

    The same archive gives the same plan, so that unpacking may go on where it stopped.

    Args:
        entries: As the archive's directory has them; folders are left out of the plan.
        archive_bytes: Size of the archive.
        limits: Bounds.
    """
    overlapping = _find_overlapping(entries)
    names, used_names = decode_names(entries), set[str]()
    planned, total = [], 0
    most = max(limits.ratio_from_bytes, limits.max_total_ratio * archive_bytes)
    most = min(most, limits.max_total_bytes)
    for number, (entry, decoded) in enumerate(zip(entries, names, strict=True), start=1):
        if _is_folder(entry, decoded):
            continue
        name, refusal = _label(decoded, number)
        refusal = refusal or _refusal(entry, name, limits, overlaps=number - 1 in overlapping)
        if name in used_names:
            refusal = refusal or Reason(code=ReasonCode.DUPLICATE_NAME, detail=name)
            name = _free_name(name, number, used_names)
        used_names.add(name)
        if refusal is None and total + entry.byte_count > most:
            detail = f"the archive unpacks to more than {most} bytes"
            refusal = Reason(code=ReasonCode.ARCHIVE_OVER_LIMIT, detail=detail)
        total += 0 if refusal else entry.byte_count
        planned.append(PlannedEntry(entry=entry, name=name, refusal=refusal))
    return planned


def _is_folder(entry: ZipEntry, decoded: str) -> bool:
    return decoded.endswith(("/", "\\")) and entry.byte_count == 0


def _label(decoded: str, number: int) -> tuple[str, Reason | None]:
    """Return a safe name, and what is wrong with the one that was given."""
    try:
        return safe_name(decoded), None
    except UnsafeNameError as error:
        shown = printable_text(decoded[:SHOWN_CHARACTERS])
        detail = f"{error}: {shown}"
        return f"unnamed-{number}", Reason(code=ReasonCode.UNSAFE_NAME, detail=detail)


def _free_name(name: str, number: int, used_names: set[str]) -> str:
    """Return a name that is free: with the place in the directory, and more only if need be."""
    free = f"{name}#{number}"
    while free in used_names:
        free += "#"
    return free


def _refusal(entry: ZipEntry, name: str, limits: ArchiveLimits, *, overlaps: bool) -> Reason | None:
    kind_of_file = stat.S_IFMT(entry.unix_mode)
    if kind_of_file not in (0, stat.S_IFREG):
        return Reason(code=ReasonCode.NOT_A_PHOTO, detail="not a regular file")
    if is_hidden(name):
        return Reason(code=ReasonCode.NOT_A_PHOTO, detail="hidden file or folder")
    if entry.damage is not None:
        return Reason(code=ReasonCode.ARCHIVE_ENTRY_DAMAGED, detail=entry.damage)
    if overlaps:
        detail = "it shares its bytes with another file"
        return Reason(code=ReasonCode.ARCHIVE_ENTRY_DAMAGED, detail=detail)
    if entry.is_encrypted:
        return Reason(code=ReasonCode.ARCHIVE_ENCRYPTED)
    if entry.method not in (STORED, DEFLATED):
        detail = f"method {entry.method}"
        return Reason(code=ReasonCode.ARCHIVE_METHOD_NOT_SUPPORTED, detail=detail)
    return _refusal_for_size(entry, limits)


def _refusal_for_size(entry: ZipEntry, limits: ArchiveLimits) -> Reason | None:
    if entry.byte_count > limits.max_entry_bytes:
        detail = f"{entry.byte_count} bytes, more than {limits.max_entry_bytes}"
        return Reason(code=ReasonCode.ARCHIVE_OVER_LIMIT, detail=detail)
    is_large = entry.byte_count > limits.ratio_from_bytes
    if is_large and entry.byte_count > limits.max_entry_ratio * entry.packed_bytes:
        detail = f"{entry.packed_bytes} bytes would become {entry.byte_count}"
        return Reason(code=ReasonCode.ARCHIVE_OVER_LIMIT, detail=detail)
    return None


def _find_overlapping(entries: Sequence[ZipEntry]) -> set[int]:
    """Return which entries share bytes with another one: bombs name the same bytes many times."""
    overlapping, holder, reached = set[int](), -1, 0
    order = sorted(range(len(entries)), key=lambda index: entries[index].header_offset)
    for index in order:
        entry = entries[index]
        if entry.damage is not None:
            continue
        if holder >= 0 and entry.header_offset < reached:
            overlapping |= {index, holder}
        if entry.end_offset > reached:
            holder, reached = index, entry.end_offset
    return overlapping
