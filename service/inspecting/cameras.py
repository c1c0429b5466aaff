"""The file of registered cameras (TOML): see docs/cameras.md.

Every value is checked: a wrong one would put all findings of a camera in the wrong place, and
nobody would see it.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any  # what a TOML file holds

from inference.geometry.pose import POSITION_REASONS
from inference.patrol.fixed_cameras import (
    AmbiguousCameraError,
    CameraMatch,
    FixedCamera,
    find_camera,
    register_photo,
)
from inference.reading.metadata import PhotoMetadata, RegisteredPose
from service.errors import CannotStartError
from service.inspecting.intake import ReceivedFile
from service.printable import printable_text
from service.store.found_files import StoredFile

MAX_FILE_BYTES = 4 << 20
MAX_CAMERAS = 10_000
MAX_TEXT = 200

_MATCH_KEYS = frozenset({"serial", "folder", "name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    """The range of a key, both ends included, and its value where it may be left out."""

    low: float
    high: float
    default: float | None = None


_NUMBERS: Mapping[str, _Number] = {
    "latitude": _Number(low=-90.0, high=90.0),
    "longitude": _Number(low=-180.0, high=180.0),
    # The limits of the relative altitude that positions are calculated for.
    "height_above_ground_m": _Number(low=1.1, high=500.0),
    "yaw_deg": _Number(low=-180.0, high=360.0),
    "pitch_deg": _Number(low=-90.0, high=45.0),
    "roll_deg": _Number(low=-180.0, high=180.0, default=0.0),
    "place_sigma_m": _Number(low=0.005, high=100.0, default=1.0),
    "height_sigma_m": _Number(low=0.005, high=50.0, default=0.3),
    "yaw_sigma_deg": _Number(low=0.01, high=45.0, default=1.0),
    "pitch_sigma_deg": _Number(low=0.01, high=45.0, default=0.5),
    "roll_sigma_deg": _Number(low=0.01, high=45.0, default=0.5),
}
_LENS_NUMBERS: Mapping[str, _Number] = {
    "horizontal_fov_deg": _Number(low=1.0, high=150.0),
    "focal_px": _Number(low=1.0, high=1e6),
    "width_px": _Number(low=16.0, high=100_000.0),
}
_KEYS = frozenset({"id", "match", *_NUMBERS, *_LENS_NUMBERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One `[[camera]]` of a file, counted from 1."""

    path: Path
    number: int
    values: Mapping[str, Any]

    def error(self, problem: str) -> CannotStartError:
        """Return the error that names the file and the entry."""
        name = self.values.get("id")
        which = f"camera {self.number}" + (f" ({name})" if isinstance(name, str) else "")
        return CannotStartError(f"{self.path}: {which}: {problem}")

    def number_of(self, key: str, limits: _Number) -> float:
        """Return a number within its limits, or its default."""
        value = self.values.get(key, limits.default)
        if value is None:
            raise self.error(f"{key} is missing")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{key} is {repr(value)[:60]}, not a number")
        try:
            number = float(value)
        except OverflowError:  # whole numbers may have any length
            number = math.inf if value > 0 else -math.inf
        if not limits.low <= number <= limits.high:
            raise self.error(f"{key} is {number:g}, not from {limits.low:g} to {limits.high:g}")
        return number


