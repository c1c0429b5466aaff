"""The tools of real runs: they need the `train` extra."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from models.manifest import ModelManifest
from models.ultralytics_detector import UltralyticsDetector, read_trainable_network
from training.chosen_pictures import PlacedPicture
from training.errors import TrainingError
from training.evaluation.result import LeftOut, PictureResult, Way
from training.evaluation.search import plan_search
from training.recipe import plan_manifest
from training.run_record import LAST_FOLDER
from training.train import train
from training.trials.one_run import Run, RunRecord, Tools
from training.trials.searched_pictures import search_placed
from training.two_step.compare import SignTools
from training.two_step.features import CropFeatures

# A choice of epoch by few val pictures would be luck.
WEIGHTS_FOLDER = Path(LAST_FOLDER)


def real_tools() -> Tools:
    """Return our own training, and the tiled pipeline with its weights."""
    return Tools(train=train, search=search_with_weights, clock=read_time)


def read_time() -> datetime:
    """Return the time, in the machine's zone."""
    return datetime.now(UTC).astimezone()


def search_with_weights(folder: Path, run: Run) -> Iterator[PictureResult | LeftOut]:
    """Yield what the last weights of a run's training find on its pictures.

    Args:
        folder: Of the training.
        run: Says which pictures to search, and at which sizes.

    Raises:
        ModelDamagedError: The weights cannot be read.
        TrainingError: An override of the search is unknown.
    """
    manifest = plan_search_manifest(run)
    detector = UltralyticsDetector(
        read_trainable_network(folder / WEIGHTS_FOLDER),
        classes=manifest.classes,
        input_size_px=manifest.input_size_px,
        # Most pictures are one to three tiles, and a batch is padded.
        batch_size=1,
    )
    yield from search_placed(run.searched, plan_search(detector, manifest, Way.TILED))


def real_sign_tools() -> SignTools:
    """Return the backbone and the pipeline of a trained finder of signs."""
    return SignTools(find_signs=find_signs, read_features=read_features)


def find_signs(
    record: RunRecord, run: Run, placed: Sequence[PlacedPicture]
) -> Iterator[PictureResult]:
    """Yield what a trained finder finds on other pictures than those of its run."""
    for entry in search_with_weights(
        Path(record.training_folder), replace(run, searched=tuple(placed))
    ):
        if isinstance(entry, PictureResult):
            yield entry


def read_features(record: RunRecord) -> CropFeatures:
    """Return the features of crops that a run's network sees."""
    return CropFeatures(read_trainable_network(Path(record.training_folder) / WEIGHTS_FOLDER))


def plan_search_manifest(run: Run) -> ModelManifest:
    """Return the manifest for a search: whole pictures at the training's size, then twice as fine.

    Raises:
        TrainingError: An override of the row is no number of the manifest.
    """
    side_px, row, classes = run.config.input_size_px, run.row, run.config.classes
    settings = {"input_size_px": side_px, "street_long_side_px": side_px, **row.search}
    if unknown := set(settings) - {"input_size_px", "street_long_side_px", "street_ratios"}:
        raise TrainingError(f"{row.name}: unknown settings of the search: {sorted(unknown)}")
    settings["street_ratios"] = tuple(settings.get("street_ratios", ()))
    return replace(plan_manifest(row.name, "trial", classes=classes), **settings)
