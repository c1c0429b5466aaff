"""Photos that are adjusted together, as arrays in one local frame."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.ground import Bounds
from inference.geometry.pose import rotation_camera_to_enu
from inference.geometry.pose_errors import EAST, FOCAL_LENGTH, HEIGHT, NORTH, PITCH, ROLL, YAW
from inference.geometry.surface import FlatSurface, RasterSurface, Surface
from inference.geometry.view import View

# What is estimated of each photo: its deviation from what is stated, in the order of POSE_ERRORS.
PHOTO_UNKNOWNS = FOCAL_LENGTH  # all but the focal length
# What the flight has in common, likewise; but its east and north are those of the ground model, by
# which that is shifted against the flight: matches do not tell where on the earth the flight was.
# Without a model they are the slopes of the plane.
COMMON_UNKNOWNS = FOCAL_LENGTH + 1

ESTIMATED_ANGLES = [0, 1, 3]  # yaw, pitch, bank of yaw, pitch, roll, bank

# The work grows with the third power of these.
MOST_PHOTOS = 250
MOST_DISTANCE_M = 10_000.0

LEAST_SIGMA = 1e-4  # metres, degrees or parts: keeps what is stated as exact invertible
SHORT_M = 1000.0

# One sigma of the ground at a point about the model or the plane: at the least, to begin with.
MODEL_POINT_SIGMA_M = 0.5
MODEL_POINT_SIGMA_PER_CELL = 0.1
FLAT_POINT_SIGMA_M = 1.0
# One sigma of the slope of the ground under a flight, east and north each: 10 m of difference in
# 100 m are what is usual in hills, see `inference.geometry.terrain`.
TERRAIN_SLOPE_SIGMA = 0.1
MODEL_SHIFT_SIGMA_PER_CELL = 0.5  # of a ground model against the world, on each axis


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Photos of one camera over one ground, in an east-north-up frame in their middle.

    Attributes:
        names: SHA-256 of the N photos, sorted.
        views: As stated.
        frame: Its heights are those of the ground.
        surface: The ground under all of them.
        places_m: (N, 3) of the cameras.
        axes: (N, 3, 3) whose columns are each photo's own east, north and up.
        angles_deg: (N, 4) yaw, pitch, roll, bank; errors of the roll are of the bank.
        own: (N, 6, 6) covariances of a photo's own part of PHOTO_UNKNOWNS.
        common: (7, 7) covariance of COMMON_UNKNOWNS.
        point_sigma_m: At the least, of the ground at a point.
    """

    names: tuple[str, ...]
    views: tuple[View, ...]
    frame: EnuFrame
    surface: Surface
    places_m: NDArray[np.float64]
    axes: NDArray[np.float64]
    angles_deg: NDArray[np.float64]
    own: NDArray[np.float64]
    common: NDArray[np.float64]
    point_sigma_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deviations:
    """What is estimated: how the flight differs from what is stated.

    Attributes:
        photos: (N, 6) of each photo, its share of the flight's bias included.
        common: (7,) the ground's shift east and north, or slopes, and the flight's bias.
    """

    photos: NDArray[np.float64]
    common: NDArray[np.float64]

    @property
    def focal_ratio(self) -> float:
        """Return by which part of itself the focal length is longer."""
        return float(self.common[FOCAL_LENGTH])


def no_deviations(count: int) -> Deviations:
    """Return the deviations of poses as stated."""
    return Deviations(photos=np.zeros((count, PHOTO_UNKNOWNS)), common=np.zeros(COMMON_UNKNOWNS))


