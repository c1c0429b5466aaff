"""Names in ZIP files as text: written in the encoding of whatever machine packed the card."""

from collections.abc import Sequence

from service.receiving.zip_directory import FLAG_UTF8, ZipEntry


def decode_names(entries: Sequence[ZipEntry]) -> list[str]:
    """Return the names of entries as text, as they most probably were.

    Names marked as UTF-8 are, as are those that have a second name in UTF-8 beside them. Of the
    others, all were written by one program: if they are UTF-8 (macOS does not mark it), else if
    they are Chinese (Windows writes GBK), else the code page that the standard names. One name
    alone would tell less: the bytes of 目录 in GBK are UTF-8, too.
    """
    unmarked = [entry.raw_name for entry in entries if not _is_marked(entry)]
    encoding = next(
        (name for name in ("utf-8", "gb18030") if _all_decode(unmarked, name)),
        "cp437",  # takes any byte
    )
    return [_decode(entry, encoding) for entry in entries]


def _is_marked(entry: ZipEntry) -> bool:
    return bool(entry.flags & FLAG_UTF8) or entry.unicode_name is not None


def _all_decode(names: Sequence[bytes], encoding: str) -> bool:
    try:
        for name in names:
            name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decode(entry: ZipEntry, encoding: str) -> str:
    # Bytes that are no UTF-8 where it was promised are shown as such.
    if entry.flags & FLAG_UTF8:
        return entry.raw_name.decode("utf-8", errors="surrogateescape")
    if entry.unicode_name is not None:
        return entry.unicode_name.decode("utf-8", errors="surrogateescape")
    return entry.raw_name.decode(encoding)
