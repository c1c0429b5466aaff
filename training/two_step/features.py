"""What the backbone of a detector sees in a crop, as one row of numbers."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.detector import Image

# Layers of a yolov5 description before its head; each takes what the one before gives.
BACKBONE_LAYERS = 10
BATCH_SIZE = 32


class CropFeatures:
    """The pooled output of a network's backbone, for crops of one size."""

    def __init__(self, network: nn.Module) -> None:
        """Take the first layers of an ultralytics detector; they are shared, not copied."""
        self._layers = list(network.model)[:BACKBONE_LAYERS]
        network.eval()

    def __call__(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """Return (N, features): mean and maximum of each channel.

        Args:
            crops: (rows, columns, 3) BGR, all of one size.
        """
        rows = [
            self._run(crops[first : first + BATCH_SIZE])
            for first in range(0, len(crops), BATCH_SIZE)
        ]
        return np.concatenate(rows) if rows else np.zeros((0, 0), dtype=np.float32)

    def _run(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        rgb = np.stack(crops)[..., ::-1].transpose(0, 3, 1, 2)
        values: Tensor = torch.from_numpy(np.ascontiguousarray(rgb)).float() / 255
        with torch.inference_mode():
            for layer in self._layers:
                values = layer(values)
            pooled = torch.cat([values.mean(dim=(2, 3)), values.amax(dim=(2, 3))], dim=1)
        return np.asarray(pooled.cpu().numpy(), dtype=np.float32)
