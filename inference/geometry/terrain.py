"""How much the ground's height differs from place to place, where no height model tells.

Heights of natural ground behave like a self-affine surface: the root mean square of the difference
between two places grows with a power of their distance, the exponent between 0.5 and 0.9
(Mandelbrot, "The Fractal Geometry of Nature", 1982, chapter 28; Huang and Turcotte, "Fractal
mapping of digitized images", Journal of Geophysical Research 94, 1989). The figures below come from
30 m models around places where drones were flown, and from no flight that positions are tested on;
docs/decisions/0011-heights.md has the table.
"""

import math
from dataclasses import dataclass

# Root mean square over three sites together: a town by a mountain, desert hills and a plain. One
# figure for all, since nothing here tells which kind of place a flight is over.
SIGMA_AT_100_M = 6.0
HURST_EXPONENT = 0.75
MAX_SIGMA_M = 30.0  # what it is at a kilometre; small drones stay within sight

# The photos of a flight don't say where it started: usually beside the area, half a block away.
USUAL_WAY_TO_FIRST_PHOTO_M = 150.0
# The ground that a photo shows differs from that of its flight by what it differs over this.
WITHIN_PHOTO_M = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundSigma:
    """One sigma of level ground's height, in what the flight shares and what one place has."""

    shared_m: float
    own_m: float

    @property
    def total_m(self) -> float:
        """Return both together."""
        return math.hypot(self.shared_m, self.own_m)


def ground_sigma_m(distance_m: float) -> float:
    """Return one sigma of the difference in height of two places on the ground.

    Args:
        distance_m: Between the places.
    """
    sigma_m: float = SIGMA_AT_100_M * (distance_m / 100.0) ** HURST_EXPONENT
    return min(sigma_m, MAX_SIGMA_M)


def sigma_from_takeoff(distance_from_first_photo_m: float) -> GroundSigma:
    """Return how well the ground's height is known by that of the take-off place.

    Where a flight started some metres above the area, it did so for all that it shows: that part
    is shared. The rest is what neighbours differ by.

    Args:
        distance_from_first_photo_m: Of the ground from the flight's first photo. The take-off place
            is some way off in a direction that nothing tells.
    """
    way_m = math.hypot(distance_from_first_photo_m, USUAL_WAY_TO_FIRST_PHOTO_M)
    total_m, own_m = ground_sigma_m(way_m), ground_sigma_m(WITHIN_PHOTO_M)
    return GroundSigma(shared_m=math.sqrt(total_m**2 - own_m**2), own_m=own_m)
