"""How a lens bends rays: Brown's model of ordinary lenses, a polynomial of the angle of fisheyes.

Both map rays in the camera frame (x right, y down, z forward) to points of a plane at unit depth,
in which a lens without distortion puts a ray at x / z, y / z; and back.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

# Beyond these angles from the axis there is no picture: a plane cannot hold 90 degrees, and no
# fisheye on a drone or a pole sees more than a few degrees behind itself.
MAX_BROWN_ANGLE = math.radians(85.0)
MAX_FISHEYE_ANGLE = math.radians(110.0)
ANGLE_STEPS = 1024
BISECTIONS = 50  # of 110 degrees: the last digits of a double


@dataclass(frozen=True, slots=True, kw_only=True)
class Brown:
    """Radial and tangential distortion as OpenCV has it; all zero is a pinhole.

    Source: D. C. Brown, Close-range camera calibration (1971); OpenCV, Camera Calibration and 3D
    Reconstruction.
    """

    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0

    def project(self, rays: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N, 2) points of the plane for (N, 3) rays of any length.

        NaN for rays that point backwards and for those so far out that the model folds them back.
        """
        depth = np.where(rays[:, 2] > 0.0, rays[:, 2], np.nan)
        x, y = (rays[:, :2] / depth[:, None]).T
        squared = x * x + y * y
        squared = np.where(squared <= _largest_squared_radius(self), squared, np.nan)
        radial = 1.0 + squared * (self.k1 + squared * (self.k2 + squared * self.k3))
        return np.column_stack(
            [
                x * radial + 2.0 * self.p1 * x * y + self.p2 * (squared + 2.0 * x * x),
                y * radial + self.p1 * (squared + 2.0 * y * y) + 2.0 * self.p2 * x * y,
            ]
        )

    def unproject(self, plane: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N, 3) rays, not of unit length, of the points that the lens has put there."""
        if self == NO_DISTORTION:
            return np.column_stack([plane, np.ones(len(plane))])
        # OpenCV stops after 5 rounds unless told: that is pixels off in a drone's corners.
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
        coefficients = np.array([self.k1, self.k2, self.p1, self.p2, self.k3])
        ideal = cv2.undistortPointsIter(
            plane[:, None, :], np.eye(3), coefficients, None, None, criteria
        )
        points = np.asarray(ideal, dtype=np.float64)[:, 0, :]
        return np.column_stack([points, np.ones(len(plane))])

    def turned_clockwise(self) -> "Brown":
        """Return the lens of a picture turned by a quarter: (p2, p1) is a vector in it."""
        return replace(self, p1=self.p2, p2=-self.p1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fisheye:
    """An equidistant fisheye with a polynomial of the angle t from the axis.

    A ray is put at the radius t + c[0] t² + c[1] t³ + ..., in the direction that it comes from.

    Attributes:
        coefficients: c, of the second power and up.
    """

    coefficients: tuple[float, ...] = ()

    def project(self, rays: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N, 2) points of the plane for (N, 3) rays; NaN where the lens cannot see."""
        across = np.hypot(rays[:, 0], rays[:, 1])
        angle = np.arctan2(across, rays[:, 2])
        angle = np.where(angle <= _largest_angle(self), angle, np.nan)
        radius = _radius(angle, self.coefficients)
        # On the axis the direction does not matter, because the radius is zero.
        heading = rays[:, :2] / np.where(across > 0.0, across, 1.0)[:, None]
        plane: NDArray[np.float64] = heading * radius[:, None]
        return plane

    def unproject(self, plane: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (N, 3) unit rays of points of the plane; NaN outside the lens's circle."""
        radius = np.hypot(plane[:, 0], plane[:, 1])
        low: NDArray[np.float64] = np.zeros(len(plane))
        high: NDArray[np.float64] = np.full(len(plane), _largest_angle(self))
        is_outside = ~(radius <= _radius(high, self.coefficients))
        for _ in range(BISECTIONS):
            middle = (low + high) / 2.0
            is_short = _radius(middle, self.coefficients) < radius
            low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
        angle = np.where(is_outside, np.nan, (low + high) / 2.0)
        heading = plane / np.where(radius > 0.0, radius, 1.0)[:, None]
        return np.column_stack([heading * np.sin(angle)[:, None], np.cos(angle)])

    def turned_clockwise(self) -> "Fisheye":
        """Return the lens of a picture turned by a quarter: the same."""
        return self


Distortion = Brown | Fisheye
NO_DISTORTION = Brown()


def opencv_fisheye(k1: float, k2: float, k3: float, k4: float) -> Fisheye:
    """Return the fisheye of cv2.fisheye: t (1 + k1 t² + k2 t⁴ + k3 t⁶ + k4 t⁸).

    Source: J. Kannala and S. Brandt, A generic camera model (2006), as in OpenCV, Fisheye camera
    model.
    """
    return Fisheye(coefficients=(0.0, k1, 0.0, k2, 0.0, k3, 0.0, k4))


def pix4d_fisheye(polynomial: Sequence[float]) -> Fisheye:
    """Return the fisheye of Pix4D's polynomial 0, 1, p2, p3, ... of the angle over 90 degrees.

    Its plane is in units of the affine matrix's C times 2 / pi, the focal length in pixels.

    Source: Pix4D, How are the Internal and External Camera Parameters defined?

    Raises:
        ValueError: The polynomial does not begin with 0, 1 or has other than 3 to 6 terms.
    """
    if not 3 <= len(polynomial) <= 6 or tuple(polynomial[:2]) != (0.0, 1.0):
        raise ValueError(f"{polynomial} is no polynomial 0, 1, p2, p3 of a fisheye")
    quarter = math.pi / 2.0
    # rho(t / quarter) * quarter, so that the first power keeps the coefficient 1.
    return Fisheye(
        coefficients=tuple(
            value / quarter ** (power - 1) for power, value in enumerate(polynomial) if power > 1
        )
    )


def _radius(angle: NDArray[np.float64], coefficients: tuple[float, ...]) -> NDArray[np.float64]:
    """Return t + c[0] t² + c[1] t³ + ... (Horner)."""
    factor = np.zeros_like(angle)
    for coefficient in reversed(coefficients):
        factor = (factor + coefficient) * angle
    radius: NDArray[np.float64] = angle * (1.0 + factor)
    return radius


@lru_cache(maxsize=256)
def _largest_squared_radius(lens: Brown) -> float:
    """Return up to which squared radius the picture's radius grows with the ray's."""
    squared = np.tan(np.linspace(0.0, MAX_BROWN_ANGLE, ANGLE_STEPS)) ** 2
    with np.errstate(all="ignore"):
        slope = 1.0 + squared * (
            3.0 * lens.k1 + squared * (5.0 * lens.k2 + squared * 7.0 * lens.k3)
        )
    return float(squared[_count_growing(slope) - 1])


@lru_cache(maxsize=256)
def _largest_angle(lens: Fisheye) -> float:
    """Return up to which angle the picture's radius grows."""
    angle = np.linspace(0.0, MAX_FISHEYE_ANGLE, ANGLE_STEPS)
    slope = np.ones_like(angle)
    with np.errstate(all="ignore"):
        for power, coefficient in enumerate(lens.coefficients, start=2):
            slope += power * coefficient * angle ** (power - 1)
    return float(angle[_count_growing(slope) - 1])


def _count_growing(slope: NDArray[np.float64]) -> int:
    """Return how many samples from the axis outwards have a slope above zero; at least the axis."""
    is_folded = ~(slope > 0.0)
    return int(np.argmax(is_folded)) or 1 if is_folded.any() else len(slope)
