"""What is really there: the objects of a flight, the photos' poses and what they show."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

TRUTH_FILE_NAME = "truth.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueObject:
    """One object of a project class.

    Attributes:
        latitude_deg, longitude_deg: Of the middle of its footprint.
        ground_height_m: Of the ground there above the take-off place.
        foot_height_m: Of its own foot above the take-off place; higher on a roof.
        size_m: East-west, north-south and vertical extent.
        footprint_wgs84: Its outline as (longitude, latitude) points, counterclockwise, open.
    """

    id: int
    class_name: str
    latitude_deg: float
    longitude_deg: float
    ground_height_m: float
    foot_height_m: float
    size_m: tuple[float, float, float]
    footprint_wgs84: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePose:
    """A camera's place and attitude; angles as DJI's gimbal counts them."""

    latitude_deg: float
    longitude_deg: float
    height_above_takeoff_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueBox:
    """An object in a photo: the box around its visible pixels and how much of it they are."""

    object_id: int
    class_name: str
    box_photo: tuple[float, float, float, float]
    visible_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePhoto:
    """A photo: its real pose, the pose that its metadata claim, and what it shows."""

    file_name: str
    captured_at: datetime
    pose: TruePose
    reported_pose: TruePose
    boxes: tuple[TrueBox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightTruth:
    """The truth of one flight."""

    takeoff_latitude_deg: float
    takeoff_longitude_deg: float
    objects: tuple[TrueObject, ...]
    photos: tuple[TruePhoto, ...]


def write_truth(truth: FlightTruth, path: Path) -> None:
    """Write the truth as JSON."""
    text = json.dumps(asdict(truth), indent=1, default=datetime.isoformat)
    path.write_text(text + "\n", encoding="utf-8")


def read_truth(path: Path) -> FlightTruth:
    """Return the truth that `write_truth` has written."""
    return parse_truth(json.loads(path.read_text(encoding="utf-8")))


def parse_truth(entry: Mapping[str, Any]) -> FlightTruth:
    """Return the truth of a decoded JSON document."""
    return FlightTruth(
        takeoff_latitude_deg=entry["takeoff_latitude_deg"],
        takeoff_longitude_deg=entry["takeoff_longitude_deg"],
        objects=tuple(_parse_object(item) for item in entry["objects"]),
        photos=tuple(_parse_photo(item) for item in entry["photos"]),
    )


def _parse_object(entry: Mapping[str, Any]) -> TrueObject:
    outline = tuple((longitude, latitude) for longitude, latitude in entry["footprint_wgs84"])
    return TrueObject(**{**entry, "size_m": tuple(entry["size_m"]), "footprint_wgs84": outline})


def _parse_photo(entry: Mapping[str, Any]) -> TruePhoto:
    boxes = (TrueBox(**{**box, "box_photo": tuple(box["box_photo"])}) for box in entry["boxes"])
    return TruePhoto(
        file_name=entry["file_name"],
        captured_at=datetime.fromisoformat(entry["captured_at"]),
        pose=TruePose(**entry["pose"]),
        reported_pose=TruePose(**entry["reported_pose"]),
        boxes=tuple(boxes),
    )
