"""How wrong a photo's pose may be: what it shares with its flight, and its own part."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.geometry.camera import Camera
from inference.geometry.pose import PoseAccuracy

# Rows and columns of the covariances: metres, degrees, and the focal length as a part of itself.
POSE_ERRORS = ("gnss_east", "gnss_north", "height", "yaw", "pitch", "roll", "focal_length")
EAST, NORTH, HEIGHT, YAW, PITCH, ROLL, FOCAL_LENGTH = range(7)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseErrors:
    """Two (7, 7) covariances in the order of POSE_ERRORS, the errors independent of each other.

    As stated by the photo they are diagonal. A refinement from overlapping photos leaves errors
    that hang together, such as a pitch that makes good for a place.

    Attributes:
        shared: Of errors that are the same for all photos of the flight.
        own: Of errors of this photo alone.
    """

    shared: NDArray[np.float64]
    own: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        """Return (7, 7) both together."""
        both: NDArray[np.float64] = self.shared + self.own
        return both


def plan_pose_errors(
    accuracy: PoseAccuracy, camera: Camera, *, shared_height_m: float, own_height_m: float
) -> PoseErrors:
    """Return the errors of a pose as stated.

    Args:
        accuracy: Of the pose.
        camera: Its focal length's error is shared.
        shared_height_m: One sigma of the camera's height above the ground.
        own_height_m: Likewise.
    """
    shared = (
        accuracy.shared_horizontal_m,
        accuracy.shared_horizontal_m,
        shared_height_m,
        accuracy.shared_yaw_deg,
        accuracy.shared_pitch_deg,
        accuracy.shared_roll_deg,
        camera.focal_sigma_ratio,
    )
    own = (
        accuracy.own_horizontal_m,
        accuracy.own_horizontal_m,
        own_height_m,
        accuracy.own_yaw_deg,
        accuracy.own_pitch_deg,
        accuracy.own_roll_deg,
        0.0,
    )
    return PoseErrors(shared=np.diag(np.square(shared)), own=np.diag(np.square(own)))


def square_root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the symmetric square root; of a diagonal covariance that is the sigmas."""
    variances, axes = np.linalg.eigh(covariance)
    root: NDArray[np.float64] = (axes * np.sqrt(np.maximum(variances, 0.0))) @ axes.T
    return root


def tie_height_to_pitch(errors: PoseErrors, *, distance_m: float) -> PoseErrors:
    """Return the errors where the height was worked out with the pitch.

    A laser's fall is its distance times the sine of the depression. A camera that looks higher than
    it says has less below it: per radian by the horizontal distance of what the laser met. That
    acts as ground that is higher, which is the sense of HEIGHT.

    Args:
        errors: With height and pitch independent of each other.
        distance_m: Horizontal distance of what the laser met.
    """
    tie = np.eye(len(POSE_ERRORS))
    tie[HEIGHT, PITCH] = np.radians(distance_m)
    return PoseErrors(shared=tie @ errors.shared @ tie.T, own=tie @ errors.own @ tie.T)
