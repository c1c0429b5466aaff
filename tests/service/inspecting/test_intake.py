import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.receipt import Outcome, ReasonCode
from service.errors import CannotStartError
from service.inspecting.folder import STORE_NAME
from service.inspecting.found_files import find_files, stable_name
from service.inspecting.intake import ReceivedFile, receive_files


def write_photo(path: Path, *, shade: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((48, 64, 3), shade, dtype=np.uint8)
    path.write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    return path


def names(paths: Sequence[Path], output: Path) -> list[str]:
    return [file.name for file in find_files(paths, output=output)]


def receive(root: Path, *, workers: int = 1) -> dict[str, ReceivedFile]:
    files = find_files([root], output=root / "out")
    return {
        received.stored.name: received
        for received in receive_files(files, known={}, workers=workers)
    }


def test_nested_cards_are_walked_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("DCIM/101MEDIA/DJI_0001.JPG", "DCIM/100MEDIA/DJI_0002.JPG", "MISC/x.txt"):
        write_photo(tmp_path / name)
    assert names([tmp_path], tmp_path / "out") == [
        "DCIM/100MEDIA/DJI_0002.JPG",
        "DCIM/101MEDIA/DJI_0001.JPG",
        "MISC/x.txt",
    ]


def test_the_order_and_overlap_of_paths_changes_nothing(tmp_path: Path) -> None:
    write_photo(tmp_path / "a" / "1.jpg")
    write_photo(tmp_path / "b" / "c" / "1.jpg")
    a, b, c = tmp_path / "a", tmp_path / "b", tmp_path / "b" / "c"
    expected = ["a/1.jpg", "b/c/1.jpg"]
    assert names([a, b], tmp_path / "out") == expected
    assert names([c / "1.jpg", b, a, c], tmp_path / "out") == expected


def test_a_single_file_is_named_by_itself(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "deep" / "1.jpg")
    assert names([photo], tmp_path / "out") == ["1.jpg"]


def test_output_folders_are_left_out(tmp_path: Path) -> None:
    write_photo(tmp_path / "1.jpg")
    write_photo(tmp_path / "now" / "evidence" / "crop.jpg")
    write_photo(tmp_path / "earlier" / "evidence" / "crop.jpg")
    (tmp_path / "earlier" / STORE_NAME).touch()
    assert names([tmp_path], tmp_path / "now") == ["1.jpg"]


def test_links_in_a_circle_and_to_folders_around_are_survived(tmp_path: Path) -> None:
    write_photo(tmp_path / "card" / "sub" / "1.jpg")
    write_photo(tmp_path / "elsewhere" / "2.jpg")
    write_photo(tmp_path / "not_asked_for.jpg")
    (tmp_path / "card" / "sub" / "up").symlink_to(tmp_path / "card")
    (tmp_path / "card" / "around").symlink_to(tmp_path)
    (tmp_path / "card" / "a_link").symlink_to(tmp_path / "card" / "sub")
    (tmp_path / "card" / "other").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "card" / "self").symlink_to(tmp_path / "card" / "self")
    assert names([tmp_path / "card"], tmp_path / "out") == ["other/2.jpg", "self", "sub/1.jpg"]


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere.jpg").symlink_to(tmp_path / "gone.jpg")
    write_photo(tmp_path / ".Trashes" / "DJI_0001.JPG")
    write_photo(tmp_path / "._DJI_0002.JPG")
    got = {
        name: (received.stored.outcome, received.stored.reasons[0].code)
        for name, received in receive(tmp_path).items()
    }
    assert got == {
        "pipe": (Outcome.REJECTED, ReasonCode.NOT_A_PHOTO),
        "nowhere.jpg": (Outcome.REJECTED, ReasonCode.UNREADABLE_FILE),
        ".Trashes/DJI_0001.JPG": (Outcome.REJECTED, ReasonCode.NOT_A_PHOTO),
        "._DJI_0002.JPG": (Outcome.REJECTED, ReasonCode.NOT_A_PHOTO),
    }


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_opened_is_on_the_receipt(tmp_path: Path) -> None:
    write_photo(tmp_path / "locked" / "1.jpg")
    (tmp_path / "locked").chmod(0)
    try:
        got = receive(tmp_path)
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert got["locked"].stored.reasons[0].code is ReasonCode.UNREADABLE_FILE


def test_a_folder_whose_files_cannot_be_named_is_on_the_receipt(tmp_path: Path) -> None:
    # Linux takes paths of 4095 bytes: the folder can still be listed, its files not opened.
    deep = os.fsencode(tmp_path)
    while len(deep) < 4080:
        deep += b"/" + b"d" * min(255, 4080 - len(deep) - 1)
    os.makedirs(deep)  # noqa: PTH103 - bytes, no text
    folder = os.open(deep, os.O_RDONLY)
    os.close(os.open(b"DJI_20261124_0001.JPG", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    (received,) = receive(tmp_path).values()
    assert received.stored.name.endswith("/DJI_20261124_0001.JPG")
    assert received.stored.reasons[0].code is ReasonCode.UNREADABLE_FILE


def test_equal_files_are_read_once_and_name_the_first(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/x.jpg", "c.jpg"):
        write_photo(tmp_path / name)
    (tmp_path / "d.txt").write_text("no photo")
    (tmp_path / "e.txt").write_text("no photo")
    got = receive(tmp_path, workers=4)
    assert {name: received.stored.duplicate_of for name, received in got.items()} == {
        "a/x.jpg": None,
        "b.jpg": "a/x.jpg",
        "c.jpg": "a/x.jpg",
        "d.txt": None,
        "e.txt": "d.txt",
    }
    assert got["b.jpg"].stored.outcome is Outcome.ACCEPTED
    assert got["b.jpg"].metadata is None
    assert got["e.txt"].stored.outcome is Outcome.REJECTED


def test_an_accepted_photo_has_its_size_hash_and_metadata(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "1.jpg")
    received = receive(tmp_path)["1.jpg"]
    assert received.stored.byte_count == path.stat().st_size
    assert received.metadata is not None
    assert (received.metadata.width_px, received.metadata.height_px) == (64, 48)


def test_names_that_are_no_text_are_survived(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path)
    for name in (b"caf\xe9.jpg", b"two\nlines.jpg", "照片 1.jpg".encode()):
        with open(raw + b"/" + name, "wb") as file:  # noqa: PTH123 - bytes, no text
            file.write(b"no photo")
    assert names([tmp_path], tmp_path / "out") == [
        "caf\\xe9.jpg",
        "two\\u000alines.jpg",
        "照片 1.jpg",
    ]


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_stable_names_are_printable_and_tell_paths_apart(first: str, second: str) -> None:
    assert stable_name(first).replace("\u3000", "").isprintable()
    assert (stable_name(first) == stable_name(second)) == (first == second)


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match=r"gone does not exist$"):
        find_files([tmp_path / "gone"], output=tmp_path / "out")


def test_results_are_never_written_among_the_photos(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "evidence"):
        folder.mkdir(exist_ok=True)
        with pytest.raises(CannotStartError, match="--out is the folder of the photos"):
            find_files([folder], output=tmp_path)


def test_results_of_an_inspection_are_not_inspected(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).touch()
    with pytest.raises(CannotStartError, match="holds results of an inspection"):
        find_files([tmp_path], output=tmp_path / "out")
