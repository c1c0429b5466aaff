"""The objects to be found: where they stand and what they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.scenes.billboards import board_faces
from datasets.scenes.layout import Use
from datasets.scenes.placing import Site, outline
from datasets.scenes.rubbish import KINDS, heap_faces
from datasets.scenes.shapes import Solid, Vector
from datasets.scenes.spots import ground_spot, roadside_spot, roof_spot, stand, wall_spot
from datasets.scenes.structures import structure_faces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneObject:
    """One object of a project class.

    Attributes:
        sub_class: Of the taxonomy, where it is known.
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
    sub_class: str | None = None


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
                placed.append(describe_object(solid, site, number=number, class_name=class_name))
    return placed


def describe_object(
    solid: Solid, site: Site, *, number: int, class_name: str, sub_class: str | None = None
) -> tuple[SceneObject, Solid]:
    """Return what the truth says of a solid, and the solid with that object's number."""
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
        sub_class=sub_class,
    )
    return described, Solid(
        centre=solid.centre, faces=solid.faces, host=solid.host, object_id=number
    )


def _garbage(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth = rng.uniform(1.2, 4.2), rng.uniform(1.0, 3.2)
    uses = (Use.VACANT, Use.YARD, Use.HOUSES, Use.BLOCK, Use.PARKING, Use.PARK)
    spot = (
        roadside_spot(rng, site, reach_m, width, depth)
        if rng.random() < 0.3
        else ground_spot(rng, site, reach_m, width, depth, uses)
    )
    if spot is None:
        return None
    kind = str(rng.choice(KINDS, p=[0.3, 0.18, 0.32, 0.2]))
    return stand(heap_faces(rng, width_m=width, depth_m=depth, kind=kind), spot)


def _billboard(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, height = rng.uniform(3, 7), rng.uniform(2, 3.6)
    lean, foot = rng.uniform(32, 80), rng.uniform(0.05, 1.2)
    wish = rng.random()
    spot = None
    if wish < 0.3:
        spot = roof_spot(rng, site, reach_m, width, height)
    elif wish < 0.65:
        spot = roadside_spot(rng, site, reach_m, width, height)
    uses = (Use.VACANT, Use.YARD, Use.PARKING, Use.PARK, Use.HOUSES, Use.BLOCK)
    spot = spot or ground_spot(rng, site, reach_m, width, height, uses)
    if spot is None:
        return None
    faces = board_faces(
        rng, width_m=width, height_m=height, lean_deg=lean, foot_m=foot, damaged=True
    )
    return stand(faces, spot)


def _structure(rng: np.random.Generator, site: Site, reach_m: float) -> Solid | None:
    width, depth, height = rng.uniform(3, 8), rng.uniform(2.5, 5), rng.uniform(1.9, 3)
    kind = rng.random()
    spot = None
    if kind < 0.3:
        spot = roof_spot(rng, site, reach_m, width, depth)
    elif kind < 0.6:
        spot = wall_spot(rng, site, reach_m, width, depth)
    spot = spot or ground_spot(
        rng, site, reach_m, width, depth, (Use.VACANT, Use.YARD, Use.HOUSES, Use.PARK)
    )
    if spot is None:
        return None
    foot = 0.0 if spot.on_roof else 0.4
    return stand(
        structure_faces(rng, width_m=width, depth_m=depth, height_m=height, foot_m=foot), spot
    )


_MAKERS = {
    "exposed_garbage": _garbage,
    "damaged_billboard": _billboard,
    "illegal_structure": _structure,
}
