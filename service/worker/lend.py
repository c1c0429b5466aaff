"""Kept bytes as files that the steps of an inspection can read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from inference.video.read_frames import FrameSource
from service.blobs.blob_store import BlobStore
from service.inspecting.result import Photo


@contextmanager
def lend_named(blobs: BlobStore, sha256: str, *, name: str) -> Iterator[Path]:
    """Lend bytes under the last part of their own name, which tells what they were meant to be.

    Raises:
        BlobNotFoundError: None are kept.
        TemporaryError: The place where they are kept does not answer, or a disk is full.
    """
    with blobs.local_path(sha256) as path, TemporaryDirectory(prefix="skypatrol-") as folder:
        named = Path(folder) / PurePosixPath(name).name
        named.symlink_to(path)
        yield named


@contextmanager
def lend_photo(blobs: BlobStore, photo: Photo) -> Iterator[Photo]:
    """Lend a photo whose path, or whose video's, is of this machine.

    Args:
        blobs: Where its bytes are kept.
        photo: Its path is the SHA-256 of the bytes, see `kept_photo`.
    """
    with blobs.local_path(photo.path.name) as path:
        if photo.frame is None:
            yield replace(photo, path=path)
            return
        status = path.stat()
        source = FrameSource(
            number=photo.frame.number,
            byte_count=status.st_size,
            modified_ns=status.st_mtime_ns,
        )
        yield replace(photo, path=path, frame=source)


def frame_source(number: int | None) -> FrameSource | None:
    """Return where a frame is in a video that is not lent yet; None for a photo."""
    return None if number is None else FrameSource(number=number, byte_count=0, modified_ns=0)
