"""Viewing rays in east, north, up: how steep they are, and the rays of a picture's border."""

import numpy as np
from numpy.typing import NDArray

from inference.geometry.camera import Camera


def depression_deg(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) angles below the horizontal of (N, 3) unit rays; negative looks up."""
    degrees: NDArray[np.float64] = np.degrees(np.arcsin(np.clip(-directions[:, 2], -1.0, 1.0)))
    return degrees


def lower_to_depression(
    directions: NDArray[np.float64], *, min_depression_deg: float
) -> NDArray[np.float64]:
    """Return (N, 3) unit rays of which none is flatter than the limit; headings stay."""
    across = np.hypot(directions[:, 0], directions[:, 1])
    limit = np.radians(min_depression_deg)
    # A ray straight up has no heading; it keeps (0, 0, -sin) scaled to a unit straight down.
    heading = directions[:, :2] / np.maximum(across, 1e-12)[:, None]
    lowered = np.column_stack([heading * np.cos(limit), np.full(len(across), -np.sin(limit))])
    lowered /= np.linalg.norm(lowered, axis=1, keepdims=True)
    is_flat = depression_deg(directions) < min_depression_deg
    return np.where(is_flat[:, None], lowered, directions)


def border_pixels(camera: Camera, *, per_edge: int) -> NDArray[np.float64]:
    """Return (4 * per_edge, 2) pixels around the picture, clockwise from the top left corner."""
    step = np.linspace(0.0, 1.0, per_edge, endpoint=False)
    zero, one = np.zeros(per_edge), np.ones(per_edge)
    x = np.concatenate([step, one, 1.0 - step, zero])
    y = np.concatenate([zero, step, one, 1.0 - step])
    return np.column_stack([x * (camera.width_px - 1), y * (camera.height_px - 1)])
