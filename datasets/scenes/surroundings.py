"""What stands on the parcels before anything is wrong there."""

import numpy as np

from datasets.scenes.billboards import board_faces
from datasets.scenes.buildings import container, flat_building, gable_house, on_host, tidy_shed
from datasets.scenes.furniture import bins, car, manhole, pallets, tree
from datasets.scenes.layout import PAVEMENT_M, Parcel, Road, Use
from datasets.scenes.placing import Rooftop, Site, around, random_place
from datasets.scenes.shapes import Solid, Vector, place_faces, place_points

_ROADSIDE = ("car", "manhole", "tree", "board", "nothing")
_ROADSIDE_SHARES = (0.3, 0.1, 0.12, 0.08, 0.4)


def build_surroundings(rng: np.random.Generator, site: Site) -> list[Solid]:
    """Return the solids of all parcels and roads, and note on the site what is taken."""
    solids: list[Solid] = []
    for parcel in site.layout.parcels:
        solids += _BUILDERS[parcel.use](rng, site, parcel)
    return solids + _along_roads(rng, site)


def _quarter_turn(rng: np.random.Generator, site: Site) -> float:
    return site.layout.heading_deg + float(rng.choice([0, 180]))


def _houses(rng: np.random.Generator, site: Site, parcel: Parcel) -> list[Solid]:
    solids: list[Solid] = []
    for _ in range(3):
        width, depth = rng.uniform(7, 12), rng.uniform(6, 9)
        place = random_place(rng, parcel.area, margin_m=max(width, depth) / 2 + 0.8)
        if place is None or not site.take(around(*place, width + 2, depth + 2)):
            continue
        solids.append(
            gable_house(
                rng,
                centre=site.ground_point(*place),
                heading_deg=_quarter_turn(rng, site),
                width_m=width,
                depth_m=depth,
                height_m=rng.uniform(2.8, 6.2),
            )
        )
    solids += _trees(rng, site, parcel, count=int(rng.integers(1, 5)))
    solids += _cars(rng, site, parcel, count=int(rng.integers(0, 2)))
    return solids + (_tidy_sheds(rng, site, parcel) if rng.random() < 0.4 else [])


def _block(rng: np.random.Generator, site: Site, parcel: Parcel) -> list[Solid]:
    x0, y0, x1, y1 = parcel.area
    width = (x1 - x0) * rng.uniform(0.5, 0.72)
    depth = (y1 - y0) * rng.uniform(0.5, 0.72)
    x, y = (x0 + x1) / 2 + rng.uniform(-1, 1), (y0 + y1) / 2 + rng.uniform(-1, 1)
    if min(width, depth) < 5 or not site.take(around(x, y, width + 1, depth + 1)):
        return []
    height = float(rng.uniform(3.2, 11))
    centre, heading = site.ground_point(x, y), site.layout.heading_deg
    building = flat_building(
        rng, centre=centre, heading_deg=heading, width_m=width, depth_m=depth, height_m=height
    )
    site.rooftops.append(
        Rooftop(centre=centre, heading_deg=heading, width_m=width, depth_m=depth, height_m=height)
    )
    solids = [building, *_cars(rng, site, parcel, count=int(rng.integers(0, 4)))]
    if rng.random() < 0.3 and depth > 7:
        roof_edge = np.array([[0.0, depth / 2 - 1.0, height]])
        foot = place_points(roof_edge, centre=centre, heading_deg=heading)[0]
        solids.append(on_host(_intact_board(rng, foot, heading), centre))
    return solids + _trees(rng, site, parcel, count=int(rng.integers(0, 3)))


def _parking(rng: np.random.Generator, site: Site, parcel: Parcel) -> list[Solid]:
    x0, y0, x1, y1 = parcel.area
    solids = []
    for row in np.arange(y0 + 1.3, y1 - 5.5, 11.5).tolist():
        for x in np.arange(x0 + 1.3, x1 - 3.9, 2.6).tolist():
            if rng.random() < 0.45 and site.take(around(x + 1.35, row + 2.5, 2.0, 4.9)):
                heading = _quarter_turn(rng, site) + rng.normal(0, 1.5)
                solids.append(
                    car(rng, centre=site.ground_point(x + 1.35, row + 2.5), heading_deg=heading)
                )
    return solids


def _yard(rng: np.random.Generator, site: Site, parcel: Parcel) -> list[Solid]:
    solids: list[Solid] = []
    for _ in range(int(rng.integers(1, 5))):
        place = random_place(rng, parcel.area, margin_m=4)
        if place is None:
            break
        if rng.random() < 0.6 and site.take(around(*place, 7, 4)):
            solids.append(
                container(
                    rng, centre=site.ground_point(*place), heading_deg=_quarter_turn(rng, site)
                )
            )
        elif site.take(around(*place, 5, 3)):
            maker = pallets if rng.random() < 0.7 else bins
            solids.append(
                maker(rng, centre=site.ground_point(*place), heading_deg=_quarter_turn(rng, site))
            )
    return solids + _tidy_sheds(rng, site, parcel) + _cars(rng, site, parcel, count=2)


