"""The tools of real runs: they need the `train` extra."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from models.manifest import ModelManifest
from models.ultralytics_detector import UltralyticsDetector
from training.errors import TrainingError
from training.export import read_checkpoint
from training.recipe import plan_manifest
from training.train import train
from training.trials.one_run import Run, Tools
from training.trials.plan import TrialRow
from training.trials.searched_pictures import SearchedPicture, search_placed

# The last epoch's averaged weights: a choice of epoch by few val pictures would be luck.
WEIGHTS = Path("weights/last.pt")


def real_tools() -> Tools:
    """Return our own training, and the tiled pipeline with its weights."""
    return Tools(train=train, search=search_with_weights, clock=read_time)


def read_time() -> datetime:
    """Return the time, in the machine's zone."""
    return datetime.now(UTC).astimezone()


def search_with_weights(folder: Path, run: Run) -> Iterator[SearchedPicture]:
    """Yield what the last weights of a run's training find on its pictures.

    Args:
        folder: Of the training.
        run: Says which pictures to search, and at which sizes.

    Raises:
        TrainingError: The weights cannot be read, or an override of the search is unknown.
    """
    manifest = plan_search_manifest(run.row, input_size_px=run.config.input_size_px)
    detector = UltralyticsDetector(
        read_checkpoint(folder / WEIGHTS),
        classes=manifest.classes,
        input_size_px=manifest.input_size_px,
        # Most pictures are one to three tiles, and a batch is padded.
        batch_size=1,
    )
    yield from search_placed(run.searched, detector=detector, manifest=manifest)


def plan_search_manifest(row: TrialRow, *, input_size_px: int) -> ModelManifest:
    """Return the manifest for a search: whole pictures at the training's size, then twice as fine.

    Raises:
        TrainingError: An override of the row is no number of the manifest.
    """
    sizes = {"input_size_px": input_size_px, "street_long_side_px": input_size_px, **row.search}
    if set(sizes) != {"input_size_px", "street_long_side_px"}:
        raise TrainingError(f"{row.name}: unknown settings of the search in {sorted(sizes)}")
    return replace(plan_manifest(row.name, "trial"), **sizes)
