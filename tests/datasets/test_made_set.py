"""Sets of made pictures: what is written, and that a broken run goes on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import DatasetError
from datasets.folder_lock import lock_folder
from datasets.labelled_picture import LabelledBox, Origin, View
from datasets.made_set import Batch, MadePicture, write_made_set
from datasets.picture_set import PictureSet, Source, read_picture_set

SOURCE = Source(name="made", origin="a test", licence="none")
BOX = LabelledBox(class_name="exposed_garbage", x_min=2, y_min=3, x_max=9, y_max=8)


def make_batch(name: str, *, grey: int = 90, fails: bool = False) -> Batch:
    def make() -> Sequence[MadePicture]:
        if fails:
            raise DatasetError("broken off")
        pixels = np.full((16, 24, 3), grey, np.uint8)
        return [
            MadePicture(
                pixels=pixels,
                jpeg_quality=90,
                boxes=(BOX,),
                labelled_classes=("exposed_garbage",),
                gsd_m=0.02,
            )
        ]

    return Batch(name=name, group=f"group_{name}", split="train", source="made", make=make)


def write(folder: Path, *batches: Batch, plan: str = "plan") -> PictureSet:
    return write_made_set(
        folder, batches, name="some", plan=plan, sources=(SOURCE,), origin=Origin.RENDERED
    )


def test_the_set_reads_back_as_it_was_written(tmp_path: Path) -> None:
    made = write(tmp_path / "set", make_batch("a"), make_batch("b", grey=140))
    assert read_picture_set(tmp_path / "set") == made
    picture = made.pictures[0]
    assert (picture.width_px, picture.height_px, picture.gsd_m) == (24, 16, 0.02)
    assert (picture.view, picture.origin) == (View.DRONE, Origin.RENDERED)
    assert picture.group == "group_a"
    assert picture.boxes == (BOX,)
    assert made.path_of(picture).is_file()


def test_a_broken_run_goes_on_and_ends_as_a_whole_one(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole", make_batch("a"), make_batch("b"))
    with pytest.raises(DatasetError, match="broken off"):
        write(tmp_path / "broken", make_batch("a"), make_batch("b", fails=True))
    # The first batch is there already: were it made again, it would fail.
    resumed = write(tmp_path / "broken", make_batch("a", fails=True), make_batch("b"))
    assert resumed.pictures == whole.pictures
    assert resumed.version == whole.version


def test_a_folder_begun_with_another_plan_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "set", make_batch("a"))
    with pytest.raises(DatasetError, match="another plan"):
        write(tmp_path / "set", make_batch("a"), plan="another")


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="not empty"):
        write(tmp_path, make_batch("a"))


def test_a_damaged_list_is_said_to_be_so(tmp_path: Path) -> None:
    write(tmp_path, make_batch("a"))
    (tmp_path / "pictures.jsonl").write_text("{not json\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="damaged"):
        write(tmp_path, make_batch("a"))


def test_a_batch_whose_lines_were_cut_off_is_made_anew(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole", make_batch("a"), make_batch("b"))
    with pytest.raises(DatasetError, match="broken off"):
        write(tmp_path / "killed", make_batch("a"), make_batch("b", fails=True))
    lines = tmp_path / "killed" / "pictures.jsonl"
    line = lines.read_text().replace("a_00", "b_00")
    lines.write_text(lines.read_text() + line + line[:40])  # one line of two, and half a line
    assert write(tmp_path / "killed", make_batch("a"), make_batch("b")).pictures == whole.pictures


def test_a_folder_in_which_another_run_is_at_work_is_left_alone(tmp_path: Path) -> None:
    with lock_folder(tmp_path / "set"), pytest.raises(DatasetError, match="another process"):
        write(tmp_path / "set", make_batch("a"))
