"""The camera as a map between pixels and viewing rays."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from inference.reading.metadata import Lens, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode

NO_DISTORTION = (0.0, 0.0, 0.0, 0.0, 0.0)

# One sigma of the focal length as a part of itself. A laboratory or maker's calibration is good to
# some pixels in thousands; temperature and focus move it more than that on small cameras.
CALIBRATED_FOCAL_SIGMA = 0.003
NOMINAL_FOCAL_SIGMA = 0.01  # a design value or a stated field of view, not measured on this lens
CROPPED_FOCAL_SIGMA = 0.02  # the picture has another shape than the calibration: a crop is assumed

FRAME_WIDTH_35MM = 36.0
FRAME_DIAGONAL_35MM = math.hypot(36.0, 24.0)
ROUNDING_35MM = 1.0 / math.sqrt(12.0)  # EXIF writes whole millimetres: uniform over +-0.5

# Calibrated values that are further off than this are in other units (a DJI M3T writes 9100 and a
# centre of 0, 0) or for another camera of the same payload.
MAX_CENTER_OFFSET_RATIO = 0.1
MAX_FOCAL_DISAGREEMENT = 1.5
MAX_ASPECT_DISAGREEMENT = 0.01

MAX_UNDISTORTION_ERROR_PX = 1.0

# Focal length per long side of the picture: 4 mm to 36 m in terms of 35 mm film.
MIN_FOCAL_RATIO, MAX_FOCAL_RATIO = 0.1, 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A pinhole with Brown distortion, in pixels of the decoded, unturned picture.

    Attributes:
        fx, fy, cx, cy: In pixels; cx, cy from the top left pixel's centre.
        distortion: k1, k2, p1, p2, k3 as in OpenCV; zeros where unknown.
        source: Such as dewarp_data, calibrated, equivalent_35mm, horizontal_fov.
        focal_sigma_ratio: One sigma of the focal length as a part of itself.
    """

    width_px: int
    height_px: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float, float]
    source: str
    focal_sigma_ratio: float


def plan_camera(metadata: PhotoMetadata) -> Camera | NotPlaced:
    """Return the camera from the best that the photo says of its optics.

    In this order: DewarpData, calibrated focal length, horizontal field of view, 35 mm equivalent.
    """
    camera = (
        _camera_from_dewarp(metadata)
        or _camera_from_calibrated(metadata)
        or _camera_from_fov(metadata)
        or _camera_from_35mm(metadata)
    )
    if camera is None:
        return NotPlaced(
            code=ReasonCode.NO_FOCAL_LENGTH,
            detail="no usable calibration, field of view or 35 mm equivalent",
        )
    shortest, longest = sorted((camera.fx, camera.fy))
    long_side_px = max(camera.width_px, camera.height_px)
    if not MIN_FOCAL_RATIO <= shortest / long_side_px <= longest / long_side_px <= MAX_FOCAL_RATIO:
        return NotPlaced(
            code=ReasonCode.NO_FOCAL_LENGTH,
            detail=f"no camera has a focal length of {shortest:.3g} and {longest:.3g} pixels",
        )
    return camera


