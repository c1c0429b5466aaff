"""What is sent of a card, what is left out, and why."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.receipt import ReasonCode
from service.inspecting.found_files import find_files
from service.upload.card import Card, read_card

JPEG = b"\xff\xd8\xff\xe0" + bytes(600)
MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(600)
ZIP = b"PK\x03\x04" + bytes(60)
SRT = (
    b"1\n00:00:00,000 --> 00:00:00,033\n[latitude: 30.25] [longitude: 120.15] "
    b"[rel_alt: 50.000 abs_alt: 70.000]\n\n"
)


def read(folder: Path, **options: bool) -> Card:
    return read_card(find_files([folder], output=None), **options)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def reasons(card: Card) -> dict[str, ReasonCode]:
    return {file.name: file.reason.code for file in card.left_out}


def test_photos_videos_with_flight_data_and_archives_are_sent(tmp_path: Path) -> None:
    write(tmp_path / "DCIM" / "照片 1.JPG", JPEG)
    write(tmp_path / "DCIM" / "clip.MP4", MP4)
    write(tmp_path / "DCIM" / "clip.SRT", SRT)
    write(tmp_path / "card.zip", ZIP)
    card = read(tmp_path)
    assert {file.name: file.bulky for file in card.files} == {
        "DCIM/照片 1.JPG": False,
        "DCIM/clip.MP4": True,
        "DCIM/clip.SRT": False,
        "card.zip": True,
    }
    assert [file.byte_count for file in card.files if file.name == "card.zip"] == [64]
    assert card.left_out == ()


def test_what_the_server_would_refuse_anyway_stays(tmp_path: Path) -> None:
    write(tmp_path / "FLY001.DAT", b"log" * 99)
    write(tmp_path / "screen.png", b"\x89PNG\r\n" + bytes(99))
    write(tmp_path / "alone.MP4", MP4)
    write(tmp_path / "clip.MP4", MP4)
    write(tmp_path / "clip.SRT", SRT)
    write(tmp_path / "clip.LRF", MP4)
    write(tmp_path / ".Trashes" / "old.JPG", JPEG)
    card = read(tmp_path)
    assert reasons(card) == {
        ".Trashes/old.JPG": ReasonCode.NOT_A_PHOTO,
        "FLY001.DAT": ReasonCode.NOT_A_PHOTO,
        "alone.MP4": ReasonCode.NO_TELEMETRY,
        "clip.LRF": ReasonCode.NOT_A_PHOTO,
        "screen.png": ReasonCode.UNSUPPORTED_FORMAT,
    }
    assert not any(file.matters for file in card.left_out)
    everything = {file.name for file in read(tmp_path, send_all=True).files}
    assert everything == {"FLY001.DAT", "screen.png", "alone.MP4", "clip.MP4", "clip.SRT",
                          "clip.LRF"}  # fmt: skip


def test_photos_that_are_lost_are_sent_so_that_the_city_knows(tmp_path: Path) -> None:
    write(tmp_path / "empty.JPG", b"")
    write(tmp_path / "zeros.JPG", bytes(4000))
    assert {file.name for file in read(tmp_path).files} == {"empty.JPG", "zeros.JPG"}


def test_an_unreadable_file_is_told_and_matters(tmp_path: Path) -> None:
    (tmp_path / "gone.JPG").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "good.JPG", JPEG)
    card = read(tmp_path)
    assert reasons(card) == {"gone.JPG": ReasonCode.UNREADABLE_FILE}
    assert card.left_out[0].matters


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_the_right_to_read_is_told(tmp_path: Path) -> None:
    write(tmp_path / "closed.JPG", JPEG).chmod(0)
    assert reasons(read(tmp_path)) == {"closed.JPG": ReasonCode.UNREADABLE_FILE}


def test_two_files_that_the_server_would_call_alike_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b.JPG", JPEG)
    write(tmp_path / "a\\b.JPG", JPEG)  # a backslash in a name, as Linux allows
    card = read(tmp_path)
    assert [file.name for file in card.files] == ["a/b.JPG"]
    assert reasons(card) == {"a\\\\b.JPG": ReasonCode.DUPLICATE_NAME}


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    # 130 bytes on this disk, and 4 for each when what cannot be printed is spelled out.
    write(tmp_path / ("\x01" * 130 + ".JPG"), JPEG)
    card = read(tmp_path)
    assert list(reasons(card).values()) == [ReasonCode.UNSAFE_NAME]
    assert card.left_out[0].matters


def test_drone_photos_are_photos(tmp_path: Path, write_drone_photo: Callable[..., Path]) -> None:
    write_drone_photo(tmp_path / "DJI_0001.JPG", number=1)
    assert [file.name for file in read(tmp_path).files] == ["DJI_0001.JPG"]
