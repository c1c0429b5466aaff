"""The camera as a map between pixels and viewing rays."""

from dataclasses import dataclass


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