def pixel_to_ray(camera: Camera, pixels: ArrayLike) -> NDArray[np.float64]:
    """Return unit viewing rays (x right, y down, z forward), (N, 3).

    Args:
        camera: Its distortion is taken out.
        pixels: (N, 2) columns and rows in photo pixels. A box's edges are taken in the same
            coordinates; the half pixel between edge and centre is neglected.
    """
    points = np.atleast_2d(np.asarray(pixels, dtype=np.float64))
    plane = (points - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    if camera.distortion != NO_DISTORTION:
        plane = _undistort(plane, camera.distortion)
    rays = np.column_stack([plane, np.ones(len(plane))])
    unit: NDArray[np.float64] = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    return unit


def ray_to_pixel(camera: Camera, rays: ArrayLike) -> NDArray[np.float64]:
    """Return (N, 2) photo pixels of rays in the camera frame; NaN for rays that point backwards."""
    directions = np.atleast_2d(np.asarray(rays, dtype=np.float64))
    depth = np.where(directions[:, 2] > 0.0, directions[:, 2], np.nan)
    plane = directions[:, :2] / depth[:, None]
    distorted = _distort(plane, camera.distortion)
    return distorted * (camera.fx, camera.fy) + (camera.cx, camera.cy)


def _distort(
    plane: NDArray[np.float64], distortion: tuple[float, float, float, float, float]
) -> NDArray[np.float64]:
    """Return where the lens puts ideal points at unit depth (Brown's model as OpenCV has it)."""
    k1, k2, p1, p2, k3 = distortion
    x, y = plane.T
    squared = x * x + y * y
    radial = 1.0 + squared * (k1 + squared * (k2 + squared * k3))
    return np.column_stack(
        [
            x * radial + 2.0 * p1 * x * y + p2 * (squared + 2.0 * x * x),
            y * radial + p1 * (squared + 2.0 * y * y) + 2.0 * p2 * x * y,
        ]
    )


def _undistort(
    plane: NDArray[np.float64], distortion: tuple[float, float, float, float, float]
) -> NDArray[np.float64]:
    """Return the ideal points at unit depth that the lens has put at `plane`."""
    # OpenCV stops after 5 rounds unless told: that is pixels off in the corners of a drone's lens.
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
    ideal = cv2.undistortPointsIter(
        plane[:, None, :], np.eye(3), np.array(distortion), None, None, criteria
    )
    return np.asarray(ideal, dtype=np.float64)[:, 0, :]


def _camera_from_dewarp(metadata: PhotoMetadata) -> Camera | None:
    lens = metadata.lens
    if lens.dewarp_px is None:
        return None
    camera = _unscaled_camera(metadata, lens.dewarp_px, "dewarp_data", CALIBRATED_FOCAL_SIGMA)
    fitted = _fit_to_picture(camera, metadata)
    return fitted if fitted is not None and _can_undistort(fitted) else None


def _camera_from_calibrated(metadata: PhotoMetadata) -> Camera | None:
    focal = metadata.lens.calibrated_focal_px
    if focal is None:
        return None
    width, height = _calibrated_size_px(metadata)
    cx, cy = metadata.lens.calibrated_center_px or ((width - 1) / 2.0, (height - 1) / 2.0)
    # DJI's CalibratedFocalLength is the design value of the type, so it is trusted less.
    camera = _unscaled_camera(metadata, (focal, focal, cx, cy), "calibrated", NOMINAL_FOCAL_SIGMA)
    return _fit_to_picture(camera, metadata)


def _camera_from_fov(metadata: PhotoMetadata) -> Camera | None:
    degrees = metadata.lens.horizontal_fov_deg
    if degrees is None or not 1.0 <= degrees <= 150.0:
        return None
    focal = metadata.width_px / 2.0 / math.tan(math.radians(degrees) / 2.0)
    # A stated field of view belongs to the lens; what software cut away later is not in it.
    focal *= _digital_zoom(metadata.lens)
    return _centered_camera(metadata, focal, "horizontal_fov", NOMINAL_FOCAL_SIGMA)


def _camera_from_35mm(metadata: PhotoMetadata) -> Camera | None:
    """Return the camera of the 35 mm equivalent, scaled by the frame's long side.

    Makers scale by width or by diagonal and do not say which. Width is taken, which is the long
    side of pictures taken upright too; where the picture's shape makes a difference, the
    equivalent may as well be the other, and the doubt is stated.
    """
    equivalent = metadata.lens.focal_length_35mm
    if equivalent is None or not equivalent > 0.0:
        return None
    by_width = equivalent / FRAME_WIDTH_35MM * max(metadata.width_px, metadata.height_px)
    by_diagonal = (
        equivalent / FRAME_DIAGONAL_35MM * math.hypot(metadata.width_px, metadata.height_px)
    )
    # Right or wrong with even chances: the root mean square is the difference over root two.
    convention = abs(by_diagonal / by_width - 1.0) / math.sqrt(2.0)
    zoom, zoom_doubt = _zoom_of_35mm(metadata)
    sigma = math.hypot(convention, ROUNDING_35MM / equivalent, zoom_doubt)
    return _centered_camera(metadata, by_width * zoom, "equivalent_35mm", sigma)


def _digital_zoom(lens: Lens) -> float:
    """Return the factor by which the picture's middle was blown up; EXIF writes 0 for none."""
    return max(lens.digital_zoom or 1.0, 1.0)


def _zoom_of_35mm(metadata: PhotoMetadata) -> tuple[float, float]:
    """Return the zoom still to be put on a 35 mm equivalent, and the doubt of that as a ratio.

    EXIF leaves open whether the equivalent counts digital zoom. Apple counts it; a Pixel 8 Pro and
    a DJI H20N seen do not. So it is multiplied, but for Apple, and half of the difference is doubt.
    """
    zoom = _digital_zoom(metadata.lens)
    if (metadata.make or "").strip().lower() == "apple":
        return 1.0, 0.0
    return zoom, (1.0 - 1.0 / zoom) / 2.0


def _centered_camera(
    metadata: PhotoMetadata, focal_px: float, source: str, focal_sigma_ratio: float
) -> Camera:
    """Return a camera without distortion whose axis goes through the picture's middle."""
    return Camera(
        width_px=metadata.width_px,
        height_px=metadata.height_px,
        fx=focal_px,
        fy=focal_px,
        cx=(metadata.width_px - 1) / 2.0,
        cy=(metadata.height_px - 1) / 2.0,
        distortion=NO_DISTORTION,
        source=source,
        focal_sigma_ratio=focal_sigma_ratio,
    )


def _calibrated_size_px(metadata: PhotoMetadata) -> tuple[int, int]:
    """Return what the calibrated values are for; not stated means the picture itself."""
    return metadata.lens.calibrated_size_px or (metadata.width_px, metadata.height_px)


def _unscaled_camera(
    metadata: PhotoMetadata,
    intrinsics_px: tuple[float, float, float, float],
    source: str,
    focal_sigma_ratio: float,
) -> Camera:
    """Return the camera as calibrated, in pixels of the calibrated size."""
    width, height = _calibrated_size_px(metadata)
    fx, fy, cx, cy = intrinsics_px
    return Camera(
        width_px=width,
        height_px=height,
        fx=fx,
        fy=fy,
        cx=cx,
        cy=cy,
        distortion=metadata.lens.distortion or NO_DISTORTION,
        source=source,
        focal_sigma_ratio=focal_sigma_ratio,
    )


def _fit_to_picture(camera: Camera, metadata: PhotoMetadata) -> Camera | None:
    """Return the calibrated camera in the picture's pixels, or None where it cannot be for it.

    A picture of another shape than the calibration is taken as its middle cut out: cameras with a
    4:3 sensor write 16:9 pictures that way. Digital zoom is taken as not yet counted, because
    calibrations are made without. Of an upright picture with a lying calibration it is not known
    to which side the camera was turned.
    """
    width, height = metadata.width_px, metadata.height_px
    is_turned = (width - height) * (camera.width_px - camera.height_px) < 0
    if is_turned or not _has_plausible_center(camera):
        return None
    fit = max(width / camera.width_px, height / camera.height_px)
    scale = fit * _digital_zoom(metadata.lens)
    cut = max(1.0 - width / (camera.width_px * fit), 1.0 - height / (camera.height_px * fit))
    doubt = CROPPED_FOCAL_SIGMA if cut > MAX_ASPECT_DISAGREEMENT else 0.0
    fitted = replace(
        camera,
        width_px=width,
        height_px=height,
        fx=camera.fx * scale,
        fy=camera.fy * scale,
        cx=(camera.cx - (camera.width_px - 1) / 2.0) * scale + (width - 1) / 2.0,
        cy=(camera.cy - (camera.height_px - 1) / 2.0) * scale + (height - 1) / 2.0,
        focal_sigma_ratio=math.hypot(camera.focal_sigma_ratio, doubt),
    )
    return fitted if _agrees_with_35mm(fitted, metadata) else None


def _has_plausible_center(camera: Camera) -> bool:
    return (
        camera.fx > 0.0
        and camera.fy > 0.0
        and abs(camera.cx / camera.width_px - 0.5) < MAX_CENTER_OFFSET_RATIO
        and abs(camera.cy / camera.height_px - 0.5) < MAX_CENTER_OFFSET_RATIO
    )


def _can_undistort(camera: Camera) -> bool:
    """Tell whether there are rays to the corners: senseless coefficients fold the picture over."""
    right, bottom = camera.width_px - 1, camera.height_px - 1
    corners = np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]], dtype=np.float64)
    with np.errstate(all="ignore"):
        again = ray_to_pixel(camera, pixel_to_ray(camera, corners))
        return bool(np.abs(again - corners).max() < MAX_UNDISTORTION_ERROR_PX)


def _agrees_with_35mm(camera: Camera, metadata: PhotoMetadata) -> bool:
    """Tell whether the focal length is anywhere near the 35 mm equivalent, where there is one."""
    stated = _camera_from_35mm(metadata)
    if stated is None:
        return True
    ratio = camera.fx / stated.fx
    return 1.0 / MAX_FOCAL_DISAGREEMENT < ratio < MAX_FOCAL_DISAGREEMENT
