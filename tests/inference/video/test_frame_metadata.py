import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from inference.geometry.pose import plan_pose
from inference.reading.metadata import Band, CaptureTimeSource, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode
from inference.video.frame_metadata import (
    NOTHING_ASSUMED,
    Assumed,
    FrameShape,
    horizontal_error_m,
    plan_frame_metadata,
)
from inference.video.telemetry import FlightMoment, Telemetry

CLOCK = datetime(2026, 5, 4, 11, 2, 1)
SHAPE = FrameShape(width_px=640, height_px=360, orientation=6)
WHOLE = FlightMoment(
    time_s=0.0,
    clock=CLOCK,
    latitude_deg=30.25,
    longitude_deg=120.15,
    relative_altitude_m=64.0,
    absolute_altitude_m=84.0,
    yaw_deg=10.0,
    pitch_deg=-80.0,
    roll_deg=1.0,
    focal_length_35mm=24.0,
    digital_zoom=1.5,
)


def telemetry_of(
    *moments: FlightMoment, interval_s: float = 0.02, resolution_deg: float = 1e-7
) -> Telemetry:
    return Telemetry(
        dialect="named",
        moments=moments,
        end_s=moments[-1].time_s,
        interval_s=interval_s,
        resolution_deg=resolution_deg,
    )


def plan(moment: FlightMoment, *, assumed: Assumed = NOTHING_ASSUMED) -> PhotoMetadata:
    return plan_frame_metadata(telemetry_of(moment), 0.0, shape=SHAPE, assumed=assumed)


def codes(metadata: PhotoMetadata) -> list[ReasonCode]:
    return [reason.code for reason in metadata.reasons]


def test_a_frame_is_a_drones_photo_with_all_that_the_subtitle_says() -> None:
    metadata = plan(WHOLE, assumed=Assumed(zone=timezone(timedelta(hours=8))))
    assert metadata.kind is PhotoKind.DRONE
    assert (metadata.width_px, metadata.height_px, metadata.orientation) == (640, 360, 6)
    assert metadata.captured_at == datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    assert metadata.capture_time_source is CaptureTimeSource.OPTION
    assert (metadata.latitude_deg, metadata.longitude_deg) == (30.25, 120.15)
    assert (metadata.relative_altitude_m, metadata.absolute_altitude_m) == (64.0, 84.0)
    assert metadata.attitude is not None
    assert metadata.attitude.source == "dji_srt"
    assert metadata.attitude.pitch_deg == -80.0
    assert (metadata.lens.focal_length_35mm, metadata.lens.digital_zoom) == (24.0, 1.5)
    assert codes(metadata) == []


def test_the_operators_lens_counts_only_where_the_subtitle_names_none() -> None:
    assumed = Assumed(focal_length_35mm=35.0)
    assert plan(WHOLE, assumed=assumed).lens.focal_length_35mm == 24.0
    bare = FlightMoment(time_s=0.0, latitude_deg=30.25, longitude_deg=120.15)
    assert plan(bare, assumed=assumed).lens.focal_length_35mm == 35.0
    assert plan(bare).lens.focal_length_35mm is None


@pytest.mark.parametrize(
    ("size_px", "band"),
    [
        ((640, 512), Band.THERMAL),
        ((1024, 1280), Band.THERMAL),
        ((3840, 2160), Band.VISUAL),
        ((4096, 2160), Band.VISUAL),
        ((1440, 1080), Band.VISUAL),
    ],
)
def test_a_thermal_camera_is_told_by_the_shape_of_its_pictures(
    size_px: tuple[int, int], band: Band
) -> None:
    shape = FrameShape(width_px=size_px[0], height_px=size_px[1])
    assert plan_frame_metadata(telemetry_of(WHOLE), 0.0, shape=shape).band is band


def test_the_clock_tells_no_zone() -> None:
    metadata = plan(WHOLE)
    assert metadata.captured_at == CLOCK.replace(tzinfo=UTC)
    assert metadata.time_zone_known is False
    assert codes(metadata) == [ReasonCode.TIME_ZONE_UNKNOWN]


def test_without_gimbal_angles_there_is_no_attitude_though_the_drone_moves() -> None:
    still = FlightMoment(time_s=0.0, clock=CLOCK, latitude_deg=30.25, longitude_deg=120.15)
    moved = FlightMoment(time_s=1.0, clock=CLOCK, latitude_deg=30.26, longitude_deg=120.15)
    metadata = plan_frame_metadata(telemetry_of(still, moved), 0.5, shape=SHAPE)
    assert metadata.attitude is None
    pose = plan_pose(metadata)
    assert isinstance(pose, NotPlaced)
    assert pose.code is ReasonCode.NO_ATTITUDE


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (FlightMoment(time_s=9.0), [ReasonCode.TELEMETRY_INCOMPLETE]),
        (
            FlightMoment(time_s=0.0, clock=CLOCK, latitude_deg=0.0, longitude_deg=0.0),
            [ReasonCode.TIME_ZONE_UNKNOWN, ReasonCode.GPS_ZERO],
        ),
        (
            FlightMoment(
                time_s=0.0, clock=CLOCK, latitude_deg=1.0, longitude_deg=1.0, altitude_m=99.0
            ),
            [ReasonCode.TIME_ZONE_UNKNOWN, ReasonCode.HEIGHT_DATUM_UNKNOWN],
        ),
        (
            FlightMoment(
                time_s=0.0,
                clock=CLOCK,
                latitude_deg=1.0,
                longitude_deg=1.0,
                relative_altitude_m=9000.0,
            ),
            [ReasonCode.TIME_ZONE_UNKNOWN, ReasonCode.ABSURD_HEIGHT],
        ),
    ],
    ids=["no data", "no fix", "unknown height", "absurd height"],
)
def test_what_is_missing_or_absurd_is_told(
    moment: FlightMoment, expected: list[ReasonCode]
) -> None:
    metadata = plan(moment)
    assert codes(metadata) == expected
    assert metadata.relative_altitude_m is None


def test_the_error_counts_receiver_last_digit_and_the_way_in_the_time_between() -> None:
    still = telemetry_of(WHOLE)
    assert horizontal_error_m(still, 0.0) == pytest.approx(2.0, rel=0.001)
    # The last of four decimals is 11.13 m: anywhere within it, a sigma of 3.21 m.
    coarse = telemetry_of(WHOLE, resolution_deg=1e-4)
    assert horizontal_error_m(coarse, 0.0) == pytest.approx(math.hypot(2.0, 3.2135), rel=0.001)
    # 0.00018 degrees in 2 s are 10.02 m/s. One subtitle a second: 0.289 s, and 0.2 s of delay.
    later = FlightMoment(time_s=2.0, latitude_deg=30.25018, longitude_deg=120.15)
    fast = telemetry_of(WHOLE, later, interval_s=1.0)
    way_m = 10.019 * math.hypot(0.2, 0.28868)
    assert horizontal_error_m(fast, 1.0) == pytest.approx(math.hypot(2.0, way_m), rel=0.001)
    # 1.5 s outside at 3 m/s2: 3.375 m.
    assert horizontal_error_m(still, 1.5) == pytest.approx(math.hypot(2.0, 3.375), rel=0.001)
