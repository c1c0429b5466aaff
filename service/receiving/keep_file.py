"""The last step of every arrival: bytes into their place, then a line in the flight's receipt."""

from datetime import datetime

from service.deployment import Deployment
from service.receiving.errors import DigestMismatchError
from service.receiving.part_file import ArrivedFile
from service.store.blobs import BlobKind, confirm_blob, reserve_blob
from service.store.engine import writing
from service.store.files import AnnouncedFile, FlightFile, receive_file
from service.store.flights import read_flight

_ARCHIVES = frozenset({"application/zip"})


def keep_file(
    deployment: Deployment,
    flight_id: str,
    arrived: ArrivedFile,
    *,
    name: str,
    media_type: str,
    now: datetime,
    part_of: str | None = None,
    announced_sha256: str | None = None,
) -> FlightFile:
    """Keep a file that has arrived whole, and return its line of the receipt.

    First the bytes, then one transaction for all that the store says of them. Killed in between,
    bytes lie there that no line tells of: a purge takes them, and the client sends again. It may
    be called twice with the same bytes, and at the same time from several threads or machines.

    Args:
        deployment: Where to.
        flight_id: Whose file it is.
        arrived: Its file in `incoming/`. On success it is gone from there; after an error it may
            still be there, and whoever calls decides whether to try again or to remove it.
        name: As `service.receiving.file_names.safe_name` gives it.
        media_type: By content: `service.receiving.kinds.find_kind`.
        now: Aware.
        part_of: Name of the archive that it comes from.
        announced_sha256: What it should be, where that was not compared before.

    Raises:
        UnknownRecordError: There is no such flight; nothing was kept.
        DigestMismatchError: It is not what was announced; nothing was kept.
        ConflictError: A file of this name has arrived with other bytes.
        DiskFullError: There is no room.
        BlobsUnavailableError: The place for bytes does not answer.
    """
    if announced_sha256 not in (None, arrived.sha256):
        raise DigestMismatchError(f"SHA-256 is {arrived.sha256} in place of {announced_sha256}")
    kind = blob_kind(media_type)
    with writing(deployment.engine) as session:
        read_flight(session, flight_id)
        reserve_blob(session, arrived.sha256, kind, byte_count=arrived.byte_count, now=now)
    # An earlier call may have been killed after this step.
    is_kept = not arrived.path.exists() and deployment.blobs.exists(arrived.sha256)
    if not is_kept:
        deployment.blobs.put_file(arrived.path, sha256=arrived.sha256, move=True)
    file = AnnouncedFile(name=name, byte_count=arrived.byte_count, sha256=arrived.sha256)
    with writing(deployment.engine) as session:
        confirm_blob(session, arrived.sha256, kind, now=now)
        return receive_file(
            session, flight_id, file, media_type=media_type, now=now, part_of=part_of
        )


def blob_kind(media_type: str) -> BlobKind:
    """Return for how long bytes of a media type are kept: an archive goes before its photos."""
    return BlobKind.ARCHIVE if media_type in _ARCHIVES else BlobKind.ORIGINAL
