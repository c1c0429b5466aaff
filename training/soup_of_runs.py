"""A soup of trained models' folders, chosen on the val pictures of a picture set."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from datasets.labelled_picture import Origin
from models.detector import Image
from models.manifest import ModelManifest
from models.ultralytics_detector import UltralyticsDetector, read_trainable_network
from training.chosen_pictures import PlacedPicture
from training.errors import TrainingError
from training.evaluation.average_precision import average_precisions
from training.evaluation.result import PictureResult, Way
from training.evaluation.score import group_class
from training.evaluation.search import plan_search, read_labelled_picture
from training.export import write_trainable_form
from training.soup import (
    Soup,
    State,
    average_weights,
    batch_pictures,
    choose_greedily,
    measure_batch_norm,
)
from training.trials.searched_pictures import search_placed


@dataclass(frozen=True, slots=True, kw_only=True)
class SoupResult:
    """What a soup was made of.

    Attributes:
        chosen: Names of the folders in it.
        score: Mean AP50 of the classes on val.
        alone: The same of each folder's own weights; empty where all were taken unasked.
    """

    chosen: tuple[str, ...]
    score: float
    alone: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoupPictures:
    """Pictures for a soup, and how they are searched.

    Attributes:
        train: On which batch normalisation is measured.
        val: On which soups are compared; only photos count.
    """

    train: tuple[PlacedPicture, ...]
    val: tuple[PlacedPicture, ...]
    manifest: ModelManifest


def write_soup(
    folders: Sequence[Path],
    target: Path,
    pictures: SoupPictures,
    *,
    greedy: bool,
    tell: Callable[[str], None],
) -> SoupResult:
    """Write the soup of several folders' trainable forms as another one.

    Args:
        folders: Each with trainable.safetensors and trainable.yaml, all of one network.
        target: Folder for the soup.
        pictures: See there.
        greedy: Take only what makes it better on val; else all.
        tell: Takes a line a score.

    Raises:
        ModelDamagedError: A folder's weights cannot be read.
        TrainingError: They are not of one network, or there are no pictures.
    """
    states: dict[str, State] = {
        str(folder): read_trainable_network(folder).state_dict() for folder in folders
    }
    network = read_trainable_network(folders[0])

    def score(state: State) -> float:
        _set_weights(network, state, pictures)
        reached = score_network(network, pictures)
        tell(f"mean AP50 on val {reached:.4f}")
        return reached

    if greedy:
        soup = choose_greedily(states, score)
    else:
        mean = average_weights(list(states.values()))
        soup = Soup(names=tuple(states), score=score(mean), alone={}, state=mean)
    _set_weights(network, soup.state, pictures)
    target.mkdir(parents=True, exist_ok=True)
    write_trainable_form(network, target)
    return SoupResult(chosen=soup.names, score=soup.score, alone=dict(soup.alone))


def _set_weights(network: nn.Module, state: State, pictures: SoupPictures) -> None:
    network.load_state_dict(dict(state))
    batches = batch_pictures(
        _read_pixels(pictures.train), side_px=pictures.manifest.street_long_side_px
    )
    measure_batch_norm(network, batches)


def _read_pixels(placed: Sequence[PlacedPicture]) -> Iterator[Image]:
    for entry in placed:
        try:
            yield read_labelled_picture(entry.path, entry.picture)
        except (TrainingError, OSError):
            continue  # a bad picture stops nothing


def score_network(network: nn.Module, pictures: SoupPictures) -> float:
    """Return the mean AP50 of the classes that val pictures hold, through the tiled pipeline."""
    manifest = pictures.manifest
    detector = UltralyticsDetector(
        network, classes=manifest.classes, input_size_px=manifest.input_size_px, batch_size=1
    )
    real = [e for e in pictures.val if e.picture.origin is Origin.PHOTO]
    found = search_placed(real, plan_search(detector, manifest, Way.TILED))
    results = [entry for entry in found if isinstance(entry, PictureResult)]
    scores = [average_precisions(group_class(results, name))[0] for name in manifest.classes]
    if not results or np.isnan(scores).all():
        raise TrainingError("no val picture has a box to be found")
    return float(np.nanmean(scores))


def with_sizes(manifest: ModelManifest, *, input_size_px: int) -> ModelManifest:
    """Return a manifest for pictures shown whole at the training's size."""
    return replace(manifest, input_size_px=input_size_px, street_long_side_px=input_size_px)
