"""Tiny drawn picture sets, and a training that only pretends."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, write_picture_set
from training.config import TrainingConfig, parse_training_config
from training.evaluation.result import PictureResult
from training.trials.one_run import Run, Tools
from training.trials.searched_pictures import ScoredBox, match_scored

MakePicture = Callable[..., LabelledPicture]
MakeSet = Callable[..., PictureSet]


@pytest.fixture
def make_picture() -> MakePicture:
    """Return a maker of labelled pictures of 100 x 80 pixels that need no file."""

    def make(name: str = "a", **values: object) -> LabelledPicture:
        known: dict[str, object] = {
            "path": f"{name}.png",
            "sha256": hashlib.sha256(name.encode()).hexdigest(),
            "width_px": 100,
            "height_px": 80,
            "boxes": (),
            "labelled_classes": ("exposed_garbage", "damaged_billboard"),
            "source": "walk",
            "group": name,
            "split": "train",
            "view": View.STREET,
        }
        return LabelledPicture(**{**known, **values})  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_set(tmp_path: Path, make_picture: MakePicture) -> MakeSet:
    """Return a maker of picture sets whose files are noise."""

    def make(pictures: list[LabelledPicture], folder: str = "set") -> PictureSet:
        written = []
        for number, picture in enumerate(pictures):
            target = tmp_path / folder / picture.path
            target.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(number).integers(0, 255, (80, 100, 3), dtype=np.uint8)
            cv2.imwrite(str(target), pixels)
            sha256 = hashlib.sha256(target.read_bytes()).hexdigest()
            written.append(replace(picture, sha256=sha256))
        picture_set = PictureSet(
            name=folder,
            version="1",
            taxonomy_version="t",
            sources=(Source(name="walk", origin="drawn", licence="CC0-1.0"),),
            pictures=tuple(written),
            folder=tmp_path / folder,
        )
        write_picture_set(picture_set)
        return picture_set

    return make


@pytest.fixture
def base_config(tmp_path: Path) -> TrainingConfig:
    return parse_training_config(
        {
            "name": "base",
            "pictures": [{"folder": str(tmp_path / "anything")}],
            "initial_weights": str(tmp_path / "coco.safetensors"),
            "epochs": 6,
            "input_size_px": 320,
            "options": {"mosaic": 0.5, "scale": 0.5},
        }
    )


class PretendedTools:
    """Finds every labelled box with a score that follows from the configuration."""

    def __init__(self) -> None:
        self.trained: list[TrainingConfig] = []
        self.minutes = 0

    def tools(self) -> Tools:
        return Tools(train=self.train, search=self.search, clock=self.clock)

    def clock(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(minutes=self.minutes)

    def train(self, config: TrainingConfig, out: Path) -> Path:
        self.trained.append(config)
        self.minutes += 5
        return out / config.name

    def search(self, folder: Path, run: Run) -> Iterator[PictureResult]:
        for entry in run.searched:
            found = [
                ScoredBox(
                    class_name=box.class_name,
                    score=0.9,
                    box=(box.x_min, box.y_min, box.x_max, box.y_max),
                )
                for box in entry.picture.boxes
            ]
            yield match_scored(entry.picture, found)


@pytest.fixture
def pretended() -> PretendedTools:
    return PretendedTools()


@pytest.fixture
def make_box() -> Callable[..., LabelledBox]:
    """Return a maker of boxes of 20 x 20 pixels."""

    def make(class_name: str = "exposed_garbage", x_min: float = 10) -> LabelledBox:
        return LabelledBox(class_name=class_name, x_min=x_min, y_min=10, x_max=x_min + 20, y_max=30)

    return make
