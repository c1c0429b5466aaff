"""Level ground replaced by the shape that overlapping photos show, where that is better.

The adjustment puts the photos right without much help of the plane they were cast on; where rays of
matches then cross are points of the very ground.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.geometry.ground import FlatGround
from inference.geometry.point_ground import PointGround
from inference.geometry.view import SEEN_GROUND, Level, View, plan_bounds
from inference.refinement.block import Block, Deviations
from inference.refinement.point_surface import (
    LevelOfPoints,
    level_of_points,
    plan_point_ground,
    sigma_about_level_m,
)
from inference.refinement.residuals import Sightlines, cast_gaps_m
from inference.refinement.triangulate import Crossings, cross_rays

LEAST_HELD_OUT = 5  # pairs of rays
LEAST_MET = 0.5  # of those that met the plane
TOLERANCE = 1.1  # of the median and of the tail


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenGround:
    """What the points say of the ground.

    Attributes:
        ground: Through the points, or None where level ground is as good.
        level: Level ground through them, for rays that end beyond.
        about_plane_m: One sigma of the points about the plane that the views were cast on.
    """

    ground: PointGround | None
    level: LevelOfPoints
    about_plane_m: float


def see_ground(
    block: Block,
    sightlines: Sightlines,
    held_out: Sightlines,
    deviations: Deviations,
    *,
    noise_px: float,
) -> SeenGround | None:
    """Return the ground that the matches show, None where they are too few or a model is given.

    The ground through the points is taken where matches that it is not made of end no further from
    each other on it than on the plane; the ground returned is made of all.

    Args:
        block: The photos, over level ground.
        sightlines: Matches that the adjustment used.
        held_out: Others.
        deviations: Of the poses from what is stated.
        noise_px: One sigma of a match's coordinate.
    """
    plane = block.views[0].ground
    if block.views[0].has_ground_model or not isinstance(plane, FlatGround):
        return None
    used, others = (
        cross_rays(block, part, deviations, noise_px=noise_px) for part in (sightlines, held_out)
    )
    points = Crossings(
        points_m=np.vstack([used.points_m, others.points_m]),
        sigmas_m=np.concatenate([used.sigmas_m, others.sigmas_m]),
    )
    level = level_of_points(block.frame, points)
    about_plane_m = sigma_about_level_m(block.frame, points, plane.level_m)
    if level is None or about_plane_m is None:
        return None
    tried = plan_point_ground(block.frame, used)
    is_better = tried is not None and _is_better(block, held_out, deviations, tried)
    ground = plan_point_ground(block.frame, points) if is_better else None
    return SeenGround(ground=ground, level=level, about_plane_m=about_plane_m)


def cast_on_seen_ground(view: View, seen: SeenGround | None) -> View:
    """Return the refined view over the ground that the matches show.

    Its heights count from the plane, and how high that lies in the world the adjustment cannot
    tell from how high the flight was above it: they are not told.
    """
    if seen is None or view.has_ground_model:
        return view
    if seen.ground is None:
        return replace(view, ground_sigma_m=max(view.ground_sigma_m, seen.about_plane_m))
    # Where the camera is in a valley beside the hill that it shows, the level tells its height.
    above_m = max(view.camera_height_m - seen.level.height_m, view.above_ground_m)
    return replace(
        view,
        ground=seen.ground,
        method=SEEN_GROUND,
        height_datum=None,
        above_ground_m=above_m,
        bounds=plan_bounds(view.camera, view.pose, above_m),
        ground_sigma_m=seen.level.sigma_m,
        beside_model=Level(up_m=seen.level.height_m, sigma_m=seen.level.sigma_m),
    )


def _is_better(
    block: Block, held_out: Sightlines, deviations: Deviations, ground: PointGround
) -> bool:
    """Tell whether matches left out end no further from each other on it than on the plane."""
    bounds = _bounds(block)
    shaped = replace(block, surface=ground.around(block.frame, bounds))
    on_plane, on_points = (cast_gaps_m(each, held_out, deviations) for each in (block, shaped))
    met, both = np.isfinite(on_plane), np.isfinite(on_plane) & np.isfinite(on_points)
    if both.sum() < max(LEAST_HELD_OUT, LEAST_MET * met.sum()):
        return False
    return _is_no_worse(on_points[both], on_plane[both])


def _is_no_worse(gaps_m: NDArray[np.float64], plane_gaps_m: NDArray[np.float64]) -> bool:
    """Tell whether gaps are smaller on the whole, and nowhere among them much larger.

    Points have noise that a plane through all of them has not: where the ground is level, which it
    may be in most of a picture, their ground is a little rougher.
    """
    if not gaps_m.mean() <= plane_gaps_m.mean():
        return False
    quantiles = (np.percentile(each, [50, 90]) for each in (gaps_m, plane_gaps_m))
    of_points, of_plane = quantiles
    return bool((of_points <= TOLERANCE * of_plane).all())


def _bounds(block: Block) -> tuple[float, float, float, float]:
    reach_m = max(max(abs(value) for value in view.bounds) for view in block.views)
    low = block.places_m[:, :2].min(axis=0) - reach_m
    high = block.places_m[:, :2].max(axis=0) + reach_m
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
