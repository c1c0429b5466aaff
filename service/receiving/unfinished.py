"""Uploads that arrive in pieces, as files in `incoming/uploads/`: what they will be, what is there.

How much of an upload is there, its file tells and nothing else: after a kill, no number that was
noted elsewhere contradicts it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from service.blobs.disk import (
    sweep_old_files,
    telling_full_disk,
    write_contents,
    write_folder,
    write_folder_names,
)

LIFETIME = timedelta(days=5)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_RECORD, _DATA, _NEW = ".json", ".data", ".new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What somebody sends in pieces.

    Attributes:
        name: Of the file in its flight, safe.
        sha256, byte_count: Of the whole file, as the client says.
        is_kept: All of it arrived, was checked and belongs to the flight.
    """

    id: str
    caller_id: str
    flight_id: str
    name: str
    sha256: str
    byte_count: int
    created_at: datetime
    is_kept: bool = False

    @property
    def expires_at(self) -> datetime:
        """Return when it ends if it is not finished."""
        return self.created_at + LIFETIME


_UPLOAD: TypeAdapter[Upload] = TypeAdapter(Upload)


class UploadFolder:
    """Uploads by their ids. Whoever writes to one sees to it that nobody else does."""

    def __init__(self, folder: Path) -> None:
        """Work in a folder, which need not exist."""
        self.folder = folder

    def begin(self, upload: Upload) -> None:
        """Start an upload without bytes.

        Raises:
            DiskFullError: There is no room.
        """
        write_folder(self.folder)
        # The bytes' file first: a record without it tells that they were moved away, all of them.
        with telling_full_disk(self.folder):
            self.data_path(upload.id).touch(mode=0o600)
        self._write(upload)

    def read(self, upload_id: str) -> Upload | None:
        """Return an upload, or None where there is none with this id."""
        if not _ID.fullmatch(upload_id):
            return None
        try:
            return _UPLOAD.validate_json(self._record_path(upload_id).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def offset(self, upload: Upload) -> int:
        """Return how many bytes are there."""
        if upload.is_kept:
            return upload.byte_count
        try:
            return self.data_path(upload.id).stat().st_size
        except FileNotFoundError:
            return upload.byte_count

    def append(self, upload_id: str, data: bytes) -> None:
        """Add bytes.

        Raises:
            DiskFullError: There is no room; what was written before the disk was full stays.
        """
        path = self.data_path(upload_id)
        with telling_full_disk(self.folder), path.open("ab", buffering=0) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]

    def data_path(self, upload_id: str) -> Path:
        """Return where the bytes lie.

        Raises:
            ValueError: That is no id of an upload.
        """
        if not _ID.fullmatch(upload_id):
            raise ValueError(f"no id of an upload: {upload_id[:80]!r}")
        return self.folder / f"{upload_id}{_DATA}"

    def note_kept(self, upload: Upload) -> None:
        """Note that all of an upload is kept elsewhere; it is shown as finished until it ends."""
        self._write(replace(upload, is_kept=True))
        self.data_path(upload.id).unlink(missing_ok=True)

    def remove(self, upload_id: str) -> None:
        """Forget an upload; one that is not there is no error."""
        data = self.data_path(upload_id)
        self._record_path(upload_id).unlink(missing_ok=True)
        data.unlink(missing_ok=True)

    def count(self) -> int:
        """Return how many uploads there are."""
        return sum(1 for _ in self.folder.glob(f"*{_RECORD}"))

    def expired(self, *, now: datetime) -> Iterator[Upload]:
        """Yield the uploads whose time is over."""
        for path in self.folder.glob(f"*{_RECORD}"):
            upload = self.read(path.stem)
            if upload is not None and upload.expires_at <= now:
                yield upload

    def sweep(self, *, now: datetime) -> None:
        """Remove what killed processes left without a record, when it is as old as any upload."""
        for pattern in (f"*{_DATA}", f"*{_NEW}"):
            sweep_old_files(self.folder, pattern=pattern, now=now, max_age=LIFETIME)

    def _record_path(self, upload_id: str) -> Path:
        return self.folder / f"{upload_id}{_RECORD}"

    def _write(self, upload: Upload) -> None:
        new = self.folder / f"{upload.id}{_NEW}"
        with telling_full_disk(self.folder):
            new.write_bytes(_UPLOAD.dump_json(upload))
            write_contents(new)
            new.replace(self._record_path(upload.id))
            write_folder_names(self.folder)
