"""Where things are put: on free ground, beside a road, on a flat roof, against a wall."""

from dataclasses import dataclass

import numpy as np

from datasets.scenes.layout import Use, enu_to_plan
from datasets.scenes.placing import Rooftop, Site, around, random_place
from datasets.scenes.shapes import Face, Solid, Vector, place_faces, place_points

_TRIES = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spot:
    """A place that is taken for one thing.

    Attributes:
        host: Centre of the building on which it is, if it is on one.
    """

    centre: Vector
    heading_deg: float
    host: Vector | None = None

    @property
    def on_roof(self) -> bool:
        """Whether the place lies well above the foot of its building."""
        return self.host is not None and bool(self.centre[2] > self.host[2] + 1)


def stand(faces: list[Face], spot: Spot) -> Solid:
    """Return faces in local metres as a solid that stands on a spot."""
    placed = place_faces(faces, centre=spot.centre, heading_deg=spot.heading_deg)
    return Solid(centre=spot.centre, faces=placed, host=spot.host)


def _within(centre: Vector, reach_m: float) -> bool:
    return bool(np.abs(centre[:2]).max() < reach_m)


def ground_spot(
    rng: np.random.Generator,
    site: Site,
    reach_m: float,
    width_m: float,
    depth_m: float,
    uses: tuple[Use, ...],
) -> Spot | None:
    """Return a free place on a parcel of one of the uses, or None."""
    parcels = [p for p in site.layout.parcels if p.use in uses]
    side = float(np.hypot(width_m, depth_m))
    for _ in range(_TRIES if parcels else 0):
        place = random_place(rng, parcels[int(rng.integers(len(parcels)))].area, margin_m=side / 2)
        if place is None:
            continue
        centre = site.ground_point(*place)
        if _within(centre, reach_m) and site.take(around(*place, side + 0.6, side + 0.6)):
            return Spot(centre=centre, heading_deg=float(rng.uniform(0, 360)))
    return None


def roadside_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> Spot | None:
    """Return a free place beside a road, facing it, or None."""
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
            return Spot(centre=centre, heading_deg=heading + float(rng.normal(0, 8)))
    return None


def _near_roofs(site: Site, reach_m: float, least_m: float) -> list[Rooftop]:
    return [
        r
        for r in site.rooftops
        if _within(r.centre, reach_m) and min(r.width_m, r.depth_m) > least_m
    ]


def roof_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> Spot | None:
    """Return a place on a flat roof near the origin, which is then taken, or None."""
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
    return Spot(centre=centre, heading_deg=heading, host=roof.centre)


def wall_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> Spot | None:
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
    return Spot(centre=centre, heading_deg=heading)


def free_wall_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> Spot | None:
    """Return a free place along a wall of a flat building, its back to the wall, or None.

    Unlike `wall_spot` it leaves the building's roof to others and stands in nothing else's way.
    """
    roofs = _near_roofs(site, reach_m, width_m * 0.7)
    for _ in range(_TRIES // 6 if roofs else 0):
        roof = roofs[int(rng.integers(len(roofs)))]
        turn = float(rng.choice([0, 90, 180, 270]))
        wall_m, along_m = roof.depth_m, roof.width_m
        if turn in (90, 270):
            wall_m, along_m = along_m, wall_m
        slack = max(along_m - width_m, 0.0) / 2
        local = np.array([[rng.uniform(-slack, slack), wall_m / 2 + depth_m / 2 + 0.1, 0.0]])
        heading = roof.heading_deg + turn
        flat = place_points(local, centre=roof.centre, heading_deg=heading)[0]
        x, y = enu_to_plan(site.layout, flat[:2])
        # The building has taken half a metre around itself: leave that strip out.
        out = np.array([np.sin(np.radians(turn)), np.cos(np.radians(turn))]) * 0.35
        shape = (width_m, depth_m - 0.9) if turn in (0, 180) else (depth_m - 0.9, width_m)
        area = around(float(x + out[0]), float(y + out[1]), *shape)
        if _within(flat, reach_m) and site.on_road(area) == 0 and site.take(area):
            centre = site.terrain.point(float(flat[0]), float(flat[1]))
            return Spot(centre=centre, heading_deg=heading)
    return None


def road_spot(
    rng: np.random.Generator, site: Site, reach_m: float, width_m: float, depth_m: float
) -> Spot | None:
    """Return a free place on a road at its kerb, lengthwise, or None."""
    for _ in range(_TRIES // 3 if site.layout.roads else 0):
        road = site.layout.roads[int(rng.integers(len(site.layout.roads)))]
        along = rng.uniform(-reach_m, reach_m) * 1.4
        side = float(rng.choice([-1, 1]))
        across = road.middle_m + side * max(road.width_m / 2 - depth_m / 2 - 0.2, 0.0)
        x, y = (along, across) if road.along_x else (across, along)
        shape = (width_m, depth_m) if road.along_x else (depth_m, width_m)
        area = around(x, y, *shape)
        centre = site.ground_point(x, y)
        if _within(centre, reach_m) and site.on_road(area) == 1 and site.take(area):
            heading = site.layout.heading_deg + (0 if road.along_x else 90)
            return Spot(centre=centre, heading_deg=heading + float(rng.choice([0, 180])))
    return None
