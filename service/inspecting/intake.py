"""What each file found is: a photo, a video with its frames or none; every one gets an answer."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from inference.errors import PhotoRejectedError
from inference.reading.metadata import Band, PhotoMetadata
from inference.reading.read_photo import read_photo_metadata
from inference.receipt import Outcome, Reason, ReasonCode
from inference.video.frame_metadata import NOTHING_ASSUMED, Assumed
from inference.video.read_frames import FrameSource, VideoFrame, VideoReading
from service.file_hash import hash_file
from service.inspecting.found_files import FoundFile, stable_name
from service.inspecting.video_files import (
    TELEMETRY_SUFFIX,
    frame_name,
    is_telemetry,
    is_video,
    read_video,
)
from service.store.found_files import StoredFile

Read = TypeVar("Read")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file, or a frame of a video, with what it is.

    Attributes:
        metadata: None where it is no readable photo.
        frame: Where a frame's pixels are; None for a file.
    """

    found: FoundFile
    stored: StoredFile
    metadata: PhotoMetadata | None
    frame: FrameSource | None = None


def receive_files(
    files: Sequence[FoundFile],
    *,
    known: Mapping[str, PhotoMetadata],
    workers: int,
    assumed: Assumed = NOTHING_ASSUMED,
) -> Iterator[ReceivedFile]:
    """Yield each file with what it is, in the order given; later files may be duplicates.

    The frames of a video that are to be inspected follow it as files of their own.

    Args:
        files: By name, so that of equal files always the same one is the original.
        known: Metadata of photos read before, by SHA-256; these are not read again.
        workers: Threads that read.
        assumed: What the operator says in place of what files do not tell.
    """
    originals: dict[str, StoredFile] = {}
    names = {found.name for found in files}

    def receive(found: FoundFile) -> list[ReceivedFile]:
        return _receive(found, known=known, assumed=assumed)

    with ThreadPoolExecutor(workers) as pool:
        for received, *frames in pool.map(receive, files):
            sha256 = received.stored.sha256
            original = originals.get(sha256 or "")
            if original is not None and not _is_of_its_own(received, frames, original):
                yield _as_duplicate(received, original)
                continue
            if sha256 is not None:
                originals[sha256] = received.stored
            yield received
            yield from (_with_own_name(frame, taken=names) for frame in frames)


def read_or_reason(read: Callable[[Path], Read], path: Path) -> Read | Reason:
    """Return what `read` returns for a path, or why it cannot: no file ever ends a batch."""
    try:
        return read(path)
    except PhotoRejectedError as error:
        return error.reason
    except OSError as error:
        return Reason(code=ReasonCode.UNREADABLE_FILE, detail=error.strerror)
    except MemoryError:  # the photo is not to blame: it is tried again the next time
        return Reason(code=ReasonCode.UNREADABLE_FILE, detail="not enough memory")
    except Exception as error:
        logger.exception("unexpected failure on %s", stable_name(str(path)))
        return Reason(code=ReasonCode.CANNOT_DECODE, detail=type(error).__name__)


def _receive(
    found: FoundFile, *, known: Mapping[str, PhotoMetadata], assumed: Assumed
) -> list[ReceivedFile]:
    """Return a file with what it is, and behind a video its frames."""
    if found.problem is not None:
        return [_rejected(found, found.problem)]
    hashed = read_or_reason(hash_file, found.path)
    if isinstance(hashed, Reason):
        return [_rejected(found, hashed)]
    sha256, byte_count = hashed
    return receive_hashed(found, byte_count, sha256, known=known, assumed=assumed)


def receive_hashed(
    found: FoundFile,
    byte_count: int,
    sha256: str,
    *,
    known: Mapping[str, PhotoMetadata],
    assumed: Assumed,
) -> list[ReceivedFile]:
    """Return a file whose bytes were hashed with what it is, and behind a video its frames.

    Args:
        found: The file.
        byte_count: Of it.
        sha256: Of its bytes.
        known: Metadata of photos read before, by SHA-256; these are not read again.
        assumed: What the operator says in place of what files do not tell.
    """
    if sha256 not in known and read_or_reason(is_video, found.path) is True:
        return _receive_video(found, byte_count, sha256, known=known, assumed=assumed)
    metadata: PhotoMetadata | Reason | None = known.get(sha256)
    if metadata is None:
        metadata = read_or_reason(
            lambda path: read_photo_metadata(path, assumed_zone=assumed.zone), found.path
        )
    if not isinstance(metadata, Reason):
        stored = plan_photo_line(found.name, metadata, byte_count=byte_count, sha256=sha256)
        return [ReceivedFile(found=found, stored=stored, metadata=metadata)]
    if found.path.suffix.lower() != TELEMETRY_SUFFIX:
        return [_rejected(found, metadata, byte_count=byte_count, sha256=sha256)]
    reason = _telemetry_reason(found, metadata)
    if reason.code is ReasonCode.USED_WITH_VIDEO:
        return [_accepted(found, (reason,), byte_count=byte_count, sha256=sha256)]
    return [_rejected(found, reason, byte_count=byte_count, sha256=sha256)]


