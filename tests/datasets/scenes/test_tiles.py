"""Training tiles and their labels."""

from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.scenes.photo import ObjectView
from datasets.scenes.scene import FIRST_TRAINING_SEED
from datasets.scenes.tiles import tile_labels, write_training_tiles, yolo_lines


def make_object(box: tuple[float, float, float, float], *, visible_share: float = 1) -> ObjectView:
    return ObjectView(
        object_id=1,
        class_name="damaged_billboard",
        box_photo=box,
        visible_share=visible_share,
        visible_px=100,
    )


def test_demonstration_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="99999"):
        write_training_tiles(
            tmp_path, seeds=range(99_999, FIRST_TRAINING_SEED + 1), split="train", tile_px=512
        )


def test_labels_are_in_the_tiles_own_pixels() -> None:
    labels = tile_labels([make_object((110, 220, 150, 260))], 100, 200, 512)
    assert labels == ((1, 10, 20, 50, 60),)


def test_boxes_are_cut_at_the_tiles_edge() -> None:
    labels = tile_labels([make_object((60, 220, 140, 260))], 100, 200, 512)
    assert labels == ((1, 0, 20, 40, 60),)


def test_objects_of_which_too_little_shows_are_not_labelled() -> None:
    hidden = make_object((110, 220, 150, 260), visible_share=0.2)
    mostly_outside = make_object((20, 220, 110, 260))
    assert tile_labels([hidden, mostly_outside], 100, 200, 512) == ()


def test_yolo_lines_hold_centre_and_size_as_parts_of_the_side() -> None:
    assert yolo_lines([(2, 0, 128, 256, 256)], 512) == ("2 0.250000 0.375000 0.500000 0.250000\n")


@pytest.mark.slow
def test_tiles_are_written_with_a_label_file_each(tmp_path: Path) -> None:
    seeds = range(FIRST_TRAINING_SEED, FIRST_TRAINING_SEED + 1)
    counts = write_training_tiles(tmp_path, seeds=seeds, split="val", tile_px=256)
    images = sorted(path.stem for path in (tmp_path / "val" / "images").glob("*.jpg"))
    labels = sorted(path.stem for path in (tmp_path / "val" / "labels").glob("*.txt"))
    assert images == labels
    assert len(images) == 10
    assert sum(counts) > 0
