"""Where the camera was and looked, and how well that is known."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.pose import Pose, plan_accuracy, plan_pose, rotation_camera_to_enu
from inference.reading.metadata import (
    Attitude,
    Band,
    PhotoKind,
    PhotoMetadata,
    StatedAccuracy,
    YawReference,
)
from inference.receipt import NotPlaced, Reason, ReasonCode

EAST, NORTH, UP = np.eye(3)
angles = st.floats(-180.0, 180.0)


def make_photo(**changes: object) -> PhotoMetadata:
    values: dict[str, object] = {
        "width_px": 4000,
        "height_px": 3000,
        "orientation": 1,
        "kind": PhotoKind.DRONE,
        "band": Band.VISUAL,
        "latitude_deg": 30.0,
        "longitude_deg": 120.0,
        "relative_altitude_m": 40.0,
        "attitude": Attitude(yaw_deg=-90.0, pitch_deg=-60.0, roll_deg=1.0, source="dji_gimbal"),
    }
    return PhotoMetadata(**(values | changes))


def reason_code(photo: PhotoMetadata) -> ReasonCode:
    answer = plan_pose(photo)
    assert isinstance(answer, NotPlaced)
    return answer.code


def test_pose_keeps_what_the_photo_says_and_turns_yaw_to_0_360() -> None:
    pose = plan_pose(make_photo())
    assert isinstance(pose, Pose)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == (270.0, -60.0, 1.0)
    assert pose.height_above_takeoff_m == 40.0
    assert pose.attitude_source == "dji_gimbal"
    assert pose.position_source == "gnss"


def test_reasons_why_there_is_no_pose() -> None:
    assert reason_code(make_photo(latitude_deg=None)) is ReasonCode.NO_GPS
    assert reason_code(make_photo(latitude_deg=0.0, longitude_deg=0.0)) is ReasonCode.GPS_ZERO
    assert reason_code(make_photo(latitude_deg=95.0)) is ReasonCode.GPS_OUT_OF_RANGE
    assert reason_code(make_photo(attitude=None)) is ReasonCode.NO_ATTITUDE


def test_the_reason_found_while_reading_is_kept() -> None:
    photo = make_photo(
        latitude_deg=None, reasons=(Reason(code=ReasonCode.GPS_ZERO, detail="0, 0 in EXIF"),)
    )
    answer = plan_pose(photo)
    assert answer == NotPlaced(code=ReasonCode.GPS_ZERO, detail="0, 0 in EXIF")


def test_accuracy_follows_the_rtk_flag() -> None:
    def horizontal(**stated: object) -> float:
        accuracy = plan_accuracy(StatedAccuracy(**stated), yaw_reference_sigma_deg=0.0)
        return float(np.hypot(accuracy.shared_horizontal_m, accuracy.own_horizontal_m))

    fixed = horizontal(rtk_flag=50, std_east_m=0.01, std_north_m=0.01)
    floating, single = horizontal(rtk_flag=34), horizontal(rtk_flag=16)
    assert fixed == pytest.approx(np.hypot(0.05, 0.02))  # RtkStd is not believed below 2 cm
    assert fixed < floating < single
    assert single == pytest.approx(horizontal(), abs=1e-9)
    assert single * np.sqrt(2.0) == pytest.approx(3.0, abs=0.05)  # in the plane
    assert horizontal(horizontal_error_m=12.0) > 12.0


def make_attitude(reference: YawReference) -> Attitude:
    return Attitude(
        yaw_deg=350.0, pitch_deg=-60.0, roll_deg=0.0, source="test", yaw_reference=reference
    )


def test_a_magnetic_yaw_is_turned_to_true_north() -> None:
    # Near Auckland magnetic north lies about 20 degrees east of true north (World Magnetic Model).
    place = {"latitude_deg": -36.85, "longitude_deg": 174.76}
    when = datetime(2022, 7, 1, tzinfo=UTC)
    true, magnetic, unknown = (
        plan_pose(make_photo(attitude=make_attitude(reference), captured_at=when, **place))
        for reference in (YawReference.TRUE, YawReference.MAGNETIC, YawReference.UNKNOWN)
    )
    assert isinstance(true, Pose)
    assert isinstance(magnetic, Pose)
    assert isinstance(unknown, Pose)
    assert true.yaw_deg == unknown.yaw_deg == 350.0
    assert magnetic.yaw_deg == pytest.approx(10.0, abs=1.0)
    # One in ten of 20 degrees off: a root mean square of 6.
    spread = np.sqrt(unknown.accuracy.shared_yaw_deg**2 - true.accuracy.shared_yaw_deg**2)
    assert spread == pytest.approx(20.0 * np.sqrt(0.1), abs=0.3)
    assert true.accuracy.shared_yaw_deg < magnetic.accuracy.shared_yaw_deg < 3.0


def test_a_missing_yaw_is_told_apart() -> None:
    no_yaw = Reason(code=ReasonCode.NO_YAW, detail="a pitch and no yaw")
    assert reason_code(make_photo(attitude=None, reasons=(no_yaw,))) is ReasonCode.NO_YAW


@pytest.mark.parametrize(
    ("same", "as_this"),
    [
        # What gimbals write near the nadir: the view is the same, the numbers are not.
        ((30.0, -90.0, 180.0), (210.0, -90.0, 0.0)),
        ((30.0, -100.0, 0.0), (210.0, -80.0, 180.0)),
        ((30.0, -120.0, 180.0), (210.0, -60.0, 0.0)),
        ((-150.0, -90.0, 0.0), (210.0, -90.0, 0.0)),
    ],
)
def test_past_the_nadir_the_heading_flips(
    same: tuple[float, float, float], as_this: tuple[float, float, float]
) -> None:
    assert rotation_camera_to_enu(*same) == pytest.approx(
        rotation_camera_to_enu(*as_this), abs=1e-12
    )


def test_tilt_of_a_camera_without_gimbal_is_trusted_less() -> None:
    gimbal, airframe = (
        plan_pose(
            make_photo(attitude=Attitude(yaw_deg=0, pitch_deg=-80, roll_deg=0, source=source))
        )
        for source in ("dji_gimbal", "sensefly_airframe")
    )
    assert isinstance(gimbal, Pose)
    assert isinstance(airframe, Pose)
    assert airframe.accuracy.own_roll_deg > gimbal.accuracy.own_roll_deg
    assert airframe.accuracy.own_pitch_deg > gimbal.accuracy.own_pitch_deg
    assert airframe.accuracy.shared_roll_deg > gimbal.accuracy.shared_roll_deg
    assert airframe.accuracy.shared_pitch_deg > gimbal.accuracy.shared_pitch_deg


def test_looking_straight_down_heading_north_the_top_of_the_picture_is_north() -> None:
    right, down, forward = rotation_camera_to_enu(0.0, -90.0, 0.0)[0].T
    assert right == pytest.approx(EAST, abs=1e-12)
    assert down == pytest.approx(-NORTH, abs=1e-12)
    assert forward == pytest.approx(-UP, abs=1e-12)


def test_looking_east_at_the_horizon_the_right_is_south() -> None:
    right, down, forward = rotation_camera_to_enu(90.0, 0.0, 0.0)[0].T
    assert right == pytest.approx(-NORTH, abs=1e-12)
    assert down == pytest.approx(-UP, abs=1e-12)
    assert forward == pytest.approx(EAST, abs=1e-12)


def test_rolled_clockwise_by_90_degrees_the_right_of_the_camera_is_down() -> None:
    right, down, _ = rotation_camera_to_enu(0.0, 0.0, 90.0)[0].T
    assert right == pytest.approx(-UP, abs=1e-12)
    assert down == pytest.approx(-EAST, abs=1e-12)


def test_roll_180_at_the_nadir_is_yaw_180_and_still_looks_down() -> None:
    rolled = rotation_camera_to_enu(30.0, -90.0, 180.0)[0]
    assert rolled == pytest.approx(rotation_camera_to_enu(210.0, -90.0, 0.0)[0], abs=1e-12)
    assert rolled[:, 2] == pytest.approx(-UP, abs=1e-12)


@given(angles, st.floats(-90.0, 90.0), angles)
def test_rotations_are_right_handed_and_keep_lengths(yaw: float, pitch: float, roll: float) -> None:
    rotation = rotation_camera_to_enu(yaw, pitch, roll)[0]
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_a_bank_is_a_roll_at_the_horizon() -> None:
    banked = rotation_camera_to_enu(40.0, 0.0, 0.0, 7.0)
    assert banked == pytest.approx(rotation_camera_to_enu(40.0, 0.0, 7.0), abs=1e-12)


def test_a_bank_at_the_nadir_looks_to_the_left() -> None:
    # Clockwise as seen looking north: the camera's right side goes down, so that it looks west.
    forward = rotation_camera_to_enu(0.0, -90.0, 0.0, 10.0)[0, :, 2]
    expected = [-np.sin(np.radians(10.0)), 0.0, -np.cos(np.radians(10.0))]
    assert forward == pytest.approx(expected, abs=1e-12)
