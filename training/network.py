"""The network that is trained: ultralytics' detector with our loss and precision."""

from typing import Any

import models.tame_ultralytics  # noqa: F401  # isort: skip  # before ultralytics

import torch
from torch import Tensor
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.loss import E2ELoss

from training.config import Precision
from training.partial_labels import PartlyLabelledLoss


class PatrolNetwork(DetectionModel):  # type: ignore[misc]  # ultralytics is untyped
    """The network, which may calculate in half precision while its losses stay in single.

    ultralytics has bfloat16 on CUDA only.
    """

    training_precision = Precision.F32

    def init_criterion(self) -> Any:
        """Return the loss for the kind of head that the network has."""
        if getattr(self.model[-1], "one2one_cv2", None) is not None:
            return E2ELoss(self, PartlyLabelledLoss)
        return PartlyLabelledLoss(self)

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
