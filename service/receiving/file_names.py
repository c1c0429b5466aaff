"""Names of files as strangers give them, made into labels that are safe as relative paths."""

import re

from service.printable import printable_text
from service.receiving.errors import UnsafeNameError

# As Linux has them. Bytes are kept under their hash, never under a name; still a name may become
# a path one day, when somebody exports a flight.
MAX_PART_BYTES = 255
MAX_NAME_BYTES = 1000
_DRIVE = re.compile(r"[A-Za-z]:")


def safe_name(name: str) -> str:
    r"""Return a name as a relative path with `/`, such as `DCIM/100MEDIA/DJI_0001.JPG`.

    Backslashes count as separators, since Windows writes them; `.` and empty parts are left out;
    what cannot be printed becomes \x.. or \u.....

    Raises:
        UnsafeNameError: It is absolute, climbs out of its folder, is too long or empty.
    """
    path = name.replace("\\", "/")
    if "\0" in path:
        raise UnsafeNameError("the name holds a zero byte")
    if path.startswith("/") or _DRIVE.match(path):
        raise UnsafeNameError("the name is an absolute path")
    parts = [printable_text(part) for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnsafeNameError("the name leads out of its folder")
    if not parts or path.endswith("/"):
        raise UnsafeNameError("the name names no file")
    if max(len(part.encode()) for part in parts) > MAX_PART_BYTES:
        raise UnsafeNameError(f"a part of the name is longer than {MAX_PART_BYTES} bytes")
    result = "/".join(parts)
    if len(result.encode()) > MAX_NAME_BYTES:
        raise UnsafeNameError(f"the name is longer than {MAX_NAME_BYTES} bytes")
    # A part such as `.` may stand before a drive letter.
    if _DRIVE.match(result):
        raise UnsafeNameError("the name is an absolute path")
    return result


def is_hidden(name: str) -> bool:
    """Tell trash folders and the companions that macOS leaves: never meant as photos."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
