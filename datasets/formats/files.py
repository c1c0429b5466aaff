"""Files of labels, read within a limit and written as they are given."""

from codecs import BOM_UTF8
from pathlib import Path

from datasets.errors import DatasetError


def read_bytes(path: Path, *, max_bytes: int) -> bytes:
    """Return a file's content without a byte order mark of UTF-8.

    Raises:
        DatasetError: It cannot be read, or is larger than any such file should be.
    """
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > max_bytes:
        raise DatasetError(f"{path}: larger than the limit of {max_bytes} bytes")
    return content.removeprefix(BOM_UTF8)


def read_text(path: Path, *, max_bytes: int) -> str:
    """Return a file's text, in UTF-8 with or without byte order mark.

    Raises:
        DatasetError: As `read_bytes`, or it is no UTF-8.
    """
    try:
        return read_bytes(path, max_bytes=max_bytes).decode()
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: no UTF-8 text: {error}") from error


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8 with Unix line ends, making the folders above it.

    Raises:
        DatasetError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written: {error.strerror or error}") from error
