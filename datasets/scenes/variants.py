"""Objects of each sub-class, for training: more kinds and more variety than in the demo."""

from collections.abc import Callable, Mapping

import numpy as np

from datasets.scenes.bin_rows import bin_row_faces
from datasets.scenes.board_damage import damaged_board_faces
from datasets.scenes.canopies import canopy_faces
from datasets.scenes.defects import SceneObject, describe_object
from datasets.scenes.layout import Use
from datasets.scenes.placing import Site
from datasets.scenes.rubbish import bag_faces, heap_faces
from datasets.scenes.shapes import Face, Solid
from datasets.scenes.spots import (
    Spot,
    free_wall_spot,
    ground_spot,
    road_spot,
    roadside_spot,
    roof_spot,
    stand,
)
from datasets.scenes.structures import structure_faces

_OPEN_GROUND = (Use.VACANT, Use.YARD, Use.PARKING, Use.PARK, Use.HOUSES, Use.BLOCK)

Maker = Callable[[np.random.Generator, Site, float], Solid | None]


def place_variants(
    rng: np.random.Generator,
    site: Site,
    *,
    counts: Mapping[str, int],
    reach_m: float,
    first_number: int,
) -> list[tuple[SceneObject, Solid]]:
    """Return objects of each sub-class on free places within `reach_m` of the scene's origin.

    Args:
        rng: Source of chance.
        site: Where; notes what is taken.
        counts: Objects wished for by sub-class; fewer come where there is no room.
        reach_m: East and north of the origin.
        first_number: Id of the first object.
    """
    # By turns, and in the table's order: what comes first would else take all the room, and
    # what needs most room or a roof of its own finds it least often.
    wishes = [
        name
        for turn in range(max(counts.values(), default=0))
        for name in MAKERS
        if turn < counts.get(name, 0)
    ]
    placed: list[tuple[SceneObject, Solid]] = []
    for sub_class in wishes:
        class_name, maker = MAKERS[sub_class]
        solid = maker(rng, site, reach_m)
        if solid is not None:
            number = first_number + len(placed)
            placed.append(
                describe_object(
                    solid, site, number=number, class_name=class_name, sub_class=sub_class
                )
            )
    return placed


def _garbage_spot(
    rng: np.random.Generator, site: Site, reach_m: float, size: tuple[float, float]
) -> Spot | None:
    """Return a place on soil, grass, paving, beside a road or, now and then, on its asphalt."""
    wish = rng.random()
    if wish < 0.3:
        return roadside_spot(rng, site, reach_m, *size)
    if wish < 0.4:
        return road_spot(rng, site, reach_m, *size)
    return ground_spot(rng, site, reach_m, *size, _OPEN_GROUND)


def _heap(kinds: tuple[str, ...]) -> Maker:
    def make(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
        size = (float(rng.uniform(0.9, 4.5)), float(rng.uniform(0.8, 3.2)))
        spot = _garbage_spot(rng, site, reach_m, size)
        if spot is None:
            return None
        kind = str(rng.choice(kinds))
        return stand(heap_faces(rng, width_m=size[0], depth_m=size[1], kind=kind), spot)

    return make


def _bags(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    if rng.random() < 0.4:
        return _heap(("bags",))(rng, site, reach_m)
    # Bags put down side by side, without a heap below them.
    count = int(rng.integers(2, 10))
    size = (0.55 * np.sqrt(count) + 0.6, 0.45 * np.sqrt(count) + 0.5)
    spot = _garbage_spot(rng, site, reach_m, size)
    if spot is None:
        return None
    faces: list[Face] = []
    for index in range(count):
        x, y = rng.uniform(-0.5, 0.5, 2) * (np.array(size) - 0.5)
        faces += bag_faces(rng, np.array([x, y, 0.02 * index]), layer=index)
    return stand(faces, spot)


def _bins(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    count = int(rng.integers(1, 5))
    size = (1.4 * count + 0.6, 2.0)
    if rng.random() < 0.6:
        spot = roadside_spot(rng, site, reach_m, *size)
    else:
        spot = ground_spot(rng, site, reach_m, *size, _OPEN_GROUND)
    return stand(bin_row_faces(rng, count=count, overflowing=True), spot) if spot else None


def _board(damage: str) -> Maker:
    def make(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
        width, height = float(rng.uniform(2.2, 7)), float(rng.uniform(1.4, 3.6))
        wish = rng.random()
        spot = None
        if wish < 0.3:
            spot = roof_spot(rng, site, reach_m, width, height)
        elif wish < 0.65:
            spot = roadside_spot(rng, site, reach_m, width, height)
        spot = spot or ground_spot(rng, site, reach_m, width, height, _OPEN_GROUND)
        if spot is None:
            return None
        faces = damaged_board_faces(
            rng,
            width_m=width,
            height_m=height,
            lean_deg=rng.uniform(15, 80),
            foot_m=rng.uniform(0.05, 1.5),
            damage=damage,
        )
        return stand(faces, spot)

    return make


def _shed(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(2.2, 8)), float(rng.uniform(2, 5))
    spot = free_wall_spot(rng, site, reach_m, width, depth) if rng.random() < 0.35 else None
    uses = (Use.VACANT, Use.YARD, Use.HOUSES, Use.PARK)
    spot = spot or ground_spot(rng, site, reach_m, width, depth, uses)
    if spot is None:
        return None
    height = float(rng.uniform(1.8, 3))
    return stand(structure_faces(rng, width_m=width, depth_m=depth, height_m=height), spot)


def _rooftop_addition(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(2.5, 7)), float(rng.uniform(2.2, 5))
    spot = roof_spot(rng, site, reach_m, width, depth)
    if spot is None:
        return None
    height = float(rng.uniform(1.9, 3))
    faces = structure_faces(rng, width_m=width, depth_m=depth, height_m=height, foot_m=0.0)
    return stand(faces, spot)


def _canopy(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(2, 8)), float(rng.uniform(1.8, 5))
    spot = free_wall_spot(rng, site, reach_m, width, depth) if rng.random() < 0.5 else None
    uses = (Use.VACANT, Use.YARD, Use.HOUSES)
    spot = spot or ground_spot(rng, site, reach_m, width, depth, uses)
    height = float(rng.uniform(2, 3.2))
    return (
        stand(canopy_faces(rng, width_m=width, depth_m=depth, height_m=height), spot)
        if spot
        else None
    )


# By sub-class of the taxonomy: its class, and what builds one.
MAKERS: dict[str, tuple[str, Maker]] = {
    "rooftop_addition": ("illegal_structure", _rooftop_addition),
    "shed": ("illegal_structure", _shed),
    "canopy": ("illegal_structure", _canopy),
    "pile": ("exposed_garbage", _heap(("mixed", "mixed", "cardboard"))),
    "bags": ("exposed_garbage", _bags),
    "construction_waste": ("exposed_garbage", _heap(("building_waste",))),
    "overflowing_bin": ("exposed_garbage", _bins),
    "torn": ("damaged_billboard", _board("torn")),
    "blank": ("damaged_billboard", _board("blank")),
    "faded": ("damaged_billboard", _board("faded")),
    "broken_frame": ("damaged_billboard", _board("broken_frame")),
}
