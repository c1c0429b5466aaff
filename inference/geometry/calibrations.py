"""Cameras that are known in pixels of their original size: measured, of a type, of the table."""

from collections.abc import Iterator

from inference.geometry.camera import Camera
from inference.geometry.camera_table import TableCamera
from inference.geometry.distortion import NO_DISTORTION, Brown, Distortion, pix4d_fisheye
from inference.geometry.original_size import Size
from inference.reading.metadata import Lens, PhotoMetadata

CAMERA_TABLE = "camera_table"
CALIBRATED = "calibrated"

# One sigma of the focal length as a part of itself. A laboratory or maker's calibration is good to
# some pixels in thousands; temperature and focus move it more than that on small cameras.
MEASURED_FOCAL_SIGMA = 0.003
# A design value or a stated field of view, not measured on this lens: small lenses are made to
# 1 to 3 % of their focal length.
NOMINAL_FOCAL_SIGMA = 0.015

# One sigma of the principal point as a part of the picture's long side, on each axis. Where nobody
# measured it, it is the middle, and lenses sit beside that by some thousandths of the picture.
MEASURED_CENTER_SIGMA = 0.001
NOMINAL_CENTER_SIGMA = 0.005

# A calibrated size is twice the optical centre, which is this near to the real size.
SAME_SIZE_RATIO = 0.1


def known_cameras(metadata: PhotoMetadata, entry: TableCamera | None) -> Iterator[Camera]:
    """Yield what is known of a photo's camera in pixels of its original size, best first.

    Args:
        metadata: The calibrations that it carries.
        entry: The camera in the table, if it is there.
    """
    lens = metadata.lens
    cameras = [_measured_camera(metadata, entry)]
    if not lens.is_fisheye:
        cameras += [_camera_of_type(metadata, entry), _camera_of_table(metadata, entry)]
    yield from (camera for camera in cameras if camera is not None)


def _measured_camera(metadata: PhotoMetadata, entry: TableCamera | None) -> Camera | None:
    lens = metadata.lens
    distortion = _distortion_of(lens)
    if lens.dewarp_px is None or distortion is None:
        return None
    return calibrated_camera(
        _calibrated_size_px(metadata, entry),
        lens.dewarp_px,
        source=lens.dewarp_source,
        sigmas=(MEASURED_FOCAL_SIGMA, MEASURED_CENTER_SIGMA),
        distortion=distortion,
    )


def _camera_of_type(metadata: PhotoMetadata, entry: TableCamera | None) -> Camera | None:
    """Return the camera of DJI's CalibratedFocalLength, the design value of the type."""
    focal = metadata.lens.calibrated_focal_px
    if focal is None:
        return None
    size_px = _calibrated_size_px(metadata, entry)
    return calibrated_camera(
        size_px,
        (focal, focal, *(metadata.lens.calibrated_center_px or middle(size_px))),
        source=CALIBRATED,
        sigmas=(NOMINAL_FOCAL_SIGMA, NOMINAL_CENTER_SIGMA),
    )


def _camera_of_table(metadata: PhotoMetadata, entry: TableCamera | None) -> Camera | None:
    focal = None if entry is None else entry.focal_px(metadata.lens.focal_length_mm)
    if entry is None or focal is None:
        return None
    is_upright = metadata.width_px < metadata.height_px
    size_px = entry.size_px[::-1] if is_upright else entry.size_px
    return calibrated_camera(
        size_px,
        (focal, focal, *middle(size_px)),
        source=CAMERA_TABLE,
        sigmas=(entry.focal_sigma_ratio, NOMINAL_CENTER_SIGMA),
    )


def calibrated_camera(
    size_px: Size,
    intrinsics_px: tuple[float, float, float, float],
    *,
    source: str,
    sigmas: tuple[float, float],
    distortion: Distortion = NO_DISTORTION,
) -> Camera:
    """Return the camera as calibrated, in pixels of the calibrated size.

    Args:
        size_px: Width and height.
        intrinsics_px: fx, fy, cx, cy.
        source: Of the values.
        sigmas: Of the focal length as a part of itself, of the centre as a part of the long side.
        distortion: Where measured.
    """
    fx, fy, cx, cy = intrinsics_px
    center_sigma_px = sigmas[1] * max(size_px)
    return Camera(
        width_px=size_px[0],
        height_px=size_px[1],
        fx=fx,
        fy=fy,
        cx=cx,
        cy=cy,
        distortion=distortion,
        source=source,
        focal_sigma_ratio=sigmas[0],
        center_sigma_px=(center_sigma_px, center_sigma_px),
    )


def middle(size_px: Size) -> tuple[float, float]:
    """Return the middle, from the top left pixel's centre."""
    return (size_px[0] - 1) / 2.0, (size_px[1] - 1) / 2.0


def _calibrated_size_px(metadata: PhotoMetadata, entry: TableCamera | None) -> Size:
    """Return what the calibrated values are for; not stated means the picture itself.

    The size that is read off the optical centre is off by pixels; the table knows it exactly.
    """
    size_px = metadata.lens.calibrated_size_px or (metadata.width_px, metadata.height_px)
    if entry is not None and all(
        abs(side - known) <= SAME_SIZE_RATIO * known
        for side, known in zip(size_px, entry.size_px, strict=True)
    ):
        return entry.size_px
    return size_px


def _distortion_of(lens: Lens) -> Distortion | None:
    """Return the measured distortion; None where a fisheye's makes no sense."""
    if lens.is_fisheye:
        try:
            return (
                None if lens.fisheye_polynomial is None else pix4d_fisheye(lens.fisheye_polynomial)
            )
        except ValueError:
            return None
    if lens.distortion is None:
        return NO_DISTORTION
    k1, k2, p1, p2, k3 = lens.distortion
    return Brown(k1=k1, k2=k2, p1=p1, p2=p2, k3=k3)
