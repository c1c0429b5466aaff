"""Where a flight took off, and how high that place is in the heights of a ground model."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, enu_to_wgs84
from inference.geometry.ground import Ground
from inference.geometry.pose import Pose, plan_pose
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced

# Nobody takes off from a tree or a roof, and the first photo often is over one: of each block the
# low ground counts. Blocks further from the first and the last photo count less.
HALF_SIDE_M = 200.0
BLOCK_M = 20.0
SAMPLES_PER_BLOCK_SIDE = 4
LOW_PERCENTILE = 10.0
USUAL_DISTANCE_M = 100.0

# A height model's own error, and how it differs from the ground that people stand on.
LEAST_SIGMA_M = 2.0

# What the photos' absolute heights tell. Satellite heights of two flights, the model's and this
# one, differ by some metres. Those in another datum are off by anything within this span: the geoid
# lies from 107 m below the ellipsoid to 85 m above it, and a barometer that nobody set says less.
STATED_SIGMA_M = 3.0
UNRELATED_SPAN_M = 200.0
MAX_STATED_SPREAD_M = 3.0
# How likely, before looking, heights of a model that names no datum are in the photos' own: nearly
# sure where it ends near the flight, for it was made from photos of the place; else seldom.
FAR_M = 3000.0
SAME_DATUM_IF_LOCAL = 0.9
SAME_DATUM_ELSE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeoff:
    """What is known of the place where a flight took off.

    Attributes:
        latitude_deg: Of the flight's first photo, near which it lies.
        longitude_deg: Likewise.
        ground_height_m: Of the place, in the ground model's heights; None where there is no model
            or no photo lies on it.
        sigma_m: One sigma of that height.
    """

    latitude_deg: float
    longitude_deg: float
    ground_height_m: float | None = None
    sigma_m: float = 0.0


def plan_takeoff(metadatas: Iterable[PhotoMetadata], ground: Ground | None) -> Takeoff | None:
    """Return what a flight's photos and the ground model tell of the take-off place.

    Photos do not say where the aircraft took off. The candidates are the low ground around the
    first and the last photo that lie on the model. Where the model names no vertical datum, the
    photos' absolute less their relative altitude is a candidate too: such a model may be made from
    photos like these, and then shares their datum. How likely that is follows from how far the
    model reaches and whether it has ground at that height (Bayes' rule). A model with a named
    datum is not mixed with heights whose datum the photos do not name.

    Args:
        metadatas: In the order of capture.
        ground: The height model, or None.

    Returns:
        None where no photo has a position.
    """
    poses = [pose for pose in map(plan_pose, metadatas) if not isinstance(pose, NotPlaced)]
    if not poses:
        return None
    first = poses[0]
    candidates = None if ground is None else _low_ground(poses, ground)
    if ground is None or candidates is None:
        return Takeoff(latitude_deg=first.latitude_deg, longitude_deg=first.longitude_deg)
    stated_m = None if ground.datum is not None else stated_takeoff_height_m(poses)
    likely = SAME_DATUM_IF_LOCAL if _is_local(ground, first) else SAME_DATUM_ELSE
    height_m, sigma_m = _weigh(*candidates, stated_m, likely=likely)
    return Takeoff(
        latitude_deg=first.latitude_deg,
        longitude_deg=first.longitude_deg,
        ground_height_m=height_m,
        sigma_m=max(sigma_m, LEAST_SIGMA_M),
    )


def stated_takeoff_height_m(poses: Sequence[Pose]) -> float | None:
    """Return the photos' absolute less their relative altitude, None where they do not agree."""
    stated = [
        pose.absolute_height_m - pose.height_above_takeoff_m
        for pose in poses
        if pose.absolute_height_m is not None and pose.height_above_takeoff_m is not None
    ]
    if not stated or float(np.ptp(np.percentile(stated, [10, 90]))) > MAX_STATED_SPREAD_M:
        return None
    return float(np.median(stated))


def _is_local(ground: Ground, first: Pose) -> bool:
    """Tell whether the model knows nothing any more some kilometres from the flight."""
    frame = EnuFrame(latitude_deg=first.latitude_deg, longitude_deg=first.longitude_deg)
    turns = np.radians(np.arange(0.0, 360.0, 45.0))
    around = np.column_stack([FAR_M * np.sin(turns), FAR_M * np.cos(turns), np.zeros_like(turns)])
    return all(
        ground.height_m(float(latitude), float(longitude)) is None
        for latitude, longitude, _ in enu_to_wgs84(frame, around)
    )


def _low_ground(
    poses: Sequence[Pose], ground: Ground
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return (N,) heights where a flight may have started and (N,) weights that sum to 1."""
    near_first = _first_on_model(poses, ground)
    if near_first is None:
        return None
    near_last = _first_on_model(poses[::-1], ground) or near_first
    heights = np.concatenate([near_first[0], near_last[0]])
    weights = np.concatenate([near_first[1], near_last[1]])
    return heights, weights / weights.sum()


def _first_on_model(
    poses: Sequence[Pose], ground: Ground
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the low ground of blocks around the first pose that the model has ground for."""
    for pose in poses:
        frame = EnuFrame(latitude_deg=pose.latitude_deg, longitude_deg=pose.longitude_deg)
        bounds = (-HALF_SIDE_M, -HALF_SIDE_M, HALF_SIDE_M, HALF_SIDE_M)
        points, centres = _blocks()
        heights = ground.around(frame, bounds).up_m(points).reshape(len(centres), -1)
        known = np.isfinite(heights).any(axis=1)
        if known.any():
            lows = np.nanpercentile(heights[known], LOW_PERCENTILE, axis=1)
            return lows, np.exp(-np.hypot(*centres[known].T) / USUAL_DISTANCE_M)
    return None


def _blocks() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points around the origin, block by block, (B * n * n, 2), and (B, 2) block centres."""
    edges = np.arange(-HALF_SIDE_M, HALF_SIDE_M, BLOCK_M) + BLOCK_M / 2.0
    centres = np.stack(np.meshgrid(edges, edges), axis=-1).reshape(-1, 2)
    steps = (np.arange(SAMPLES_PER_BLOCK_SIDE) + 0.5) / SAMPLES_PER_BLOCK_SIDE - 0.5
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2) * BLOCK_M
    points: NDArray[np.float64] = (centres[:, None] + offsets).reshape(-1, 2)
    return points, centres


def _weigh(
    heights: NDArray[np.float64],
    weights: NDArray[np.float64],
    stated_m: float | None,
    *,
    likely: float,
) -> tuple[float, float]:
    """Return the height, of the low ground around or as the photos state it, and one sigma.

    Args:
        heights: (N,) where the flight may have started.
        weights: (N,) how likely.
        stated_m: What the photos state, if anything.
        likely: How likely that is in the model's datum, before looking.
    """
    ground_m = float(weights @ heights)
    ground_variance = float(weights @ (heights - ground_m) ** 2)
    if stated_m is None:
        return ground_m, math.sqrt(ground_variance)
    scaled = (heights - stated_m) / STATED_SIGMA_M
    density = float(weights @ np.exp(-(scaled**2) / 2.0)) / (
        STATED_SIGMA_M * math.sqrt(2.0 * math.pi)
    )
    same, other = likely * density, (1.0 - likely) / UNRELATED_SPAN_M
    share = same / (same + other)
    apart = (stated_m - ground_m) ** 2
    # The likelier of the two, since the height between them is that of neither; the doubt is how
    # far the mixture lies from it.
    if share > 0.5:
        variance = share * STATED_SIGMA_M**2 + (1.0 - share) * (ground_variance + apart)
        return stated_m, math.sqrt(variance)
    variance = share * (STATED_SIGMA_M**2 + apart) + (1.0 - share) * ground_variance
    return ground_m, math.sqrt(variance)
