"""Labelled pictures on both ways to the network, with a detector that finds what is white."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledPicture
from models.detector import Detections, Image
from models.manifest import ModelManifest
from models.suppression import no_detections
from tests.training.evaluation.factories import make_picture, search_result
from training.errors import TrainingError
from training.evaluation.result import Way
from training.evaluation.search import plan_search, read_labelled_picture, search_picture

CLASSES = ("garbage", "billboard")
MANIFEST = ModelManifest(
    name="white",
    version="1",
    classes=CLASSES,
    input_size_px=320,
    gsd_range_m={"garbage": (0.02, 0.05), "billboard": (0.04, 0.05)},
    street_long_side_px=320,
    min_confidence=dict.fromkeys(CLASSES, 0.5),
    weights_sha256="0" * 64,
    licence="none",
    data="none",
    metrics={},
)


class WhiteDetector:
    """Finds one box of the first class around all that is white in a crop."""

    classes = CLASSES
    input_size_px = MANIFEST.input_size_px
    batch_size = 1

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        return [self._find(crops[index]) for index in range(len(crops))]

    def _find(self, crop: Image) -> Detections:
        rows, columns = np.nonzero(crop[..., 0] > 200)
        if not len(rows):
            return no_detections()
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        return Detections(
            boxes=np.array([box], dtype=np.float32),
            scores=np.array([0.9], dtype=np.float32),
            class_ids=np.zeros(1, dtype=np.int32),
        )


@pytest.mark.parametrize("way", Way)
def test_boxes_come_back_in_the_pixels_of_the_picture(way: Way) -> None:
    # Twice as wide as high: letterboxed, it is halved and 80 px of padding lie above it.
    pixels = np.zeros((320, 640, 3), dtype=np.uint8)
    pixels[100:180, 400:500] = 255
    picture = dataclasses.replace(
        make_picture([("garbage", 400, 100, 500, 180)]), width_px=640, height_px=320
    )
    result = search_picture(pixels, picture, plan_search(WhiteDetector(), MANIFEST, way))
    best = result.found[0]
    found = (best.x_min, best.y_min, best.x_max, best.y_max)
    assert found == pytest.approx((400, 100, 500, 180), abs=2)
    assert best.true_box == 0


def test_size_that_the_network_sees_follows_the_scale_of_each_class() -> None:
    # At 1 cm a pixel garbage is searched at half the size (2 cm), billboards at a quarter.
    pixels = np.zeros((400, 400, 3), dtype=np.uint8)
    picture = dataclasses.replace(make_picture(), gsd_m=0.01)
    tiled = search_picture(pixels, picture, plan_search(WhiteDetector(), MANIFEST, Way.TILED))
    assert tiled.network_scale == {"garbage": 0.5, "billboard": 0.25}
    whole = search_picture(pixels, picture, plan_search(WhiteDetector(), MANIFEST, Way.WHOLE))
    assert whole.network_scale == {"garbage": 0.8, "billboard": 0.8}


def test_class_that_a_coarse_picture_cannot_show_is_not_searched() -> None:
    picture = dataclasses.replace(make_picture(), gsd_m=0.2)
    pixels = np.zeros((400, 400, 3), dtype=np.uint8)
    result = search_picture(pixels, picture, plan_search(WhiteDetector(), MANIFEST, Way.TILED))
    assert result.network_scale == {}


def test_no_more_than_a_hundred_boxes_of_a_class_count() -> None:
    found = [("garbage", 0.5, i, 0, i + 1, 1) for i in range(150)]
    assert len(search_result(make_picture(), found).found) == 100


def write(path: Path, content: bytes, *, side_px: int = 40) -> LabelledPicture:
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return dataclasses.replace(make_picture(side_px=side_px), sha256=digest)


def png(side_px: int) -> bytes:
    pixels = np.zeros((side_px, side_px, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())


def test_picture_that_is_as_labelled_is_read(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.png", png(40))
    assert read_labelled_picture(tmp_path / "a.png", picture).shape == (40, 40, 3)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"no picture", "cannot be decoded"), (b"", "cannot be decoded"), (png(50), "50 x 50")],
)
def test_picture_that_is_not_as_labelled_says_why(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    picture = write(tmp_path / "a.png", content)
    with pytest.raises(TrainingError, match=complaint):
        read_labelled_picture(tmp_path / "a.png", picture)


def test_file_that_changed_since_it_was_labelled_is_refused(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.png", png(40))
    (tmp_path / "a.png").write_bytes(png(40) + b"more")
    with pytest.raises(TrainingError, match="SHA-256"):
        read_labelled_picture(tmp_path / "a.png", picture)
