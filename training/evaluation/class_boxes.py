"""The boxes of one class on one picture as arrays."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.labelled_picture import LabelledBox
from training.evaluation.matching import Matches
from training.evaluation.result import FoundBox, PictureResult


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassBoxes:
    """What is there and what was found of one class on one picture, in its pixels.

    Attributes:
        found: (N, 4) detected boxes, best score first.
        scores: (N,) their scores.
        hits: (N, 10) bool, by IoU level.
        true: (M, 4) true boxes.
        network_scale: Pixels of the picture that the network saw for one of this picture; 1
            where the class was not searched.
    """

    group: str
    found: NDArray[np.float64]
    scores: NDArray[np.float32]
    hits: NDArray[np.bool_]
    true: NDArray[np.float64]
    network_scale: float
    frame_area_px2: float

    def as_matches(self) -> Matches:
        """Return what became of the boxes."""
        return Matches(scores=self.scores, hits=self.hits, true_count=len(self.true))


def corners(boxes: Iterable[FoundBox | LabelledBox]) -> NDArray[np.float64]:
    """Return boxes as (N, 4) x_min, y_min, x_max, y_max."""
    rows = [[box.x_min, box.y_min, box.x_max, box.y_max] for box in boxes]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def select_class(result: PictureResult, class_name: str) -> ClassBoxes | None:
    """Return a picture's boxes of a class, None where nobody looked for it."""
    picture = result.picture
    if class_name not in picture.labelled_classes:
        return None
    found = [box for box in result.found if box.class_name == class_name]
    return ClassBoxes(
        group=picture.group,
        found=corners(found),
        scores=np.array([box.score for box in found], dtype=np.float32),
        hits=np.array([box.hits for box in found], dtype=np.bool_).reshape(-1, 10),
        true=corners(box for box in picture.boxes if box.class_name == class_name),
        network_scale=result.network_scale.get(class_name, 1.0),
        frame_area_px2=float(picture.width_px * picture.height_px),
    )
