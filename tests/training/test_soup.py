"""Soups are means, chosen by what they give, with batch normalisation measured anew."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the `train` extra is not installed")

from training.errors import TrainingError  # noqa: E402
from training.soup import (  # noqa: E402
    average_weights,
    batch_pictures,
    choose_greedily,
    measure_batch_norm,
)

pytestmark = pytest.mark.train


def state(value: float, steps: int = 5):
    return {"w": torch.tensor([float(value), 2.0 * value]), "steps": torch.tensor(steps)}


def test_the_soup_is_the_mean_and_counters_are_kept() -> None:
    soup = average_weights([state(1, 5), state(3, 9)])
    assert soup["w"].tolist() == [2, 4]
    assert int(soup["steps"]) == 5


def test_half_precision_is_averaged_in_single() -> None:
    # 1 and 1 + 2^-10 are neighbours in half precision; their mean is none.
    halves = [{"w": torch.tensor([v], dtype=torch.float16)} for v in (1.0, 1.0 + 2**-10)]
    assert average_weights(halves)["w"].tolist() == [1 + 2**-11]


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(TrainingError, match="not of one network"):
        average_weights([state(1), {"w": torch.zeros(3), "steps": torch.tensor(1)}])
    with pytest.raises(TrainingError, match="no weights"):
        average_weights([])


def test_a_greedy_soup_takes_only_what_makes_it_no_worse() -> None:
    states = {"a": state(0.8), "b": state(1.4), "c": state(9.0)}

    def score(weights) -> float:  # best at 1.0
        return -abs(float(weights["w"][0]) - 1.0)

    soup = choose_greedily(states, score)
    # a (-0.2) is best alone; with b the mean is 1.1 (-0.1); with c it is far off.
    assert soup.names == ("a", "b")
    assert soup.score == pytest.approx(-0.1)
    assert soup.alone == pytest.approx({"a": -0.2, "b": -0.4, "c": -8.0})
    assert soup.state["w"][0] == pytest.approx(1.1)


def test_batch_normalisation_is_the_mean_of_the_batches() -> None:
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(1))
    batches = [torch.full((2, 1, 4, 4), 1.0), torch.full((2, 1, 4, 4), 3.0)]
    measure_batch_norm(network, batches)
    layer = network[0]
    assert layer.running_mean.tolist() == [2.0]
    assert layer.running_var.tolist() == [0.0]
    assert layer.momentum == pytest.approx(0.1)
    assert not network.training
    with pytest.raises(TrainingError, match="without pictures"):
        measure_batch_norm(network, [])


def test_pictures_are_padded_with_the_grey_of_training() -> None:
    pixels = np.zeros((10, 20, 3), dtype=np.uint8)
    pixels[:, :, 0] = 255  # blue
    batches = list(batch_pictures([pixels] * 3, side_px=32, batch_size=2))
    assert [tuple(batch.shape) for batch in batches] == [(2, 3, 32, 32), (1, 3, 32, 32)]
    blue, grey = batches[0][0, :, 0, 0], batches[0][0, :, 31, 0]
    assert blue.tolist() == [0, 0, 1]
    assert grey.tolist() == pytest.approx([114 / 255] * 3)