def group_blocks(views: Mapping[str, View]) -> list[list[str]]:
    """Return the photos that may be adjusted together: one camera, ground and kind of pose."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for name in sorted(views):
        view = views[name]
        camera = (view.camera.width_px, view.camera.height_px, view.camera.fx, view.camera.cx)
        sources = (view.pose.position_source, view.pose.attitude_source)
        key = (camera, view.method, view.ground, sources)
        groups.setdefault(key, []).append(name)
    together = [_without_strays(names, views) for names in groups.values()]
    blocks = [part for names in together for part in _cut(names, views)]
    return [names for names in blocks if len(names) > 1]


def _cut(names: Sequence[str], views: Mapping[str, View]) -> list[list[str]]:
    """Return the photos in parts that can be adjusted at once, side by side along the flight."""
    parts = math.ceil(len(names) / MOST_PHOTOS)
    if parts < 2:
        return [list(names)]
    places = wgs84_to_enu(_middle(names, views), _positions(names, views))[:, :2]
    _, axes = np.linalg.eigh(np.cov(places.T))
    order = np.argsort(places @ axes[:, -1], kind="stable")
    return [[names[row] for row in sorted(part)] for part in np.array_split(order, parts)]


def _without_strays(names: Sequence[str], views: Mapping[str, View]) -> list[str]:
    """Return the photos that may be of one flight: a wrong sign puts a photo in another country."""
    places = wgs84_to_enu(_middle(names, views), _positions(names, views))
    is_near = np.linalg.norm(places[:, :2], axis=1) < MOST_DISTANCE_M
    return [name for name, near in zip(names, is_near, strict=True) if near]


def _middle(names: Sequence[str], views: Mapping[str, View]) -> EnuFrame:
    latitude, longitude, _ = np.median(_positions(names, views), axis=0)
    return EnuFrame(latitude_deg=float(latitude), longitude_deg=float(longitude))


def _positions(names: Sequence[str], views: Mapping[str, View]) -> NDArray[np.float64]:
    """Return (N, 3) latitude, longitude and height 0."""
    frames = [views[name].frame for name in names]
    return np.array([(frame.latitude_deg, frame.longitude_deg, 0.0) for frame in frames])


def plan_block(views: Mapping[str, View]) -> Block:
    """Return the block of the views, which `group_blocks` finds alike."""
    names = tuple(sorted(views))
    chosen = tuple(views[name] for name in names)
    frame = _middle(names, views)
    places_m, axes = _places_and_axes(chosen, frame)
    surface = chosen[0].ground.around(frame, _bounds(chosen, places_m))
    return Block(
        names=names,
        views=chosen,
        frame=frame,
        surface=surface,
        places_m=places_m,
        axes=axes,
        angles_deg=np.array(
            [(p.yaw_deg, p.pitch_deg, p.roll_deg, p.bank_deg) for p in (v.pose for v in chosen)]
        ),
        own=np.stack([as_deviations(view.errors.own) for view in chosen])[:, :-1, :-1],
        common=_common_covariance(chosen, surface),
        point_sigma_m=_point_sigma_m(surface),
    )


def as_deviations(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a (7, 7) covariance of POSE_ERRORS as one of deviations, and the other way round.

    A positive error of the height is of the ground below the camera, a positive deviation is of the
    camera. What is stated as exact becomes invertible.
    """
    sign = np.ones(len(errors))
    sign[HEIGHT] = -1.0
    turned: NDArray[np.float64] = errors * np.outer(sign, sign) + LEAST_SIGMA**2 * np.eye(
        len(errors)
    )
    return turned


def places_at(block: Block, deviations: Deviations) -> NDArray[np.float64]:
    """Return (N, 3) the cameras' places in the block's frame."""
    moved: NDArray[np.float64] = block.places_m + np.einsum(
        "nij,nj->ni", block.axes, deviations.photos[:, : HEIGHT + 1]
    )
    return moved


def rotations_at(block: Block, deviations: Deviations) -> NDArray[np.float64]:
    """Return (N, 3, 3) rotations from the cameras to the block's frame."""
    turned: NDArray[np.float64] = block.axes @ rotation_camera_to_enu(*angles_at(block, deviations))
    return turned


def angles_at(block: Block, deviations: Deviations) -> NDArray[np.float64]:
    """Return (4, N) yaw, pitch, roll and bank in degrees."""
    angles = block.angles_deg.T.copy()
    angles[ESTIMATED_ANGLES] += deviations.photos[:, [YAW, PITCH, ROLL]].T
    return angles


def _places_and_axes(
    views: Sequence[View], frame: EnuFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    places, axes = [], []
    for view in views:
        corners = np.vstack([np.zeros(3), SHORT_M * np.eye(3)])
        corners[:, 2] += view.camera_height_m
        origin, *ends = wgs84_to_enu(frame, enu_to_wgs84(view.frame, corners))
        places.append(origin)
        axes.append((np.array(ends) - origin).T / SHORT_M)
    return np.array(places), np.array(axes)


def _bounds(views: Sequence[View], places_m: NDArray[np.float64]) -> Bounds:
    east, north = places_m[:, 0], places_m[:, 1]
    bounds = np.array([view.bounds for view in views])
    return (
        float((east + bounds[:, 0]).min()),
        float((north + bounds[:, 1]).min()),
        float((east + bounds[:, 2]).max()),
        float((north + bounds[:, 3]).max()),
    )


def _common_covariance(views: Sequence[View], surface: Surface) -> NDArray[np.float64]:
    """Return the covariance of what the flight shares; its height is over the ground it sees."""
    covariance = np.mean([as_deviations(view.errors.shared) for view in views], axis=0)
    covariance[HEIGHT, HEIGHT] += np.mean([view.ground_sigma_m**2 for view in views])
    if isinstance(surface, FlatSurface):
        covariance[:HEIGHT] = covariance[:, :HEIGHT] = 0.0
        covariance[[EAST, NORTH], [EAST, NORTH]] = TERRAIN_SLOPE_SIGMA**2
    if isinstance(surface, RasterSurface):
        shift_m = MODEL_SHIFT_SIGMA_PER_CELL * surface.cell_m
        covariance[[EAST, NORTH], [EAST, NORTH]] += shift_m**2
    return np.asarray(covariance, dtype=np.float64)


def _point_sigma_m(surface: Surface) -> float:
    if isinstance(surface, RasterSurface):
        coarse_m = MODEL_POINT_SIGMA_PER_CELL * surface.cell_m
        return float(np.hypot(MODEL_POINT_SIGMA_M, coarse_m))
    return FLAT_POINT_SIGMA_M
