"""Which photos of a flight are worth comparing: those that show the same ground."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.geometry.frames import EnuFrame, wgs84_to_plane
from inference.geometry.pose import rotation_camera_to_enu
from inference.geometry.pose_errors import EAST, NORTH
from inference.geometry.rays import border_pixels, lower_to_depression
from inference.geometry.view import View, view_directions
from inference.receipt import NotPlaced
from inference.refinement.choose_pairs import choose_pairs

MAX_NEIGHBOURS = 8
# The common part of two footprints over what both show together, less where the ground is seen
# from another side. With less than this, hardly any points are found in common.
MIN_OVERLAP = 0.08

# What lies far ahead covers much ground on few pixels, and hides behind what stands up.
MIN_DEPRESSION_DEG = 20.0
POINTS_PER_EDGE = 4
SIGMAS = 2.0  # by so many the footprints are made larger for the doubt of the positions
DOUBT_PER_HEIGHT = 0.05  # and by this for the attitudes': 3 degrees

# Per photo, by the distance of the footprints' middles. A bound, since all photos of a hovering
# drone overlap all others: 2000 of them would make two million pairs.
NEAREST_FOOTPRINTS = 40
# A photo turned by software after capture looks elsewhere than it says. Cameras that stand close
# to each other are therefore compared whatever they say.
NEAREST_CAMERAS = 4
MAX_CAMERAS_APART_PER_HEIGHT = 1.0
SUCCESSORS = 2  # in the order of capture, which no crowd of other photos may push out
CAMERAS_ONLY_OVERLAP = 0.01  # so little that any other pair is better
OVERLAP_DIGITS = 2  # the rest is chance


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Layout:
    """A flight's photos in one plane, in the order of capture.

    Attributes:
        cameras_m: (N, 2) east and north.
        heights_m: (N,) above ground.
        axes: (N, 3) unit vectors to where the cameras look.
        outlines: (N,) polygons of the ground seen, made larger by the doubt.
    """

    cameras_m: NDArray[np.float64]
    heights_m: NDArray[np.float64]
    axes: NDArray[np.float64]
    outlines: NDArray[np.object_]


def plan_pairs(
    views: Mapping[str, View | NotPlaced],
    *,
    captures: Mapping[str, str | None] | None = None,
    max_neighbours: int = MAX_NEIGHBOURS,
) -> list[tuple[str, str]]:
    """Return the pairs of photos to match, best first.

    First come the best overlaps that link all photos that can be linked, then each photo's best
    neighbour each way, then its second-best, and so on.

    A photo has at most `max_neighbours` partners, but for links without which the flight would
    fall apart. Terrain is taken as level: an overlap need not be exact.

    Args:
        views: Of one flight by SHA-256, in the order of capture.
        captures: Id of the shutter release by SHA-256; lenses that fired together are not paired.
        max_neighbours: Of one photo.

    Returns:
        SHA-256 of the photo taken earlier and of that taken later.
    """
    names = [name for name, view in views.items() if isinstance(view, View)]
    placed = [view for view in views.values() if isinstance(view, View)]
    if len(placed) < 2:
        return []
    layout = _plan_layout(placed)
    pairs = _candidates(layout)
    if captures is not None:
        ids = [captures.get(name) for name in names]
        pairs = pairs[[ids[a] is None or ids[a] != ids[b] for a, b in pairs]]
    best_first = _best_first(pairs, _overlaps(layout, pairs))
    chosen = choose_pairs(best_first, layout.cameras_m, max_neighbours=max_neighbours)
    return [(names[first], names[second]) for first, second in chosen]


def _plan_layout(views: list[View]) -> _Layout:
    frame = EnuFrame(
        latitude_deg=views[0].pose.latitude_deg, longitude_deg=views[0].pose.longitude_deg
    )
    cameras_m = wgs84_to_plane(
        frame,
        [view.pose.latitude_deg for view in views],
        [view.pose.longitude_deg for view in views],
    )
    rings = [_ring_m(view) + camera for view, camera in zip(views, cameras_m, strict=True)]
    # The border of a view that shows the horizon crosses itself where it is bent down.
    outlines = shapely.convex_hull(shapely.polygons(rings))
    doubts_m = np.array([_doubt_m(view) for view in views])
    return _Layout(
        cameras_m=cameras_m,
        heights_m=np.array([view.above_ground_m for view in views]),
        axes=np.array([_axis(view) for view in views]),
        outlines=shapely.buffer(outlines, doubts_m, quad_segs=2),
    )


def _axis(view: View) -> NDArray[np.float64]:
    pose = view.pose
    axis: NDArray[np.float64] = rotation_camera_to_enu(pose.yaw_deg, pose.pitch_deg, pose.roll_deg)[
        0, :, 2
    ]
    return axis


def _ring_m(view: View) -> NDArray[np.float64]:
    """Return (M, 2) east and north from the camera of the border, on level ground."""
    directions = view_directions(view, border_pixels(view.camera, per_edge=POINTS_PER_EDGE))
    rays = lower_to_depression(directions, min_depression_deg=MIN_DEPRESSION_DEG)
    ring: NDArray[np.float64] = rays[:, :2] / -rays[:, 2:] * view.above_ground_m
    return ring


def _doubt_m(view: View) -> float:
    """Return how far a photo's own errors may move its footprint; shared ones move all alike."""
    variance = max(view.errors.own[EAST, EAST], view.errors.own[NORTH, NORTH])
    return float(SIGMAS * np.sqrt(variance) + DOUBT_PER_HEIGHT * view.above_ground_m)


