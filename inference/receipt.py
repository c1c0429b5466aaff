"""What became of each file, and why: outcomes, reason codes and what a person can do."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a file."""

    ACCEPTED = "accepted"
    HELD = "held"
    REJECTED = "rejected"


class ReasonCode(StrEnum):
    """Machine-readable reasons; service.translations says what a person can do about each."""

    # The file itself.
    NOT_A_PHOTO = "not_a_photo"
    HEIGHT_MODEL = "height_model"
    EMPTY_FILE = "empty_file"
    UNSUPPORTED_FORMAT = "unsupported_format"
    ARCHIVE_NOT_SUPPORTED = "archive_not_supported"
    UNREADABLE_FILE = "unreadable_file"
    DUPLICATE = "duplicate"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    CANNOT_DECODE = "cannot_decode"
    TRUNCATED = "truncated"
    NOT_VISUAL_BAND = "not_visual_band"
    INSPECTION_FAILED = "inspection_failed"
    # What came in over the net, and archives.
    ARRIVED_DAMAGED = "arrived_damaged"
    UNSAFE_NAME = "unsafe_name"
    DUPLICATE_NAME = "duplicate_name"
    ARCHIVE_UNPACKED = "archive_unpacked"
    ARCHIVE_UNREADABLE = "archive_unreadable"
    ARCHIVE_OVER_LIMIT = "archive_over_limit"
    ARCHIVE_ENTRY_DAMAGED = "archive_entry_damaged"
    ARCHIVE_ENCRYPTED = "archive_encrypted"
    ARCHIVE_METHOD_NOT_SUPPORTED = "archive_method_not_supported"
    ARCHIVE_NESTED = "archive_nested"
    # Its metadata.
    NO_EXIF = "no_exif"
    EXIF_UNREADABLE = "exif_unreadable"
    MAKER_NOTES_UNREADABLE = "maker_notes_unreadable"
    XMP_UNREADABLE = "xmp_unreadable"
    XMP_TOO_LARGE = "xmp_too_large"
    NO_XMP = "no_xmp"
    BAD_VALUE = "bad_value"
    NO_CAPTURE_TIME = "no_capture_time"
    TIME_ZONE_UNKNOWN = "time_zone_unknown"
    EDITED_AFTER_CAPTURE = "edited_after_capture"
    # Why a finding on it has no place.
    NO_GPS = "no_gps"
    GPS_ZERO = "gps_zero"
    GPS_OUT_OF_RANGE = "gps_out_of_range"
    NO_HEIGHT = "no_height"
    ABSURD_HEIGHT = "absurd_height"
    NO_ATTITUDE = "no_attitude"
    NO_FOCAL_LENGTH = "no_focal_length"
    ABOVE_HORIZON = "above_horizon"
    BEYOND_RANGE = "beyond_range"
    OUTSIDE_GROUND_MODEL = "outside_ground_model"
    HEIGHT_DATUM_UNKNOWN = "height_datum_unknown"
    NO_YAW = "no_yaw"
    NO_RANGE = "no_range"
    # Why a place cannot be given in another frame, or compared with a surveyed one.
    OUTSIDE_FRAME = "outside_frame"
    PIXEL_OUTSIDE_PHOTO = "pixel_outside_photo"
    PHOTO_NOT_FOUND = "photo_not_found"
    # What makes a photo's geometry doubtful; findings keep their place.
    TURNED_AFTER_CAPTURE = "turned_after_capture"
    NOT_ORIGINAL_SIZE = "not_original_size"
    HORIZON_IN_VIEW = "horizon_in_view"
    OBLIQUE_BEYOND_MODEL = "oblique_beyond_model"
    HEIGHT_UNVERIFIED = "height_unverified"
    HEMISPHERE_SUSPECT = "hemisphere_suspect"
    TIME_JUMP = "time_jump"
    GPS_FROZEN = "gps_frozen"
    DISAGREES_WITH_NEIGHBOURS = "disagrees_with_neighbours"
    # Videos.
    VIDEO_FRAMES = "video_frames"
    USED_WITH_VIDEO = "used_with_video"
    VIDEO_UNREADABLE = "video_unreadable"
    NO_TELEMETRY = "no_telemetry"
    TELEMETRY_UNREADABLE = "telemetry_unreadable"
    TELEMETRY_INCOMPLETE = "telemetry_incomplete"
    TELEMETRY_WITHOUT_VIDEO = "telemetry_without_video"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, with the facts: which value, which limit."""

    code: ReasonCode
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPlaced:
    """There is no position, and this is why."""

    code: ReasonCode
    detail: str | None = None
