"""A video file → its frames, each told by its number.

A frame's number is its time in the file times the frame rate. The time stays the same however the
decoder got there, so that a frame found by a jump is the one found by decoding from the start.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from inference.errors import PhotoRejectedError, rejected
from inference.reading.limits import DEFAULT_LIMITS, PhotoLimits
from inference.receipt import ReasonCode
from inference.video.frame_metadata import FrameShape
from models.detector import Image

# Decoding on is cheaper than a jump, which starts again at the last whole picture.
MAX_FORWARD_FRAMES = 30
MIN_FRAME_RATE, MAX_FRAME_RATE = 1.0, 1000.0
MAX_FRAME_COUNT = 2_000_000  # nine hours at 60 a second

# How far a picture is to be turned clockwise → EXIF's orientation.
ORIENTATIONS = {0: 1, 90: 6, 180: 3, 270: 8}

BOX_HEAD_BYTES = 16
MAX_TOP_BOXES = 10_000  # fragmented recordings have two a second


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoHeader:
    """What a video says of itself; the count is what its index says and may be too high."""

    shape: FrameShape
    frame_rate: float
    frame_count: int


class Video:
    """An open video file; read it from one thread."""

    def __init__(self, path: Path, *, limits: PhotoLimits = DEFAULT_LIMITS) -> None:
        """Open a video.

        Raises:
            PhotoRejectedError: It is damaged, cut off, no video or too large.
        """
        check_index(path)
        self._path = path
        self._capture = _open(path)
        self._next = 0  # no frame before it can be read without going back
        try:
            self.header = _read_header(self._capture, limits)
        except PhotoRejectedError:
            self._capture.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()

    def read(self, number: int) -> Image:
        """Return one frame: (rows, columns, 3) BGR uint8, as stored, not turned.

        Raises:
            PhotoRejectedError: It cannot be decoded, or there is none with this number.
        """
        image = self._find(number)
        if image is None:
            # A damaged index leads jumps astray; decoding all from the start does not need it.
            self._reopen()
            image = self._find(number, may_jump=False)
        if image is None:
            raise rejected(ReasonCode.VIDEO_UNREADABLE, f"frame {number} cannot be decoded")
        return image

    def iterate(self, first: int, last: int) -> Iterator[tuple[int, Image]]:
        """Yield the frames from one number to another with their numbers; some may be missing."""
        self._go_to(first)
        yield from self._decode(first, last)

    def _find(self, number: int, *, may_jump: bool = True) -> Image | None:
        found = self.iterate(number, number) if may_jump else self._decode(number, number)
        return next((image for _, image in found), None)

    def _decode(self, first: int, last: int) -> Iterator[tuple[int, Image]]:
        while self._next <= last:
            number = self._grab()
            if number is None or number > last:
                return
            if number < first:
                continue
            done, image = self._capture.retrieve()
            if done and image is not None:
                yield number, np.asarray(image, dtype=np.uint8)

    def _go_to(self, number: int) -> None:
        if not self._next <= number <= self._next + MAX_FORWARD_FRAMES:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            self._next = number

    def _grab(self) -> int | None:
        """Decode one frame further and return its number, or None at the end or at damage."""
        if not self._has_grabbed():
            # The next frame asked for is jumped to, past the damage.
            self._next = self.header.frame_count + MAX_FORWARD_FRAMES
            return None
        seconds = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        number = round(seconds * self.header.frame_rate)
        self._next = number + 1
        return number

    def _has_grabbed(self) -> bool:
        try:
            return self._capture.grab()
        except cv2.error:
            return False

    def _reopen(self) -> None:
        self._capture.release()
        self._capture = _open(self._path)
        self._next = 0


def check_index(path: Path) -> None:
    """Check that an MP4 or MOV file has the index that a recorder writes last.

    Raises:
        PhotoRejectedError: There is none, or the file cannot be read.
    """
    try:
        names = list(_iterate_boxes(path))
    except OSError as error:
        raise rejected(ReasonCode.UNREADABLE_FILE, error.strerror or str(error)) from error
    if names[:1] == [b"ftyp"] and b"moov" not in names:
        detail = "it has no index: recording or copying was cut off"
        raise rejected(ReasonCode.VIDEO_UNREADABLE, detail)


def _iterate_boxes(path: Path) -> Iterator[bytes]:
    """Yield the names of a file's outermost boxes (ISO/IEC 14496-12, section 4.2)."""
    with path.open("rb") as file:
        byte_count = path.stat().st_size
        start = 0
        for _ in range(MAX_TOP_BOXES):
            file.seek(start)
            head = file.read(BOX_HEAD_BYTES)
            if len(head) < BOX_HEAD_BYTES // 2:
                return
            yield head[4:8]
            size = int.from_bytes(head[:4], "big")
            if size == 1:  # the size did not fit into four bytes
                size = int.from_bytes(head[8:16], "big")
            # Size 0 reaches to the end of the file; a box is never smaller than its head.
            if size < BOX_HEAD_BYTES // 2 or start + size > byte_count:
                return
            start += size


def _open(path: Path) -> cv2.VideoCapture:
    try:
        with _name_for_opencv(path) as name:
            capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
    except cv2.error as error:
        raise rejected(ReasonCode.VIDEO_UNREADABLE, str(error.err)) from error
    if not capture.isOpened():
        raise rejected(ReasonCode.VIDEO_UNREADABLE, "no video that can be decoded")
    # The camera's geometry holds for the picture as stored.
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
    return capture


@contextmanager
def _name_for_opencv(path: Path) -> Iterator[str]:
    """Yield a name of the file in UTF-8: any other ends the whole process inside OpenCV.

    Folders out of archives packed under Chinese Windows often have names in GBK.
    """
    name = str(path)
    if name == name.encode(errors="replace").decode():
        yield name
        return
    with TemporaryDirectory() as folder:
        link = Path(folder) / "video"
        link.symlink_to(path.absolute())
        yield str(link)


def _read_header(capture: cv2.VideoCapture, limits: PhotoLimits) -> VideoHeader:
    width_px = round(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height_px = round(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    frame_rate = capture.get(cv2.CAP_PROP_FPS)
    frame_count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    if min(width_px, height_px) < 1:
        raise rejected(ReasonCode.VIDEO_UNREADABLE, "none of its pictures can be decoded")
    if min(width_px, height_px) < limits.min_side_px:
        raise rejected(ReasonCode.TOO_SMALL, f"{width_px} x {height_px} pixels")
    if width_px * height_px > limits.max_pixels:
        raise rejected(ReasonCode.TOO_MANY_PIXELS, f"{width_px} x {height_px} pixels")
    if not (math.isfinite(frame_rate) and MIN_FRAME_RATE <= frame_rate <= MAX_FRAME_RATE):
        raise rejected(ReasonCode.VIDEO_UNREADABLE, f"{frame_rate:.3g} frames a second")
    if not 1 <= frame_count <= MAX_FRAME_COUNT:
        raise rejected(ReasonCode.VIDEO_UNREADABLE, f"{frame_count:.3g} frames by its index")
    turned_deg = round(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360
    shape = FrameShape(
        width_px=width_px, height_px=height_px, orientation=ORIENTATIONS.get(turned_deg, 1)
    )
    return VideoHeader(shape=shape, frame_rate=frame_rate, frame_count=round(frame_count))
