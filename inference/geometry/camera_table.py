"""Cameras as their makers describe them: cameras.toml, and which of them took a photo.

The table is for photos that carry no calibration. A 35 mm equivalent is in whole millimetres and
leaves open what it is scaled by; the focal length and the pixel pitch of a known camera do not.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any  # of tomllib's values, checked on the way in

from inference.errors import CameraTableError
from inference.geometry.equivalent_35mm import FRAME_DIAGONAL_35MM, FRAME_WIDTH_35MM
from inference.geometry.original_size import Size
from inference.reading.metadata import PhotoMetadata

TABLE_FILE = "cameras.toml"
# EXIF rounds focal lengths; the cameras of one model differ by more than this.
MAX_FOCAL_MM_DISAGREEMENT = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCamera:
    """One camera of one or several models.

    Attributes:
        makes, models: As EXIF has them, in small letters.
        name: Which of the model's cameras, such as wide or thermal.
        sensor_mm: Width and height of what `size_px` shows.
        focal_mm: Shortest and longest real focal length, the same for a fixed lens.
        size_px: The whole sensor's picture.
        written_px: What else the camera writes: pixels binned, and crops out of the middle.
        focal_sigma_ratio: One sigma of a lens of this type as a part of the focal length.
        source: Where the values are from.
    """

    makes: tuple[str, ...]
    models: tuple[str, ...]
    name: str
    sensor_mm: tuple[float, float]
    focal_mm: tuple[float, float]
    size_px: Size
    written_px: tuple[Size, ...]
    focal_sigma_ratio: float
    source: str

    def focal_px(self, focal_mm: float | None) -> float | None:
        """Return the focal length in pixels of `size_px`; of a zoom lens as EXIF states it."""
        shortest, longest = self.focal_mm
        if shortest == longest:
            # The design value rather than EXIF's, which some models round to a tenth.
            focal_mm = shortest
        return None if focal_mm is None else focal_mm / self.sensor_mm[0] * self.size_px[0]

    def equivalents_35mm(self, focal_mm: float | None) -> tuple[float, float]:
        """Return the 35 mm equivalents by width and by diagonal."""
        shortest, longest = self.focal_mm
        real_mm = shortest if shortest == longest or focal_mm is None else focal_mm
        width_mm, height_mm = self.sensor_mm
        diagonal_mm = (width_mm**2 + height_mm**2) ** 0.5
        return (
            real_mm * FRAME_WIDTH_35MM / width_mm,
            real_mm * FRAME_DIAGONAL_35MM / diagonal_mm,
        )


@cache
def read_camera_table() -> tuple[TableCamera, ...]:
    """Return the table that lies beside this module; it is read once.

    Raises:
        CameraTableError: The file is damaged.
    """
    text = resources.files(__package__).joinpath(TABLE_FILE).read_text(encoding="utf-8")
    return parse_camera_table(text)


def parse_camera_table(text: str) -> tuple[TableCamera, ...]:
    """Return the cameras of a table in TOML.

    Raises:
        CameraTableError: It is no TOML, or an entry lacks something or has it in another form.
    """
    try:
        return tuple(_parse_camera(entry) for entry in tomllib.loads(text)["camera"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise CameraTableError(f"camera table: {type(error).__name__} {error}") from error


def find_table_camera(table: Iterable[TableCamera], metadata: PhotoMetadata) -> TableCamera | None:
    """Return the camera that took a photo, or None where the table does not tell for sure."""
    make = (metadata.make or "").strip().lower()
    model = (metadata.model or "").strip().lower()
    fitting = [
        camera
        for camera in table
        if make in camera.makes
        and model in camera.models
        and _has_focal_length(camera, metadata.lens.focal_length_mm)
    ]
    size_px = (metadata.width_px, metadata.height_px)
    exact = [camera for camera in fitting if _writes(camera, size_px)]
    return exact[0] if len(exact) == 1 else fitting[0] if len(fitting) == 1 else None


def _has_focal_length(camera: TableCamera, focal_mm: float | None) -> bool:
    """Tell whether EXIF's focal length is this camera's; where there is none, it may be."""
    if focal_mm is None:
        return True
    shortest, longest = camera.focal_mm
    margin = 1.0 + MAX_FOCAL_MM_DISAGREEMENT
    return shortest / margin <= focal_mm <= longest * margin


def _writes(camera: TableCamera, size_px: Size) -> bool:
    sizes = (camera.size_px, *camera.written_px)
    return size_px in sizes or size_px[::-1] in sizes


def _parse_camera(entry: Mapping[str, Any]) -> TableCamera:
    focal = entry["focal_mm"]
    shortest, longest = focal if isinstance(focal, list) else (focal, focal)
    width_mm, height_mm = entry["sensor_mm"]
    if not (0.0 < shortest <= longest and width_mm > 0.0 and height_mm > 0.0):
        raise ValueError(f"{entry['models']}: lengths are above zero")
    if not str(entry["source"]).strip():
        raise ValueError(f"{entry['models']}: no source")
    return TableCamera(
        makes=tuple(str(make).lower() for make in entry["makes"]),
        models=tuple(str(model).lower() for model in entry["models"]),
        name=str(entry["name"]),
        sensor_mm=(float(width_mm), float(height_mm)),
        focal_mm=(float(shortest), float(longest)),
        size_px=_parse_size(entry["size_px"]),
        written_px=tuple(_parse_size(size) for size in entry.get("written_px", ())),
        focal_sigma_ratio=float(entry["focal_sigma_ratio"]),
        source=str(entry["source"]),
    )


def _parse_size(size: Any) -> Size:
    width, height = (int(side) for side in size)
    if width < 1 or height < 1:
        raise ValueError(f"{size} is no size")
    return width, height
