"""Train a detector with ultralytics from given initial weights."""

import json
import os
from pathlib import Path
from typing import Any

# ultralytics reads these on import: it must neither install packages nor ask the network.
os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "true")

import torch
from torch import Tensor, nn
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from datasets.taxonomy import CLASS_NAMES
from training.config import TrainingConfig
from training.initial_weights import (
    check_first_layer,
    load_initial_weights,
    read_initial_weights,
)
from training.pictures import list_packed_pictures, repeat_rare_pictures


def write_data_description(
    folders: tuple[Path, ...], target: Path, *, least_per_class: int = 0
) -> Path:
    """Write the lists of pictures and the YAML that ultralytics reads; return the YAML's path."""
    target.mkdir(parents=True, exist_ok=True)
    for split in ("train", "val"):
        images = list(list_packed_pictures(folders, split))
        if split == "train":
            images = repeat_rare_pictures(images, least_per_class=least_per_class)
        lines = [str(path.resolve()) for path in images]
        (target / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    description = target / "data.yaml"
    names = "".join(f"  {index}: {name}\n" for index, name in enumerate(CLASS_NAMES))
    description.write_text(
        f"path: {target.resolve()}\ntrain: train.txt\nval: val.txt\nnames:\n{names}",
        encoding="utf-8",
    )
    return description


class TrainerFromWeights(DetectionTrainer):  # type: ignore[misc]  # ultralytics is untyped
    """The ultralytics trainer, starting from our weights instead of a fresh network."""

    def __init__(self, weights: dict[str, Tensor], head_prefix: str, **options: Any) -> None:
        self._initial = weights
        self._head_prefix = head_prefix
        super().__init__(**options)

    def get_model(
        self,
        cfg: Any = None,
        weights: Any = None,  # noqa: ARG002  (ultralytics passes None: that is its trap)
        verbose: bool = True,
    ) -> nn.Module:
        """Return the network with the initial weights in it."""
        network = DetectionModel(cfg, nc=self.data["nc"], verbose=verbose)
        load_initial_weights(network, self._initial, head_prefix=self._head_prefix)
        return network


def train(config: TrainingConfig, out: Path) -> Path:
    """Train, and return the folder with weights, curves and sample predictions.

    Raises:
        InitialWeightsError: The weights do not fit or were lost before the first step.
        TrainingError: The pictures are not there.
    """
    weights = read_initial_weights(config.initial_weights)
    description = write_data_description(
        config.picture_folders,
        out / config.name / "data",
        least_per_class=config.least_pictures_per_class,
    )
    trainer = TrainerFromWeights(
        weights,
        config.head_prefix,
        overrides={
            "model": config.architecture,
            "data": str(description),
            "imgsz": config.input_size_px,
            "batch": config.batch_size,
            "freeze": config.frozen_layers,
            "time": config.time_limit_h,
            "epochs": config.epochs,
            "seed": config.seed,
            "project": str(out.resolve()),
            "name": config.name,
            "exist_ok": True,
            "pretrained": False,
            "device": "cpu",
            **config.options,
        },
    )
    trainer.add_callback(
        "on_train_start", lambda running: check_first_layer(running.model, weights)
    )
    trainer.add_callback("on_train_start", lambda _: torch.set_num_threads(config.threads))
    trainer.train()
    folder = Path(trainer.save_dir)
    frozen = {**{k: str(v) for k, v in vars(trainer.args).items()}}
    (folder / "arguments.json").write_text(json.dumps(frozen, indent=1), encoding="utf-8")
    return folder
