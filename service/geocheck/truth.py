"""Truth files: ground control points as OpenDroneMap lists them, or a table."""

import contextlib
from pathlib import Path

from service.errors import CannotStartError
from service.geocheck.gcp_list import COMMENT, is_crs_line, parse_gcp_list
from service.geocheck.true_point import MAX_POINTS, TruthFile, line_error
from service.geocheck.truth_table import is_table_head, parse_truth_table
from service.inspecting.found_files import stable_name

MAX_BYTES = 32 << 20
LATITUDE_IN_CHINESE = "纬度"


def read_truth(path: Path) -> TruthFile:
    """Return the points of a file, in either form.

    Raises:
        CannotStartError: The file cannot be read, is of neither form, or holds a wrong line.
    """
    name = f"--truth {stable_name(str(path))}"
    try:
        with path.open("rb") as file:  # pipes and devices tell no size
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise CannotStartError(f"{name}: larger than {MAX_BYTES >> 20} MiB")
        text = _decode(data)
    except OSError as error:
        raise CannotStartError(f"{name}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CannotStartError(f"{name}: is no text in UTF-8") from error
    return parse_truth(text, path)


def _decode(data: bytes) -> str:
    """Return the text, which is UTF-8 or a Chinese table as spreadsheets in China save it.

    Raises:
        UnicodeDecodeError: It is neither.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Nearly all bytes are some text in GB 18030: only a head that makes sense shows that it is.
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode("gb18030")
            if LATITUDE_IN_CHINESE in text.lstrip().partition("\n")[0]:
                return text
        raise


def parse_truth(text: str, path: Path) -> TruthFile:
    """Return the points of a file's text; see `read_truth`."""
    # Not splitlines, which also cuts at characters that no editor counts as a line's end.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    told = [(number, line) for number, line in enumerate(lines, 1) if _says_something(line)]
    if not told:
        raise CannotStartError(f"--truth {stable_name(str(path))}: is empty")
    first_number, first = told[0]
    if len(told) - 1 > MAX_POINTS:
        raise line_error(path, told[MAX_POINTS][0], f"more than {MAX_POINTS} points")
    if is_crs_line(first):
        truth = parse_gcp_list(lines, path)
    elif is_table_head(first):
        truth = parse_truth_table([line if _says_something(line) else "" for line in lines], path)
    else:
        raise line_error(
            path,
            first_number,
            f"{first.strip()[:40]!r} is neither a coordinate system, such as EPSG:4326 or "
            "WGS84 UTM 32N, nor the head of a table with latitude and longitude",
        )
    if not truth.points:
        raise CannotStartError(f"--truth {stable_name(str(path))}: holds no points")
    return truth


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith(COMMENT)
