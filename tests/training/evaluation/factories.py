"""Labelled pictures and detections for tests, a line each."""

from collections.abc import Sequence

import numpy as np

from datasets.labelled_picture import LabelledBox, LabelledPicture, Origin, View
from models.detector import Detections
from training.evaluation.result import PictureResult
from training.evaluation.search import match_picture

CLASSES = ("garbage", "billboard")
TrueBox = tuple[str, float, float, float, float]
Found = tuple[str, float, float, float, float, float]


def make_picture(
    boxes: Sequence[TrueBox] = (),
    *,
    path: str = "a.jpg",
    labelled: tuple[str, ...] = CLASSES,
    group: str | None = None,
    source: str = "bins",
    view: View = View.STREET,
    origin: Origin = Origin.PHOTO,
    side_px: int = 400,
) -> LabelledPicture:
    """Return a square picture; it is a group of its own unless another is named."""
    return LabelledPicture(
        path=path,
        sha256="0" * 64,
        width_px=side_px,
        height_px=side_px,
        boxes=tuple(
            LabelledBox(class_name=name, x_min=x, y_min=y, x_max=x_max, y_max=y_max)
            for name, x, y, x_max, y_max in boxes
        ),
        labelled_classes=labelled,
        source=source,
        group=group or path,
        split="test",
        view=view,
        origin=origin,
    )


def search_result(
    picture: LabelledPicture,
    found: Sequence[Found] = (),
    *,
    classes: tuple[str, ...] = CLASSES,
    scale: float = 1.0,
) -> PictureResult:
    """Return a picture with detections of a class, a score and a box each."""
    detections = Detections(
        boxes=np.array([one[2:] for one in found], dtype=np.float32).reshape(-1, 4),
        scores=np.array([one[1] for one in found], dtype=np.float32),
        class_ids=np.array([classes.index(one[0]) for one in found], dtype=np.int32),
    )
    scales = dict.fromkeys(classes, scale)
    return match_picture(picture, detections, classes=classes, scales=scales)
