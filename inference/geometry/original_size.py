"""How a picture came out of the one that its calibration is for: scaled, or a part cut out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.geometry.camera import Camera
from inference.receipt import Reason, ReasonCode

Size = tuple[int, int]  # width, height

# Rounding to whole pixels changes the shape of small copies by this much.
MAX_ASPECT_DISAGREEMENT = 0.01
# One sigma of the focal length where a part was cut out after capture: that it was cut at the
# scale at which it just fits is an assumption.
CUT_FOCAL_SIGMA = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Where a picture lies in its original, taken as a window in the middle.

    Attributes:
        scale: Pixels of the picture for one of the original.
        cut_px: Columns and rows of the picture's size that are missing, left and right together.
        is_by_camera: The cut is one that the camera itself makes, in the middle.
        detail: What was done to the picture after capture, or None.
    """

    scale: float
    cut_px: tuple[float, float]
    is_by_camera: bool
    detail: str | None


def plan_fit(size_px: Size, original_px: Size, written_px: Sequence[Size] = ()) -> Fit:
    """Return how the picture came out of the original.

    Args:
        size_px: Of the picture.
        original_px: Of the whole sensor's picture, which the calibration is for.
        written_px: Other sizes that the camera writes: its own crops and binned pictures.
    """
    known = [size for size in (original_px, *written_px) if _is_same_shape(size, size_px)]
    # Of several sizes of one shape the largest counts, unless the picture has one of them.
    base = size_px if size_px in known else max(known, default=original_px)
    scale = _cover(size_px, base) * _cover(base, original_px)
    cut_px = (original_px[0] * scale - size_px[0], original_px[1] * scale - size_px[1])
    steps = []
    if size_px != base:
        ratio = _cover(size_px, base)
        if not math.isclose(ratio, 1.0, rel_tol=1e-9):
            steps.append(f"scaled by {ratio:.3g}")
        if not known:
            steps.append("cut out")
    detail = None
    if steps:
        detail = (
            f"{size_px[0]} x {size_px[1]}, calibrated for {original_px[0]} x {original_px[1]}: "
            + " and ".join(steps)
        )
    return Fit(
        scale=scale,
        cut_px=(max(cut_px[0], 0.0), max(cut_px[1], 0.0)),
        is_by_camera=bool(known),
        detail=detail,
    )


def size_reason(fit: Fit) -> Reason | None:
    """Return that a picture is not as its camera wrote it, or None."""
    if fit.detail is None:
        return None
    return Reason(code=ReasonCode.NOT_ORIGINAL_SIZE, detail=fit.detail)


def fit_camera(camera: Camera, size_px: Size, fit: Fit, *, digital_zoom: float) -> Camera:
    """Return the calibrated camera in the picture's pixels.

    A part that was cut out after capture may lie anywhere in the original: the axis goes through
    its middle give or take a uniform distribution over what is missing.

    Args:
        camera: In pixels of the original.
        size_px: Of the picture.
        fit: How it came out of the original.
        digital_zoom: Not counted by the calibration; the middle is blown up by it.
    """
    width, height = size_px
    scale = fit.scale * digital_zoom
    is_cut_later = not fit.is_by_camera
    column, row = (
        math.hypot(sigma * scale, missing / math.sqrt(12.0) if is_cut_later else 0.0)
        for sigma, missing in zip(camera.center_sigma_px, fit.cut_px, strict=True)
    )
    return replace(
        camera,
        width_px=width,
        height_px=height,
        fx=camera.fx * scale,
        fy=camera.fy * scale,
        cx=(camera.cx - (camera.width_px - 1) / 2.0) * scale + (width - 1) / 2.0,
        cy=(camera.cy - (camera.height_px - 1) / 2.0) * scale + (height - 1) / 2.0,
        focal_sigma_ratio=math.hypot(
            camera.focal_sigma_ratio, CUT_FOCAL_SIGMA if is_cut_later else 0.0
        ),
        center_sigma_px=(column, row),
    )


def _cover(size_px: Size, original_px: Size) -> float:
    """Return the scale at which the original just covers the picture."""
    return max(size_px[0] / original_px[0], size_px[1] / original_px[1])


def _is_same_shape(size_px: Size, other_px: Size) -> bool:
    aspect_change = size_px[0] * other_px[1] / (size_px[1] * other_px[0])
    return abs(math.log(aspect_change)) <= MAX_ASPECT_DISAGREEMENT
