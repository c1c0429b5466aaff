"""The ultralytics trainer, with our pictures, weights, time limit and a state to go on from."""

import math
import random
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models.tame_ultralytics  # noqa: F401  # isort: skip  # before ultralytics

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics.models.yolo.detect import DetectionTrainer, DetectionValidator

from training.chosen_pictures import PlacedPicture
from training.config import TrainingConfig
from training.errors import TrainingError
from training.initial_weights import InitialWeights, check_first_layer, start_network
from training.network import PatrolNetwork
from training.partial_labels import KNOWN, PlacedPictures, known_in_pictures
from training.run_clock import RunClock
from training.run_record import choose_device, choose_threads
from training.run_state import EpochFigures, RunState, half_precision


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """What a trainer needs beside the configuration.

    Attributes:
        train, val: Each picture as often as an epoch shows it.
        state: Of the run's last epoch, where it goes on.
        clock: Of the whole run.
        folder: Of the run.
        epoch_done: Is told the state after each epoch.
    """

    weights: InitialWeights
    train: Sequence[PlacedPicture]
    val: Sequence[PlacedPicture]
    state: RunState | None
    clock: RunClock
    folder: Path
    epoch_done: Callable[[RunState], None]


class KnownValidator(DetectionValidator):  # type: ignore[misc]  # ultralytics is untyped
    """Scores on val, where a box of a class that nobody looked for is no false alarm."""

    def update_metrics(self, preds: list[dict[str, Tensor]], batch: dict[str, Any]) -> None:
        """Count the boxes of a batch."""
        known = known_in_pictures(batch[KNOWN], class_count=self.nc)
        kept = []
        for pred, classes in zip(preds, known, strict=True):
            judged = classes[pred["cls"].long()] > 0
            kept.append({key: values[judged] for key, values in pred.items()})
        super().update_metrics(kept, batch)


