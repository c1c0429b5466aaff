"""Packs: made once, never with a test picture, whole whenever the maker is killed."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from datasets.picture_set import PictureSet
from training import packs as packs_module
from training.config import Tiling
from training.errors import TrainingError
from training.packs import PackRule, plan_pack_key, read_listed_picture, write_pack

WHOLE = PackRule(tiling=Tiling.WHOLE, longest_side_px=64, tile_px=64)
BOTH = PackRule(tiling=Tiling.BOTH, longest_side_px=64, tile_px=64)


def test_test_pictures_never_enter_a_pack(drawn_set: PictureSet, tmp_path: Path) -> None:
    for picture in drawn_set.pictures:
        if picture.split == "test":
            drawn_set.path_of(picture).unlink()  # not even opened
    pack = write_pack(drawn_set, WHOLE, tmp_path / "packs")
    assert {picture.split for picture in pack.pictures.pictures} == {"train", "val"}
    assert len(pack.pictures.pictures) == 6
    assert len(list(pack.pictures.folder.rglob("*.jpg"))) == 6
    assert pack.left_out == ()


def test_other_labels_of_test_pictures_leave_the_pack_as_it_is(drawn_set: PictureSet) -> None:
    kept = tuple(picture for picture in drawn_set.pictures if picture.split != "test")
    assert plan_pack_key(replace(drawn_set, pictures=kept), WHOLE) == plan_pack_key(
        drawn_set, WHOLE
    )


def test_pictures_are_scaled_down_with_their_boxes_and_never_up(
    tmp_path: Path, draw_picture: Callable, make_set: Callable
) -> None:
    large = draw_picture(tmp_path / "set", "large", size=(256, 128))
    small = draw_picture(tmp_path / "set", "small", size=(48, 40), split="val")
    pack = write_pack(make_set(tmp_path / "set", [large, small]), WHOLE, tmp_path / "packs")
    first, second = pack.pictures.pictures
    assert (first.width_px, first.height_px) == (64, 32)
    assert (second.width_px, second.height_px) == (48, 40)
    assert first.boxes[0].x_min == pytest.approx(large.boxes[0].x_min / 4)
    assert first.boxes[0].y_max == pytest.approx(large.boxes[0].y_max / 4)
    assert cv2.imread(str(pack.pictures.path_of(first))).shape == (32, 64, 3)
    assert first.labelled_classes == large.labelled_classes


def test_a_ground_sample_distance_grows_as_pictures_shrink(
    tmp_path: Path, draw_picture: Callable, make_set: Callable
) -> None:
    picture = replace(draw_picture(tmp_path / "set", "a", size=(256, 256)), gsd_m=0.02)
    pack = write_pack(make_set(tmp_path / "set", [picture]), WHOLE, tmp_path / "packs")
    assert pack.pictures.pictures[0].gsd_m == pytest.approx(0.08)


def test_wide_frames_are_packed_whole_and_as_tiles(
    tmp_path: Path, draw_picture: Callable, make_set: Callable
) -> None:
    wide = draw_picture(tmp_path / "set", "wide", size=(128, 64))
    pack = write_pack(make_set(tmp_path / "set", [wide]), BOTH, tmp_path / "packs")
    sizes = [(picture.width_px, picture.height_px) for picture in pack.pictures.pictures]
    # Tiles of 64 px that overlap by a fifth: at 0, 52 and 64.
    assert sizes == [(64, 32), (64, 64), (64, 64), (64, 64)]


def test_a_pack_that_is_there_is_not_made_again(
    drawn_set: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_pack(drawn_set, WHOLE, tmp_path / "packs")
    monkeypatch.setattr(packs_module, "read_listed_picture", None)
    assert write_pack(drawn_set, WHOLE, tmp_path / "packs") == first


def test_another_label_or_rule_is_another_pack(drawn_set: PictureSet) -> None:
    relabelled = (replace(drawn_set.pictures[0], labelled_classes=()), *drawn_set.pictures[1:])
    keys = {
        plan_pack_key(drawn_set, WHOLE),
        plan_pack_key(drawn_set, BOTH),
        plan_pack_key(replace(drawn_set, pictures=relabelled), WHOLE),
    }
    assert len(keys) == 3


def test_a_pack_that_broke_off_goes_on_and_ends_as_any_other(
    drawn_set: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = 0
    encode = packs_module._encode

    def encode_some(*arguments: object, **options: object) -> bytes:
        nonlocal encoded
        encoded += 1
        if encoded == 3:
            raise KeyboardInterrupt
        return encode(*arguments, **options)

    monkeypatch.setattr(packs_module, "_encode", encode_some)
    with pytest.raises(KeyboardInterrupt):
        write_pack(drawn_set, WHOLE, tmp_path / "broken")
    assert [path.suffix for path in (tmp_path / "broken").iterdir()] == [".part"]
    pack = write_pack(drawn_set, WHOLE, tmp_path / "broken")
    assert encoded == 3 + 4  # the two that were there are kept
    whole = write_pack(drawn_set, WHOLE, tmp_path / "whole")
    assert pack.pictures.pictures == whole.pictures.pictures


def test_bad_pictures_are_left_out_and_named(drawn_set: PictureSet, tmp_path: Path) -> None:
    absent, changed, broken = drawn_set.pictures[:3]
    drawn_set.path_of(absent).unlink()
    drawn_set.path_of(changed).write_bytes(b"another file")
    drawn_set.path_of(broken).write_bytes(b"no picture")
    sha256 = hashlib.sha256(b"no picture").hexdigest()
    pictures = (absent, changed, replace(broken, sha256=sha256), *drawn_set.pictures[3:])
    pack = write_pack(replace(drawn_set, pictures=pictures), WHOLE, tmp_path / "packs")
    reasons = "\n".join(pack.left_out)
    assert len(pack.left_out) == 3
    assert f"{absent.path}: No such file" in reasons
    assert f"{changed.path}: not the file that the set lists" in reasons
    assert f"{broken.path}: cannot be decoded" in reasons


def test_a_set_without_a_usable_picture_is_an_error(drawn_set: PictureSet, tmp_path: Path) -> None:
    for picture in drawn_set.pictures:
        os.truncate(drawn_set.path_of(picture), 10)
    with pytest.raises(TrainingError, match="no picture of the train or val split can be used"):
        write_pack(drawn_set, WHOLE, tmp_path / "packs")


@pytest.mark.parametrize("path", ["../outside.png", "/etc/hostname"])
def test_no_picture_outside_the_sets_folder_is_read(drawn_set: PictureSet, path: str) -> None:
    picture = replace(drawn_set.pictures[0], path=path)
    with pytest.raises(TrainingError, match="outside the set's folder"):
        read_listed_picture(drawn_set, picture)


def test_a_picture_of_another_size_than_listed_is_refused(drawn_set: PictureSet) -> None:
    picture = replace(drawn_set.pictures[0], width_px=640)
    with pytest.raises(TrainingError, match="64 x 64 pixels, not 640 x 64"):
        read_listed_picture(drawn_set, picture)
