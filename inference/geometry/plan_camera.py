"""A photo's camera, from the best that is known of its optics, and what is doubtful of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from inference.geometry.calibrations import (
    CAMERA_TABLE,
    NOMINAL_CENTER_SIGMA,
    NOMINAL_FOCAL_SIGMA,
    calibrated_camera,
    known_cameras,
    middle,
)
from inference.geometry.camera import Camera, can_undistort
from inference.geometry.camera_table import TableCamera, find_table_camera, read_camera_table
from inference.geometry.equivalent_35mm import digital_zoom, focal_length_of_35mm
from inference.geometry.original_size import Fit, Size, fit_camera, plan_fit, size_reason
from inference.reading.metadata import PhotoMetadata
from inference.reading.tag_values import bad_value
from inference.receipt import NotPlaced, Reason, ReasonCode

# Calibrated values that are further off than this are in other units (a DJI M3T writes 9100 and a
# centre of 0, 0) or for another camera of the same payload.
MAX_CENTER_OFFSET_RATIO = 0.1
MAX_FOCAL_DISAGREEMENT = 1.5
# The equivalent of a known camera is rounded and by one of two conventions; more is another camera
# or a zoom that nothing else tells of.
MAX_TABLE_DISAGREEMENT = 1.1
# Focal length per long side of the picture: 4 mm to 36 m in terms of 35 mm film.
MIN_FOCAL_RATIO, MAX_FOCAL_RATIO = 0.1, 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCamera:
    """A camera and what is doubtful of it.

    Attributes:
        reasons: The picture is not as the camera wrote it, or statements contradict each other.
    """

    camera: Camera
    reasons: tuple[Reason, ...] = ()


def plan_camera(metadata: PhotoMetadata) -> Camera | NotPlaced:
    """Return the camera from the best that the photo says of its optics.

    In this order: a calibration of this very camera (DewarpData, Skydio's or Pix4D's tags), the
    calibrated focal length of its type, the camera table, horizontal field of view, 35 mm
    equivalent.
    """
    planned = _plan(metadata)
    return planned if isinstance(planned, NotPlaced) else planned.camera


def camera_reasons(metadata: PhotoMetadata) -> tuple[Reason, ...]:
    """Return what is doubtful of a photo's camera, though it is used."""
    planned = _plan(metadata)
    return () if isinstance(planned, NotPlaced) else planned.reasons


def _plan(metadata: PhotoMetadata) -> PlannedCamera | NotPlaced:
    entry = find_table_camera(read_camera_table(), metadata)
    doubts = _contradictions(metadata, entry)
    planned = next(_planned_cameras(metadata, None if doubts else entry), None)
    if planned is None:
        detail = "no usable calibration, field of view or 35 mm equivalent"
        if metadata.lens.is_fisheye:
            detail = "a fisheye without a usable polynomial"
        return NotPlaced(code=ReasonCode.NO_FOCAL_LENGTH, detail=detail)
    camera = planned.camera
    shortest, longest = sorted((camera.fx, camera.fy))
    long_side_px = max(camera.width_px, camera.height_px)
    if not MIN_FOCAL_RATIO <= shortest / long_side_px <= longest / long_side_px <= MAX_FOCAL_RATIO:
        return NotPlaced(
            code=ReasonCode.NO_FOCAL_LENGTH,
            detail=f"no camera has a focal length of {shortest:.3g} and {longest:.3g} pixels",
        )
    return PlannedCamera(camera=camera, reasons=(*doubts, *planned.reasons))


def _planned_cameras(metadata: PhotoMetadata, entry: TableCamera | None) -> Iterator[PlannedCamera]:
    """Yield what can be used, best first."""
    for calibration in known_cameras(metadata, entry):
        fitted = _fit_to_picture(calibration, metadata, entry)
        if fitted is not None:
            yield fitted
    # A pinhole of a fisheye's nominal focal length is tens of degrees off at the edge.
    if metadata.lens.is_fisheye:
        return
    for camera in (_camera_from_fov(metadata), _camera_from_35mm(metadata)):
        if camera is not None:
            yield PlannedCamera(camera=camera)


