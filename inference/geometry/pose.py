"""Where the camera was, where it looked, and how well that is known."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.geometry.declination import plan_true_yaw
from inference.reading.height_datum import HeightDatum
from inference.reading.metadata import PhotoMetadata, StatedAccuracy
from inference.receipt import NotPlaced, ReasonCode

# DJI's RtkFlag: 0 no position, 16 single point, 32 to 49 float, 50 fixed (manuals of the Mavic 3
# Enterprise and Phantom 4 RTK).
RTK_FIXED = 50
RTK_FLOAT = range(32, 50)

# One sigma in metres on each axis: what neighbouring photos share, and a photo's own part.
FIXED_MIN_SIGMA_M = 0.02  # RtkStd is the receiver's own, optimistic figure
FIXED_BASE_SIGMA_M = 0.05  # the base's coordinates, lever arm and shutter lag
FLOAT_SIGMA_M = 0.5
GNSS_SHARED_SIGMA_M = 2.0  # on each axis; the ionosphere and the orbits change slowly
GNSS_OWN_SIGMA_M = 0.7  # with the shared part 3 m root mean square in the plane
USER_RANGE_ERROR_M = 2.0  # times HDOP gives the horizontal error (GPS performance standard, 2020)

# A receiver without a fix states DOPs of 99 and more, and errors of kilometres.
MAX_POSITION_SIGMA_M = 1000.0

# Height above the take-off place. A barometer drifts with weather and warm-up by some metres in a
# flight; with fixed RTK it follows the receiver.
BAROMETER_SHARED_SIGMA_M = 2.0
BAROMETER_OWN_SIGMA_M = 0.3
RTK_HEIGHT_SHARED_SIGMA_M = 0.3

# Attitude in degrees. Compass headings on small drones are off by up to 10 degrees uncalibrated
# and 2 to 3 calibrated; receivers with RTK feed a heading that is better. Gimbals are levelled to
# half a degree.
YAW_SHARED_SIGMA_DEG = 2.5
YAW_SHARED_SIGMA_RTK_DEG = 1.2
YAW_OWN_SIGMA_DEG = 0.7
PITCH_SHARED_SIGMA_DEG = 0.6
PITCH_OWN_SIGMA_DEG = 0.4
ROLL_SHARED_SIGMA_DEG = 0.6
ROLL_OWN_SIGMA_DEG = 0.5
# Angles of the airframe or of a light sensor on it, where the camera is bolted on without gimbal:
# how it sits there is shared by the flight, how far the sensor lags in gusts is not.
BOLTED_ON_SIGMA_DEG = 2.0

POSITION_REASONS = (
    ReasonCode.NO_GPS,
    ReasonCode.GPS_ZERO,
    ReasonCode.GPS_OUT_OF_RANGE,
    ReasonCode.TELEMETRY_INCOMPLETE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseAccuracy:
    """One-sigma accuracies, each split in what a flight's photos share and a photo's own part.

    Shared errors (GNSS offset, height offset, bias of the angles) do not average out over the
    photos of a flight; own errors do.
    """

    shared_horizontal_m: float
    own_horizontal_m: float
    shared_vertical_m: float
    own_vertical_m: float
    shared_yaw_deg: float
    own_yaw_deg: float
    shared_pitch_deg: float
    own_pitch_deg: float
    shared_roll_deg: float
    own_roll_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """The camera's place and attitude at the exposure.

    Attributes:
        height_above_takeoff_m: None where the photo does not say.
        absolute_datum: From where the absolute height counts, None where nothing tells.
        yaw_deg: Clockwise from true north, 0 to 360.
        pitch_deg: 0 at the horizon, -90 straight down.
        roll_deg: Clockwise as the camera sees it.
        bank_deg: See `rotation_camera_to_enu`; photos do not state it, a refinement finds it.
        position_source: Such as rtk_fixed, rtk_float, gnss.
    """

    latitude_deg: float
    longitude_deg: float
    height_above_takeoff_m: float | None
    absolute_height_m: float | None
    absolute_datum: HeightDatum | None
    laser_distance_m: float | None
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    position_source: str
    attitude_source: str
    accuracy: PoseAccuracy
    bank_deg: float = 0.0


def plan_pose(metadata: PhotoMetadata) -> Pose | NotPlaced:
    """Return the camera's place and attitude, or the reason why the photo does not tell them."""
    position = _position_deg(metadata)
    if isinstance(position, NotPlaced):
        return position
    attitude = metadata.attitude
    if attitude is None or not _all_finite(attitude.yaw_deg, attitude.pitch_deg, attitude.roll_deg):
        return _no_attitude(metadata)
    yaw = plan_true_yaw(
        attitude.yaw_deg,
        attitude.yaw_reference,
        latitude_deg=position[0],
        longitude_deg=position[1],
        captured_at=metadata.captured_at,
    )
    accuracy = plan_accuracy(
        metadata.accuracy,
        yaw_reference_sigma_deg=yaw.sigma_deg,
        is_gimbal=not attitude.source.endswith(("_airframe", "_light_sensor")),
    )
    sigma_m = max(accuracy.shared_horizontal_m, accuracy.own_horizontal_m, accuracy.own_vertical_m)
    if sigma_m > MAX_POSITION_SIGMA_M:
        return NotPlaced(code=ReasonCode.NO_GPS, detail=f"good to {sigma_m:.3g} m only, it says")
    return Pose(
        latitude_deg=position[0],
        longitude_deg=position[1],
        height_above_takeoff_m=metadata.relative_altitude_m,
        absolute_height_m=metadata.absolute_altitude_m,
        absolute_datum=metadata.absolute_datum,
        laser_distance_m=metadata.laser_distance_m,
        yaw_deg=yaw.yaw_deg,
        pitch_deg=attitude.pitch_deg,
        roll_deg=attitude.roll_deg,
        position_source=position_source(metadata.accuracy),
        attitude_source=attitude.source,
        accuracy=accuracy,
    )


