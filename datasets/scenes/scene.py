"""A place with everything on it, ready to be photographed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from datasets.scenes.defects import SceneObject, place_defects
from datasets.scenes.ground import Ground, cast_shadows, paint_ground
from datasets.scenes.layout import plan_layout
from datasets.scenes.lookalikes import place_lookalikes
from datasets.scenes.placing import Site
from datasets.scenes.shapes import Solid, Sun, Vector, light_solid
from datasets.scenes.surroundings import build_surroundings
from datasets.scenes.terrain import Terrain, plan_terrain
from datasets.scenes.variants import place_variants

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
        sub_class_counts: Further objects by sub-class, for training only.
        lookalike_counts: Ordinary things that are taken for objects, by kind, for training only.
        sun: Where None, one by the seed.
    """

    seed: int
    half_size_m: float
    object_reach_m: float
    texel_m: float = 0.04
    relief_m: float = 0.6
    counts: Mapping[str, int] = field(default_factory=dict)
    on_roofs: bool = True
    with_objects: bool = True
    sub_class_counts: Mapping[str, int] = field(default_factory=dict)
    lookalike_counts: Mapping[str, int] = field(default_factory=dict)
    sun: Sun | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A built place.

    Attributes:
        lookalikes: Kind and place of the ordinary things that are taken for objects.
    """

    plan: ScenePlan
    terrain: Terrain
    ground: Ground
    solids: tuple[Solid, ...]
    objects: tuple[SceneObject, ...]
    lookalikes: tuple[tuple[str, Vector], ...] = ()


def build_scene(plan: ScenePlan) -> Scene:
    """Return the scene of a plan."""
    # One source of chance a step: leaving the objects out must not move a single tree.
    steps = [np.random.default_rng([plan.seed, step]) for step in range(7)]
    terrain = plan_terrain(steps[0], relief_m=plan.relief_m)
    layout = plan_layout(steps[1], half_size_m=plan.half_size_m)
    site = Site(layout=layout, terrain=terrain, on_roofs=plan.on_roofs)
    sun = plan.sun or _plan_sun(steps[0])
    bare = paint_ground(steps[2], site.layout, texel_m=plan.texel_m)
    solids = build_surroundings(steps[3], site)
    lookalikes = place_lookalikes(
        steps[6], site, counts=plan.lookalike_counts, reach_m=plan.object_reach_m
    )
    placed = _place_objects(plan, site, steps[4], steps[5]) if plan.with_objects else []
    solids += [entry.solid for entry in lookalikes] + [solid for _, solid in placed]
    return Scene(
        plan=plan,
        terrain=terrain,
        ground=cast_shadows(bare, solids, sun),
        solids=tuple(light_solid(solid, sun) for solid in solids),
        objects=tuple(described for described, _ in placed),
        lookalikes=tuple((entry.kind, entry.solid.centre) for entry in lookalikes),
    )


def _place_objects(
    plan: ScenePlan, site: Site, rng: np.random.Generator, variant_rng: np.random.Generator
) -> list[tuple[SceneObject, Solid]]:
    reach_m = plan.object_reach_m
    placed = place_defects(rng, site, counts=plan.counts, reach_m=reach_m)
    return placed + place_variants(
        variant_rng,
        site,
        counts=plan.sub_class_counts,
        reach_m=reach_m,
        first_number=len(placed) + 1,
    )


def _plan_sun(rng: np.random.Generator) -> Sun:
    return Sun(
        azimuth_deg=float(rng.uniform(90, 270)),
        elevation_deg=float(rng.uniform(38, 66)),
        ambient=float(rng.uniform(0.42, 0.62)),
    )
