import os
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.errors import PhotoRejectedError
from inference.geometry.heights import plan_view
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode
from inference.video import read_frames as module
from inference.video.read_frames import (
    FrameSource,
    VideoTask,
    frame_id,
    read_frame,
    read_frames,
    sharpness,
)
from inference.video.telemetry import FlightMoment, Telemetry
from models.detector import Image

WriteVideo = Callable[..., Path]


def make_task(
    path: Path, *, known: dict[str, PhotoMetadata] | None = None, seconds: float = 6.0
) -> VideoTask:
    """Return a video whose drone looks nowhere, so that a frame is taken every two seconds."""
    moments = tuple(
        FlightMoment(time_s=0.5 * n, latitude_deg=30.0, longitude_deg=120.0)
        for n in range(round(2 * seconds))
    )
    return VideoTask(
        path=path,
        video_sha256="a" * 64,
        telemetry=Telemetry(
            dialect="named", moments=moments, end_s=seconds, interval_s=0.5, resolution_deg=1e-6
        ),
        telemetry_sha256="b" * 64,
        known=known or {},
    )


def test_frames_have_an_id_of_their_own_that_stays(write_video: WriteVideo) -> None:
    task = make_task(write_video(frames=60))
    frames = read_frames(task).frames
    assert frames == read_frames(task).frames
    assert len({frame.id for frame in frames}) == len(frames) == 4
    assert all(len(frame.id) == 64 for frame in frames)
    assert [frame.id for frame in frames] == [
        frame_id("a" * 64, "b" * 64, frame.number) for frame in frames
    ]
    assert frames[1].time_s == frames[1].number / 10.0


def blurred(number: int, sharp: int) -> Image:
    """Return rough ground, soft but in one frame."""
    ground = np.random.default_rng(3).integers(0, 255, (64, 192, 3), np.uint8)
    picture = ground if number == sharp else cv2.GaussianBlur(ground, (0, 0), 4)
    return np.asarray(picture, dtype=np.uint8)


def test_the_sharpest_frame_around_the_planned_one_is_taken(write_video: WriteVideo) -> None:
    path = write_video(pictures=[blurred(number, sharp=21) for number in range(40)])
    assert [frame.number for frame in read_frames(make_task(path)).frames] == [0, 21, 38]


def test_sharpness_is_that_of_the_middle_and_falls_with_blur() -> None:
    assert sharpness(blurred(0, sharp=0)) > 10 * sharpness(blurred(0, sharp=1))
    assert sharpness(np.full((900, 1500, 3), 90, np.uint8)) == 0.0


def test_frames_known_from_before_are_taken_again_without_a_look(
    write_video: WriteVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(pictures=[blurred(number, sharp=21) for number in range(40)])
    first = read_frames(make_task(path)).frames
    monkeypatch.setattr(module, "sharpness", lambda _: pytest.fail("it was looked at"))
    known = {frame.id: frame.metadata for frame in first}
    assert read_frames(make_task(path, known=known)).frames == first


def test_flight_data_that_end_early_are_told_and_the_rest_has_no_place(
    write_video: WriteVideo,
) -> None:
    reading = read_frames(make_task(write_video(frames=60), seconds=3.0))
    (doubt,) = reading.reasons
    assert doubt.code is ReasonCode.TELEMETRY_INCOMPLETE
    assert doubt.detail == "flight data for 3 of 6 seconds"
    placed = [frame.metadata.latitude_deg is not None for frame in reading.frames]
    assert placed == [True, True, False, False]
    # Once and by its cause: there is no receiver that waits for a fix, and no clock to set.
    codes = [one.code for one in reading.frames[-1].metadata.reasons]
    assert codes == [ReasonCode.TELEMETRY_INCOMPLETE]
    refusal = plan_view(reading.frames[-1].metadata)
    assert isinstance(refusal, NotPlaced)
    assert refusal.code is ReasonCode.TELEMETRY_INCOMPLETE


def cut_pictures(path: Path, share: float) -> Path:
    """Zero the pictures behind a part of the file; the index, at its end, stays."""
    data = bytearray(path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    cut = start + round(share * (end - start))
    data[cut:end] = bytes(end - cut)
    path.write_bytes(data)
    return path


def test_pictures_that_are_missing_are_told_and_cost_no_other(write_video: WriteVideo) -> None:
    pictures = [blurred(number, sharp=number) for number in range(200)]
    path = cut_pictures(write_video(pictures=pictures), 0.5)
    reading = read_frames(make_task(path, seconds=20.0))
    assert [reason.code for reason in reading.reasons] == [ReasonCode.TRUNCATED]
    assert 4 <= len(reading.frames) <= 7


def test_a_length_that_is_not_there_costs_no_frame_with_flight_data(
    write_video: WriteVideo,
) -> None:
    path = write_video(frames=60)
    honest = read_frames(make_task(path))
    data = bytearray(path.read_bytes())
    # One run of 60 pictures that last equally long (ISO/IEC 14496-12, section 8.6.1.2): a million.
    runs = data.index(b"stts") + 8
    assert struct.unpack(">II", data[runs : runs + 8]) == (1, 60)
    data[runs + 4 : runs + 8] = struct.pack(">I", 1_000_000)
    for name, place in ((b"mdhd", 20), (b"tkhd", 24), (b"mvhd", 20)):
        start = data.index(name) + place
        data[start : start + 4] = struct.pack(">I", 0x7FFFFFFF)
    path.write_bytes(data)
    reading = read_frames(make_task(path))
    # The honest video's last frame is taken for being the last.
    expected = [frame.number for frame in honest.frames][:-1]
    assert [frame.number for frame in reading.frames][: len(expected)] == expected
    assert len(expected) == 3


def test_a_video_without_any_picture_is_refused(write_video: WriteVideo) -> None:
    with pytest.raises(PhotoRejectedError, match="none of its pictures"):
        read_frames(make_task(cut_pictures(write_video(), 0.0)))


def test_a_video_that_was_replaced_gives_no_frame(
    write_video: WriteVideo, read_number: Callable[[Image], int]
) -> None:
    path = write_video(frames=60)
    status = path.stat()
    source = FrameSource(number=33, byte_count=status.st_size, modified_ns=status.st_mtime_ns)
    assert read_number(read_frame(path, source)) == 33
    os.utime(path, ns=(0, 0))
    with pytest.raises(PhotoRejectedError, match="changed since") as caught:
        read_frame(path, source)
    assert caught.value.reason.code is ReasonCode.UNREADABLE_FILE
