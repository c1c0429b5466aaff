"""How far away an object is that a camera at head height sees, from its box alone.

Two things tell it, neither well. The box's lower edge is where the object meets the ground: the
further below the horizon, the nearer; but nobody knows how far the camera was tilted. And things
of a class have a usual size. Both are put together as probabilities over the range, so that the
better one counts more: near by that is the ground, far away the size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from inference.patrol.seen_box import SeenBox
from inference.receipt import NotPlaced, ReasonCode

# Above the ground: a phone held by people of different height, and cameras behind a windscreen or
# on a roof (1.3 to 2.5 m). Each as likely as the others.
CAMERA_HEIGHTS_M = (1.25, 1.4, 1.5, 1.6, 1.75, 2.3)
CAMERA_HEIGHT_SIGMA_LOG = 0.2  # the same as one number

# How far below the horizon the axis points, which photos do not say. Cameras are held level more or
# less, and rather down at what lies on the ground. One sigma of a person's or a mount's habit, and
# of a single picture about it.
TILT_DOWN_DEG = 4.0
TILT_SHARED_SIGMA_DEG = 4.0
TILT_OWN_SIGMA_DEG = 7.0
ROLL_SIGMA_DEG = 3.0

# Where a box cuts the object, a third of its length is hidden, or three quarters.
HIDDEN_LOG, HIDDEN_SIGMA_LOG = 0.4, 0.5
BOX_EDGE_SIGMA_RATIO = 0.1  # of the box's height

NEAREST_M, FARTHEST_M = 0.7, 400.0
STEPS = 240
MAX_RANGE_M = 80.0  # further, the estimate is a guess, and the ellipse as long as a street

# Less than this part of the best agreement that there can be, and the picture is from a roof or a
# drone; for two normal distributions that is a difference of 3 sigmas.
LEAST_AGREEMENT = 0.011


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPrior:
    """How large things of a class look from the street, and where they begin.

    Not fitted on any set of photos: taken from usual sizes of such things.

    Attributes:
        size_m: Median of the root of width times height.
        size_sigma_log: One sigma of its natural logarithm.
        base_heights_m: Of the lower edge above the ground; each as likely as the others.
        depth_ratio: Depth by width.
    """

    size_m: float
    size_sigma_log: float
    base_heights_m: tuple[float, ...]
    depth_ratio: float


# From a bag (0.5 m) over a wheelie bin (0.6 by 1.1 m) and a container (1.4 by 1.4 m) to a heap of
# 4 by 1.5 m; from a shop's sign (4 by 0.8 m) to a hoarding (6 by 3 m), standing or on a front; from
# a shed (3 by 2.5 m) to an extension (10 by 4 m), some of them on a roof.
OBJECT_PRIORS = {
    "exposed_garbage": ObjectPrior(
        size_m=1.1, size_sigma_log=0.6, base_heights_m=(0.0,), depth_ratio=0.8
    ),
    "damaged_billboard": ObjectPrior(
        size_m=1.8,
        size_sigma_log=0.7,
        base_heights_m=(0.0, 0.5, 2.5, 3.0, 3.5, 6.0),
        depth_ratio=0.0,
    ),
    "illegal_structure": ObjectPrior(
        size_m=3.5,
        size_sigma_log=0.6,
        base_heights_m=(0.0, 0.0, 0.0, 0.0, 3.0, 6.0),
        depth_ratio=0.8,
    ),
}
OTHER_OBJECT_PRIOR = ObjectPrior(
    size_m=1.5, size_sigma_log=0.8, base_heights_m=(0.0, 0.0, 0.0, 1.0, 2.5), depth_ratio=0.5
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeEstimate:
    """The level distance from the camera to an object's middle, as the moments of its distribution.

    Attributes:
        mean_m: The distribution is about normal in the logarithm: its longer tail points away from
            the camera, and the mean lies behind the most likely range.
        variance_m2: About the mean; it grows with the range.
        object_share: Of the variance, from the object's unknown size: the same in all views of it.
        camera_height_share: From the camera's unknown height: the same in all photos of a patrol.
        tilt_share: From how this person or mount tilts the camera: likewise. What is left is from
            this picture's own tilt.
    """

    mean_m: float
    variance_m2: float
    object_share: float
    camera_height_share: float
    tilt_share: float

    @property
    def mean_square_m2(self) -> float:
        """Return the mean of the squared range."""
        return self.mean_m**2 + self.variance_m2


def estimate_range(seen: SeenBox, *, class_name: str) -> RangeEstimate | NotPlaced:
    """Return how far away the object in a box is, or why that cannot be told."""
    prior = OBJECT_PRIORS.get(class_name, OTHER_OBJECT_PRIOR)
    log_ranges = np.linspace(np.log(NEAREST_M), np.log(FARTHEST_M), STEPS)
    from_size = size_likelihood(seen, prior, np.exp(log_ranges))
    from_ground = ground_likelihood(seen, prior, np.exp(log_ranges))
    both = from_size * from_ground
    if both.max() < LEAST_AGREEMENT * from_size.max() * from_ground.max():
        return NotPlaced(
            code=ReasonCode.NO_RANGE,
            detail="its size and its place in the picture do not fit a camera at head height",
        )
    estimate = _moments(seen, prior, log_ranges, both / both.sum())
    if estimate.mean_m > MAX_RANGE_M:
        return NotPlaced(
            code=ReasonCode.NO_RANGE,
            detail=f"about {estimate.mean_m:.0f} m away, more than {MAX_RANGE_M:g}",
        )
    return estimate


def _moments(
    seen: SeenBox,
    prior: ObjectPrior,
    log_ranges: NDArray[np.float64],
    probabilities: NDArray[np.float64],
) -> RangeEstimate:
    """Return mean and variance of the range to the object's middle, from those to its front."""
    to_middle = 1.0 + prior.depth_ratio * seen.width / 2.0
    ranges_m = np.exp(log_ranges) * to_middle
    mean_m = float(probabilities @ ranges_m)
    log_variance = float(probabilities @ (log_ranges - probabilities @ log_ranges) ** 2)
    of_object, of_height, of_tilt = _shares(seen, prior, range_m=mean_m, log_variance=log_variance)
    return RangeEstimate(
        mean_m=mean_m,
        variance_m2=float(probabilities @ (ranges_m - mean_m) ** 2),
        object_share=of_object,
        camera_height_share=of_height,
        tilt_share=of_tilt,
    )


