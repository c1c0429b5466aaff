"""Street pictures are looked at several times where val shows that it helps."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet
from models.detector import Detections, Image
from models.manifest import ModelManifest
from models.suppression import no_detections
from training.evaluation.street_looks import SEVERAL, choose_street_ratios
from training.evaluation.street_size import MIN_BOXES

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


class OneSidedDetector:
    """Finds a white square in the left half of a crop only."""

    classes = MANIFEST.classes
    input_size_px = MANIFEST.input_size_px
    batch_size = 1

    def __init__(self, *, right_too: bool = False) -> None:
        self._last = self.input_size_px if right_too else self.input_size_px // 2

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        return [self._find(crops[index]) for index in range(len(crops))]

    def _find(self, crop: Image) -> Detections:
        rows, columns = np.nonzero(crop[..., 0] > 200)
        if not len(rows) or columns.min() >= self._last:
            return no_detections()
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return Detections(
            boxes=np.array([box], dtype=np.float32),
            scores=np.array([0.9], dtype=np.float32),
            class_ids=np.zeros(1, dtype=np.int32),
        )


def make_set(folder: Path, *, count: int = MIN_BOXES) -> PictureSet:
    """Return a set that shows one file often: a square at the right of 320 px."""
    pixels = np.zeros((320, 320, 3), dtype=np.uint8)
    pixels[40:100, 220:280] = 255
    cv2.imwrite(str(folder / "a.png"), pixels)
    picture = LabelledPicture(
        path="a.png",
        sha256=hashlib.sha256((folder / "a.png").read_bytes()).hexdigest(),
        width_px=320,
        height_px=320,
        boxes=(LabelledBox(class_name="garbage", x_min=220, y_min=40, x_max=280, y_max=100),),
        labelled_classes=("garbage",),
        source="drawn",
        group="g",
        split="val",
        view=View.STREET,
    )
    return PictureSet(
        name="s",
        version="1",
        taxonomy_version="1",
        sources=(),
        pictures=(picture,) * count,
        folder=folder,
    )


def test_several_looks_are_taken_where_they_find_more(tmp_path: Path) -> None:
    # Mirrored, the square lies on the side that is seen.
    trial = choose_street_ratios(OneSidedDetector(), MANIFEST, make_set(tmp_path), split="val")
    assert trial.ratios == SEVERAL
    reached = {ratios: round(value, 3) for ratios, value in trial.map50_by_ratios.items()}
    assert reached == {(): 0.0, SEVERAL: 1.0}
    assert all(len(one.found) == 1 for one in trial.found)


def test_one_look_is_kept_where_it_finds_as_much(tmp_path: Path) -> None:
    detector = OneSidedDetector(right_too=True)
    trial = choose_street_ratios(detector, MANIFEST, make_set(tmp_path), split="val")
    assert trial.ratios == ()
    assert len(trial.found) == MIN_BOXES


def test_ratios_that_are_given_alone_are_kept(tmp_path: Path) -> None:
    averaging = dataclasses.replace(MANIFEST, street_ratios=SEVERAL)
    trial = choose_street_ratios(
        OneSidedDetector(), averaging, make_set(tmp_path), split="val", candidates=(SEVERAL,)
    )
    assert trial.ratios == SEVERAL
    assert list(trial.map50_by_ratios) == [SEVERAL]


def test_with_few_boxes_the_cheapest_stays_and_nothing_is_searched(tmp_path: Path) -> None:
    pictures = make_set(tmp_path, count=MIN_BOXES - 1)
    (tmp_path / "a.png").unlink()
    trial = choose_street_ratios(OneSidedDetector(), MANIFEST, pictures, split="val")
    assert (trial.ratios, dict(trial.map50_by_ratios), trial.found) == ((), {}, ())