def _candidates(layout: _Layout) -> NDArray[np.intp]:
    """Return (P, 2) pairs that may overlap, ascending, at most some fifty per photo."""
    middles = shapely.get_coordinates(shapely.centroid(layout.outlines))
    count = len(middles)
    near_middles = _nearest_pairs(middles, count=NEAREST_FOOTPRINTS)
    near_cameras = _nearest_pairs(layout.cameras_m, count=NEAREST_CAMERAS)
    rows = np.arange(count)
    following = [
        np.column_stack([rows[:-step], rows[step:]])
        for step in range(1, min(SUCCESSORS + 1, count))
    ]
    pairs = np.concatenate([near_middles, near_cameras, *following])
    ascending: NDArray[np.intp] = np.unique(np.sort(pairs, axis=1), axis=0)
    return ascending


def _nearest_pairs(points: NDArray[np.float64], *, count: int) -> NDArray[np.intp]:
    """Return (P, 2) each point with its nearest others."""
    k = min(count + 1, len(points))
    _, near = cKDTree(points).query(points, k=k)
    rows = np.repeat(np.arange(len(points)), k)
    others = np.asarray(near).reshape(-1)
    pairs: NDArray[np.intp] = np.column_stack([rows, others])[rows != others]
    return pairs


def _overlaps(layout: _Layout, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return (P,) how much of the same is seen alike, 0 to 1; 0 where it is too little to try."""
    first, second = layout.outlines[pairs[:, 0]], layout.outlines[pairs[:, 1]]
    common_m2 = shapely.area(shapely.intersection(first, second))
    common = common_m2 / (shapely.area(first) + shapely.area(second) - common_m2)
    axes = layout.axes[pairs]
    common *= np.maximum((axes[:, 0] * axes[:, 1]).sum(axis=1), 0.0)
    apart_m = np.linalg.norm(np.diff(layout.cameras_m[pairs], axis=1)[:, 0], axis=1)
    near_m = MAX_CAMERAS_APART_PER_HEIGHT * layout.heights_m[pairs].max(axis=1)
    by_cameras = np.where(apart_m <= near_m, CAMERAS_ONLY_OVERLAP, 0.0)
    return np.where(common >= MIN_OVERLAP, common, by_cameras)


def _best_first(pairs: NDArray[np.intp], overlaps: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the pairs that overlap at all, sorted; of equals those taken soonest after another.

    So a hovering drone's photos make a chain and not a star.
    """
    gaps = pairs[:, 1] - pairs[:, 0]
    order = np.lexsort((pairs[:, 0], gaps, -np.round(overlaps, OVERLAP_DIGITS)))
    ordered: NDArray[np.intp] = pairs[order[overlaps[order] > 0.0]]
    return ordered
