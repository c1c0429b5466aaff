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
from training.config import Precision, TrainingConfig
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


class MixedPrecisionNetwork(DetectionModel):  # type: ignore[misc]  # ultralytics is untyped
    """The network, which may calculate in half precision while its losses stay in single.

    ultralytics has bfloat16 on CUDA only.
    """

    training_precision = Precision.F32

    def loss(self, batch: dict[str, Any], preds: Any = None) -> Any:
        """Return the loss of a batch and its parts."""
        if preds is None:
            images = batch["img"].contiguous(memory_format=torch.channels_last)
            half = self.training_precision is Precision.BF16
            with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=half):
                preds = self.forward(images)
        return super().loss(batch, to_single_precision(preds))


def to_single_precision(values: Any) -> Any:
    """Return nested tensors as float32."""
    if isinstance(values, Tensor):
        return values.float()
    if isinstance(values, dict):
        return {key: to_single_precision(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return type(values)(to_single_precision(value) for value in values)
    return values


class TrainerFromWeights(DetectionTrainer):  # type: ignore[misc]  # ultralytics is untyped
    """The ultralytics trainer, starting from our weights instead of a fresh network."""

    def __init__(self, config: TrainingConfig, weights: dict[str, Tensor], **options: Any) -> None:
        self._config = config
        self._initial = weights
        super().__init__(**options)
        # ultralytics sets none on a CPU, and one core would wait while pictures are read.
        self.args.workers = config.loader_processes

    def get_model(
        self,
        cfg: Any = None,
        weights: Any = None,  # noqa: ARG002  (ultralytics passes None: that is its trap)
        verbose: bool = True,
    ) -> nn.Module:
        """Return the network with the initial weights in it."""
        network = MixedPrecisionNetwork(cfg, nc=self.data["nc"], verbose=verbose)
        network.training_precision = self._config.precision
        load_initial_weights(network, self._initial, head_prefix=self._config.head_prefix)
        # Twice as fast as channels first on processors with AMX, and never slower.
        return network.to(memory_format=torch.channels_last)


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
        config,
        weights,
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
