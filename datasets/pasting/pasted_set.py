"""Pasted pictures as a picture set."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from datasets.labelled_picture import Origin
from datasets.made_set import Batch, MadePicture, write_made_set
from datasets.pasting.compose import compose_picture
from datasets.pasting.plan import PastingPlan, Split
from datasets.pasting.store import CropStore, open_store
from datasets.picture_set import SPLITS, PictureSet, Source

_SOURCE = Source(
    name="pasted_crops",
    origin="cut out of and pasted onto the pictures that the plan names",
    licence="that of each picture that went in",
    note="Never to be passed on unless the licences of all pictures that went in allow it.",
)
_BATCH = 10  # pictures written together


def write_pasted_set(
    plan: PastingPlan,
    root: Path,
    folder: Path,
    *,
    on_batch: Callable[[], None] = lambda: None,
) -> PictureSet:
    """Compose the plan's pictures into a picture set and return it; a broken run goes on.

    Args:
        plan: What is pasted onto what.
        root: Of the sources' folders and splits.csv.
        folder: Of the set; made where it does not exist.
        on_batch: Is called after every ten pictures.

    Raises:
        DatasetError: A source is absent, a split lacks crops or backgrounds, or the folder holds
            something else.
    """
    stores = {split: open_store(plan, root, split) for split, count in plan.counts.items() if count}
    return write_made_set(
        folder,
        _plan_batches(plan, stores),
        name=plan.name,
        plan=plan,
        sources=(_SOURCE,),
        origin=Origin.PASTED,
        on_batch=on_batch,
    )


def _plan_batches(plan: PastingPlan, stores: dict[Split, CropStore]) -> Iterator[Batch]:
    for split, store in stores.items():
        for start in range(0, plan.counts[split], _BATCH):
            numbers = range(start, min(start + _BATCH, plan.counts[split]))
            yield Batch(
                name=f"pasted{start // _BATCH:04d}",
                group=f"pasted_{split}",
                split=split,
                source=_SOURCE.name,
                make=partial(_compose, plan, store, numbers),
            )


def _compose(plan: PastingPlan, store: CropStore, numbers: range) -> list[MadePicture]:
    """Return pictures of a batch; each has its own source of chance, whatever came before."""
    place = SPLITS.index(store.split)
    return [
        compose_picture(np.random.default_rng([plan.seed, place, number]), store, plan)
        for number in numbers
    ]