def _vacant(rng: np.random.Generator, site: Site, parcel: Parcel) -> list[Solid]:
    return _trees(rng, site, parcel, count=int(rng.integers(0, 5)), largest_m=2.0)


def _park(rng: np.random.Generator, site: Site, parcel: Parcel) -> list[Solid]:
    return _trees(rng, site, parcel, count=int(rng.integers(5, 14)))


def _trees(
    rng: np.random.Generator, site: Site, parcel: Parcel, *, count: int, largest_m: float = 3.6
) -> list[Solid]:
    solids = []
    for _ in range(count):
        radius = float(rng.uniform(0.7, largest_m))
        place = random_place(rng, parcel.area, margin_m=radius * 0.8)
        if place is not None and site.take(around(*place, radius * 1.7, radius * 1.7)):
            solids.append(tree(rng, centre=site.ground_point(*place), radius_m=radius))
    return solids


def _cars(rng: np.random.Generator, site: Site, parcel: Parcel, *, count: int) -> list[Solid]:
    solids = []
    for _ in range(count):
        place = random_place(rng, parcel.area, margin_m=2.6)
        if place is not None and site.take(around(*place, 2.4, 5.0)):
            heading = _quarter_turn(rng, site) + rng.normal(0, 3)
            solids.append(car(rng, centre=site.ground_point(*place), heading_deg=heading))
    return solids


def _tidy_sheds(rng: np.random.Generator, site: Site, parcel: Parcel) -> list[Solid]:
    width, depth = rng.uniform(3, 7), rng.uniform(2.6, 5)
    place = random_place(rng, parcel.area, margin_m=max(width, depth) / 2 + 0.5)
    if place is None or not site.take(around(*place, width + 1, depth + 1)):
        return []
    centre = site.ground_point(*place)
    return [
        tidy_shed(
            rng, centre=centre, heading_deg=_quarter_turn(rng, site), width_m=width, depth_m=depth
        )
    ]


def _intact_board(rng: np.random.Generator, centre: Vector, heading_deg: float) -> Solid:
    faces = board_faces(
        rng,
        width_m=rng.uniform(3.5, 6),
        height_m=rng.uniform(2, 3),
        lean_deg=rng.uniform(12, 50),
        foot_m=rng.uniform(0.3, 1.2),
        damaged=False,
    )
    return Solid(centre=centre, faces=place_faces(faces, centre=centre, heading_deg=heading_deg))


def _along_roads(rng: np.random.Generator, site: Site) -> list[Solid]:
    solids: list[Solid] = []
    reach = site.layout.half_size_m
    for road in site.layout.roads:
        for along in np.arange(-reach, reach, 9.0):
            kind = str(rng.choice(_ROADSIDE, p=_ROADSIDE_SHARES))
            if kind == "nothing":
                continue
            solid = _beside_road(rng, site, road, float(along), kind)
            if solid is not None:
                solids.append(solid)
    return solids


def _beside_road(
    rng: np.random.Generator, site: Site, road: Road, along_m: float, kind: str
) -> Solid | None:
    """Return a thing on or beside a road, or None where another road or thing is in the way."""
    side = float(rng.choice([-1, 1]))
    kerb = road.width_m / 2
    from_middle, shape = {
        "car": (kerb - 1.1, (5.0, 2.2)),
        "manhole": (kerb * 0.4, (0.9, 0.9)),
        "tree": (kerb + PAVEMENT_M * 0.6, (1.4, 1.4)),
        "board": (kerb + PAVEMENT_M * 0.5, (6.5, 1.8)),
    }[kind]
    x, y = along_m + float(rng.uniform(0, 4)), road.middle_m + side * from_middle
    if not road.along_x:
        x, y, shape = y, x, (shape[1], shape[0])
    area = around(x, y, *shape)
    own_roads = 1 if kind in ("car", "manhole") else 0
    if site.on_road(area) > own_roads or not site.take(area):
        return None
    centre = site.ground_point(x, y)
    along_deg = site.layout.heading_deg + (90 if road.along_x else 0)
    flip = float(rng.choice([0, 180]))
    if kind == "car":
        return car(rng, centre=centre, heading_deg=along_deg + flip)
    if kind == "manhole":
        return manhole(rng, centre=centre)
    if kind == "tree":
        return tree(rng, centre=centre, radius_m=float(rng.uniform(0.9, 2.2)))
    return _intact_board(rng, centre, along_deg + 90 + flip)


_BUILDERS = {
    Use.HOUSES: _houses,
    Use.BLOCK: _block,
    Use.PARKING: _parking,
    Use.YARD: _yard,
    Use.VACANT: _vacant,
    Use.PARK: _park,
}