def _no_attitude(metadata: PhotoMetadata) -> NotPlaced:
    """Return whether all of the attitude is missing or the yaw alone."""
    for reason in metadata.reasons:
        if reason.code is ReasonCode.NO_YAW:
            return NotPlaced(code=reason.code, detail=reason.detail)
    return NotPlaced(code=ReasonCode.NO_ATTITUDE, detail="no yaw, pitch and roll")


def position_source(stated: StatedAccuracy) -> str:
    """Return rtk_fixed, rtk_float or gnss."""
    if stated.rtk_flag == RTK_FIXED:
        return "rtk_fixed"
    if stated.rtk_flag in RTK_FLOAT:
        return "rtk_float"
    return "gnss"


def plan_accuracy(
    stated: StatedAccuracy, *, yaw_reference_sigma_deg: float, is_gimbal: bool = True
) -> PoseAccuracy:
    """Return one-sigma accuracies from what the photo states, else those of its kind.

    What a photo states is taken only where it makes the sigma larger than the kind's least.

    Args:
        stated: RTK flag and deviations, DOP, positioning error.
        yaw_reference_sigma_deg: Of the north that the yaw is from.
        is_gimbal: Whether the angles are the camera's own and it is levelled.
    """
    fixed = stated.rtk_flag == RTK_FIXED
    shared_horizontal, own_horizontal = _horizontal_sigmas_m(stated)
    yaw = YAW_SHARED_SIGMA_RTK_DEG if fixed else YAW_SHARED_SIGMA_DEG
    own_vertical = max(stated.std_up_m or 0.0, FIXED_MIN_SIGMA_M)
    tilt = 0.0 if is_gimbal else BOLTED_ON_SIGMA_DEG
    return PoseAccuracy(
        shared_horizontal_m=shared_horizontal,
        own_horizontal_m=own_horizontal,
        shared_vertical_m=RTK_HEIGHT_SHARED_SIGMA_M if fixed else BAROMETER_SHARED_SIGMA_M,
        own_vertical_m=own_vertical if fixed else BAROMETER_OWN_SIGMA_M,
        shared_yaw_deg=math.hypot(yaw, yaw_reference_sigma_deg),
        own_yaw_deg=YAW_OWN_SIGMA_DEG,
        shared_pitch_deg=max(PITCH_SHARED_SIGMA_DEG, tilt),
        own_pitch_deg=max(PITCH_OWN_SIGMA_DEG, tilt),
        shared_roll_deg=max(ROLL_SHARED_SIGMA_DEG, tilt),
        own_roll_deg=max(ROLL_OWN_SIGMA_DEG, tilt),
    )


def pose_rotation(pose: Pose) -> NDArray[np.float64]:
    """Return the (3, 3) rotation from the camera frame to east, north, up."""
    rotation: NDArray[np.float64] = rotation_camera_to_enu(
        pose.yaw_deg, pose.pitch_deg, pose.roll_deg, pose.bank_deg
    )[0]
    return rotation


