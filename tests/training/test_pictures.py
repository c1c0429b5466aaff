"""Packing and repeating labelled pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.errors import TrainingError
from training.pictures import (
    LabelledPicture,
    read_splits,
    repeat_rare_pictures,
    write_packed_pictures,
)


def make_picture(root: Path, name: str, label: str) -> Path:
    for kind in ("images", "labels"):
        (root / kind).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / "images" / f"{name}.jpg"), np.zeros((40, 80, 3), np.uint8))
    (root / "labels" / f"{name}.txt").write_text(label)
    return root / "images" / f"{name}.jpg"


def test_pictures_of_rare_classes_are_repeated_and_no_other(tmp_path: Path) -> None:
    common = [make_picture(tmp_path, f"c{i}", "0 .5 .5 .1 .1\n") for i in range(6)]
    rare = make_picture(tmp_path, "rare", "2 .5 .5 .1 .1\n")
    negative = make_picture(tmp_path, "negative", "")
    repeated = repeat_rare_pictures([*common, rare, negative], least_per_class=6)
    assert repeated.count(rare) == 6
    assert repeated.count(negative) == 1
    assert all(repeated.count(picture) == 1 for picture in common)


def test_packed_pictures_are_scaled_and_keep_their_labels(tmp_path: Path) -> None:
    image = make_picture(tmp_path / "source", "a", "1 .5 .5 .1 .1\n")
    picture = LabelledPicture(
        source="source",
        split="val",
        group="g",
        image=image,
        label=tmp_path / "source" / "labels" / "a.txt",
    )
    write_packed_pictures([picture], tmp_path / "packed", longest_side_px=20)
    packed = cv2.imread(str(tmp_path / "packed" / "val" / "images" / "source__a.jpg"))
    assert packed.shape == (10, 20, 3)
    label = tmp_path / "packed" / "val" / "labels" / "source__a.txt"
    assert label.read_text() == "1 .5 .5 .1 .1\n"


def test_missing_splits_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"splits\.csv"):
        read_splits(tmp_path)