class PatrolTrainer(DetectionTrainer):  # type: ignore[misc]  # ultralytics is untyped
    """The trainer; its methods are called by ultralytics."""

    def __init__(self, config: TrainingConfig, plan: TrainingPlan) -> None:
        self._config = config
        self._plan = plan
        self._history = () if plan.state is None else plan.state.history
        self._state = plan.state
        self._clock = plan.clock
        self._limit_seconds = config.time_limit_h * 3600
        self._epoch_began = 0.0
        self.stop = False
        super().__init__(overrides=plan_ultralytics_options(config, plan.folder))
        # ultralytics sets none on a CPU, and one core would wait while pictures are read.
        self.args.workers = config.loader_processes

    def run_callbacks(self, event: str) -> None:
        """Do what we have to do at an event; ultralytics' own callbacks send and install things."""
        ours = {
            "on_train_start": self._begin,
            "on_train_epoch_start": self._begin_epoch,
            "on_train_batch_end": self._stop_in_time,
            "on_fit_epoch_end": self._end_epoch,
        }
        if event in ours:
            ours[event]()

    def get_dataset(self) -> dict[str, Any]:
        """Return what ultralytics wants to know of the pictures."""
        names = dict(enumerate(self._config.classes))
        return {"train": "train", "val": "val", "names": names, "nc": len(names), "channels": 3}

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> nn.Module:  # noqa: ARG002
        """Return the network with the initial weights in it.

        ultralytics passes no weights here: that is its trap.
        """
        network = PatrolNetwork(
            self._plan.weights.architecture, nc=len(self._config.classes), verbose=verbose
        )
        network.training_precision = self._config.precision
        start_network(network, self._plan.weights, self._config.classes)
        # Twice as fast as channels first on processors with AMX, and never slower.
        return network.to(memory_format=torch.channels_last)

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        """Return the pictures of a split."""
        training = mode == "train"
        return PlacedPictures(
            self._plan.train if img_path == "train" else self._plan.val,
            classes=self._config.classes,
            mask_unlabelled=self._config.mask_unlabelled,
            imgsz=self.args.imgsz,
            batch_size=batch,
            augment=training,
            hyp=self.args,
            rect=not training,
            cache=self.args.cache or None,
            stride=max(int(self.model.stride.max()), 32),
            pad=0.0 if training else 0.5,
        )

    def get_validator(self) -> DetectionValidator:
        """Return what scores the network after each epoch."""
        return KnownValidator(self.test_loader, save_dir=self.save_dir, args=copy(self.args))

    def _setup_scheduler(self) -> None:
        self.lf = self._learning_rate_factor
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lr_lambda=self.lf)

    def _learning_rate_factor(self, epoch: int) -> float:
        """Return the learning rate of an epoch as part of the first: `lrf` in the last one."""
        # From the planned epochs of this moment: the time limit may make them fewer.
        done = min(epoch / max(self.epochs - 1, 1), 1.0)
        falling = (1 + math.cos(math.pi * done)) / 2 if self.args.cos_lr else 1 - done
        return float(falling * (1 - self.args.lrf) + self.args.lrf)

    def resume_training(self, ckpt: Any) -> None:  # noqa: ARG002  (ultralytics' own, a pickle)
        """Go on from the state of the last epoch."""
        state = self._plan.state
        if state is None:
            return
        self.model.load_state_dict(state.model)
        self.ema.ema.load_state_dict(state.averaged)
        self.ema.updates = state.updates
        self.optimizer.load_state_dict(state.optimizer)
        self.best_fitness = self.stopper.best_fitness = state.best_fitness
        self.stopper.best_epoch = state.best_epoch
        self.start_epoch = len(state.history)
        self._plan_epochs(self.start_epoch, state.history[-1].seconds / self.start_epoch)

    def save_metrics(self, metrics: dict[str, Any]) -> None:
        """Note what came of an epoch."""
        box = self.validator.metrics.box
        names = dict(enumerate(self._config.classes))
        found = {names[number]: float(ap) for number, ap in zip(box.ap_class_index, box.ap50)}  # noqa: B905  (arrays of ultralytics)
        seen = bool(found)
        figures = EpochFigures(
            epoch=self.epoch + 1,
            epochs=self.epochs,
            seconds=self._clock.seconds(),
            learning_rate=float(self.optimizer.param_groups[0]["lr"]),
            losses={key: float(value) for key, value in metrics.items() if key.endswith("_loss")},
            precision=float(metrics["metrics/precision(B)"]) if seen else None,
            recall=float(metrics["metrics/recall(B)"]) if seen else None,
            map50=float(metrics["metrics/mAP50(B)"]) if seen else None,
            map50_95=float(metrics["metrics/mAP50-95(B)"]) if seen else None,
            map50_by_class={name: found.get(name) for name in self._config.classes},
        )
        self._history = (*self._history, figures)

    def save_model(self) -> bool:
        """Hand on the state of the run, from which it can go on."""
        averaged = self.ema.ema.state_dict()
        fitness = float(self.fitness or 0.0)
        better = self._state is None or fitness > self._state.best_fitness
        self._state = RunState(
            history=self._history,
            model=self.model.state_dict(),
            averaged=averaged,
            updates=self.ema.updates,
            optimizer=self.optimizer.state_dict(),
            best=half_precision(averaged) if self._state is None or better else self._state.best,
            best_fitness=fitness if self._state is None or better else self._state.best_fitness,
            best_epoch=self.epoch + 1 if self._state is None or better else self._state.best_epoch,
            finished=bool(self.stop),
        )
        self._plan.epoch_done(self._state)
        return True

    def final_eval(self) -> None:
        """Do nothing: each epoch was scored, and the best one is kept."""

    def _handle_nan_recovery(self, epoch: int) -> bool:
        """Stop where the loss is no number any more; ultralytics would read its own pickle."""
        if self.loss is not None and not bool(self.loss.isfinite()):
            raise TrainingError(
                f"the loss is no number any more in epoch {epoch + 1}: try a lower lr0 "
                "or precision f32"
            )
        return False

    def _begin(self) -> None:
        if self._plan.state is None and self._plan.weights.tensors:
            check_first_layer(self.model, self._plan.weights.tensors)
        # Here, since ultralytics sets its own number where it selects the device.
        torch.set_num_threads(choose_threads(self._config))
        self._clock.start()

    def _begin_epoch(self) -> None:
        self._epoch_began = self._clock.seconds()
        # A run that was killed goes on with the numbers that it would have had.
        if self.train_loader.num_workers == 0:
            self.train_loader.reset()  # a new loader draws a number first
        seed = (self._config.seed + 1_000_003 * (self.epoch + 1)) % 2**32
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        if self.train_loader.generator is not None:
            self.train_loader.generator.manual_seed(seed)

    def _stop_in_time(self) -> None:
        self._clock.note()
        self.stop = self.stop or self._clock.seconds() > self._limit_seconds

    def _end_epoch(self) -> None:
        self._plan_epochs(self.epoch + 1, self._clock.seconds() - self._epoch_began)
        self.stop = self.stop or self.epoch + 1 >= self.epochs

    def _plan_epochs(self, done: int, epoch_seconds: float) -> None:
        """Plan as many epochs as fit into the time limit, so that the schedule ends with them."""
        left = self._limit_seconds - self._clock.seconds()
        fitting = done + max(int(left / max(epoch_seconds, 1e-3)), 0)
        self.epochs = self.args.epochs = min(fitting, self._config.epochs)


def plan_ultralytics_options(config: TrainingConfig, folder: Path) -> dict[str, Any]:
    """Return the options of ultralytics for a run; ours come last and cannot be set otherwise."""
    return {
        # ultralytics' own 10 would leave a run of 10 epochs without any mosaic.
        "close_mosaic": config.epochs // 6,
        # Its own 0.1 is meant for SGD: with Adam each bias would move by so much in every step of
        # the warm-up, and what the initial weights know would be gone after a few of them.
        "warmup_bias_lr": 0.0,
        **config.options,
        "model": "trainable.yaml",  # get_model builds it; this must not end in .pt
        "data": "picture sets",
        "imgsz": config.input_size_px,
        "batch": config.batch_size,
        "freeze": config.frozen_layers or None,
        "epochs": config.epochs,
        "seed": config.seed,
        "device": choose_device(config),
        "project": str(folder.parent.resolve()),
        "name": folder.name,
        "exist_ok": True,
        "pretrained": False,
        # Its check would fetch a model from the network; bfloat16 is our own, see the network.
        "amp": False,
        "plots": False,
        "val": True,
        "save": True,
    }
