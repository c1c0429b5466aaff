import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.sets import picture_facts
from datasets.sets.picture_facts import BrokenPicture, PictureFacts, read_picture_facts
from tests.datasets.sets.factories import draw_picture


def test_a_picture_tells_hash_size_time_and_place(tmp_path: Path) -> None:
    path = draw_picture(tmp_path / "a.jpg", place=(-12.5, 40.25), captured_at="2024:04:26 14:53:30")
    facts = read_picture_facts(path)
    assert isinstance(facts, PictureFacts)
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.width_px, facts.height_px, facts.is_turned) == (96, 64, False)
    assert facts.captured_at == "2024-04-26T14:53:30"
    assert (facts.latitude, facts.longitude) == (-12.5, 40.25)


def test_sizes_are_those_of_the_upright_picture(tmp_path: Path) -> None:
    facts = read_picture_facts(draw_picture(tmp_path / "a.jpg", orientation=6))
    assert isinstance(facts, PictureFacts)
    assert (facts.width_px, facts.height_px, facts.is_turned) == (64, 96, True)


def test_a_place_of_zero_is_a_receiver_without_a_fix(tmp_path: Path) -> None:
    facts = read_picture_facts(draw_picture(tmp_path / "a.jpg", place=(0.0, 0.0)))
    assert isinstance(facts, PictureFacts)
    assert facts.latitude is None


@pytest.mark.parametrize("suffix", ["jpg", "mpo", "png", "tif", "webp", "bmp"])
def test_all_kinds_of_pictures_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (40, 30), (10, 20, 30)).save(path)
    assert isinstance(read_picture_facts(path), PictureFacts)


def test_broken_pictures_say_what_is_wrong(tmp_path: Path) -> None:
    whole = draw_picture(tmp_path / "whole.jpg", size_px=(400, 300)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    codes = {
        name: getattr(read_picture_facts(tmp_path / name), "code", None)
        for name in ("cut.jpg", "text.jpg", "empty.jpg", "gone.jpg")
    }
    assert codes == {
        "cut.jpg": "truncated",
        "text.jpg": "undecodable",
        "empty.jpg": "undecodable",
        "gone.jpg": "unreadable",
    }


def test_huge_pictures_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_facts, "MAX_PICTURE_PIXELS", 96 * 64 - 1)
    found = read_picture_facts(draw_picture(tmp_path / "a.jpg"))
    assert found == BrokenPicture(code="too_large", reason="96 x 64 pixels")


def test_pictures_of_16_bits_look_like_those_of_8(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (48, 64)).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "8.png")
    Image.fromarray(grey.astype(np.uint16) << 8).save(tmp_path / "16.png")
    facts = [read_picture_facts(tmp_path / name) for name in ("8.png", "16.png")]
    assert all(isinstance(found, PictureFacts) for found in facts)
    assert len({getattr(found, "looks", None) for found in facts}) == 1


def test_pictures_without_an_agreed_white_are_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((48, 64), np.float32)).save(tmp_path / "a.tif")
    found = read_picture_facts(tmp_path / "a.tif")
    assert isinstance(found, BrokenPicture)
    assert "32 bits" in found.reason


@pytest.mark.parametrize("form", ["GIF", "EPS", "PPM"])
def test_other_forms_are_not_opened_whatever_their_name(tmp_path: Path, form: str) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.jpg", form)
    assert getattr(read_picture_facts(tmp_path / "a.jpg"), "code", None) == "undecodable"


def test_a_pipe_or_folder_called_like_a_picture_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for name in ("pipe.jpg", "folder.jpg"):
        found = read_picture_facts(tmp_path / name)
        assert found == BrokenPicture(code="unreadable", reason="no ordinary file")


def test_reasons_do_not_tell_our_folders(tmp_path: Path) -> None:
    found = read_picture_facts(tmp_path / "gone.jpg")
    assert isinstance(found, BrokenPicture)
    assert str(tmp_path) not in found.reason


def test_damaged_bytes_give_facts_or_a_reason(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for suffix in ("jpg", "png", "tif", "webp", "bmp"):
        path = draw_picture(tmp_path / "whole.jpg", captured_at="2024:04:26 14:53:30", place=(1, 1))
        with Image.open(path) as image:
            image.save(tmp_path / f"a.{suffix}", exif=image.getexif())
        whole = (tmp_path / f"a.{suffix}").read_bytes()
        for _ in range(30):
            damaged = bytearray(whole)
            for place in rng.integers(0, min(len(whole), 400), 4):
                damaged[place] = rng.integers(256)
            path.write_bytes(damaged)
            assert isinstance(read_picture_facts(path), PictureFacts | BrokenPicture)
