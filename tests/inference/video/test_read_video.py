import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inference.errors import PhotoRejectedError
from inference.reading.limits import PhotoLimits
from inference.receipt import ReasonCode
from inference.video.read_video import MAX_FORWARD_FRAMES, Video
from models.detector import Image

ReadNumber = Callable[[Image], int]
WriteVideo = Callable[..., Path]


def test_a_video_tells_its_size_rate_and_length(write_video: WriteVideo) -> None:
    with Video(write_video(frames=60)) as video:
        header = video.header
    assert (header.shape.width_px, header.shape.height_px) == (192, 64)
    assert (header.shape.orientation, header.frame_rate, header.frame_count) == (1, 10.0, 60)


def test_frames_are_exact_in_whatever_order_they_are_asked_for(
    write_video: WriteVideo, read_number: ReadNumber
) -> None:
    order = [0, 1, 200, 3, 199, 55, 56, 58, 55, 0, 201]
    order += np.random.default_rng(4).integers(0, 202, 40).tolist()
    with Video(write_video(frames=202)) as video:
        assert [read_number(video.read(number)) for number in order] == order
    assert max(np.abs(np.diff(order))) > MAX_FORWARD_FRAMES  # both ways to get there


def test_a_run_of_frames_has_their_numbers_and_stops_at_the_end(
    write_video: WriteVideo, read_number: ReadNumber
) -> None:
    with Video(write_video(frames=60)) as video:
        for first, last, expected in ((40, 43, range(40, 44)), (58, 70, (58, 59)), (2, 1, ())):
            found = list(video.iterate(first, last))
            assert [number for number, _ in found] == list(expected)
            assert [read_number(image) for _, image in found] == list(expected)


def test_a_frame_behind_the_end_is_refused_and_the_others_still_there(
    write_video: WriteVideo, read_number: ReadNumber
) -> None:
    with Video(write_video(frames=60)) as video:
        with pytest.raises(PhotoRejectedError, match="frame 60 cannot be decoded"):
            video.read(60)
        assert read_number(video.read(7)) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="names are no plain bytes elsewhere")
def test_a_name_that_is_no_utf8_ends_nothing(
    write_video: WriteVideo, read_number: ReadNumber, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode("飞行".encode("gbk")) / "flight.MP4"
    path.parent.mkdir()
    write_video(frames=5).rename(path)
    with Video(path) as video:
        assert read_number(video.read(3)) == 3
        with pytest.raises(PhotoRejectedError):
            video.read(5)  # the file is opened a second time
        assert read_number(video.read(2)) == 2


# Rows of the matrix by which players turn pictures (ISO/IEC 14496-12, section 6.2.2).
TURNS = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@pytest.mark.parametrize(("turned_deg", "orientation"), [(90, 6), (180, 3), (270, 8)])
def test_a_video_that_is_to_be_turned_comes_as_stored_with_its_orientation(
    write_video: WriteVideo, read_number: ReadNumber, turned_deg: int, orientation: int
) -> None:
    path = write_video(frames=20)
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    a, b, c, d = (part << 16 for part in TURNS[turned_deg])
    data[matrix : matrix + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    with Video(path) as video:
        shape = video.header.shape
        assert (shape.width_px, shape.height_px) == (192, 64)
        assert shape.orientation == orientation
        assert read_number(video.read(11)) == 11


def damage(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda data: data[: data.index(b"moov") - 4], ReasonCode.VIDEO_UNREADABLE, "cut off"),
        (lambda data: data[:200], ReasonCode.VIDEO_UNREADABLE, "cut off"),
        (lambda data: data[:24], ReasonCode.VIDEO_UNREADABLE, "cut off"),
        (lambda data: b"not a video" * 100, ReasonCode.VIDEO_UNREADABLE, "no video"),
        (
            lambda data: data.replace(b"vide", b"soun"),
            ReasonCode.VIDEO_UNREADABLE,
            "no video",
        ),
        (lambda data: b"", ReasonCode.VIDEO_UNREADABLE, "no video"),
        (lambda data: b"\0\0\0\1ftypisom", ReasonCode.VIDEO_UNREADABLE, "cut off"),
    ],
    ids=["no index", "short", "shorter", "text", "no pictures", "empty", "broken size"],
)
def test_what_is_no_whole_video_is_refused(
    write_video: WriteVideo, change: Callable[[bytes], bytes], code: ReasonCode, words: str
) -> None:
    path = damage(write_video(), change)
    with pytest.raises(PhotoRejectedError, match=words) as caught:
        Video(path)
    assert caught.value.reason.code is code


def test_a_video_that_has_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoRejectedError) as caught:
        Video(tmp_path / "gone.MP4")
    assert caught.value.reason.code is ReasonCode.UNREADABLE_FILE


def test_limits_hold_for_frames(write_video: WriteVideo) -> None:
    path = write_video()
    for limits, code in (
        (PhotoLimits(max_pixels=192 * 64 - 1), ReasonCode.TOO_MANY_PIXELS),
        (PhotoLimits(min_side_px=65), ReasonCode.TOO_SMALL),
    ):
        with pytest.raises(PhotoRejectedError) as caught:
            Video(path, limits=limits)
        assert caught.value.reason.code is code
