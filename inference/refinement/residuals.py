"""By how much photos and ground disagree with the estimate, and how that answers to a change."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.geometry.camera import pixel_to_ray
from inference.geometry.pose import rotation_camera_to_enu
from inference.geometry.surface import FlatSurface
from inference.geometry.view import MAX_RANGE_PER_HEIGHT
from inference.refinement.block import (
    ESTIMATED_ANGLES,
    Block,
    Deviations,
    angles_at,
    places_at,
    rotations_at,
)
from inference.refinement.tracks import Tracks, select_points

LEAST_FORWARD = 0.1  # cosine from the viewing axis: rays further out have no place at unit depth
LEAST_DEPTH_M = 0.5
ANGLE_STEP_DEG = 1e-3
SLOPE_STEP_M = 1.0
MAX_SLOPE = 1.0  # eaves and cliffs are steeper, but where exactly they are is not known so well


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sightlines:
    """Tracks with the rays of their observations.

    Attributes:
        plane: (K, 2) where the ray meets the plane at unit depth, in the camera's x and y.
        focal_px: (K,)
    """

    tracks: Tracks
    plane: NDArray[np.float64]
    focal_px: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoRows:
    """Of K observations: residual in pixels and its derivatives.

    Attributes:
        residual: (K, 2); zero behind a camera, as are the derivatives.
        by_photo: (K, 2, 6) for PHOTO_UNKNOWNS.
        by_focal: (K, 2)
        by_point: (K, 2, 3)
    """

    residual: NDArray[np.float64]
    by_photo: NDArray[np.float64]
    by_focal: NDArray[np.float64]
    by_point: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroundRows:
    """Of P points: height over the ground and its derivatives.

    Attributes:
        residual: (P,) in metres.
        by_point: (P, 3)
        by_shift: (P, 2) for a shift of the model to the east and north, or for slopes of a plane.
        known: (P,) whether there is ground at the point; else the residual is to where it began.
    """

    residual: NDArray[np.float64]
    by_point: NDArray[np.float64]
    by_shift: NDArray[np.float64]
    known: NDArray[np.bool_]


def plan_sightlines(block: Block, tracks: Tracks) -> Sightlines:
    """Return the tracks with their rays; the lens's distortion is out of them."""
    plane = np.full((len(tracks.photo), 2), np.nan)
    focal = np.array([view.camera.fx for view in block.views])
    for index, view in enumerate(block.views):
        rows = np.flatnonzero(tracks.photo == index)
        if rows.size:
            rays = pixel_to_ray(view.camera, tracks.pixels[rows])
            forward = np.where(rays[:, 2] > LEAST_FORWARD, rays[:, 2], np.nan)
            plane[rows] = rays[:, :2] / forward[:, None]
    return Sightlines(tracks=tracks, plane=plane, focal_px=focal[tracks.photo])


def select_sightlines(sightlines: Sightlines) -> Sightlines:
    """Return the sightlines of the points all of whose observations have a place at unit depth."""
    tracks = sightlines.tracks
    is_kept = np.ones(tracks.count, dtype=bool)
    is_kept[tracks.point[~np.isfinite(sightlines.plane).all(axis=1)]] = False
    rows = is_kept[tracks.point]
    return Sightlines(
        tracks=select_points(tracks, is_kept),
        plane=sightlines.plane[rows],
        focal_px=sightlines.focal_px[rows],
    )


def cast_sightlines(
    block: Block, sightlines: Sightlines, deviations: Deviations
) -> NDArray[np.float64]:
    """Return (K, 3) where the rays meet the ground, in the block's frame; NaN where they don't."""
    photo = sightlines.tracks.photo
    origins, directions = rays_at(block, sightlines, deviations)
    above = np.array([view.above_ground_m for view in block.views])[photo]
    reach_m = MAX_RANGE_PER_HEIGHT * float(above.max(initial=0.0))
    distances = block.surface.cast(origins, directions, max_range_m=reach_m)
    hits: NDArray[np.float64] = origins + distances[:, None] * directions
    return hits


