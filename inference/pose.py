"""Where the camera was, where it looked, and how well that is known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseAccuracy:
    """One-sigma accuracies, each split in what a flight's photos share and a photo's own part.

    Shared errors (GNSS offset, yaw and pitch bias, height offset) do not average out over the
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
    own_roll_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """The camera's place and attitude at the exposure.

    Attributes:
        height_above_takeoff_m: None where the photo does not say.
        yaw_deg: Clockwise from true north, 0 to 360.
        pitch_deg: 0 at the horizon, -90 straight down.
        roll_deg: Clockwise as the camera sees it.
        position_source: Such as rtk_fixed, rtk_float, gnss.
    """

    latitude_deg: float
    longitude_deg: float
    height_above_takeoff_m: float | None
    absolute_height_m: float | None
    laser_distance_m: float | None
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    position_source: str
    attitude_source: str
    accuracy: PoseAccuracy
