"""Rendered training tiles as a picture set."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from datasets.labelled_picture import Origin
from datasets.made_set import Batch, MadePicture, write_made_set
from datasets.picture_set import PictureSet, Source
from datasets.scenes.tile_plan import RenderingPlan, TilePlan
from datasets.scenes.tiles import render_tiles
from datasets.taxonomy import CLASS_NAMES

_SOURCE = Source(
    name="rendered_scenes",
    origin="datasets/scenes of this project",
    licence="that of this project",
    note="No place of these pictures exists; scores on them are no claim about cities.",
)


def write_tile_set(
    plan: RenderingPlan, folder: Path, *, on_scene: Callable[[], None] = lambda: None
) -> PictureSet:
    """Render the plan's scenes into a picture set and return it; a broken run goes on.

    Raises:
        DatasetError: The folder holds something else.
    """
    return write_made_set(
        folder,
        _plan_batches(plan),
        name=plan.name,
        plan=plan,
        sources=(_SOURCE,),
        origin=Origin.RENDERED,
        on_batch=on_scene,
    )


def _plan_batches(plan: RenderingPlan) -> Iterator[Batch]:
    for split, seeds in plan.seeds.items():
        for seed in seeds:
            yield Batch(
                name=f"scene{seed}",
                group=f"scene{seed}",
                split=split,
                source=_SOURCE.name,
                make=partial(_make_tiles, seed, plan.tiles),
            )


def _make_tiles(seed: int, plan: TilePlan) -> list[MadePicture]:
    return [
        MadePicture(
            pixels=tile.pixels,
            jpeg_quality=tile.jpeg_quality,
            boxes=tile.boxes,
            labelled_classes=CLASS_NAMES,
            gsd_m=tile.gsd_m,
        )
        for tile in render_tiles(seed, plan)
    ]
