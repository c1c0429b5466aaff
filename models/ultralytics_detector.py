"""The same networks on torch: for a GPU, and to check the default detector against."""

from collections.abc import Sequence
from pathlib import Path

import models.tame_ultralytics  # noqa: F401  # isort: skip  # before ultralytics

import numpy as np
import torch
import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from safetensors.torch import load_file
from ultralytics.nn.tasks import DetectionModel

from models.calibration import with_calibrated_scores
from models.detector import Detections, Detector, Image
from models.errors import ModelDamagedError
from models.network_description import check_network_description
from models.registry import RegisteredModel, check_trainable_form
from models.safe_files import TRAINABLE_FILES
from models.yolo_output import parse_yolo_output


class UltralyticsDetector:
    """A torch network loaded for crops of one size."""

    def __init__(
        self,
        network: torch.nn.Module,
        *,
        classes: tuple[str, ...],
        input_size_px: int,
        batch_size: int = 8,
        device: str = "cpu",
    ) -> None:
        """Move the network to the device; it is changed in place."""
        self._classes = classes
        self._input_size_px = input_size_px
        self._batch_size = batch_size
        self._device = torch.device(device)
        self._network = network.float().eval().to(self._device)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names that class ids point into."""
        return self._classes

    @property
    def input_size_px(self) -> int:
        """Side of the square crops that `detect` takes."""
        return self._input_size_px

    @property
    def batch_size(self) -> int:
        """Crops that one call of the network takes; more are cut into batches, fewer padded."""
        return self._batch_size

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        """Return one Detections a crop, in that crop's pixels and in the crops' order.

        Args:
            crops: Each (input_size_px, input_size_px, 3) uint8 BGR.
            min_score: Boxes below it are left out.
        """
        found: list[Detections] = []
        for first in range(0, len(crops), self._batch_size):
            count = min(self._batch_size, len(crops) - first)
            output = self._run([crops[first + place] for place in range(count)])
            found += [
                parse_yolo_output(output[place], min_score=min_score) for place in range(count)
            ]
        return found

    def _run(self, crops: Sequence[Image]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """Return (batch, 4 + classes, anchors); the last batch is padded with black."""
        side_px = self._input_size_px
        pixels = np.zeros((self._batch_size, side_px, side_px, 3), dtype=np.uint8)
        for place, crop in enumerate(crops):
            pixels[place] = crop
        with torch.inference_mode():
            bgr = torch.from_numpy(pixels).to(self._device)
            rgb = bgr.flip(-1).permute(0, 3, 1, 2).float() / 255
            output = self._network(rgb)[0]  # the second part is for training alone
        return np.asarray(output.cpu().numpy(), dtype=np.float32)


def read_ultralytics_detector(
    model: RegisteredModel, *, batch_size: int = 8, device: str = "cpu"
) -> Detector:
    """Return a registered model, loaded from its trainable form; calibrated as its manifest says.

    Raises:
        ModelNotFoundError: It has no trainable form.
        ModelDamagedError: That form is not that of the manifest, or does not fit together.
    """
    check_trainable_form(model)
    detector = UltralyticsDetector(
        read_trainable_network(model.folder),
        classes=model.manifest.classes,
        input_size_px=model.manifest.input_size_px,
        batch_size=batch_size,
        device=device,
    )
    return with_calibrated_scores(detector, model.manifest.calibration)


def read_trainable_network(folder: Path) -> torch.nn.Module:
    """Return the network in a model's folder, in float32.

    Raises:
        ModelDamagedError: A file is absent, or the weights do not fit the description.
    """
    weights_path, description_path = (folder / name for name in TRAINABLE_FILES)
    try:
        description = yaml.safe_load(description_path.read_text(encoding="utf-8"))
        check_network_description(description, name=str(description_path))
        network = DetectionModel(description, nc=description["nc"], verbose=False)
        network.names = dict(enumerate(description["names"]))
        network.load_state_dict(load_file(str(weights_path)), strict=True)
    except (OSError, KeyError, ValueError, RuntimeError, yaml.YAMLError) as error:
        raise ModelDamagedError(f"{folder}: no usable trainable form: {error}") from error
    return network.float()
