"""A box as angles from the axis of a camera that stands upright."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.boxes import EDGE_RATIO, Box
from inference.geometry.camera import Camera, pixel_to_ray
from inference.reading.decode import ORIENTATIONS, box_photo_to_upright


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBox:
    """A box in an upright camera, as tangents of angles from its axis: x right, y down.

    Attributes:
        column: Of the box's middle.
        bottom: Of its lower edge.
        width, height: Of the box.
        is_cut_below: The picture's lower edge cuts the object.
        is_cut: Some edge does.
    """

    column: float
    bottom: float
    width: float
    height: float
    is_cut_below: bool
    is_cut: bool


def see_upright(box_photo: Box, camera: Camera, *, orientation: int) -> SeenBox:
    """Return a box as the upright camera sees it.

    Args:
        box_photo: x_min, y_min, x_max, y_max in photo pixels.
        camera: Of the photo as decoded, unturned.
        orientation: EXIF Orientation, 1 to 8: which way up people hold the picture.
    """
    x_min, y_min, x_max, y_max = box_photo
    middle_x, middle_y = (x_min + x_max) / 2.0, (y_min + y_max) / 2.0
    edges = [(x_min, middle_y), (x_max, middle_y), (middle_x, y_min), (middle_x, y_max)]
    points = _turn_upright(pixel_to_ray(camera, edges), orientation)
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    cut = _cut_edges(box_photo, camera, orientation)
    return SeenBox(
        column=float((left + right) / 2.0),
        bottom=float(bottom),
        width=float(right - left),
        height=float(bottom - top),
        is_cut_below=cut[3],
        is_cut=any(cut),
    )


def _turn_upright(rays: NDArray[np.float64], orientation: int) -> NDArray[np.float64]:
    """Return (N, 2) points at unit depth in the upright camera of (N, 3) rays of the photo."""
    transpose, mirror_columns, mirror_rows = ORIENTATIONS[orientation]
    points = rays[:, :2] / rays[:, 2:]
    turned = points[:, ::-1] if transpose else points
    return turned * (-1.0 if mirror_columns else 1.0, -1.0 if mirror_rows else 1.0)


def _cut_edges(box_photo: Box, camera: Camera, orientation: int) -> tuple[bool, bool, bool, bool]:
    """Return whether the left, upper, right and lower edge of the upright picture cut the box."""
    box = np.array([box_photo], dtype=np.float64)
    size_px = (camera.width_px, camera.height_px)
    upright = box_photo_to_upright(box, orientation, width_px=size_px[0], height_px=size_px[1])
    width_px, height_px = size_px[::-1] if ORIENTATIONS[orientation][0] else size_px
    x_min, y_min, x_max, y_max = (float(edge) for edge in upright[0])
    x_margin, y_margin = EDGE_RATIO * width_px, EDGE_RATIO * height_px
    return (
        x_min <= x_margin,
        y_min <= y_margin,
        x_max >= width_px - x_margin,
        y_max >= height_px - y_margin,
    )
