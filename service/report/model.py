"""What a report shows, as plain values that the inspection fills in and the report only draws."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from inference.geometry.output_frames import FramePosition, OutputFrame
from inference.receipt import NotPlaced, Outcome, Reason, ReasonCode
from inference.sighting import OtherClass
from models.manifest import ModelManifest

Outline = tuple[tuple[float, float], ...]  # (longitude, latitude) in WGS 84, not closed


class EvidenceRole(StrEnum):
    """What a picture in the evidence folder is for."""

    CROP = "crop"  # the best view, with some surroundings
    PHOTO = "photo"  # the whole photo scaled down, the box drawn
    FURTHER_CROP = "further_crop"  # another view of the same object


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A picture that was written for an issue.

    Attributes:
        path: Relative to the folder of the results, with forward slashes.
        box_px: x_min, y_min, x_max, y_max of the object in the pixels of this picture.
    """

    role: EvidenceRole
    path: str
    sha256: str
    photo_sha256: str
    detection_id: str
    width_px: int
    height_px: int
    box_px: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEllipse:
    """Where the object is with a probability of 90 %.

    Attributes:
        semi_major_m, semi_minor_m: Half axes.
        azimuth_deg: Of the longer axis, clockwise from true north.
    """

    semi_major_m: float
    semi_minor_m: float
    azimuth_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlace:
    """A position in WGS 84 with its accuracy and how it was found.

    Attributes:
        ce90_m: Radius of the circle that holds the object with a probability of 90 %.
        method: As in `Placement.method`.
        is_refined: Whether overlapping photos have put the pose of the best view right.
        doubts: What makes the geometry of the photos doubtful that it was seen on.
        outline_wgs84: Of the best view's box on the ground; may be empty.
        frames: The position in the frames asked for besides WGS 84, or why it has none there.
    """

    latitude_deg: float
    longitude_deg: float
    ce90_m: float
    ellipse: ErrorEllipse
    method: str
    is_refined: bool = False
    doubts: tuple[ReasonCode, ...] = ()
    outline_wgs84: Outline = ()
    frames: tuple[tuple[OutputFrame, FramePosition | NotPlaced], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIssue:
    """One candidate issue.

    Attributes:
        observation_count: Sightings behind it, over all flights.
        grid_id, responsible_unit: Of the management grid cell that it lies in.
        grid_certain: False where it may as well lie in the next cell; None where unknown.
        time_zone_known: False where a camera told no zone; None without a time.
        other_classes: What else it was taken for, and how surely, the surest first.
        suppressed_by: Name of the permit that explains it, or None.
        photo_sha256s: Of the photos that show it, best first.
        evidence: Paths are relative to the report's folder.
    """

    id: str
    class_name: str
    confidence: float
    place: ReportPlace | NotPlaced
    observation_count: int
    first_seen: datetime | None
    last_seen: datetime | None
    flight_ids: tuple[str, ...]
    photo_sha256s: tuple[str, ...]
    time_zone_known: bool | None = None
    grid_id: str | None = None
    responsible_unit: str | None = None
    grid_certain: bool | None = None
    other_classes: tuple[OtherClass, ...] = ()
    suppressed_by: str | None = None
    evidence: tuple[EvidenceFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """What became of one file, photo or not.

    Attributes:
        path: As the receipt names it.
        sha256: None where the file could not be read.
        time_zone_known: False where the camera told no zone; None without a time.
        position_wgs84: (longitude, latitude) of the camera.
        footprint_wgs84: What the photo shows of the ground, or None.
        gsd_m: Ground size of a pixel at the picture's centre.
    """

    path: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    sha256: str | None = None
    duplicate_of: str | None = None
    flight_id: str | None = None
    captured_at: datetime | None = None
    time_zone_known: bool | None = None
    position_wgs84: tuple[float, float] | None = None
    footprint_wgs84: Outline | None = None
    gsd_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFlight:
    """One batch from one aircraft or one patrol."""

    id: str
    camera: str | None  # such as "DJI FC6310R"
    photo_count: int
    started_at: datetime | None
    ended_at: datetime | None
    time_zone_known: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportArea:
    """An area to draw under the findings: a management grid cell or a permit."""

    kind: str  # grid or permit
    name: str
    outline_wgs84: Outline


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """All that a report is drawn from; holds no run time, so that equal results give equal bytes.

    Attributes:
        ground: File name of the ground model, or None where flat ground was assumed.
        code_version: Of skypatrol.
    """

    issues: tuple[ReportIssue, ...]
    files: tuple[ReportFile, ...]
    flights: tuple[ReportFlight, ...]
    model: ModelManifest
    code_version: str
    ground: str | None = None
    areas: tuple[ReportArea, ...] = ()
