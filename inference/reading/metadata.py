"""What a photo says of itself, in plain units, before anything is concluded from it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from inference.reading.height_datum import HeightDatum
from inference.receipt import Reason

NO_TIME = datetime.max.replace(tzinfo=UTC)  # sorts photos without a capture time behind all others


class PhotoKind(StrEnum):
    """From where a photo looks at the ground."""

    DRONE = "drone"
    STREET = "street"  # handheld, phone, patrol camera, or unknown


class Band(StrEnum):
    """What light a photo shows; only visual ones are inspected."""

    VISUAL = "visual"
    THERMAL = "thermal"
    SINGLE_BAND = "single_band"  # one band of a multispectral camera


class CaptureTimeSource(StrEnum):
    """Where the capture time came from, best first."""

    GPS = "gps"
    OFFSET_TIME = "offset_time"
    OPTION = "option"  # the --timezone given
    LOCAL = "local"  # zone unknown: taken as UTC and flagged


class YawReference(StrEnum):
    """Which north a yaw is measured from."""

    TRUE = "true"
    MAGNETIC = "magnetic"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attitude:
    """Where the camera looked.

    yaw_deg is clockwise from north; pitch_deg is 0 at the horizon, -90 straight down; roll_deg
    is clockwise as the camera sees it.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    source: str  # such as dji_gimbal, dji_maker_notes, skydio_ned
    yaw_reference: YawReference = YawReference.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """What the photo says of its optics; every part may be absent.

    Attributes:
        calibrated_size_px: Width and height that the calibrated values are for.
        dewarp_px: fx, fy, cx, cy in pixels of the calibrated size, measured on this very camera;
            cx, cy from the top left pixel's centre.
        dewarp_source: Where those are from: dewarp_data (DJI, Skydio) or camera_xmp (Pix4D's
            Camera namespace, which Parrot, MicaSense and others write).
        distortion: k1, k2, p1, p2, k3 (Brown, as in OpenCV).
        is_fisheye: The maker says so; a pinhole is wrong for it.
        fisheye_polynomial: 0, 1, p2, p3, ... of the angle over 90 degrees, as Pix4D has it.
    """

    focal_length_mm: float | None = None
    focal_length_35mm: float | None = None
    calibrated_focal_px: float | None = None
    calibrated_center_px: tuple[float, float] | None = None
    calibrated_size_px: tuple[int, int] | None = None
    dewarp_px: tuple[float, float, float, float] | None = None
    dewarp_source: str = "dewarp_data"
    distortion: tuple[float, float, float, float, float] | None = None
    is_fisheye: bool = False
    fisheye_polynomial: tuple[float, ...] | None = None
    horizontal_fov_deg: float | None = None
    digital_zoom: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAccuracy:
    """One-sigma accuracies that the photo states of its position, in metres."""

    rtk_flag: int | None = None
    std_east_m: float | None = None
    std_north_m: float | None = None
    std_up_m: float | None = None
    gps_dop: float | None = None
    horizontal_error_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPose:
    """That the pose is a fixed camera's as registered, and how well: one sigma each."""

    camera_id: str
    place_sigma_m: float
    height_sigma_m: float
    yaw_sigma_deg: float
    pitch_sigma_deg: float
    roll_sigma_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMetadata:
    """All that is known of a photo from its EXIF, maker notes and XMP. Absent is None.

    Attributes:
        width_px, height_px: Of the decoded picture, before any turning.
        orientation: EXIF Orientation, 1 to 8.
        gps_altitude_m: As EXIF says it; its datum differs by maker and is not trusted.
        absolute_datum: From where absolute_altitude_m counts, None where nothing tells.
        relative_altitude_m: Above the take-off place.
        laser_distance_m: Slant distance to what the picture's centre shows.
        image_direction_deg: By a phone's compass, clockwise from the north of its reference.
        registered: Of a fixed camera: pose and lens are then as registered, not as in the photo.
        captured_at: Aware, UTC.
        utc_offset_h: By how much the camera's clock is ahead of UTC, where the photo tells.
        reasons: What was found wrong on the way; none of them stops the photo.
    """

    width_px: int
    height_px: int
    orientation: int
    kind: PhotoKind
    band: Band
    make: str | None = None
    model: str | None = None
    serial_number: str | None = None
    software: str | None = None
    captured_at: datetime | None = None
    capture_time_source: CaptureTimeSource | None = None
    utc_offset_h: float | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    gps_altitude_m: float | None = None
    absolute_altitude_m: float | None = None
    absolute_datum: HeightDatum | None = None
    relative_altitude_m: float | None = None
    laser_distance_m: float | None = None
    attitude: Attitude | None = None
    image_direction_deg: float | None = None
    image_direction_reference: YawReference = YawReference.UNKNOWN
    lens: Lens = Lens()
    accuracy: StatedAccuracy = StatedAccuracy()
    registered: RegisteredPose | None = None
    capture_uuid: str | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def time_zone_known(self) -> bool | None:
        """Whether captured_at is sure to the zone; None where there is no time."""
        if self.captured_at is None:
            return None
        return self.capture_time_source is not CaptureTimeSource.LOCAL
