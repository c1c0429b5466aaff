"""From a box in a photo taken in the street to a place on the map, with its long ellipse.

Such photos say where the camera was, some where it looked, and none how it was tilted or how far
away anything is. So the place is the range's mean along the compass direction, or, without a
direction, the camera's own place with a circle that the object is in.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.geometry.camera import Camera
from inference.geometry.declination import TrueYaw, declination, plan_true_yaw
from inference.geometry.frames import EnuFrame, enu_to_wgs84
from inference.geometry.plan_camera import plan_camera
from inference.geometry.pose import POSITION_REASONS, USER_RANGE_ERROR_M
from inference.geometry.pose_errors import EAST, FOCAL_LENGTH, HEIGHT, NORTH, PITCH, YAW
from inference.geometry.uncertainty import BOX_SIGMA_RATIO, SHARED_ERRORS
from inference.patrol.methods import CIRCLE_AROUND_CAMERA, COMPASS_RAY
from inference.patrol.ranges import RangeEstimate, estimate_range
from inference.patrol.seen_box import SeenBox, see_upright
from inference.reading.metadata import PhotoMetadata, YawReference
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement

OBJECT_SIZE = SHARED_ERRORS.index("object_size")

# One sigma on each axis of a phone between houses, 3 to 5 m together: what photos of a walk share,
# and a photo's own part.
GNSS_SHARED_SIGMA_M = 3.0
GNSS_OWN_SIGMA_M = 2.0
MAX_GNSS_SIGMA_M = 100.0  # worse is the place of a radio mast, not of a camera

# A phone's compass is off by 10 to 15 degrees: its calibration lasts for a walk, cars and iron
# fences beside do not.
COMPASS_SHARED_SIGMA_DEG = 9.0
COMPASS_OWN_SIGMA_DEG = 8.0

# Own covariance (3, 3) and shared loading (3, K), as in Placement.
Errors = tuple[NDArray[np.float64], NDArray[np.float64]]

UP_SIGMA_M = 1.0  # of the ground's height, which nothing here tells


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patrol:
    """What a street photo says of itself, as one-sigma values in metres and degrees."""

    frame: EnuFrame
    camera: Camera
    direction: TrueYaw | None
    gnss_shared_m: float


def locate_from_street(
    detection: Detection, metadata: PhotoMetadata, *, refusal: NotPlaced
) -> Placement | NotPlaced:
    """Return about where the object on a street photo is, or why that cannot be said.

    Args:
        detection: Its box in photo pixels.
        metadata: Of the photo.
        refusal: Why the photo has no full geometry.
    """
    if refusal.code in POSITION_REASONS:
        return refusal
    patrol = _plan_patrol(metadata)
    if isinstance(patrol, NotPlaced):
        return patrol
    seen = see_upright(detection.box_photo, patrol.camera, orientation=metadata.orientation)
    found = estimate_range(seen, class_name=detection.class_name)
    if isinstance(found, NotPlaced):
        return found
    if patrol.direction is None:
        errors = _circle_errors(patrol, found)
        return _placement(patrol, seen, found, np.zeros(2), errors, CIRCLE_AROUND_CAMERA)
    bearing = math.radians(patrol.direction.yaw_deg) + math.atan(seen.column)
    along = np.array([math.sin(bearing), math.cos(bearing)])
    errors = _ray_errors(patrol, seen, found, along, north_deg=patrol.direction.sigma_deg)
    return _placement(patrol, seen, found, found.mean_m * along, errors, COMPASS_RAY)


def compass_direction_deg(metadata: PhotoMetadata) -> float | None:
    """Return where the camera looked, clockwise from its reference, or None where not told."""
    direction = metadata.image_direction_deg
    if direction is None or not math.isfinite(direction) or not 0.0 <= direction <= 360.0:
        return None
    return direction % 360.0


def _plan_patrol(metadata: PhotoMetadata) -> _Patrol | NotPlaced:
    latitude, longitude = metadata.latitude_deg, metadata.longitude_deg
    if latitude is None or longitude is None:
        return NotPlaced(code=ReasonCode.NO_GPS, detail="no latitude and longitude")
    stated = metadata.accuracy
    dop_m = (stated.gps_dop or 0.0) * USER_RANGE_ERROR_M
    gnss_m = max(GNSS_SHARED_SIGMA_M, dop_m, stated.horizontal_error_m or 0.0)
    if gnss_m > MAX_GNSS_SIGMA_M:
        return NotPlaced(code=ReasonCode.NO_GPS, detail=f"good to {gnss_m:.3g} m only, it says")
    camera = plan_camera(metadata)
    if isinstance(camera, NotPlaced):
        return camera
    return _Patrol(
        frame=EnuFrame(latitude_deg=latitude, longitude_deg=longitude),
        camera=camera,
        direction=_true_direction(metadata, latitude, longitude),
        gnss_shared_m=gnss_m,
    )


def _true_direction(
    metadata: PhotoMetadata, latitude_deg: float, longitude_deg: float
) -> TrueYaw | None:
    """Return the direction from true north with the doubt that its north leaves, or None."""
    direction_deg, reference = compass_direction_deg(metadata), metadata.image_direction_reference
    if direction_deg is None:
        return None
    if reference is not YawReference.UNKNOWN:
        return plan_true_yaw(
            direction_deg,
            reference,
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
            captured_at=metadata.captured_at,
        )
    # Phones write both, so the one is as likely as the other where none is named.
    there = declination(latitude_deg, longitude_deg, metadata.captured_at)
    half_deg = there.declination_deg / 2.0
    return TrueYaw(
        yaw_deg=(direction_deg + half_deg) % 360.0, sigma_deg=math.hypot(half_deg, there.sigma_deg)
    )


def _ray_errors(
    patrol: _Patrol,
    seen: SeenBox,
    found: RangeEstimate,
    along: NDArray[np.float64],
    *,
    north_deg: float,
) -> Errors:
    """Return the own covariance (3, 3) and the loading (3, K) of a place along a direction.

    Across the ray an error of the direction counts with the mean square of the range: that is the
    second moment of the product of two independent errors, and no first-order value.

    Args:
        patrol: Camera and place.
        seen: The box.
        found: Its range.
        along: (2,) unit direction of the ray, east and north.
        north_deg: One sigma of where true north is.
    """
    across = np.array([along[1], -along[0]])  # where a larger bearing moves the place
    reach_m = math.sqrt(found.mean_square_m2)
    shares = found.object_share, found.camera_height_share, found.tilt_share
    own_share = max(1.0 - sum(shares), 0.0)
    box_rad = BOX_SIGMA_RATIO * seen.width
    own_across_rad = math.hypot(math.radians(COMPASS_OWN_SIGMA_DEG), box_rad)
    own = _own_covariance(
        own_share * found.variance_m2 * np.outer(along, along)
        + (own_across_rad * reach_m) ** 2 * np.outer(across, across)
    )
    loading = _gnss_loading(patrol)
    for column, share in zip((OBJECT_SIZE, HEIGHT, PITCH), shares, strict=True):
        loading[:2, column] = math.sqrt(share * found.variance_m2) * along
    compass_deg = math.hypot(COMPASS_SHARED_SIGMA_DEG, north_deg)
    loading[:2, YAW] = math.radians(compass_deg) * reach_m * across
    loading[:2, FOCAL_LENGTH] = patrol.camera.focal_sigma_ratio * found.mean_m * along
    return own, loading


def _circle_errors(patrol: _Patrol, found: RangeEstimate) -> Errors:
    """Return the own covariance and the loading of an object anywhere around the camera.

    At a range r in an unknown direction each coordinate has a mean square of r²/2.
    """
    return _own_covariance(found.mean_square_m2 / 2.0 * np.eye(2)), _gnss_loading(patrol)


def _own_covariance(plane_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    own = np.zeros((3, 3))
    own[:2, :2] = plane_m2 + GNSS_OWN_SIGMA_M**2 * np.eye(2)
    own[2, 2] = UP_SIGMA_M**2
    return own


def _gnss_loading(patrol: _Patrol) -> NDArray[np.float64]:
    loading = np.zeros((3, len(SHARED_ERRORS)))
    loading[0, EAST] = loading[1, NORTH] = patrol.gnss_shared_m
    return loading


def _placement(
    patrol: _Patrol,
    seen: SeenBox,
    found: RangeEstimate,
    east_north_m: NDArray[np.float64],
    errors: Errors,
    method: str,
) -> Placement:
    """Return the place without an outline: the box's is not known, and the ellipse says enough."""
    latitude, longitude, _ = enu_to_wgs84(patrol.frame, np.append(east_north_m, 0.0))[0]
    depth_m = found.mean_m / math.hypot(1.0, seen.column)
    return Placement(
        latitude_deg=float(latitude),
        longitude_deg=float(longitude),
        height_m=None,
        height_datum=None,
        own_covariance_m2=errors[0],
        shared_loading_m=errors[1],
        method=method,
        footprint_wgs84=(),
        ground_size_m=(seen.width * depth_m, seen.width * depth_m),
        gsd_m=depth_m / patrol.camera.fx,
        is_part=seen.is_cut,
    )
