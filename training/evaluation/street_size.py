"""The size at which street pictures are searched: the one that finds most on val.

A street picture without a ground sample distance is scaled to one long side, and searched again
twice as fine where it is large enough. The size of the training is a good guess; wide frames and
small objects may want a finer one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from datasets.labelled_picture import LabelledPicture, Origin, View
from datasets.picture_set import PictureSet
from models.detector import Detector
from models.manifest import ModelManifest
from training.evaluation.average_precision import average_precisions
from training.evaluation.result import PictureResult, Way
from training.evaluation.score import group_class
from training.evaluation.search import plan_search, search_pictures

RATIOS = (0.75, 0.875, 1.0, 1.25, 1.5)  # of the network's input
STEP_PX = 32  # cells of the network's coarsest grid
# A class with fewer would choose by luck.
MIN_BOXES = 30
# Smaller differences of the mean are luck, too: the present size stays.
MIN_GAIN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetSizeTrial:
    """What each size gave.

    Attributes:
        chosen_px: The size to take.
        map50_by_px: Mean AP50 of the classes that have a say, by size; empty where none has.
    """

    chosen_px: int
    map50_by_px: Mapping[int, float]


def plan_sizes_px(manifest: ModelManifest) -> list[int]:
    """Return the sizes to try, rising: some about the network's input, and the present one."""
    steps = {max(round(manifest.input_size_px * ratio / STEP_PX), 1) for ratio in RATIOS}
    return sorted({*(step * STEP_PX for step in steps), manifest.street_long_side_px})


def select_street_photos(picture_set: PictureSet, split: str) -> list[LabelledPicture]:
    """Return the real pictures that are searched at the street size."""
    return [
        picture
        for picture in picture_set.pictures
        if (picture.split, picture.view, picture.origin) == (split, View.STREET, Origin.PHOTO)
        and picture.gsd_m is None
    ]


def select_judging_classes(
    pictures: Sequence[LabelledPicture], classes: Sequence[str]
) -> list[str]:
    """Return the classes with enough boxes to tell sizes apart."""
    counts = dict.fromkeys(classes, 0)
    for picture in pictures:
        for box in picture.boxes:
            if box.class_name in counts and box.class_name in picture.labelled_classes:
                counts[box.class_name] += 1
    return [name for name, count in counts.items() if count >= MIN_BOXES]


def choose_street_size(
    detector: Detector,
    manifest: ModelManifest,
    picture_set: PictureSet,
    *,
    split: str,
    on_picture: Callable[[], None] = lambda: None,
) -> StreetSizeTrial:
    """Return the size with the best mean AP50 on street photos; the present one if none is better.

    Args:
        detector: Of the model; with its own scores or calibrated ones, which order alike.
        manifest: With the present size.
        picture_set: See there.
        split: That the model has not learned from, and that is not the test split.
        on_picture: Is called for each picture and size.
    """
    pictures = select_street_photos(picture_set, split)
    judging = select_judging_classes(pictures, manifest.classes)
    if not judging:
        return StreetSizeTrial(chosen_px=manifest.street_long_side_px, map50_by_px={})
    reached = {}
    for size_px in plan_sizes_px(manifest):
        sized = replace(
            manifest, street_long_side_px=size_px, street_ratios=(), street_calibration={}
        )
        results = []
        for found in search_pictures(
            picture_set, pictures, plan_search(detector, sized, Way.TILED)
        ):
            on_picture()
            if isinstance(found, PictureResult):
                results.append(found)
        reached[size_px] = mean_ap50(results, judging)
    return StreetSizeTrial(
        chosen_px=pick_size_px(reached, present_px=manifest.street_long_side_px),
        map50_by_px=reached,
    )


def mean_ap50(results: Sequence[PictureResult], classes: Sequence[str]) -> float:
    """Return the mean over the classes of average precision at IoU 0.5; NaN if none has a box."""
    values = [average_precisions(group_class(results, name))[0] for name in classes]
    return float(np.mean(values))


def pick_size_px(reached: Mapping[int, float], *, present_px: int) -> int:
    """Return the best size, the smaller of equal ones; the present one unless it gains enough."""
    best = min(reached, key=lambda size_px: (-reached[size_px], size_px))
    return best if reached[best] >= reached[present_px] + MIN_GAIN else present_px