def rays_at(
    block: Block, sightlines: Sightlines, deviations: Deviations
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (K, 3) origins and (K, 3) unit directions in the block's frame."""
    photo = sightlines.tracks.photo
    longer = 1.0 + deviations.focal_ratio
    rays = np.column_stack([sightlines.plane / longer, np.ones(len(photo))])
    directions = np.einsum("kij,kj->ki", rotations_at(block, deviations)[photo], rays)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return places_at(block, deviations)[photo], directions


def photo_rows(
    block: Block, sightlines: Sightlines, deviations: Deviations, points: NDArray[np.float64]
) -> PhotoRows:
    """Return how far points of the ground are seen from where they were found in the photos.

    Args:
        block: The photos.
        sightlines: What was found.
        deviations: The estimate of the poses.
        points: (P, 3) the estimate of the points, in the block's frame.
    """
    photo, point = sightlines.tracks.photo, sightlines.tracks.point
    rotations = rotations_at(block, deviations)[photo]
    offsets = points[point] - places_at(block, deviations)[photo]
    seen = np.einsum("kji,kj->ki", rotations, offsets)
    is_ahead = seen[:, 2] > LEAST_DEPTH_M
    depth = np.where(is_ahead, seen[:, 2], 1.0)
    image = seen[:, :2] / depth[:, None]
    # In pixels as they were found: brought to another focal length, noise would shrink with it, and
    # the likeliest lens would be too long.
    focal_px = np.where(is_ahead, sightlines.focal_px, 0.0)[:, None]
    scale = focal_px * (1.0 + deviations.focal_ratio)
    projection = np.zeros((len(photo), 2, 3))  # by a shift of the point in the camera's frame
    projection[:, 0, 0] = projection[:, 1, 1] = 1.0 / depth
    projection[:, :, 2] = -image / depth[:, None]
    projection *= scale[:, :, None]
    by_point = projection @ rotations.transpose(0, 2, 1)
    by_place = -by_point @ block.axes[photo]
    own_offsets = np.einsum("kji,kj->ki", block.axes[photo], offsets)
    turns = rotation_derivatives(block, deviations)[:, photo]
    by_angle = np.stack([np.einsum("kji,kj->ki", turn, own_offsets) for turn in turns], axis=-1)
    return PhotoRows(
        residual=scale * image - focal_px * sightlines.plane,
        by_photo=np.concatenate([by_place, projection @ by_angle], axis=2),
        by_focal=focal_px * image,
        by_point=by_point,
    )


def ground_rows(
    block: Block,
    deviations: Deviations,
    points: NDArray[np.float64],
    begin: NDArray[np.float64],
) -> GroundRows:
    """Return how far points are above the ground.

    Args:
        block: Its surface is the ground.
        deviations: The ground is shifted by the first two of what the flight has in common; a
            plane slopes by them.
        points: (P, 3) in the block's frame.
        begin: (P, 3) where they were first thought to be, for those over no ground.
    """
    if isinstance(block.surface, FlatSurface):
        return _tilted_rows(block.surface, deviations, points)
    below = points[:, :2] - deviations.common[:2]
    up, slopes = block.surface.up_m(below), _slopes(block, below)
    known = np.isfinite(up) & np.isfinite(slopes).all(axis=1)
    slopes = np.clip(np.where(known[:, None], slopes, 0.0), -MAX_SLOPE, MAX_SLOPE)
    return GroundRows(
        residual=points[:, 2] - np.where(known, up, begin[:, 2]),
        by_point=np.column_stack([-slopes, np.ones(len(points))]),
        by_shift=slopes,
        known=known,
    )


def over_level(block: Block, ground: GroundRows, deviations: Deviations) -> GroundRows:
    """Return the rows with heights over level ground, on which rays end, and not over its slope."""
    if not isinstance(block.surface, FlatSurface):
        return ground
    return replace(ground, residual=ground.residual - ground.by_shift @ deviations.common[:2])


def _tilted_rows(
    surface: FlatSurface, deviations: Deviations, points: NDArray[np.float64]
) -> GroundRows:
    """Return how far points are above the plane, which may slope as terrain does.

    Taken as level for sure, a hillside would tilt the cameras.
    """
    slopes = deviations.common[:2]
    middle = np.median(points[:, :2], axis=0)
    across = points[:, :2] - middle
    return GroundRows(
        residual=points[:, 2] - surface.plane_up_m - across @ slopes,
        by_point=np.column_stack([np.broadcast_to(-slopes, across.shape), np.ones(len(points))]),
        by_shift=-across,
        known=np.ones(len(points), dtype=bool),
    )


def _slopes(block: Block, below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (P, 2) slopes of the ground to the east and north; NaN where it is not known."""
    steps = np.eye(2) * SLOPE_STEP_M
    rises = [block.surface.up_m(below + step) - block.surface.up_m(below - step) for step in steps]
    slopes: NDArray[np.float64] = np.column_stack(rises) / (2.0 * SLOPE_STEP_M)
    return slopes


def cast_gaps_m(
    block: Block, sightlines: Sightlines, deviations: Deviations
) -> NDArray[np.float64]:
    """Return (M,) how far apart on the ground the two rays of each of `Tracks.pairs` end.

    NaN where one of them misses the ground.
    """
    hits = cast_sightlines(block, sightlines, deviations)
    first, second = sightlines.tracks.pairs.T
    gaps: NDArray[np.float64] = np.linalg.norm((hits[first] - hits[second])[:, :2], axis=1)
    return gaps


def ray_gaps_m(block: Block, sightlines: Sightlines, deviations: Deviations) -> NDArray[np.float64]:
    """Return (M,) about how far the rays of each pair miss each other at the ground; NaN if none.

    Unlike what `cast_gaps_m` has, that does not hang on the ground's shape.
    """
    hits = cast_sightlines(block, sightlines, deviations)[sightlines.tracks.pairs[:, 1]]
    origins = rays_at(block, sightlines, deviations)[0][sightlines.tracks.pairs[:, 1]]
    ranges = np.linalg.norm(hits - origins, axis=1)
    focal_px = sightlines.focal_px[sightlines.tracks.pairs[:, 1]]
    gaps: NDArray[np.float64] = ray_gaps_px(block, sightlines, deviations) / focal_px * ranges
    return gaps


def ray_gaps_px(
    block: Block, sightlines: Sightlines, deviations: Deviations
) -> NDArray[np.float64]:
    """Return (M,) by how many pixels the two rays of each pair of `Tracks.pairs` miss each other.

    That is the angle between the second ray and the plane through the first and the baseline,
    which no place of the point on its rays can make good.
    """
    first, second = sightlines.tracks.pairs.T
    origins, directions = rays_at(block, sightlines, deviations)
    normals = np.cross(origins[second] - origins[first], directions[first])
    lengths = np.maximum(np.linalg.norm(normals, axis=1), 1e-9)
    sines = np.einsum("mi,mi->m", normals, directions[second]) / lengths
    gaps: NDArray[np.float64] = np.abs(sines) * sightlines.focal_px[second]
    return gaps


def rotation_derivatives(block: Block, deviations: Deviations) -> NDArray[np.float64]:
    """Return (3, N, 3, 3) of the rotation to a photo's own frame, by yaw, pitch, roll in deg."""
    angles = angles_at(block, deviations)
    steps = ANGLE_STEP_DEG * np.eye(len(angles))[ESTIMATED_ANGLES, :, None]
    derivatives: NDArray[np.float64] = np.stack(
        [
            rotation_camera_to_enu(*(angles + step)) - rotation_camera_to_enu(*(angles - step))
            for step in steps
        ]
    ) / (2.0 * ANGLE_STEP_DEG)
    return derivatives
