"""Flight data of a moment → the metadata of the frame, as if it were a photo."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from inference.geometry.pose import GNSS_SHARED_SIGMA_M
from inference.reading.metadata import (
    Attitude,
    Band,
    CaptureTimeSource,
    Lens,
    PhotoKind,
    PhotoMetadata,
    StatedAccuracy,
)
from inference.reading.position import check_relative_altitude_m
from inference.receipt import Reason, ReasonCode
from inference.video.flight_moment import flight_moment, ground_speed_m_s, seconds_outside
from inference.video.gps_order import METRES_PER_DEGREE
from inference.video.telemetry import FlightMoment, Telemetry, is_without_fix

MAKE = "DJI"  # all dialects known are theirs
ATTITUDE_SOURCE = "dji_srt"

# A receiver's solution is a tenth to three tenths of a second old when it is written.
TIMING_SIGMA_S = 0.2
ACCELERATION_SIGMA_M_S2 = 3.0  # small drones brake and turn with up to 6
UNIFORM = 1.0 / math.sqrt(12.0)  # sigma of something anywhere within a step


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameShape:
    """What all frames of a video share.

    Attributes:
        width_px, height_px: As decoded, before any turning.
        orientation: In EXIF's numbers, 1 to 8.
    """

    width_px: int
    height_px: int
    orientation: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What the operator says of files that do not say it themselves.

    Attributes:
        zone: Of the camera's clock; none of the dialects of videos tells it.
        focal_length_35mm: Of a video's lens, which some of them do not tell.
    """

    zone: tzinfo | None = None
    focal_length_35mm: float | None = None


NOTHING_ASSUMED = Assumed()


def plan_frame_metadata(
    telemetry: Telemetry, time_s: float, *, shape: FrameShape, assumed: Assumed = NOTHING_ASSUMED
) -> PhotoMetadata:
    """Return what is known of the frame at a moment; what is not written is None.

    Args:
        telemetry: Of the video.
        time_s: Of the frame, from the video's beginning.
        shape: Of the video.
        assumed: What the operator says in place of what is not written.
    """
    moment = flight_moment(telemetry, time_s) or FlightMoment(time_s=time_s)
    reasons: list[Reason] = []
    captured_at, source = _capture_time(moment, assumed.zone, reasons)
    latitude_deg, longitude_deg = _position(moment, reasons)
    return PhotoMetadata(
        width_px=shape.width_px,
        height_px=shape.height_px,
        orientation=shape.orientation,
        kind=PhotoKind.DRONE,
        band=plan_band(shape),
        make=MAKE,
        captured_at=captured_at,
        capture_time_source=source,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        gps_altitude_m=moment.altitude_m,
        absolute_altitude_m=moment.absolute_altitude_m,
        relative_altitude_m=_relative_altitude_m(moment, reasons),
        attitude=_attitude(moment),
        lens=Lens(
            focal_length_35mm=moment.focal_length_35mm or assumed.focal_length_35mm,
            digital_zoom=moment.digital_zoom,
        ),
        accuracy=StatedAccuracy(horizontal_error_m=horizontal_error_m(telemetry, time_s)),
        reasons=tuple(reasons),
    )


def plan_band(shape: FrameShape) -> Band:
    """Return the light that a video shows: flight data do not tell it, but the shape does.

    Thermal cameras record 5:4, as their sensors are; visual ones 16:9, 17:9, 4:3 or 3:2.
    """
    long_px, short_px = sorted((shape.width_px, shape.height_px), reverse=True)
    return Band.THERMAL if long_px * 4 == short_px * 5 else Band.VISUAL


def horizontal_error_m(telemetry: Telemetry, time_s: float) -> float:
    """Return one sigma of a frame's position on each axis.

    Four parts: the receiver; the last digit, which is 11 m in dialects with four decimals; the
    way that the drone flies in the time by which subtitle and frame may be apart; and how far it
    may have left its way outside of all subtitles.
    """
    digits_m = telemetry.resolution_deg * METRES_PER_DEGREE * UNIFORM
    timing_s = math.hypot(TIMING_SIGMA_S, telemetry.interval_s * UNIFORM)
    speed_m_s = ground_speed_m_s(telemetry, time_s) or 0.0
    strayed_m = ACCELERATION_SIGMA_M_S2 / 2.0 * seconds_outside(telemetry, time_s) ** 2
    return math.hypot(GNSS_SHARED_SIGMA_M, digits_m, speed_m_s * timing_s, strayed_m)


def _capture_time(
    moment: FlightMoment, assumed_zone: tzinfo | None, reasons: list[Reason]
) -> tuple[datetime | None, CaptureTimeSource | None]:
    clock = moment.clock
    if clock is None:
        if moment.latitude_deg is not None:  # else flight data are missing, which is told once
            reasons.append(Reason(code=ReasonCode.NO_CAPTURE_TIME))
        return None, None
    if assumed_zone is not None:
        return clock.replace(tzinfo=assumed_zone).astimezone(UTC), CaptureTimeSource.OPTION
    reasons.append(
        Reason(
            code=ReasonCode.TIME_ZONE_UNKNOWN, detail=clock.isoformat(sep=" ", timespec="seconds")
        )
    )
    return clock.replace(tzinfo=UTC), CaptureTimeSource.LOCAL


def _position(moment: FlightMoment, reasons: list[Reason]) -> tuple[float | None, float | None]:
    if moment.latitude_deg is None:
        detail = "no flight data at this moment of the video"
        reasons.append(Reason(code=ReasonCode.TELEMETRY_INCOMPLETE, detail=detail))
        return None, None
    if is_without_fix(moment):
        reasons.append(Reason(code=ReasonCode.GPS_ZERO))
        return None, None
    return moment.latitude_deg, moment.longitude_deg


def _relative_altitude_m(moment: FlightMoment, reasons: list[Reason]) -> float | None:
    metres = moment.relative_altitude_m
    if metres is None:
        if moment.altitude_m is not None:
            detail = f"altitude {moment.altitude_m:.1f} m, above what is not told"
            reasons.append(Reason(code=ReasonCode.HEIGHT_DATUM_UNKNOWN, detail=detail))
        return None
    return check_relative_altitude_m(metres, reasons)


def _attitude(moment: FlightMoment) -> Attitude | None:
    """Return where the camera looked; the way that the drone flew says nothing of it."""
    if moment.yaw_deg is None or moment.pitch_deg is None or moment.roll_deg is None:
        return None
    return Attitude(
        yaw_deg=moment.yaw_deg,
        pitch_deg=moment.pitch_deg,
        roll_deg=moment.roll_deg,
        source=ATTITUDE_SOURCE,
    )
