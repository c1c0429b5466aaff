"""From a box in a photo to a place on the ground, with its error."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.boxes import Box, find_cut_axes
from inference.geometry.camera import pixel_to_ray
from inference.geometry.frames import enu_to_wgs84
from inference.geometry.ground import FlatGround
from inference.geometry.pose import pose_rotation
from inference.geometry.rays import depression_deg, lower_to_depression
from inference.geometry.surface import FlatSurface
from inference.geometry.uncertainty import ErrorBudget, plan_error_budget, split_errors
from inference.geometry.view import (
    GROUND_MODEL_GAP,
    MAX_RANGE_PER_HEIGHT,
    MIN_DEPRESSION_DEG,
    SEEN_GROUND,
    SEEN_GROUND_GAP,
    Level,
    View,
    ground_sample_distance_at_m,
    view_directions,
    with_doubt_at,
)
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement

# Between a heap, flat, and a hoarding, upright.
OBJECT_HEIGHT_PER_DEPTH = 0.5
# Corners of a box and shifted rays may look flatter than what is placed; they end here.
LEAST_DEPRESSION_DEG = 2.0

OUTLINE = (
    (0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0), (0.0, 1.0), (0.0, 0.5),
)  # fmt: skip
TOP, RIGHT, BOTTOM, LEFT = 1, 3, 5, 7  # the middles of the edges in OUTLINE


def locate(detection: Detection, view: View) -> Placement | NotPlaced:
    """Return where on the ground a detection is, or why that cannot be said."""
    pixel = contact_pixel(detection.box_photo, view)
    hit = locate_pixels(view, pixel[None])[0]
    if view.beside_model is not None and not np.isfinite(hit).all():
        view = view_beside_model(view, view.beside_model)
        hit = locate_pixels(view, pixel[None])[0]
    refusal = _refusal(view, pixel, hit)
    if refusal is not None:
        return refusal
    view = with_doubt_at(view, hit)
    budget = plan_error_budget(view, class_name=detection.class_name, box_photo=detection.box_photo)
    own, loading = split_errors(_jacobian(view, pixel, hit, budget), budget)
    outline = _outline(view, detection.box_photo, hit)
    cut = find_cut_axes(
        detection.box_photo, width_px=view.camera.width_px, height_px=view.camera.height_px
    )
    return replace(_placement(view, hit, outline, own, loading), is_part=any(cut))


def view_beside_model(view: View, level: Level) -> View:
    """Return the view over level ground, for rays that meet a gap or the end of the model."""
    return replace(
        view,
        ground=FlatGround(level_m=level.up_m, datum=view.height_datum),
        method=SEEN_GROUND_GAP if view.method == SEEN_GROUND else GROUND_MODEL_GAP,
        has_ground_model=False,
        ground_sigma_m=level.sigma_m,
        beside_model=None,
    )


def contact_pixel(box_photo: Box, view: View) -> NDArray[np.float64]:
    """Return the photo pixel of a box where the middle of the object's base is taken to be, (2,).

    Seen from straight above that is the box's middle. Seen from the side, the box also spans the
    object's height, and the base moves towards the edge that is lower in the world: for a height
    h, a depth d and a depression a, the box spans d sin a + h cos a, of which d sin a is base.
    """
    x_min, y_min, x_max, y_max = box_photo
    middle = np.array([(x_min + x_max) / 2.0, (y_min + y_max) / 2.0])
    down = _downwards(view, middle)
    if down is None:
        return middle
    half_size = np.array([x_max - x_min, y_max - y_min]) / 2.0
    with np.errstate(divide="ignore", over="ignore"):
        to_edge = float(np.min(half_size / np.abs(down)))
    angle = np.radians(np.clip(depression_deg(view_directions(view, middle))[0], 0.0, 90.0))
    standing = OBJECT_HEIGHT_PER_DEPTH * np.cos(angle)
    moved: NDArray[np.float64] = middle + down * to_edge * standing / (np.sin(angle) + standing)
    return moved


def locate_pixels(view: View, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 3) east, north, up of the ground in (N, 2) photo pixels; NaN where it is not met.

    The frame is `view.frame`. Rays flatter than the least depression are not met.
    """
    directions = view_directions(view, pixels)
    flat = depression_deg(directions) < MIN_DEPRESSION_DEG
    origins = np.broadcast_to([0.0, 0.0, view.camera_height_m], directions.shape)
    distances = view.surface.cast(origins, directions, max_range_m=_max_range_m(view))
    hits: NDArray[np.float64] = origins + np.where(flat, np.nan, distances)[:, None] * directions
    return hits


def _max_range_m(view: View) -> float:
    return MAX_RANGE_PER_HEIGHT * view.above_ground_m


