"""The end of an upload in pieces: the whole file's hash, then its place in the flight."""

import hashlib
from datetime import datetime
from pathlib import Path

from inference.reading.content_type import HEAD_BYTES
from service.deployment import Deployment
from service.errors import ConflictError, UnknownRecordError
from service.receiving.errors import DigestMismatchError
from service.receiving.keep_file import keep_file
from service.receiving.kinds import find_kind
from service.receiving.part_file import ArrivedFile
from service.receiving.unfinished import Upload, UploadFolder


def finish_upload(
    deployment: Deployment, uploads: UploadFolder, upload: Upload, *, now: datetime
) -> None:
    """Check an upload whose last byte has come, and keep it as a file of its flight.

    It may be called again after a kill at any step: what was done is not done twice. Where the
    upload cannot be kept and never will be, it is removed.

    Raises:
        DigestMismatchError: It is not what was announced.
        ConflictError: A file of its name has arrived with other bytes meanwhile.
        UnknownRecordError: The flight, or what had arrived, is gone.
        DiskFullError: There is no room; ask again later.
        BlobsUnavailableError: The place for bytes does not answer; ask again later.
    """
    if upload.is_kept:
        return
    try:
        arrived = _read_arrived(deployment, uploads, upload)
        keep_file(
            deployment,
            upload.flight_id,
            arrived,
            name=upload.name,
            media_type=find_kind(arrived.head).media_type,
            now=now,
            announced_sha256=upload.sha256,
        )
    except (DigestMismatchError, ConflictError, UnknownRecordError):
        uploads.remove(upload.id)
        raise
    uploads.note_kept(upload)


def _read_arrived(deployment: Deployment, uploads: UploadFolder, upload: Upload) -> ArrivedFile:
    """Return the upload's bytes as a file that has arrived, hashed.

    Where they were moved to their place already, by a process that was killed behind that step,
    they are taken from there.
    """
    path = uploads.data_path(upload.id)
    try:
        return read_arrived(path)
    except FileNotFoundError:
        blobs = deployment.blobs
        if blobs.size(upload.sha256) != upload.byte_count:
            raise UnknownRecordError(f"upload {upload.id} is gone: send it again") from None
        return ArrivedFile(
            path=path,
            sha256=upload.sha256,
            byte_count=upload.byte_count,
            head=blobs.read(upload.sha256, end=HEAD_BYTES),
            digests={},
        )


def read_arrived(path: Path) -> ArrivedFile:
    """Return a file as one that has arrived, hashed in constant memory.

    Raises:
        FileNotFoundError: There is none.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        byte_count = file.tell()
        file.seek(0)
        head = file.read(HEAD_BYTES)
    sha256 = digest.hexdigest()
    return ArrivedFile(path=path, sha256=sha256, byte_count=byte_count, head=head, digests={})
