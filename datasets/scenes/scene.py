"""A place with everything on it, ready to be photographed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from datasets.scenes.defects import SceneObject, place_defects
from datasets.scenes.ground import Ground, cast_shadows, paint_ground
from datasets.scenes.layout import plan_layout
from datasets.scenes.placing import Site
from datasets.scenes.shapes import Solid, Sun, light_solid
from datasets.scenes.surroundings import build_surroundings
from datasets.scenes.terrain import Terrain, plan_terrain

FIRST_TRAINING_SEED = 100_000  # smaller seeds belong to demonstration flights and tests


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenePlan:
    """What to build.

    Attributes:
        seed: The same seed gives the same place.
        half_size_m: The ground reaches this far east, north, west and south of the origin.
        object_reach_m: Objects stand within this distance of the origin, east and north.
        texel_m: Fineness of the ground.
        relief_m: Height of the hills.
        counts: Objects of each class.
        on_roofs: Whether objects may stand on roofs, where flat ground places them wrongly.
        with_objects: False gives the same place without the objects.
    """

    seed: int
    half_size_m: float
    object_reach_m: float
    texel_m: float = 0.04
    relief_m: float = 0.6
    counts: Mapping[str, int] = field(default_factory=dict)
    on_roofs: bool = True
    with_objects: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A built place."""

    plan: ScenePlan
    terrain: Terrain
    ground: Ground
    solids: tuple[Solid, ...]
    objects: tuple[SceneObject, ...]


def build_scene(plan: ScenePlan) -> Scene:
    """Return the scene of a plan."""
    # One source of chance a step: leaving the objects out must not move a single tree.
    steps = [np.random.default_rng([plan.seed, step]) for step in range(5)]
    terrain = plan_terrain(steps[0], relief_m=plan.relief_m)
    layout = plan_layout(steps[1], half_size_m=plan.half_size_m)
    site = Site(layout=layout, terrain=terrain, on_roofs=plan.on_roofs)
    sun = _plan_sun(steps[0])
    bare = paint_ground(steps[2], site.layout, texel_m=plan.texel_m)
    solids = build_surroundings(steps[3], site)
    placed = []
    if plan.with_objects:
        placed = place_defects(steps[4], site, counts=plan.counts, reach_m=plan.object_reach_m)
    solids += [solid for _, solid in placed]
    return Scene(
        plan=plan,
        terrain=terrain,
        ground=cast_shadows(bare, solids, sun),
        solids=tuple(light_solid(solid, sun) for solid in solids),
        objects=tuple(described for described, _ in placed),
    )


def _plan_sun(rng: np.random.Generator) -> Sun:
    return Sun(
        azimuth_deg=float(rng.uniform(90, 270)),
        elevation_deg=float(rng.uniform(38, 66)),
        ambient=float(rng.uniform(0.42, 0.62)),
    )