def rotation_camera_to_enu(
    yaw_deg: ArrayLike, pitch_deg: ArrayLike, roll_deg: ArrayLike, bank_deg: ArrayLike = 0.0
) -> NDArray[np.float64]:
    """Return rotations from the camera frame (x right, y down, z forward) to east, north, up.

    Columns are the camera's axes: the view is turned to its heading, tilted, and then rolled about
    the viewing axis. A roll of 180 degrees at the nadir is thereby the same as 180 degrees of yaw,
    and no roll tilts a camera there to the side as a gimbal that is not level does. That is what
    the bank is for, about the horizontal axis along the heading: at the horizon it is a roll.

    Args:
        yaw_deg: (N,) clockwise from true north.
        pitch_deg: (N,) 0 at the horizon, -90 straight down.
        roll_deg: (N,) clockwise as the camera sees it.
        bank_deg: (N,) or one, clockwise as seen along the heading, after the others.

    Returns:
        (N, 3, 3).
    """
    yaw, pitch, roll = (
        np.radians(np.atleast_1d(np.asarray(angle, dtype=np.float64)))
        for angle in (yaw_deg, pitch_deg, roll_deg)
    )
    zero = np.zeros_like(yaw)
    level_right = np.stack([np.cos(yaw), -np.sin(yaw), zero], axis=-1)
    forward = np.stack(
        [np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)], axis=-1
    )
    # The cross product of the other two, written out.
    level_down = np.stack(
        [np.sin(yaw) * np.sin(pitch), np.cos(yaw) * np.sin(pitch), -np.cos(pitch)], axis=-1
    )
    cosine, sine = np.cos(roll)[:, None], np.sin(roll)[:, None]
    right = cosine * level_right + sine * level_down
    down = cosine * level_down - sine * level_right
    rotation = np.stack([right, down, forward], axis=-1)
    bank = np.radians(np.asarray(bank_deg, dtype=np.float64))
    return rotation if not bank.any() else _bank(rotation, yaw, bank)


def _bank(
    rotation: NDArray[np.float64], yaw: NDArray[np.float64], bank: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (N, 3, 3) rotations turned about the horizontal axis of the heading (Rodrigues)."""
    heading = np.stack([np.sin(yaw), np.cos(yaw), np.zeros_like(yaw)], axis=-1)[:, :, None]
    cosine, sine = np.cos(bank).reshape(-1, 1, 1), np.sin(bank).reshape(-1, 1, 1)
    across = np.cross(heading, rotation, axis=1)
    along = heading * (heading * rotation).sum(axis=1, keepdims=True)
    banked: NDArray[np.float64] = cosine * rotation + sine * across + (1.0 - cosine) * along
    return banked


def _position_deg(metadata: PhotoMetadata) -> tuple[float, float] | NotPlaced:
    """Return latitude and longitude, or why there are none."""
    for reason in metadata.reasons:
        if reason.code in POSITION_REASONS:
            return NotPlaced(code=reason.code, detail=reason.detail)
    latitude, longitude = metadata.latitude_deg, metadata.longitude_deg
    if latitude is None or longitude is None or not _all_finite(latitude, longitude):
        return NotPlaced(code=ReasonCode.NO_GPS, detail="no latitude and longitude")
    if latitude == 0.0 and longitude == 0.0:
        return NotPlaced(code=ReasonCode.GPS_ZERO, detail="latitude and longitude are 0")
    if abs(latitude) > 90.0 or abs(longitude) > 180.0:
        return NotPlaced(code=ReasonCode.GPS_OUT_OF_RANGE, detail=f"{latitude}, {longitude}")
    return latitude, longitude


def _horizontal_sigmas_m(stated: StatedAccuracy) -> tuple[float, float]:
    """Return the shared and the own part, for one axis."""
    stated_std = max(stated.std_east_m or 0.0, stated.std_north_m or 0.0)
    if stated.rtk_flag == RTK_FIXED:
        return FIXED_BASE_SIGMA_M, max(stated_std, FIXED_MIN_SIGMA_M)
    if stated.rtk_flag in RTK_FLOAT:
        # A float solution wanders slowly: most of it is common to a flight.
        return max(stated_std, FLOAT_SIGMA_M), FLOAT_SIGMA_M / 2.0
    dop = (stated.gps_dop or 0.0) * USER_RANGE_ERROR_M
    shared = max(GNSS_SHARED_SIGMA_M, dop, stated.horizontal_error_m or 0.0)
    return shared, GNSS_OWN_SIGMA_M


def _all_finite(*values: float) -> bool:
    return all(math.isfinite(value) for value in values)
