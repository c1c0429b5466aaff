"""A flight of the store as `inspect` sees a folder: lines of a receipt, and photos."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from inference.patrol.fixed_cameras import AmbiguousCameraError, FixedCamera
from inference.reading.metadata import PhotoMetadata
from inference.receipt import Outcome, Reason, ReasonCode
from service.inspecting.cameras import as_registered_line
from service.inspecting.intake import plan_photo_line
from service.inspecting.result import Photo
from service.store.files import FileState, FlightFile
from service.store.found_files import StoredFile
from service.store.inspections import Inspection
from service.worker.lend import frame_source

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightContents:
    """What a flight consists of.

    Attributes:
        files: As at their intake, whatever a conclusion has said of them since, by name.
        photos: Accepted and held ones by SHA-256, in the order of their names.
        unread: Files that are photos, but were read in another way than now.
    """

    files: tuple[StoredFile, ...]
    photos: Mapping[str, Photo]
    unread: tuple[FlightFile, ...]


def plan_contents(
    files: Iterable[FlightFile],
    metadata: Mapping[str, PhotoMetadata],
    *,
    inspections: Mapping[str, Inspection],
    cameras: Sequence[FixedCamera],
) -> FlightContents:
    """Return what a flight consists of; in which order its files came changes nothing.

    Args:
        files: All of it.
        metadata: Of photos, as they say themselves, by SHA-256.
        inspections: By SHA-256.
        cameras: All that are registered.
    """
    settled = sorted(
        (file for file in files if file.state is FileState.SETTLED), key=lambda file: file.name
    )
    by_name = {file.name: file for file in settled}
    let_through = {file.sha256 for file in settled if file.override is not None}
    lines, photos, unread = list[StoredFile](), dict[str, Photo](), list[FlightFile]()
    originals = dict[str, StoredFile]()
    for file in settled:
        sha256 = file.sha256 or ""
        if sha256 not in metadata or not _counts_as_photo(file, inspections):
            lines.append(_as_it_is(file))
            if _was_photo(file):
                unread.append(file)
            continue
        if sha256 in originals:
            lines.append(_as_duplicate(file, originals[sha256]))
            continue
        line, known = plan_line(file, metadata[sha256], cameras=cameras)
        if sha256 in let_through:
            line = replace(line, outcome=Outcome.ACCEPTED)
        originals[sha256] = line
        lines.append(line)
        photos[sha256] = kept_photo(
            file, known, outcome=line.outcome, bytes_sha256=bytes_sha256(file, by_name)
        )
    return FlightContents(files=tuple(lines), photos=photos, unread=tuple(unread))


def plan_line(
    file: FlightFile, metadata: PhotoMetadata, *, cameras: Sequence[FixedCamera]
) -> tuple[StoredFile, PhotoMetadata]:
    """Return a photo's line as at its intake, and its metadata with a registered pose."""
    stored = plan_photo_line(
        file.name, metadata, byte_count=file.byte_count, sha256=file.sha256 or ""
    )
    try:
        return as_registered_line(stored, metadata, cameras, PurePosixPath("/") / file.name)
    except AmbiguousCameraError as error:
        _LOG.warning("the pose of no camera is used: %s", error)
        return stored, metadata


def kept_photo(
    file: FlightFile, metadata: PhotoMetadata, *, outcome: Outcome, bytes_sha256: str
) -> Photo:
    """Return a photo whose path is the SHA-256 of the bytes that it is read from."""
    return Photo(
        sha256=file.sha256 or "",
        name=file.name,
        path=Path(bytes_sha256),
        outcome=outcome,
        metadata=metadata,
        frame=frame_source(file.frame_number),
    )


def bytes_sha256(file: FlightFile, by_name: Mapping[str, FlightFile]) -> str:
    """Return the SHA-256 of the bytes of a photo, or of the video that it is a frame of."""
    if file.frame_number is None:
        return file.sha256 or ""
    video = by_name.get(file.part_of or "")
    return (video.sha256 if video else None) or ""


def _counts_as_photo(file: FlightFile, inspections: Mapping[str, Inspection]) -> bool:
    """Tell a photo that an inspection turned down from a file that was turned down before."""
    return file.outcome is not Outcome.REJECTED or file.sha256 in inspections


def _was_photo(file: FlightFile) -> bool:
    is_picture = (file.media_type or "").startswith("image/") or file.frame_number is not None
    return is_picture and file.outcome is not Outcome.REJECTED


def _as_it_is(file: FlightFile) -> StoredFile:
    return StoredFile(
        name=file.name,
        byte_count=file.byte_count,
        sha256=file.sha256,
        outcome=file.outcome or Outcome.REJECTED,
        reasons=file.reasons,
        duplicate_of=file.duplicate_of,
    )


def _as_duplicate(file: FlightFile, original: StoredFile) -> StoredFile:
    return StoredFile(
        name=file.name,
        byte_count=file.byte_count,
        sha256=file.sha256,
        outcome=original.outcome,
        reasons=(Reason(code=ReasonCode.DUPLICATE),),
        duplicate_of=original.name,
    )
