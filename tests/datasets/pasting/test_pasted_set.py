"""Pasted sets: splits are kept, boxes hold what was pasted, switches do what they say."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.errors import DatasetError
from datasets.labelled_picture import Origin
from datasets.pasting.pasted_set import write_pasted_set
from datasets.picture_set import PictureSet
from tests.datasets.pasting.factories import GREYS, make_plan, write_sources

PLAIN = "occlude_share = 0.0\ncut_share = 0.0\nseamless_share = 0.0\nmatch_light = false\n"
DISTRACTOR = '[[crop]]\nfolder = "heaps"\ncut = "boxes"\nsize_m = [4.0, 4.0]'


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sources(tmp_path_factory.mktemp("sources"))


def paste(sources: Path, folder: Path, **parts: str) -> PictureSet:
    return write_pasted_set(make_plan(**parts), sources, folder)


def read_all(made: PictureSet) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    return [cv2.imread(str(made.path_of(picture))).astype(int) for picture in made.pictures]


def test_crops_and_backgrounds_of_one_split_never_enter_another(
    sources: Path, tmp_path: Path
) -> None:
    made = paste(sources, tmp_path, switches=PLAIN + "empty_share = 0.0")
    assert [picture.split for picture in made.pictures] == ["train"] * 6 + ["val"] * 4
    for picture, pixels in zip(made.pictures, read_all(made), strict=True):
        assert np.median(pixels) == pytest.approx(GREYS[picture.split], abs=3)
        assert picture.group == f"grounds:flight_{picture.split}"
        (box,) = picture.boxes
        middle = pixels[int(box.y_min + box.y_max) // 2, int(box.x_min + box.x_max) // 2]
        is_red = middle[2] > middle[0]  # heaps are red in train and blue in val
        assert is_red == (picture.split == "train")


def test_boxes_hold_what_was_pasted_and_its_size_is_that_on_the_ground(
    sources: Path, tmp_path: Path
) -> None:
    switches = PLAIN + "empty_share = 0.0\ncast_shadows = false"
    made = paste(sources, tmp_path, switches=switches)
    for picture, pixels in zip(made.pictures, read_all(made), strict=True):
        assert (picture.origin, picture.gsd_m) == (Origin.PASTED, 0.1)
        assert picture.labelled_classes == ("exposed_garbage",)
        colourful = np.ptp(pixels, axis=-1) > 60
        rows, columns = np.nonzero(colourful)
        (box,) = picture.boxes
        painted = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert (box.x_min, box.y_min, box.x_max, box.y_max) == pytest.approx(painted, abs=2.5)
        # 4 m at 10 cm are 40 px; turned by any angle the longer side stays between these.
        assert 26 <= max(box.x_max - box.x_min, box.y_max - box.y_min) <= 44
        assert (box.class_name, box.sub_class) == ("exposed_garbage", "pile")


def test_the_same_plan_gives_the_same_pictures(sources: Path, tmp_path: Path) -> None:
    one, two = (paste(sources, tmp_path / name, switches="") for name in ("one", "two"))
    assert one.pictures == two.pictures


def test_empty_pictures_without_distractors_are_plain_ground(sources: Path, tmp_path: Path) -> None:
    switches = "empty_share = 1.0\ndistractors = false"
    made = paste(sources, tmp_path, switches=switches, crop=DISTRACTOR)
    assert not any(picture.boxes for picture in made.pictures)
    assert all(np.ptp(pixels, axis=-1).max() < 40 for pixels in read_all(made))


def test_distractors_are_pasted_and_have_no_box(sources: Path, tmp_path: Path) -> None:
    made = paste(sources, tmp_path, switches="empty_share = 1.0", crop=DISTRACTOR)
    assert not any(picture.boxes for picture in made.pictures)
    assert any(np.ptp(pixels, axis=-1).max() > 60 for pixels in read_all(made))


def test_a_source_that_is_off_is_not_used(sources: Path, tmp_path: Path) -> None:
    off = f"{DISTRACTOR}\non = false"
    made = paste(sources, tmp_path, switches="empty_share = 1.0", crop=off)
    assert all(np.ptp(pixels, axis=-1).max() < 40 for pixels in read_all(made))


def test_the_edge_cuts_where_it_is_told_to(sources: Path, tmp_path: Path) -> None:
    switches = "empty_share = 0.0\ncut_share = 1.0\nocclude_share = 0.0"
    made = paste(sources, tmp_path, switches=switches)
    boxes = [box for picture in made.pictures for box in picture.boxes]
    assert boxes
    for box in boxes:
        assert min(box.x_min, box.y_min, 128 - box.x_max, 128 - box.y_max) <= 1


def test_a_split_without_backgrounds_is_refused(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="test has no background"):
        paste(sources, tmp_path, counts="test = 1")


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="grounds"):
        paste(tmp_path, tmp_path / "out")


def test_a_picture_that_cannot_be_decoded_stops_nothing(tmp_path: Path) -> None:
    sources = write_sources(tmp_path / "sources")
    (sources / "heaps" / "images" / "train0.png").write_bytes(b"no picture")
    (sources / "grounds" / "images" / "train0.png").write_bytes(b"no picture")
    made = paste(sources, tmp_path / "out", counts="train = 4")
    assert len(made.pictures) == 4