def read_cameras(path: Path) -> list[FixedCamera]:
    """Return the cameras of a file.

    Raises:
        CannotStartError: The file cannot be read or holds a wrong value or an unknown key; the
            message names the entry and the key.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CannotStartError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise CannotStartError(f"{path}: more than {MAX_FILE_BYTES} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # also bytes and numbers that Python refuses
        raise CannotStartError(f"{path}: is no TOML in UTF-8: {error}") from error
    return parse_cameras(table, path=path)


def parse_cameras(table: Mapping[str, Any], *, path: Path) -> list[FixedCamera]:
    """Return the cameras of a table as TOML gives it; `path` is named in errors.

    Raises:
        CannotStartError: As for `read_cameras`.
    """
    unknown = sorted(set(table) - {"camera"})
    if unknown:
        raise CannotStartError(
            f"{path}: unknown key {', '.join(unknown)}; only [[camera]] is known"
        )
    entries = table.get("camera", [])
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise CannotStartError(f"{path}: camera is no list of tables; begin each with [[camera]]")
    if not 0 < len(entries) <= MAX_CAMERAS:
        raise CannotStartError(f"{path}: {len(entries)} cameras, expected 1 to {MAX_CAMERAS}")
    cameras: dict[str, FixedCamera] = {}
    for number, values in enumerate(entries, 1):
        entry = _Entry(path=path, number=number, values=values)
        camera = _parse_camera(entry)
        if camera.pose.camera_id in cameras:
            raise entry.error("this id occurs more than once")
        cameras[camera.pose.camera_id] = camera
    return list(cameras.values())


def as_registered_file(received: ReceivedFile, cameras: Sequence[FixedCamera]) -> ReceivedFile:
    """Return a file of a registered camera with its pose as registered; others as they are.

    Raises:
        CannotStartError: Several cameras claim it.
    """
    if received.metadata is None or not cameras:
        return received
    path = received.found.path.absolute()
    try:
        stored, metadata = as_registered_line(received.stored, received.metadata, cameras, path)
    except AmbiguousCameraError as error:
        raise CannotStartError(f"--cameras: {printable_text(str(error))}") from error
    return replace(received, stored=stored, metadata=metadata)


def as_registered_line(
    stored: StoredFile, metadata: PhotoMetadata, cameras: Sequence[FixedCamera], path: PurePath
) -> tuple[StoredFile, PhotoMetadata]:
    """Return a photo's line and metadata with the pose as registered, if one is for it.

    Args:
        stored: Its line of the receipt.
        metadata: As the photo says itself.
        cameras: All that are registered.
        path: Folders and name of the photo.

    Raises:
        AmbiguousCameraError: Several cameras claim it.
    """
    camera = find_camera(cameras, metadata, path)
    if camera is None:
        return stored, metadata
    reasons = (reason for reason in stored.reasons if reason.code not in POSITION_REASONS)
    return replace(stored, reasons=tuple(reasons)), register_photo(metadata, camera)


def _parse_camera(entry: _Entry) -> FixedCamera:
    unknown = sorted(set(entry.values) - _KEYS)
    if unknown:
        raise entry.error(f"unknown key {', '.join(unknown)}; known: {', '.join(sorted(_KEYS))}")
    camera_id = _parse_text(entry, "id", entry.values.get("id"))
    numbers = {key: entry.number_of(key, limits) for key, limits in _NUMBERS.items()}
    if numbers["latitude"] == 0.0 and numbers["longitude"] == 0.0:
        raise entry.error("latitude and longitude are both 0")
    return FixedCamera(
        match=_parse_match(entry),
        latitude_deg=numbers["latitude"],
        longitude_deg=numbers["longitude"],
        height_above_ground_m=numbers["height_above_ground_m"],
        yaw_deg=numbers["yaw_deg"],
        pitch_deg=numbers["pitch_deg"],
        roll_deg=numbers["roll_deg"],
        horizontal_fov_deg=_parse_fov_deg(entry),
        pose=RegisteredPose(
            camera_id=camera_id,
            **{key: value for key, value in numbers.items() if "_sigma_" in key},
        ),
    )


def _parse_match(entry: _Entry) -> CameraMatch:
    match = entry.values.get("match")
    if not isinstance(match, dict) or not match:
        raise entry.error("match is missing; say which photos are its, by serial, folder or name")
    unknown = sorted(set(match) - _MATCH_KEYS)
    if unknown:
        known = ", ".join(sorted(_MATCH_KEYS))
        raise entry.error(f"unknown key match.{', match.'.join(unknown)}; known: {known}")
    texts = {key: _parse_text(entry, f"match.{key}", value) for key, value in match.items()}
    if "folder" in texts and not texts["folder"].strip("/\\. "):
        raise entry.error(f"match.folder is {texts['folder']!r}, which names no folder")
    return CameraMatch(**texts)


def _parse_text(entry: _Entry, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        problem = "is missing" if value is None else f"is {str(value)[:60]!r}, not a short text"
        raise entry.error(f"{key} {problem}")
    if not value.isprintable():
        raise entry.error(f"{key} holds characters that cannot be printed")
    return value.strip()


def _parse_fov_deg(entry: _Entry) -> float:
    """Return the horizontal field of view, as given or from a focal length in pixels."""
    has_fov, has_focal = "horizontal_fov_deg" in entry.values, "focal_px" in entry.values
    if has_fov == has_focal:
        problem = "both are there" if has_fov else "neither is there"
        raise entry.error(f"either horizontal_fov_deg or focal_px with width_px: {problem}")
    limits = _LENS_NUMBERS["horizontal_fov_deg"]
    if has_fov:
        if "width_px" in entry.values:
            raise entry.error("width_px goes with focal_px, not with horizontal_fov_deg")
        return entry.number_of("horizontal_fov_deg", limits)
    focal_px = entry.number_of("focal_px", _LENS_NUMBERS["focal_px"])
    width_px = entry.number_of("width_px", _LENS_NUMBERS["width_px"])
    fov_deg = math.degrees(2.0 * math.atan(width_px / 2.0 / focal_px))
    if not limits.low <= fov_deg <= limits.high:
        raise entry.error(
            f"focal_px {focal_px:g} at width_px {width_px:g} sees {fov_deg:.3g} degrees across, "
            f"expected {limits.low:g} to {limits.high:g}"
        )
    return fov_deg
