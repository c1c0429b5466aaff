"""The size at which street pictures are searched is chosen by what val shows."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet
from models.detector import Detections, Image
from models.manifest import ModelManifest
from models.suppression import no_detections
from training.evaluation.street_size import (
    MIN_BOXES,
    choose_street_size,
    pick_size_px,
    plan_sizes_px,
    select_street_photos,
)

MANIFEST = ModelManifest(
    name="squares",
    version="1",
    classes=("garbage",),
    input_size_px=320,
    gsd_range_m={"garbage": (0.02, 0.05)},
    street_long_side_px=320,
    min_confidence={"garbage": 0.5},
    weights_sha256="0" * 64,
    licence="none",
    data="none",
    metrics={},
)


class PickyDetector:
    """Finds a white square if it is 30 px wide in the crop, and no other."""

    classes = MANIFEST.classes
    input_size_px = MANIFEST.input_size_px
    batch_size = 1

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        return [self._find(crops[index]) for index in range(len(crops))]

    def _find(self, crop: Image) -> Detections:
        rows, columns = np.nonzero(crop[..., 0] > 200)
        if not len(rows) or not 29 <= np.ptp(columns) + 1 <= 31:
            return no_detections()
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return Detections(
            boxes=np.array([box], dtype=np.float32),
            scores=np.array([0.9], dtype=np.float32),
            class_ids=np.zeros(1, dtype=np.int32),
        )


def make_set(folder: Path, *, count: int) -> PictureSet:
    """Return a set that shows one file often: a square of 40 px on 640 px."""
    pixels = np.zeros((640, 640, 3), dtype=np.uint8)
    pixels[40:80, 40:80] = 255
    cv2.imwrite(str(folder / "a.png"), pixels)
    picture = LabelledPicture(
        path="a.png",
        sha256=hashlib.sha256((folder / "a.png").read_bytes()).hexdigest(),
        width_px=640,
        height_px=640,
        boxes=(LabelledBox(class_name="garbage", x_min=40, y_min=40, x_max=80, y_max=80),),
        labelled_classes=("garbage",),
        source="drawn",
        group="g",
        split="val",
        view=View.STREET,
    )
    others = (
        dataclasses.replace(picture, split="test"),
        dataclasses.replace(picture, view=View.DRONE),
        dataclasses.replace(picture, gsd_m=0.02),
    )
    return PictureSet(
        name="s",
        version="1",
        taxonomy_version="1",
        sources=(),
        pictures=(*others, *([picture] * count)),
        folder=folder,
    )


def test_sizes_lie_about_the_networks_in_whole_cells_and_hold_the_present_one() -> None:
    present = dataclasses.replace(MANIFEST, input_size_px=640, street_long_side_px=448)
    assert plan_sizes_px(present) == [448, 480, 576, 640, 800, 960]


def test_the_size_at_which_most_is_found_is_chosen(tmp_path: Path) -> None:
    pictures = make_set(tmp_path, count=MIN_BOXES)
    # 40 px of 640 are 30 px at 480 px alone.
    trial = choose_street_size(PickyDetector(), MANIFEST, pictures, split="val")
    assert trial.chosen_px == 480
    assert {px: round(value, 3) for px, value in trial.map50_by_px.items()} == {
        256: 0.0,
        288: 0.0,
        320: 0.0,
        384: 0.0,
        480: 1.0,
    }


def test_with_few_boxes_the_present_size_stays_and_nothing_is_searched(tmp_path: Path) -> None:
    pictures = make_set(tmp_path, count=MIN_BOXES - 1)
    (tmp_path / "a.png").unlink()
    trial = choose_street_size(PickyDetector(), MANIFEST, pictures, split="val")
    assert (trial.chosen_px, trial.map50_by_px) == (320, {})


def test_only_street_photos_of_the_split_without_a_known_scale_choose(tmp_path: Path) -> None:
    pictures = make_set(tmp_path, count=2)
    assert select_street_photos(pictures, "val") == list(pictures.pictures[3:])


@pytest.mark.parametrize(
    ("reached", "chosen"),
    [
        ({416: 0.50, 512: 0.55, 640: 0.60}, 640),
        ({416: 0.50, 512: 0.55, 640: 0.559}, 512),  # too little to be more than luck
        ({416: 0.60, 512: 0.55, 640: 0.60}, 416),  # of equal ones the faster
        ({416: float("nan"), 512: float("nan")}, 512),
    ],
)
def test_the_best_size_is_taken_if_it_gains_enough(reached: dict[int, float], chosen: int) -> None:
    assert pick_size_px(reached, present_px=512) == chosen