def _telemetry_reason(found: FoundFile, no_photo: Reason) -> Reason:
    """Return what a subtitle file is good for; none of them is a photo that was lost."""
    if read_or_reason(is_telemetry, found.path) is True:
        has_video = found.partner is not None
        return Reason(
            code=ReasonCode.USED_WITH_VIDEO if has_video else ReasonCode.TELEMETRY_WITHOUT_VIDEO
        )
    if no_photo.code is ReasonCode.EMPTY_FILE:
        return Reason(code=ReasonCode.NOT_A_PHOTO, detail="an empty subtitle file")
    return no_photo


def _is_of_its_own(
    received: ReceivedFile, frames: Sequence[ReceivedFile], equal: StoredFile
) -> bool:
    """Return whether a file counts though an equal one was found before.

    Of two copies of a video only one may have its flight data beside it, and two videos may have
    the same flight data: each of those was used.
    """
    if any(reason.code is ReasonCode.USED_WITH_VIDEO for reason in received.stored.reasons):
        return True
    return bool(frames) and equal.outcome is Outcome.REJECTED


def _receive_video(
    found: FoundFile,
    byte_count: int,
    sha256: str,
    *,
    known: Mapping[str, PhotoMetadata],
    assumed: Assumed,
) -> list[ReceivedFile]:
    """Return a video and its frames, or the video alone with the reason why it has none."""

    def read(path: Path) -> tuple[VideoReading, int]:
        # Before it is read: what changes later is then seen to have changed.
        modified_ns = path.stat().st_mtime_ns
        reading = read_video(
            path,
            sha256=sha256,
            telemetry_path=found.partner,
            known=known,
            assumed=assumed,
        )
        return reading, modified_ns

    done = read_or_reason(read, found.path)
    if isinstance(done, Reason):
        return [_rejected(found, done, byte_count=byte_count, sha256=sha256)]
    reading, modified_ns = done
    count = Reason(code=ReasonCode.VIDEO_FRAMES, detail=f"{len(reading.frames)} frames")
    reasons = (count, *reading.reasons)
    video = _accepted(found, reasons, byte_count=byte_count, sha256=sha256)
    frames = [
        _received_frame(
            found,
            frame,
            FrameSource(number=frame.number, byte_count=byte_count, modified_ns=modified_ns),
        )
        for frame in reading.frames
    ]
    return [video, *frames]


def _received_frame(found: FoundFile, frame: VideoFrame, source: FrameSource) -> ReceivedFile:
    named = replace(found, name=frame_name(found.name, frame.time_s))
    stored = plan_photo_line(named.name, frame.metadata, byte_count=None, sha256=frame.id)
    return ReceivedFile(found=named, stored=stored, metadata=frame.metadata, frame=source)


def _with_own_name(frame: ReceivedFile, *, taken: Set[str]) -> ReceivedFile:
    """Return a frame under a name that no file has: files may be called like frames."""
    name = frame.stored.name
    while name in taken:
        name += "#"
    return replace(frame, stored=replace(frame.stored, name=name))


def _rejected(
    found: FoundFile, reason: Reason, *, byte_count: int | None = None, sha256: str | None = None
) -> ReceivedFile:
    stored = StoredFile(
        name=found.name,
        byte_count=byte_count,
        sha256=sha256,
        outcome=Outcome.REJECTED,
        reasons=(reason,),
    )
    return ReceivedFile(found=found, stored=stored, metadata=None)


def _accepted(
    found: FoundFile, reasons: tuple[Reason, ...], *, byte_count: int, sha256: str
) -> ReceivedFile:
    """Return a file that is used without being a photo."""
    stored = StoredFile(
        name=found.name,
        byte_count=byte_count,
        sha256=sha256,
        outcome=Outcome.ACCEPTED,
        reasons=reasons,
    )
    return ReceivedFile(found=found, stored=stored, metadata=None)


def plan_photo_line(
    name: str, metadata: PhotoMetadata, *, byte_count: int | None, sha256: str
) -> StoredFile:
    """Return a readable photo's line of the receipt: accepted, or held and why."""
    visual = metadata.band is Band.VISUAL
    held = () if visual else (Reason(code=ReasonCode.NOT_VISUAL_BAND, detail=metadata.band.value),)
    named = {reason.code for reason in metadata.reasons}
    return StoredFile(
        name=name,
        byte_count=byte_count,
        sha256=sha256,
        outcome=Outcome.ACCEPTED if visual else Outcome.HELD,
        reasons=tuple(reason for reason in held if reason.code not in named) + metadata.reasons,
    )


def _as_duplicate(received: ReceivedFile, original: StoredFile) -> ReceivedFile:
    stored = StoredFile(
        name=received.stored.name,
        byte_count=received.stored.byte_count,
        sha256=received.stored.sha256,
        outcome=original.outcome,
        reasons=(Reason(code=ReasonCode.DUPLICATE),),
        duplicate_of=original.name,
    )
    return ReceivedFile(found=received.found, stored=stored, metadata=None)
