"""The objects to be found: where they stand and what they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.scenes.billboards import board_faces
from datasets.scenes.layout import Use
from datasets.scenes.placing import Rooftop, Site, around, outline, random_place
from datasets.scenes.rubbish import KINDS, heap_faces
from datasets.scenes.shapes import Face, Solid, Vector, place_faces, place_points
from datasets.scenes.structures import structure_faces

_TRIES = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneObject:
    """One object of a project class.

    Attributes:
        centre: (3,) ENU of the middle of its footprint, at its foot.
        size_m: East-west, north-south and vertical extent.
        footprint: (N, 2) east and north of its outline on the ground.
        ground_height_m: Of the terrain there; below the foot for what stands on a roof.
    """

    id: int
    class_name: str
    centre: Vector
    size_m: tuple[float, float, float]
    footprint: NDArray[np.float64]
    ground_height_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spot:
    centre: Vector
    heading_deg: float
    host: Vector | None = None


def place_defects(
    rng: np.random.Generator, site: Site, *, counts: Mapping[str, int], reach_m: float
) -> list[tuple[SceneObject, Solid]]:
    """Return objects of each class on free places within `reach_m` of the scene's origin.

    Fewer are returned where the site has no room for more.
    """
    placed: list[tuple[SceneObject, Solid]] = []
    for class_name, count in counts.items():
        for _ in range(count):
            solid = _MAKERS[class_name](rng, site, reach_m)
            if solid is not None:
                number = len(placed) + 1
                placed.append(_describe(solid, site, number, class_name))
    return placed


def _describe(solid: Solid, site: Site, number: int, class_name: str) -> tuple[SceneObject, Solid]:
    corners = np.concatenate([face.corners for face in solid.faces])
    footprint = outline(corners[:, :2])
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = (low + high) / 2
    east, north = float(middle[0]), float(middle[1])
    ground = float(site.terrain.point(east, north)[2])
    described = SceneObject(
        id=number,
        class_name=class_name,
        centre=np.array([east, north, solid.centre[2]]),
        size_m=(float(high[0] - low[0]), float(high[1] - low[1]), float(high[2] - solid.centre[2])),
        footprint=footprint,
        ground_height_m=ground,
    )
    return described, Solid(
        centre=solid.centre, faces=solid.faces, host=solid.host, object_id=number
    )


def _stand(faces: list[Face], spot: _Spot) -> Solid:
    placed = place_faces(faces, centre=spot.centre, heading_deg=spot.heading_deg)
    return Solid(centre=spot.centre, faces=placed, host=spot.host)


def _garbage(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = rng.uniform(1.2, 4.2), rng.uniform(1.0, 3.2)
    uses = (Use.VACANT, Use.YARD, Use.HOUSES, Use.BLOCK, Use.PARKING, Use.PARK)
    spot = (
        _roadside_spot(rng, site, reach_m, width, depth)
        if rng.random() < 0.3
        else _ground_spot(rng, site, reach_m, width, depth, uses)
    )
    if spot is None:
        return None
    kind = str(rng.choice(KINDS, p=[0.3, 0.18, 0.32, 0.2]))
    return _stand(heap_faces(rng, width_m=width, depth_m=depth, kind=kind), spot)


def _billboard(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, height = rng.uniform(3, 7), rng.uniform(2, 3.6)
    lean, foot = rng.uniform(32, 80), rng.uniform(0.05, 1.2)
    wish = rng.random()
    spot = None
    if wish < 0.3:
        spot = _roof_spot(rng, site, reach_m, width, height)
    elif wish < 0.65:
        spot = _roadside_spot(rng, site, reach_m, width, height)
    uses = (Use.VACANT, Use.YARD, Use.PARKING, Use.PARK, Use.HOUSES, Use.BLOCK)
    spot = spot or _ground_spot(rng, site, reach_m, width, height, uses)
    if spot is None:
        return None
    faces = board_faces(
        rng, width_m=width, height_m=height, lean_deg=lean, foot_m=foot, damaged=True
    )
    return _stand(faces, spot)


def _structure(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth, height = rng.uniform(3, 8), rng.uniform(2.5, 5), rng.uniform(1.9, 3)
    kind = rng.random()
    spot = None
    if kind < 0.3:
        spot = _roof_spot(rng, site, reach_m, width, depth)
    elif kind < 0.6:
        spot = _wall_spot(rng, site, reach_m, width, depth)
    spot = spot or _ground_spot(
        rng, site, reach_m, width, depth, (Use.VACANT, Use.YARD, Use.HOUSES, Use.PARK)
    )
    if spot is None:
        return None
    foot = 0.0 if spot.host is not None and spot.centre[2] > spot.host[2] + 1 else 0.4
    return _stand(
        structure_faces(rng, width_m=width, depth_m=depth, height_m=height, foot_m=foot), spot
    )


def _within(centre: Vector, reach_m: float) -> bool:
    return bool(np.abs(centre[:2]).max() < reach_m)


def _ground_spot(
    rng: np.random.Generator,
    site: Site,
    reach_m: float,
    width_m: float,
    depth_m: float,
    uses: tuple[Use, ...],
) -> _Spot | None:
    parcels = [p for p in site.layout.parcels if p.use in uses]
    side = float(np.hypot(width_m, depth_m))
    for _ in range(_TRIES if parcels else 0):
        place = random_place(rng, parcels[int(rng.integers(len(parcels)))].area, margin_m=side / 2)
        if place is None:
            continue
        centre = site.ground_point(*place)
        if _within(centre, reach_m) and site.take(around(*place, side + 0.6, side + 0.6)):
            return _Spot(centre=centre, heading_deg=float(rng.uniform(0, 360)))
    return None


def _roadside_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> _Spot | None:
    for _ in range(_TRIES):
        road = site.layout.roads[int(rng.integers(len(site.layout.roads)))]
        along = rng.uniform(-reach_m, reach_m) * 1.4
        side = float(rng.choice([-1, 1]))
        across = road.middle_m + side * (road.width_m / 2 + 0.4 + depth_m * 0.5)
        x, y = (along, across) if road.along_x else (across, along)
        shape = (width_m, depth_m) if road.along_x else (depth_m, width_m)
        centre = site.ground_point(x, y)
        area = around(x, y, *shape)
        if _within(centre, reach_m) and site.on_road(area) == 0 and site.take(area):
            to_road = 180.0 if side > 0 else 0.0
            heading = site.layout.heading_deg + to_road + (0 if road.along_x else 90)
            return _Spot(centre=centre, heading_deg=heading + float(rng.normal(0, 8)))
    return None


def _near_roofs(site: Site, reach_m: float, least_m: float) -> list[Rooftop]:
    return [
        r
        for r in site.rooftops
        if _within(r.centre, reach_m) and min(r.width_m, r.depth_m) > least_m
    ]


def _roof_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> _Spot | None:
    side = max(width_m, depth_m)
    roofs = _near_roofs(site, reach_m, side + 1)
    if not roofs or not site.on_roofs:
        return None
    roof = roofs[int(rng.integers(len(roofs)))]
    x = rng.uniform(-0.5, 0.5) * (roof.width_m - side - 1)
    y = rng.uniform(-0.5, 0.5) * (roof.depth_m - side - 1)
    local = np.array([[x, y, roof.height_m]])
    centre = place_points(local, centre=roof.centre, heading_deg=roof.heading_deg)[0]
    site.rooftops.remove(roof)  # one addition a roof
    heading = roof.heading_deg + float(rng.choice([0, 90, 180, 270]))
    return _Spot(centre=centre, heading_deg=heading, host=roof.centre)


def _wall_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> _Spot | None:
    """Return a place with its high side against a wall of a flat building."""
    roofs = _near_roofs(site, reach_m, width_m)
    if not roofs:
        return None
    roof = roofs[int(rng.integers(len(roofs)))]
    turn = float(rng.choice([0, 90, 180, 270]))
    wall_m = roof.depth_m if turn in (0, 180) else roof.width_m
    local = np.array([[0.0, wall_m / 2 + depth_m / 2 + 0.1, 0.0]])
    heading = roof.heading_deg + turn
    flat = place_points(local, centre=roof.centre, heading_deg=heading)[0]
    centre = site.terrain.point(float(flat[0]), float(flat[1]))
    site.rooftops.remove(roof)
    return _Spot(centre=centre, heading_deg=heading)


_MAKERS = {
    "exposed_garbage": _garbage,
    "damaged_billboard": _billboard,
    "illegal_structure": _structure,
}
