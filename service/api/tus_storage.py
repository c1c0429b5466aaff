"""The folder of unfinished uploads as `tuspyserver` wants it.

The library's own storage notes offsets beside the bytes, so that a kill in mid-write leaves two
that differ, and it holds a whole request in memory. Here the bytes' file alone tells the offset.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import format_datetime
from typing import Any

import anyio.to_thread
from fastapi import HTTPException
from tuspyserver.storage import TusStorage

from service.api.problems import ProblemError, ProblemKind, find_problem
from service.blobs.errors import DiskFullError
from service.receiving.incoming import BATCH_BYTES
from service.receiving.kinds import OCTETS
from service.receiving.unfinished import Upload, UploadFolder


# Both parents keep headers, only one of them perhaps none.
class TusError(ProblemError, HTTPException):  # type: ignore[misc]
    """A problem that the library lets pass: any other error in mid-body it takes for success."""

    def __init__(
        self, kind: ProblemKind, detail: str, *, headers: dict[str, str] | None = None
    ) -> None:
        """Keep what is to be told."""
        ProblemError.__init__(self, kind, detail, headers=headers)
        HTTPException.__init__(self, kind.status, detail, headers)


class TusUploads(TusStorage):
    """Uploads as the library's routes see them; the request that has an upload is the only one."""

    def __init__(self, uploads: UploadFolder, *, on_removed: Callable[[Upload], None]) -> None:
        """Work on a folder; `on_removed` is told of uploads that somebody gives up."""
        self.uploads = uploads
        self._on_removed = on_removed
        self._batches = dict[str, bytearray]()

    async def create(self, uid: str) -> None:
        """Do nothing: an upload begins with its record, before the library knows of it."""

    async def exists(self, uid: str) -> bool:
        """Tell whether there is such an upload."""
        return await anyio.to_thread.run_sync(self.uploads.read, uid) is not None

    async def size(self, uid: str) -> int:
        """Return how many bytes are there."""
        upload = await anyio.to_thread.run_sync(self.uploads.read, uid)
        if upload is None:
            return 0
        return await anyio.to_thread.run_sync(self.uploads.offset, upload)

    async def append(self, uid: str, chunk: bytes) -> None:
        """Add bytes; small pieces are written together."""
        batch = self._batches.setdefault(uid, bytearray())
        batch += chunk
        if len(batch) >= BATCH_BYTES:
            await self.flush(uid)

    async def flush(self, uid: str) -> None:
        """Write what is left."""
        batch = self._batches.pop(uid, None)
        if not batch:
            return
        try:
            await anyio.to_thread.run_sync(self.uploads.append, uid, bytes(batch))
        except DiskFullError as error:
            problem = find_problem(error)
            headers = dict(problem.headers)
            raise TusError(problem.kind, problem.detail, headers=headers) from error

    async def finalize(self, uid: str) -> None:
        """Do nothing: the hook that follows finishes the upload."""

    async def read(self, uid: str) -> bytes | None:
        """Return nothing: nobody reads uploads through the library."""

    async def delete(self, uid: str) -> None:
        """Forget an upload that its sender gives up."""
        upload = await anyio.to_thread.run_sync(self.uploads.read, uid)
        if upload is not None:
            await anyio.to_thread.run_sync(self._on_removed, upload)
            await anyio.to_thread.run_sync(self.uploads.remove, uid)

    async def read_info(self, uid: str) -> dict[str, Any] | None:  # Any: as the library has it
        """Return what the library notes beside an upload, made from ours."""
        upload = await anyio.to_thread.run_sync(self.uploads.read, uid)
        if upload is None:
            return None
        offset = await anyio.to_thread.run_sync(self.uploads.offset, upload)
        return _library_info(upload, offset)

    async def write_info(self, uid: str, data: dict[str, Any]) -> None:
        """Do nothing: an upload's record never changes while bytes come."""

    async def list_uids(self) -> list[str]:
        """Return nothing: we end expired uploads ourselves."""
        return []

    def location(self, uid: str) -> str:
        """Return the path of the bytes, whose stem is the id."""
        return str(self.uploads.data_path(uid))

    @asynccontextmanager
    async def lock(  # type: ignore[override]  # the library calls this an iterator
        self, uid: str
    ) -> AsyncIterator[None]:
        """Do nothing: the request has the upload from before its first check to its answer."""
        try:
            yield
        finally:
            self._batches.pop(uid, None)


def _library_info(upload: Upload, offset: int) -> dict[str, Any]:
    return {
        # HEAD insists on these two, under these names.
        "metadata": {"filename": upload.name, "filetype": OCTETS},
        "size": upload.byte_count,
        "offset": offset,
        "created_at": upload.created_at.isoformat(),
        "expires": format_datetime(upload.expires_at, usegmt=True),
    }
