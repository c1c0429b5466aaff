"""Training starts from the weights it was given, which ultralytics loses in silence."""

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("ultralytics", reason="the `train` extra is not installed")

import torch
from safetensors.torch import save_file
from ultralytics.nn.tasks import DetectionModel

from training import train as train_module
from training.config import TrainingConfig
from training.errors import InitialWeightsError
from training.initial_weights import load_initial_weights, read_initial_weights
from training.train import TrainerFromWeights, train

pytestmark = [pytest.mark.train, pytest.mark.slow]
HEAD = "model.24."


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(7)
    network = DetectionModel("yolov5n.yaml", nc=80, verbose=False)
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
        if not name.startswith(HEAD)
    }
    path = tmp_path_factory.mktemp("weights") / "initial.safetensors"
    save_file(state, str(path))
    return path


@pytest.fixture
def config(weights_file: Path, tmp_path: Path) -> TrainingConfig:
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (tmp_path / "pictures" / split / kind).mkdir(parents=True)
        for index in range(2):
            picture = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "pictures" / split / "images" / f"{index}.jpg"), picture)
            label = tmp_path / "pictures" / split / "labels" / f"{index}.txt"
            label.write_text("0 0.5 0.5 0.4 0.4\n")
    return TrainingConfig(
        name="tiny",
        architecture="yolov5n.yaml",
        initial_weights=weights_file,
        head_prefix=HEAD,
        picture_folders=(tmp_path / "pictures",),
        input_size_px=64,
        batch_size=2,
        frozen_layers=0,
        time_limit_h=0.001,
        epochs=1,
        seed=0,
        least_pictures_per_class=0,
        threads=1,
        options={"workers": 0, "plots": False, "optimizer": "SGD"},
    )


def test_weights_reach_every_layer_but_the_head(weights_file: Path) -> None:
    weights = read_initial_weights(weights_file)
    network = DetectionModel("yolov5n.yaml", nc=3, verbose=False)
    fresh = load_initial_weights(network, weights, head_prefix=HEAD)
    assert fresh
    assert all(name.startswith(HEAD) for name in fresh)
    state = network.state_dict()
    assert all(torch.equal(state[name], value) for name, value in weights.items())


def test_weights_of_another_network_are_refused(weights_file: Path) -> None:
    network = DetectionModel("yolov5s.yaml", nc=3, verbose=False)
    with pytest.raises(InitialWeightsError, match="do not fit"):
        load_initial_weights(network, read_initial_weights(weights_file), head_prefix=HEAD)


def test_training_starts_from_the_file_and_leaves_weights(
    config: TrainingConfig, tmp_path: Path
) -> None:
    folder = train(config, tmp_path / "runs")
    assert (folder / "weights" / "last.pt").exists()
    assert (folder / "arguments.json").exists()


def test_lost_weights_stop_the_run_before_its_first_step(
    config: TrainingConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(TrainerFromWeights):
        """Builds the network as ultralytics does by itself."""

        def get_model(self, cfg=None, weights=None, verbose=True):
            return DetectionModel(cfg, nc=self.data["nc"], verbose=False)

    monkeypatch.setattr(train_module, "TrainerFromWeights", Forgetful)
    with pytest.raises(InitialWeightsError, match="differs from the file"):
        train(config, tmp_path / "runs")


def test_absent_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(InitialWeightsError, match=r"nothing\.safetensors"):
        read_initial_weights(tmp_path / "nothing.safetensors")
