"""Which of the supposed matches of two photos can be of one scene seen from two places."""

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_ITERATIONS = 5000
CONFIDENCE = 0.9999

# Where a plane explains nearly all that the epipolar geometry does, the latter is not determined:
# it then fits any few wrong matches as well (O. Chum, T. Werner, J. Matas, "Two-view geometry
# estimation unaffected by a dominant plane", CVPR 2005).
PLANAR_SHARE = 0.8
PLANE_TOLERANCE_RATIO = 3.0  # ground is never quite flat
# What stands above the ground moves against it, but not by more than this part of the picture.
MAX_PARALLAX_RATIO = 0.12
MIN_ON_PLANE = 12  # a city, too, has that many points on one level
MAX_SCALE = 4.0  # of one photo against the other


def verify_matches(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    extent_px: float,
    tolerance_px: float,
) -> NDArray[np.bool_]:
    """Return (M,) which matches hold together; all False where nothing convincing is found.

    The result depends on the arguments alone: OpenCV's USAC methods carry their own random state.

    Args:
        first: (M, 2) pixels of one photo, free of lens distortion as far as it is known.
        second: (M, 2) of the other, row by row.
        extent_px: Long side of a photo.
        tolerance_px: What a right match may be off.
    """
    nothing = np.zeros(len(first), dtype=bool)
    plane_tolerance_px = PLANE_TOLERANCE_RATIO * tolerance_px
    off_plane_px = _off_plane_px(first, second, tolerance_px=plane_tolerance_px)
    on_plane = off_plane_px <= plane_tolerance_px
    if on_plane.sum() < MIN_ON_PLANE:
        return nothing
    off_epipolar_px = _off_epipolar_px(first, second, tolerance_px=tolerance_px)
    on_epipolar = off_epipolar_px <= tolerance_px
    on_epipolar &= off_plane_px <= MAX_PARALLAX_RATIO * extent_px
    if on_plane.sum() >= PLANAR_SHARE * on_epipolar.sum():
        return on_plane
    return on_epipolar


def _off_plane_px(
    first: NDArray[np.float64], second: NDArray[np.float64], *, tolerance_px: float
) -> NDArray[np.float64]:
    """Return (M,) distances in the second photo from where a plane puts the first's points.

    Infinite where no plane is found, or one that mirrors or scales as no two photos do.
    """
    far = np.full(len(first), np.inf)
    if len(first) < MIN_ON_PLANE:
        return far
    plane, _ = cv2.findHomography(
        first, second, cv2.USAC_MAGSAC, tolerance_px, None, MAX_ITERATIONS, CONFIDENCE
    )
    if plane is None or not np.isfinite(plane).all():
        return far
    moved = np.column_stack([first, np.ones(len(first))]) @ plane.T
    with np.errstate(divide="ignore", invalid="ignore"):
        there = moved[:, :2] / moved[:, 2:]
        # The Jacobian's determinant of a homography is det(H) / w^3.
        area_ratio = np.linalg.det(plane) / moved[:, 2] ** 3
    off = np.linalg.norm(there - second, axis=1)
    is_sane = (area_ratio > MAX_SCALE**-2) & (area_ratio < MAX_SCALE**2)
    return np.where(is_sane & np.isfinite(off), off, np.inf)


def _off_epipolar_px(
    first: NDArray[np.float64], second: NDArray[np.float64], *, tolerance_px: float
) -> NDArray[np.float64]:
    """Return (M,) Sampson distances, infinite where no epipolar geometry is found.

    R. Hartley, A. Zisserman, "Multiple View Geometry", 2nd edition, section 11.4.3.
    """
    matrix, _ = cv2.findFundamentalMat(
        first, second, cv2.USAC_MAGSAC, tolerance_px, CONFIDENCE, MAX_ITERATIONS
    )
    if matrix is None or matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        return np.full(len(first), np.inf)
    ones = np.ones(len(first))
    lines_second = np.column_stack([first, ones]) @ matrix.T
    lines_first = np.column_stack([second, ones]) @ matrix
    residual = (np.column_stack([second, ones]) * lines_second).sum(axis=1)
    slope = np.hypot(
        np.linalg.norm(lines_second[:, :2], axis=1), np.linalg.norm(lines_first[:, :2], axis=1)
    )
    off: NDArray[np.float64] = np.abs(residual) / np.maximum(slope, 1e-12)
    return off
