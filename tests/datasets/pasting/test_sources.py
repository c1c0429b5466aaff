"""Reading sources: splits, label files and pictures that are no good."""

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import DatasetError
from datasets.pasting.plan import CropSource
from datasets.pasting.sources import (
    SourcePicture,
    is_light_enough,
    read_boxes,
    read_pixels,
    read_source,
    split_by_hash,
)
from tests.datasets.pasting.factories import make_plan, write_sources


def make_source(folder: str, **parts: object) -> CropSource:
    table = {"folder": folder, "cut": "roof", "size_m": (1, 2), **parts}
    return CropSource.model_validate(table)


def test_splits_and_groups_come_from_the_table(tmp_path: Path) -> None:
    found = read_source(write_sources(tmp_path), make_plan().background[0])
    assert {(p.path.name, p.split, p.group) for p in found} == {
        ("train0.png", "train", "flight_train"),
        ("train1.png", "train", "flight_train"),
        ("val0.png", "val", "flight_val"),
        ("val1.png", "val", "flight_val"),
    }


def test_a_picture_that_the_table_does_not_know_is_left_out(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    (sources / "heaps" / "images" / "stray.png").write_bytes(b"")
    names = {p.path.name for p in read_source(sources, make_source("heaps"))}
    assert "stray.png" not in names
    assert len(names) == 4


def test_folders_without_splits_are_dealt_out_by_name(tmp_path: Path) -> None:
    for number in range(200):
        path = tmp_path / "roofs" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    splits = [p.split for p in read_source(tmp_path, make_source("roofs"))]
    assert 130 < splits.count("train") < 185
    assert min(splits.count("val"), splits.count("test")) > 5
    assert splits[3] == split_by_hash(read_source(tmp_path, make_source("roofs"))[3].path.name)


def test_a_pattern_that_fits_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="lost"):
        read_source(write_sources(tmp_path), make_source("heaps", files=["lost*"]))


def test_a_table_without_its_columns_is_an_error(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    (sources / "splits.csv").write_text("picture\nx\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"splits\.csv"):
        read_source(sources, make_source("heaps"))


def test_lines_that_are_no_boxes_are_left_out(tmp_path: Path) -> None:
    label = tmp_path / "a.txt"
    label.write_text("0 0.5 0.5 0.2 0.4\n1 0.5 0.5 0.2 0.4\nnonsense\n0 7 0 1 1\n0 0.5 nan 0 0\n")
    picture = SourcePicture(path=tmp_path / "a.png", label=label, split="train", group="a")
    (box,) = read_boxes(picture, 0, width_px=100, height_px=50)
    assert box == pytest.approx((40, 15, 60, 35))
    absent = SourcePicture(path=label, label=tmp_path / "no.txt", split="train", group="a")
    assert read_boxes(absent, 0, width_px=100, height_px=50) == []


def test_what_cannot_be_decoded_is_none_and_night_is_too_dark(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert read_pixels(tmp_path / "a.png") is None
    assert not is_light_enough(np.full((80, 80, 3), 20, np.uint8))
    assert is_light_enough(np.full((80, 80, 3), 120, np.uint8))
