"""A video with its flight data → the frames to inspect, each a photo of its own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from inference.errors import rejected
from inference.geometry.coverage import plan_footprint
from inference.geometry.heights import plan_view
from inference.reading.limits import DEFAULT_LIMITS, PhotoLimits
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced, Reason, ReasonCode
from inference.video.flight_moment import MAX_GAP_S
from inference.video.frame_metadata import (
    NOTHING_ASSUMED,
    Assumed,
    FrameShape,
    plan_frame_metadata,
)
from inference.video.read_video import Video, VideoHeader
from inference.video.sampling import (
    DEFAULT_SAMPLING,
    Ring,
    SamplingSettings,
    plan_frames,
    thin_out,
)
from inference.video.telemetry import Telemetry
from models.detector import Image

# Of the frames around the one planned the sharpest is taken, if it is sharper by so much.
NEIGHBOURS_S, MAX_NEIGHBOURS = 0.1, 2
SHARPER = 1.1
SHARPNESS_SIZE_PX = (1280, 720)  # of the middle: whole 4K pictures take longer than decoding

MAX_FAILURES = 5  # planned frames in a row that cannot be decoded: what follows is missing
UNCOVERED_S = 2.0  # of a video without flight data: less happens at its ends


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFrame:
    """One frame to inspect.

    Attributes:
        id: Takes the place of a photo's SHA-256: of the video's, the flight data's and the number.
        number: Counted from 0 by its time.
    """

    id: str
    number: int
    time_s: float
    metadata: PhotoMetadata


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSource:
    """Where a frame's pixels are.

    Attributes:
        number: Of the frame.
        byte_count, modified_ns: Of the video when the frame was chosen: gigabytes are not read
            anew for each frame to see whether it is still the same.
    """

    number: int
    byte_count: int
    modified_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReading:
    """The frames of a video, by time, and what is doubtful about it."""

    frames: tuple[VideoFrame, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTask:
    """A video that is to be read.

    Attributes:
        video_sha256, telemetry_sha256: Of the bytes of both files.
        known: Metadata of frames chosen before, by their id: they are chosen again unseen.
        assumed: What the operator says in place of what is not written.
    """

    path: Path
    video_sha256: str
    telemetry: Telemetry
    telemetry_sha256: str
    known: Mapping[str, PhotoMetadata]
    assumed: Assumed = NOTHING_ASSUMED


def read_frames(
    task: VideoTask,
    *,
    settings: SamplingSettings = DEFAULT_SAMPLING,
    limits: PhotoLimits = DEFAULT_LIMITS,
) -> VideoReading:
    """Return the frames of a video that are worth a look.

    Raises:
        PhotoRejectedError: The video cannot be read, or none of its frames can be decoded.
    """
    with Video(task.path, limits=limits) as video:
        header = video.header
        planned = _plan_frames(task, header, settings)
        numbers = _choose_frames(task, video, planned)
    if not numbers:
        raise rejected(ReasonCode.VIDEO_UNREADABLE, "none of its pictures can be decoded")
    return VideoReading(
        frames=tuple(_frame(task, n, header.frame_rate, header.shape) for n in numbers),
        reasons=_find_doubts(task, header.frame_count / header.frame_rate, planned, numbers),
    )


def read_frame(path: Path, source: FrameSource) -> Image:
    """Return a frame's picture in the photo frame: (rows, columns, 3) BGR uint8.

    Raises:
        PhotoRejectedError: The video has changed, or the frame cannot be decoded any more.
        OSError: The video has gone.
    """
    status = path.stat()
    if (status.st_size, status.st_mtime_ns) != (source.byte_count, source.modified_ns):
        raise rejected(ReasonCode.UNREADABLE_FILE, "the video has changed since it was received")
    with Video(path) as video:
        return video.read(source.number)


def frame_id(video_sha256: str, telemetry_sha256: str, number: int) -> str:
    """Return 64 hexadecimal digits that stand for a frame: the same for the same two files."""
    return hashlib.sha256(f"frame {video_sha256} {telemetry_sha256} {number}".encode()).hexdigest()


def sharpness(image: Image) -> float:
    """Return the variance of the Laplacian over the picture's middle.

    Pech-Pacheco and others, "Diatom autofocusing in brightfield microscopy", 2000.
    """
    rows, columns = image.shape[:2]
    width, height = min(SHARPNESS_SIZE_PX[0], columns), min(SHARPNESS_SIZE_PX[1], rows)
    left, top = (columns - width) // 2, (rows - height) // 2
    middle = cv2.cvtColor(image[top : top + height, left : left + width], cv2.COLOR_BGR2GRAY)
    return float(np.var(cv2.Laplacian(middle, cv2.CV_32F), dtype=np.float64))


def _plan_frames(task: VideoTask, header: VideoHeader, settings: SamplingSettings) -> list[int]:
    """Return the frames to look at: those with flight data first, then what is behind them.

    A damaged index tells of days: these must neither cost the frames that can be placed nor be
    looked at one by one.
    """
    covered_s = task.telemetry.moments[-1].time_s + MAX_GAP_S
    covered = min(header.frame_count, int(covered_s * header.frame_rate) + 1)
    planned = plan_frames(
        covered,
        header.frame_rate,
        lambda time_s: _footprint(task, time_s, header.shape),
        settings=settings,
    )
    step = max(1, round(settings.blind_step_s * header.frame_rate))
    behind = range(planned[-1] + step, header.frame_count, step) if planned else range(0)
    return planned + thin_out(behind, settings.max_frames - len(planned))


def _choose_frames(task: VideoTask, video: Video, planned: list[int]) -> list[int]:
    """Return the frame to take for each one planned; those that cannot be decoded are left out."""
    reach = min(MAX_NEIGHBOURS, int(NEIGHBOURS_S * video.header.frame_rate))
    chosen, failures = list[int](), 0
    for number in planned:
        first, last = max(number - reach, 0), number + reach
        best = _find_known(task, first, last)
        if best is None:
            best = _find_sharpest(video, number, first, last)
        failures = failures + 1 if best is None else 0
        if failures == MAX_FAILURES:
            break
        if best is not None:
            chosen.append(best)
    return chosen


def _find_known(task: VideoTask, first: int, last: int) -> int | None:
    for number in range(first, last + 1):
        if frame_id(task.video_sha256, task.telemetry_sha256, number) in task.known:
            return number
    return None


def _find_sharpest(video: Video, planned: int, first: int, last: int) -> int | None:
    """Return the sharpest frame; the planned one wins unless another is clearly sharper."""
    scores = {
        number: sharpness(image) * (SHARPER if number == planned else 1.0)
        for number, image in video.iterate(first, last)
    }
    return max(scores, key=lambda number: (scores[number], -number), default=None)


def _frame(task: VideoTask, number: int, frame_rate: float, shape: FrameShape) -> VideoFrame:
    identity = frame_id(task.video_sha256, task.telemetry_sha256, number)
    time_s = number / frame_rate
    metadata = task.known.get(identity) or _plan_metadata(task, time_s, shape)
    return VideoFrame(id=identity, number=number, time_s=time_s, metadata=metadata)


def _plan_metadata(task: VideoTask, time_s: float, shape: FrameShape) -> PhotoMetadata:
    return plan_frame_metadata(task.telemetry, time_s, shape=shape, assumed=task.assumed)


def _footprint(task: VideoTask, time_s: float, shape: FrameShape) -> Ring | None:
    """Return what a frame shows of flat ground: that is enough to tell old ground from new."""
    view = plan_view(_plan_metadata(task, time_s, shape))
    if isinstance(view, NotPlaced):
        return None
    footprint = plan_footprint(view)
    return None if isinstance(footprint, NotPlaced) else footprint.ring_wgs84


def _find_doubts(
    task: VideoTask, duration_s: float, planned: list[int], chosen: list[int]
) -> tuple[Reason, ...]:
    doubts = []
    missing = len(planned) - len(chosen)
    if missing:
        detail = f"{missing} of {len(planned)} frames cannot be decoded"
        doubts.append(Reason(code=ReasonCode.TRUNCATED, detail=detail))
    if duration_s - task.telemetry.end_s > UNCOVERED_S:
        detail = f"flight data for {task.telemetry.end_s:.0f} of {duration_s:.0f} seconds"
        doubts.append(Reason(code=ReasonCode.TELEMETRY_INCOMPLETE, detail=detail))
    return tuple(doubts)