def _downwards(view: View, pixel: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the unit direction in the photo in which the world's down is, None at the nadir."""
    rotation = pose_rotation(view.pose)
    nadir = -rotation[2]  # (0, 0, -1) seen by the camera
    ray = pixel_to_ray(view.camera, pixel)[0]
    # The derivative of the projection of ray + step * nadir, but for a positive factor.
    towards = nadir[:2] - nadir[2] * ray[:2] / ray[2]
    length = float(np.linalg.norm(towards))
    return None if length < 1e-9 else towards / length


def _refusal(view: View, pixel: NDArray[np.float64], hit: NDArray[np.float64]) -> NotPlaced | None:
    """Return why there is no hit that can be used, or None where there is one."""
    depression = float(depression_deg(view_directions(view, pixel))[0])
    if depression <= 0.0:
        return NotPlaced(code=ReasonCode.ABOVE_HORIZON, detail=f"looks {-depression:.1f} deg up")
    if depression < MIN_DEPRESSION_DEG:
        return NotPlaced(
            code=ReasonCode.BEYOND_RANGE,
            detail=f"looks {depression:.1f} deg down, less than {MIN_DEPRESSION_DEG:g}",
        )
    if not np.isfinite(hit).all():
        return NotPlaced(
            code=ReasonCode.OUTSIDE_GROUND_MODEL,
            detail=f"no height within {_max_range_m(view):.0f} m along the view",
        )
    return None


def _jacobian(
    view: View, pixel: NDArray[np.float64], hit: NDArray[np.float64], budget: ErrorBudget
) -> NDArray[np.float64]:
    """Return (3, 7) metres of east, north, up for a unit of each of PARAMETERS.

    Central differences over one sigma each way, not over a tiny step: on a rough surface that is
    how far the position really goes. All rays are cast at once.
    """
    steps = np.maximum(budget.steps, 1e-9)
    # A camera low above the ground must not be shifted below it.
    steps[0] = min(steps[0], (view.camera_height_m - float(hit[2])) / 2.0)
    shifts = np.vstack([np.diag(steps), np.diag(-steps)])
    directions = view_directions(
        view,
        pixel + shifts[:, 5:7],
        yaw_offset_deg=shifts[:, 1],
        pitch_offset_deg=shifts[:, 2],
        roll_offset_deg=shifts[:, 3],
        focal_offset_ratio=shifts[:, 4],
    )
    # Ground that is higher by some metres is cast on as a camera that is lower by as much.
    origins = np.column_stack([np.zeros((14, 2)), view.camera_height_m - shifts[:, 0]])
    points = _cast_or_level(view, origins, directions, level_up_m=float(hit[2]))
    points[:, 2] += shifts[:, 0]
    jacobian: NDArray[np.float64] = ((points[:7] - points[7:]) / (2.0 * steps)[:, None]).T
    return jacobian


def _cast_or_level(
    view: View,
    origins: NDArray[np.float64],
    directions: NDArray[np.float64],
    *,
    level_up_m: float,
) -> NDArray[np.float64]:
    """Return (N, 3) hits; rays that miss the surface go on to the level of a known hit beside."""
    lowered = lower_to_depression(directions, min_depression_deg=LEAST_DEPRESSION_DEG)
    distances = view.surface.cast(origins, lowered, max_range_m=_max_range_m(view))
    level = FlatSurface(plane_up_m=level_up_m).cast(origins, lowered, max_range_m=np.inf)
    distances = np.where(np.isfinite(distances), distances, level)
    points: NDArray[np.float64] = origins + distances[:, None] * lowered
    return points


def _outline(view: View, box_photo: Box, hit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (8, 3) points of the box's outline on the ground, clockwise in the photo."""
    x_min, y_min, x_max, y_max = box_photo
    pixels = np.array([x_min, y_min]) + np.array(OUTLINE) * [x_max - x_min, y_max - y_min]
    directions = view_directions(view, pixels)
    origins = np.broadcast_to([0.0, 0.0, view.camera_height_m], directions.shape)
    return _cast_or_level(view, origins, directions, level_up_m=float(hit[2]))


def _placement(
    view: View,
    hit: NDArray[np.float64],
    outline: NDArray[np.float64],
    own: NDArray[np.float64],
    loading: NDArray[np.float64],
) -> Placement:
    wgs84 = enu_to_wgs84(view.frame, np.vstack([hit, outline]))
    # Counter-clockwise from above and closed, as a GeoJSON ring.
    ring = [(float(row[1]), float(row[0])) for row in wgs84[:0:-1]]
    return Placement(
        latitude_deg=float(wgs84[0, 0]),
        longitude_deg=float(wgs84[0, 1]),
        height_m=float(wgs84[0, 2]) if view.tells_height else None,
        height_datum=view.height_datum,
        own_covariance_m2=own,
        shared_loading_m=loading,
        method=view.method,
        footprint_wgs84=(*ring, ring[0]),
        ground_size_m=(
            float(np.linalg.norm(outline[RIGHT, :2] - outline[LEFT, :2])),
            float(np.linalg.norm(outline[TOP, :2] - outline[BOTTOM, :2])),
        ),
        gsd_m=ground_sample_distance_at_m(view, hit),
    )
