"""One surveyed point as seen in one photo, and the complaint about a line that holds none."""

import math
from dataclasses import dataclass
from pathlib import Path

from service.errors import CannotStartError
from service.inspecting.found_files import stable_name

MAX_POINTS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePoint:
    """A place on the ground, and the pixel of a photo that shows it.

    Attributes:
        line: Of the truth file, from 1.
        photo: Name as the file has it, perhaps with folders.
        column_px, row_px: In the picture as stored, unturned; whole numbers are pixels' centres.
        height_m: As the file has it, in its own datum; it is told, not compared.
        name: Of the surveyed mark.
        measured_size_px: Width and height of the picture that the pixel was measured on, where the
            file says so.
    """

    line: int
    photo: str
    column_px: float
    row_px: float
    latitude_deg: float
    longitude_deg: float
    height_m: float | None = None
    name: str | None = None
    measured_size_px: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthFile:
    """The points of a truth file.

    Attributes:
        crs: Name of the coordinate system that they are given in.
        transformation: What PROJ did to get WGS 84, with its stated accuracy; None where nothing
            had to be done.
        is_rough: Whether that took another datum for WGS 84, so that the truth itself may be tens
            of metres off.
    """

    points: tuple[TruePoint, ...]
    crs: str
    transformation: str | None = None
    is_rough: bool = False


def line_error(path: Path, line: int, problem: str) -> CannotStartError:
    """Return the error that names the truth file and the line."""
    return CannotStartError(f"--truth {stable_name(str(path))}, line {line}: {problem}")


def parse_number(text: str, what: str, *, path: Path, line: int) -> float:
    """Return a finite number.

    Raises:
        CannotStartError: It is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise line_error(path, line, f"{what} is {text[:40]!r}, not a number")
    return number


def parse_height_m(text: str, *, path: Path, line: int) -> float | None:
    """Return a height, or None where there is none; `NaN` is how the list of OpenDroneMap says so.

    Raises:
        CannotStartError: It is no number.
    """
    if text.strip().lower() in ("", "nan"):
        return None
    return parse_number(text, "the height", path=path, line=line)


def check_position(latitude: float, longitude: float, *, path: Path, line: int) -> None:
    """Raise where a position is not on the earth.

    Raises:
        CannotStartError: It is not.
    """
    if not (abs(latitude) <= 90.0 and abs(longitude) <= 180.0):
        raise line_error(path, line, f"latitude {latitude:g} and longitude {longitude:g} are none")