def size_likelihood(
    seen: SeenBox, prior: ObjectPrior, ranges_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (N,) how well each range of the object's front fits its usual size; at most 1."""
    # Off the axis the level distance is longer than the depth that sizes go with.
    depths_m = ranges_m / np.hypot(1.0, seen.column)
    sizes_m = depths_m * np.sqrt(seen.width * seen.height)
    shown_log = np.log(prior.size_m) - (HIDDEN_LOG if seen.is_cut else 0.0)
    sigma = _size_sigma_log(seen, prior)
    likelihood: NDArray[np.float64] = np.exp(-0.5 * ((np.log(sizes_m) - shown_log) / sigma) ** 2)
    return likelihood


def ground_likelihood(
    seen: SeenBox, prior: ObjectPrior, ranges_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (N,) how well each range fits the lower edge on level ground; at most 1.

    The mean over the camera's and the object's base's possible heights of the probability of the
    tilt that each asks for. Where the picture's edge cuts the object below, it goes on there, and
    all tilts that look further up do as well.
    """
    heights_m = np.subtract.outer(CAMERA_HEIGHTS_M, prior.base_heights_m).ravel()
    depressions = np.degrees(np.arctan2(heights_m[:, None], ranges_m))
    tilts = depressions - _below_axis_deg(seen)
    along, across = _along_axis(seen)
    sigma = np.sqrt(
        (along * np.hypot(TILT_SHARED_SIGMA_DEG, TILT_OWN_SIGMA_DEG)) ** 2
        + (across * ROLL_SIGMA_DEG) ** 2
        + (BOX_EDGE_SIGMA_RATIO * np.degrees(seen.height)) ** 2
    )
    off = (tilts - along * TILT_DOWN_DEG) / sigma
    each = ndtr(off) if seen.is_cut_below else np.exp(-0.5 * off**2)
    likelihood: NDArray[np.float64] = each.mean(axis=0)
    return likelihood


def _size_sigma_log(seen: SeenBox, prior: ObjectPrior) -> float:
    return float(np.hypot(prior.size_sigma_log, HIDDEN_SIGMA_LOG if seen.is_cut else 0.0))


def _below_axis_deg(seen: SeenBox) -> float:
    """Return how far the lower edge is below the horizon if the camera was level."""
    return float(np.degrees(np.arctan2(seen.bottom, np.hypot(1.0, seen.column))))


def _along_axis(seen: SeenBox) -> tuple[float, float]:
    """Return how much of a tilt and of a roll lowers the line of sight to the box."""
    length = float(np.hypot(1.0, seen.column))
    return 1.0 / length, seen.column / length


def _shares(
    seen: SeenBox, prior: ObjectPrior, *, range_m: float, log_variance: float
) -> tuple[float, float, float]:
    """Return the parts of the variance that come from size, camera height and shared tilt.

    Two estimates with variances v and u are combined with weights u/(u+v) and v/(u+v); of the
    combined variance uv/(u+v), the one with variance v then makes the part u/(u+v), which is the
    combined variance by v.
    """
    of_size = min(log_variance / _size_sigma_log(seen, prior) ** 2, 1.0)
    depression = np.arctan2(np.exp(np.mean(np.log(CAMERA_HEIGHTS_M))), range_m)
    # d(ln r) / d(tilt) of r = h / tan(depression).
    per_degree = np.radians(1.0) / (np.sin(depression) * np.cos(depression))
    parts = np.array(
        [
            CAMERA_HEIGHT_SIGMA_LOG,
            TILT_SHARED_SIGMA_DEG * per_degree,
            TILT_OWN_SIGMA_DEG * per_degree,
        ]
    )
    of_height, of_tilt, _ = parts**2 / (parts @ parts) * (1.0 - of_size)
    return of_size, float(of_height), float(of_tilt)
