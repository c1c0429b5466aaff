"""Ordinary things that detectors take for objects: hard negatives for training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from datasets.scenes.billboards import board_faces
from datasets.scenes.bin_rows import bin_row_faces
from datasets.scenes.buildings import gable_house, tidy_shed
from datasets.scenes.canopies import awning_faces, carport_faces
from datasets.scenes.furniture import car, tree
from datasets.scenes.layout import Use
from datasets.scenes.placing import Site
from datasets.scenes.shapes import Face, Solid, flat_corners
from datasets.scenes.spots import free_wall_spot, ground_spot, road_spot, roadside_spot, stand
from datasets.scenes.stones import boulders_faces, stone_heap_faces, tidy_stack_faces
from datasets.scenes.vehicles import lorry_faces, motorcycle_faces, person_faces

_OPEN_GROUND = (Use.VACANT, Use.YARD, Use.PARKING, Use.PARK, Use.HOUSES, Use.BLOCK)
_LOTS = (Use.VACANT, Use.HOUSES, Use.PARK)

Maker = Callable[[np.random.Generator, Site, float], Solid | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lookalike:
    """One of the things, and of which kind it is."""

    kind: str
    solid: Solid


def place_lookalikes(
    rng: np.random.Generator, site: Site, *, counts: Mapping[str, int], reach_m: float
) -> list[Lookalike]:
    """Return things of each kind on free places within `reach_m` of the scene's origin.

    Args:
        rng: Source of chance.
        site: Where; notes what is taken.
        counts: Things wished for by kind of LOOKALIKES; fewer come where there is no room.
        reach_m: East and north of the origin.
    """
    # By turns, and in the table's order: the largest find a free place least often.
    wishes = [
        kind
        for turn in range(max(counts.values(), default=0))
        for kind in LOOKALIKES
        if turn < counts.get(kind, 0)
    ]
    built = ((kind, LOOKALIKES[kind](rng, site, reach_m)) for kind in wishes)
    return [Lookalike(kind=kind, solid=solid) for kind, solid in built if solid is not None]


def _house(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(6, 13)), float(rng.uniform(5, 9))
    spot = ground_spot(rng, site, reach_m, width, depth, _LOTS)
    return (
        gable_house(
            rng,
            centre=spot.centre,
            heading_deg=spot.heading_deg,
            width_m=width,
            depth_m=depth,
            height_m=float(rng.uniform(2.6, 6.5)),
        )
        if spot
        else None
    )


def _garage(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(2.6, 9)), float(rng.uniform(2.4, 6))
    spot = ground_spot(rng, site, reach_m, width, depth, _OPEN_GROUND)
    if spot is None:
        return None
    if rng.random() < 0.3:
        height = float(rng.uniform(2.2, 2.8))
        return stand(carport_faces(rng, width_m=width, depth_m=depth, height_m=height), spot)
    return tidy_shed(
        rng, centre=spot.centre, heading_deg=spot.heading_deg, width_m=width, depth_m=depth
    )


def _car(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    if rng.random() < 0.5:
        spot = ground_spot(rng, site, reach_m, 2.0, 4.8, _OPEN_GROUND)
        turn = 0.0
    else:
        spot = road_spot(rng, site, reach_m, 4.8, 2.0)
        turn = 90.0
    return car(rng, centre=spot.centre, heading_deg=spot.heading_deg + turn) if spot else None


def _lorry(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    uses = (Use.YARD, Use.PARKING, Use.BLOCK, Use.VACANT)
    spot = ground_spot(rng, site, reach_m, 2.6, 9.0, uses)
    return stand(lorry_faces(rng), spot) if spot else None


def _stone_heap(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(1.2, 5)), float(rng.uniform(1.2, 4))
    spot = ground_spot(rng, site, reach_m, width, depth, _OPEN_GROUND)
    return stand(stone_heap_faces(rng, width_m=width, depth_m=depth), spot) if spot else None


def _boulders(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(1, 5)), float(rng.uniform(1, 4))
    spot = ground_spot(rng, site, reach_m, width, depth, (Use.VACANT, Use.PARK, Use.HOUSES))
    return stand(boulders_faces(rng, width_m=width, depth_m=depth), spot) if spot else None


def _tree(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    radius = float(rng.uniform(0.6, 3.2))
    spot = ground_spot(rng, site, reach_m, radius, radius, _OPEN_GROUND)
    return tree(rng, centre=spot.centre, radius_m=radius) if spot else None


def _person(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    if rng.random() < 0.5:
        spot = roadside_spot(rng, site, reach_m, 0.8, 0.8)
    else:
        spot = ground_spot(rng, site, reach_m, 0.8, 0.8, _OPEN_GROUND)
    return stand(person_faces(rng), spot) if spot else None


def _motorcycle(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    spot = road_spot(rng, site, reach_m, 1.0, 2.0)
    return stand(motorcycle_faces(rng, ridden=rng.random() < 0.7), spot) if spot else None


def _survey_target(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    spot = ground_spot(rng, site, reach_m, 1.0, 1.0, _OPEN_GROUND)
    if spot is None:
        return None
    texture = np.full((48, 48, 4), 255, np.uint8)
    if rng.random() < 0.6:  # a chequered board
        texture[:24, :24, :3] = texture[24:, 24:, :3] = 25
    else:  # a cross sprayed on the ground
        tint = ((240, 240, 240), (40, 40, 220), (60, 220, 240))[int(rng.integers(3))]
        texture[...] = 0
        cv2.line(texture, (4, 4), (43, 43), (*tint, 255), 6)
        cv2.line(texture, (43, 4), (4, 43), (*tint, 255), 6)
    side = float(rng.uniform(0.4, 1.0))
    corners = flat_corners(0, 0, 0.02, width=side, depth=side)
    return stand([Face(corners=corners, texture=texture, casts_shadow=False)], spot)


def _sign(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, height = float(rng.uniform(2, 7)), float(rng.uniform(1.3, 3.5))
    spot = roadside_spot(rng, site, reach_m, width, height) if rng.random() < 0.6 else None
    spot = spot or ground_spot(rng, site, reach_m, width, height, _OPEN_GROUND)
    if spot is None:
        return None
    lean, foot = float(rng.uniform(15, 80)), float(rng.uniform(0.05, 1.5))
    faces = board_faces(
        rng, width_m=width, height_m=height, lean_deg=lean, foot_m=foot, damaged=False
    )
    return stand(faces, spot)


def _closed_bins(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    count = int(rng.integers(1, 6))
    size = (1.4 * count, 1.0)
    spot = roadside_spot(rng, site, reach_m, *size) if rng.random() < 0.6 else None
    spot = spot or ground_spot(rng, site, reach_m, *size, _OPEN_GROUND)
    return stand(bin_row_faces(rng, count=count, overflowing=False), spot) if spot else None


def _awning(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = float(rng.uniform(2.5, 8)), float(rng.uniform(1.2, 2.4))
    spot = free_wall_spot(rng, site, reach_m, width, depth)
    height = float(rng.uniform(2.5, 3.2))
    return (
        stand(awning_faces(rng, width_m=width, depth_m=depth, height_m=height), spot)
        if spot
        else None
    )


def _tidy_stack(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    uses = (Use.YARD, Use.VACANT, Use.BLOCK, Use.HOUSES)
    spot = ground_spot(rng, site, reach_m, 4.0, 3.5, uses)
    return stand(tidy_stack_faces(rng), spot) if spot else None


LOOKALIKES: dict[str, Maker] = {
    "house": _house,
    "garage": _garage,
    "car": _car,
    "lorry": _lorry,
    "stone_heap": _stone_heap,
    "boulders": _boulders,
    "tree": _tree,
    "person": _person,
    "motorcycle": _motorcycle,
    "survey_target": _survey_target,
    "sign": _sign,
    "closed_bins": _closed_bins,
    "awning": _awning,
    "tidy_stack": _tidy_stack,
}
