"""Model soups: the average of several trainings' weights, which costs nothing at inference.

Wortsman et al., Model soups (ICML 2022): uniform soup, and greedy soup (their recipe 1), chosen on
val pictures. The weights have to come from the same start. Statistics of batch normalisation do
not average; they are measured anew, as for averaged weights in Izmailov et al. (UAI 2018).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.detection.tiles import PADDING_VALUE
from models.detector import Image
from training.errors import TrainingError

State = Mapping[str, Tensor]
Score = Callable[[State], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Soup:
    """The chosen weights.

    Attributes:
        names: In the order in which they were added.
        score: Of their mean, on val.
        alone: Score of each candidate's own weights.
    """

    names: tuple[str, ...]
    score: float
    alone: Mapping[str, float]
    state: State


def average_weights(states: Sequence[State]) -> dict[str, Tensor]:
    """Return the mean of weights in single precision; counters are those of the first.

    Raises:
        TrainingError: There are none, or they are not of one network.
    """
    if not states:
        raise TrainingError("a soup of no weights")
    first = states[0]
    shapes = {name: value.shape for name, value in first.items()}
    for state in states[1:]:
        if {name: value.shape for name, value in state.items()} != shapes:
            raise TrainingError("the weights of a soup are not of one network")
    return {
        name: torch.stack([state[name].float() for state in states]).mean(dim=0)
        if value.is_floating_point()
        else value.clone()
        for name, value in first.items()
    }


def choose_greedily(states: Mapping[str, State], score: Score) -> Soup:
    """Return the soup to which weights are added, best first, as long as it gets no worse.

    Args:
        states: By name; all of one network.
        score: On val pictures, higher is better.

    Raises:
        TrainingError: There are none, or they are not of one network.
    """
    alone = {name: score(state) for name, state in states.items()}
    if not alone:
        raise TrainingError("a soup of no weights")
    first, *others = sorted(alone, key=lambda n: (-alone[n], n))
    names, best, soup = [first], alone[first], average_weights([states[first]])
    for name in others:
        mixed = average_weights([states[kept] for kept in [*names, name]])
        reached = score(mixed)
        if reached >= best:
            names.append(name)
            best, soup = reached, mixed
    return Soup(names=tuple(names), score=best, alone=alone, state=soup)


def measure_batch_norm(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set the statistics of batch normalisation to the mean over batches. In place.

    Args:
        network: Left in evaluation mode.
        batches: (N, 3, rows, columns) float32 RGB from 0 to 1, of training pictures.

    Raises:
        TrainingError: There is no batch.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # torch: the plain mean over all batches
    network.train()
    count = 0
    with torch.no_grad():
        for batch in batches:
            network(batch)
            count += 1
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.eval()
    if count == 0:
        raise TrainingError("batch normalisation cannot be measured without pictures")


def batch_pictures(
    pictures: Iterable[Image], *, side_px: int, batch_size: int = 16
) -> Iterator[Tensor]:
    """Yield whole batches of pictures, letterboxed as training shows them."""
    batch: list[NDArray[np.float32]] = []
    for pixels in pictures:
        batch.append(_letterbox(pixels, side_px))
        if len(batch) == batch_size:
            yield torch.from_numpy(np.stack(batch))
            batch = []
    if batch:
        yield torch.from_numpy(np.stack(batch))


def _letterbox(pixels: Image, side_px: int) -> NDArray[np.float32]:
    """Return (3, side, side) RGB from 0 to 1, scaled down or up, padded at the right and below."""
    scale = side_px / max(pixels.shape[:2])
    height, width = (max(round(side * scale), 1) for side in pixels.shape[:2])
    padded = np.full((side_px, side_px, 3), PADDING_VALUE, dtype=np.uint8)
    padded[:height, :width] = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    rgb = padded[:, :, ::-1].transpose(2, 0, 1).astype(np.float32) / 255
    return np.ascontiguousarray(rgb)