def _fit_to_picture(
    calibration: Camera, metadata: PhotoMetadata, entry: TableCamera | None
) -> PlannedCamera | None:
    """Return the calibrated camera in the picture's pixels, or None where it cannot be for it.

    Digital zoom is taken as not yet counted, because calibrations are made without. Of an upright
    picture with a lying calibration it is not known to which side the camera was turned.
    """
    size_px = (metadata.width_px, metadata.height_px)
    is_turned = (size_px[0] - size_px[1]) * (calibration.width_px - calibration.height_px) < 0
    if is_turned or not _has_plausible_center(calibration):
        return None
    fit = _fit_of(calibration, size_px, entry)
    zoom = digital_zoom(metadata.lens)
    camera = fit_camera(calibration, size_px, fit, digital_zoom=zoom)
    if not can_undistort(camera):
        return None
    if calibration.source != CAMERA_TABLE and not _agrees_with_35mm(camera, metadata):
        return None
    reason = size_reason(fit)
    return PlannedCamera(camera=camera, reasons=() if reason is None else (reason,))


def _fit_of(calibration: Camera, size_px: Size, entry: TableCamera | None) -> Fit:
    original_px = (calibration.width_px, calibration.height_px)
    written_px: tuple[Size, ...] = ()
    if entry is not None and sorted(entry.size_px) == sorted(original_px):
        is_upright = size_px[0] < size_px[1]
        written_px = tuple(size[::-1] if is_upright else size for size in entry.written_px)
    return plan_fit(size_px, original_px, written_px)


def _camera_from_fov(metadata: PhotoMetadata) -> Camera | None:
    degrees = metadata.lens.horizontal_fov_deg
    if degrees is None or not 1.0 <= degrees <= 150.0:
        return None
    focal = metadata.width_px / 2.0 / math.tan(math.radians(degrees) / 2.0)
    # A stated field of view belongs to the lens; what software cut away later is not in it.
    focal *= digital_zoom(metadata.lens)
    return _centered_camera(metadata, focal, "horizontal_fov", NOMINAL_FOCAL_SIGMA)


def _camera_from_35mm(metadata: PhotoMetadata) -> Camera | None:
    stated = focal_length_of_35mm(metadata)
    if stated is None:
        return None
    focal, sigma_ratio = stated
    return _centered_camera(metadata, focal, "equivalent_35mm", sigma_ratio)


def _centered_camera(
    metadata: PhotoMetadata, focal_px: float, source: str, focal_sigma_ratio: float
) -> Camera:
    """Return a camera without distortion whose axis goes through the picture's middle."""
    size_px = (metadata.width_px, metadata.height_px)
    return calibrated_camera(
        size_px,
        (focal_px, focal_px, *middle(size_px)),
        source=source,
        sigmas=(focal_sigma_ratio, NOMINAL_CENTER_SIGMA),
    )


def _has_plausible_center(camera: Camera) -> bool:
    return (
        camera.fx > 0.0
        and camera.fy > 0.0
        and abs(camera.cx / camera.width_px - 0.5) < MAX_CENTER_OFFSET_RATIO
        and abs(camera.cy / camera.height_px - 0.5) < MAX_CENTER_OFFSET_RATIO
    )


def _agrees_with_35mm(camera: Camera, metadata: PhotoMetadata) -> bool:
    """Tell whether the focal length is anywhere near the 35 mm equivalent, where there is one."""
    stated = focal_length_of_35mm(metadata)
    # A fisheye's equivalent is its picture's, bent as it is: not the focal length on the axis.
    if stated is None or metadata.lens.is_fisheye:
        return True
    return 1.0 / MAX_FOCAL_DISAGREEMENT < camera.fx / stated[0] < MAX_FOCAL_DISAGREEMENT


def _contradictions(metadata: PhotoMetadata, entry: TableCamera | None) -> tuple[Reason, ...]:
    """Return that the 35 mm equivalent is not this camera's, counted with or without zoom."""
    equivalent = metadata.lens.focal_length_35mm
    if entry is None or equivalent is None:
        return ()
    by_width, by_diagonal = entry.equivalents_35mm(metadata.lens.focal_length_mm)
    shortest, longest = sorted((by_width, by_diagonal))
    for zoom in (1.0, digital_zoom(metadata.lens)):
        # Whole millimetres: half of one is no contradiction, however short the lens.
        if (
            shortest * zoom / MAX_TABLE_DISAGREEMENT - 0.5
            <= equivalent
            <= longest * zoom * MAX_TABLE_DISAGREEMENT + 0.5
        ):
            return ()
    said = f"{equivalent:g}, {metadata.model} has {shortest:.0f} to {longest:.0f}"
    return (bad_value("FocalLengthIn35mmFilm", said),)
