"""Videos among the files, looked into: flight data, frames and what these are called."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from inference.errors import PhotoRejectedError, rejected
from inference.reading.content_type import (
    HEAD_BYTES,
    ContentType,
    detect_content_type,
)
from inference.reading.metadata import PhotoMetadata
from inference.receipt import ReasonCode
from inference.video.frame_metadata import Assumed
from inference.video.read_frames import VideoReading, VideoTask, read_frames
from inference.video.srt import MAX_SRT_BYTES
from inference.video.telemetry import Telemetry, parse_telemetry
from service.inspecting.video_pairs import SMALL_COPY_SUFFIXES
from service.inspecting.video_pairs import TELEMETRY_SUFFIX as TELEMETRY_SUFFIX
from service.printable import printable_text


def is_video(path: Path) -> bool:
    """Tell by its first bytes whether a file is a video.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return detect_content_type(file.read(HEAD_BYTES)) is ContentType.VIDEO


def is_telemetry(path: Path) -> bool:
    """Tell whether a file holds flight data that can be used.

    Raises:
        OSError: It cannot be read.
    """
    try:
        read_telemetry(path)
    except PhotoRejectedError:
        return False
    return True


def read_telemetry(path: Path) -> tuple[Telemetry, str]:
    """Return the flight data in a subtitle file and the SHA-256 of its bytes.

    Raises:
        PhotoRejectedError: It holds none that can be used.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_SRT_BYTES + 1)
    return parse_telemetry(data), hashlib.sha256(data).hexdigest()


def read_video(
    path: Path,
    *,
    sha256: str,
    telemetry_path: Path | None,
    known: Mapping[str, PhotoMetadata],
    assumed: Assumed,
) -> VideoReading:
    """Return the frames of a video that are to be inspected.

    Args:
        path: Of the video.
        sha256: Of its bytes.
        telemetry_path: Of its flight data, or None where it has none.
        known: Metadata of frames chosen before, by id.
        assumed: What the operator says in place of what is not written.

    Raises:
        PhotoRejectedError: It cannot be inspected.
        OSError: It cannot be read.
    """
    if path.suffix.lower() in SMALL_COPY_SUFFIXES:
        raise rejected(ReasonCode.NOT_A_PHOTO, "the camera's own small copy of a video")
    if telemetry_path is None:
        raise rejected(ReasonCode.NO_TELEMETRY, f"no {printable_text(path.stem)}.SRT beside it")
    telemetry, telemetry_sha256 = read_telemetry(telemetry_path)
    task = VideoTask(
        path=path,
        video_sha256=sha256,
        telemetry=telemetry,
        telemetry_sha256=telemetry_sha256,
        known=known,
        assumed=assumed,
    )
    return read_frames(task)


def frame_name(video_name: str, time_s: float) -> str:
    """Return what a frame is called, such as `DCIM/DJI_0001.MP4#02:05.250`."""
    milliseconds = round(time_s * 1000.0)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{video_name}#{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
