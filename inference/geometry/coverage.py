"""What of the ground a photo shows, and how finely."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

from inference.geometry.frames import enu_to_wgs84
from inference.geometry.locate import locate_pixels, view_beside_model
from inference.geometry.rays import border_pixels, depression_deg, lower_to_depression
from inference.geometry.surface import FlatSurface
from inference.geometry.view import (
    MAX_RANGE_PER_HEIGHT,
    MIN_DEPRESSION_DEG,
    View,
    ground_sample_distance_at_m,
    view_directions,
)
from inference.receipt import NotPlaced, ReasonCode

POINTS_PER_EDGE = 4  # bends of the lens and of the range limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """The ground in a photo.

    Attributes:
        ring_wgs84: (longitude, latitude) points, counter-clockwise, the first repeated at the end.
        gsd_m: Of a pixel at the picture's middle; None where the middle shows no ground in range.
        is_clipped: The picture shows the horizon or ground too far away to place anything on.
    """

    ring_wgs84: tuple[tuple[float, float], ...]
    gsd_m: float | None
    area_m2: float
    is_clipped: bool


def plan_footprint(view: View) -> Footprint | NotPlaced:
    """Return the outline of what the photo shows within the range in which things are placed."""
    directions = view_directions(view, border_pixels(view.camera, per_edge=POINTS_PER_EDGE))
    is_flat = depression_deg(directions) < MIN_DEPRESSION_DEG
    if is_flat.all():
        return NotPlaced(
            code=ReasonCode.ABOVE_HORIZON,
            detail=f"nothing in it is more than {MIN_DEPRESSION_DEG:g} deg below the horizon",
        )
    points = _border_on_ground(view, directions)
    if points is None:
        return NotPlaced(
            code=ReasonCode.OUTSIDE_GROUND_MODEL, detail="the border meets no known ground"
        )
    outline = _valid_outline(points)
    ring = np.column_stack([np.array(outline.exterior.coords)[:, :2], _levels(points, outline)])
    wgs84 = enu_to_wgs84(view.frame, ring)
    return Footprint(
        ring_wgs84=tuple((float(row[1]), float(row[0])) for row in wgs84),
        gsd_m=ground_sample_distance_m(view),
        area_m2=float(outline.area),
        is_clipped=bool(is_flat.any()),
    )


def ground_sample_distance_m(view: View) -> float | None:
    """Return the size of a pixel at the picture's middle, or None where it shows no ground."""
    middle = np.array([[(view.camera.width_px - 1) / 2.0, (view.camera.height_px - 1) / 2.0]])
    hit = locate_pixels(view, middle)[0]
    if view.beside_model is not None and not np.isfinite(hit).all():
        hit = locate_pixels(view_beside_model(view, view.beside_model), middle)[0]
    return ground_sample_distance_at_m(view, hit) if np.isfinite(hit).all() else None


def round_gsd_m(gsd_m: float | None) -> float | None:
    """Return the GSD to three digits, as tiles are planned for it.

    More would search photos anew for nothing where another height or neighbour comes in.
    """
    return None if gsd_m is None else float(f"{gsd_m:.3g}")


def _border_on_ground(view: View, directions: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return (N, 3) points of the border, or None where no ray meets the ground.

    Rays that are too flat are bent down to the limit; rays that leave the height model end at the
    middle height of those that meet it, else of what the model knows.
    """
    rays = lower_to_depression(directions, min_depression_deg=MIN_DEPRESSION_DEG)
    origins = np.broadcast_to([0.0, 0.0, view.camera_height_m], rays.shape)
    distances = view.surface.cast(
        origins, rays, max_range_m=MAX_RANGE_PER_HEIGHT * view.above_ground_m
    )
    met = np.isfinite(distances)
    if met.any():
        level_up_m = float(np.median((origins + distances[:, None] * rays)[met, 2]))
    elif view.beside_model is not None:
        level_up_m = view.beside_model.up_m
    else:
        return None
    level = FlatSurface(plane_up_m=level_up_m).cast(origins, rays, max_range_m=np.inf)
    points: NDArray[np.float64] = origins + np.where(met, distances, level)[:, None] * rays
    return points


def _valid_outline(points: NDArray[np.float64]) -> Polygon:
    """Return a valid polygon, counter-clockwise: on rugged ground the border may cross itself."""
    polygon = Polygon(points[:, :2])
    return orient(polygon if polygon.is_valid else polygon.convex_hull)


def _levels(points: NDArray[np.float64], outline: Polygon) -> NDArray[np.float64]:
    """Return the heights to bring the ring to WGS 84 with: one is enough for its outline."""
    return np.full(len(outline.exterior.coords), float(points[:, 2].mean()))
