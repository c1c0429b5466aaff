"""What a detector is: crops in, boxes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (rows, columns, 3), BGR as OpenCV decodes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detections:
    """Boxes as parallel arrays; row i of each array belongs to one object.

    Attributes:
        boxes: (N, 4) float32, x_min, y_min, x_max, y_max in the pixels of the picture searched.
        scores: (N,) float32, 0 to 1.
        class_ids: (N,) int32, indices into the model's classes.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.scores)


class Detector(Protocol):
    """Finds objects in crops of one fixed size."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names that class ids point into."""

    @property
    def input_size_px(self) -> int:
        """Side of the square crops that `detect` takes."""

    @property
    def batch_size(self) -> int:
        """Crops that one call of the network takes; more are cut into batches, fewer padded."""

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        """Return one Detections a crop, in that crop's pixels and in the crops' order.

        Args:
            crops: Each (input_size_px, input_size_px, 3) uint8 BGR.
            min_score: Boxes below it are left out.
        """
