"""What is checked before and after a piece of an upload: who, how much, where it goes on."""

import re
import uuid
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import anyio.to_thread
from starlette.datastructures import Headers

from service.access.errors import LimitReachedError
from service.access.roles import Caller, Permission
from service.api.arrivals import find_known, parse_length, require_room, reserve_quota
from service.api.flight_access import find_flight
from service.api.parts import ApiParts
from service.api.problems import BAD_REQUEST, ProblemError, ProblemKind
from service.api.request_bodies import IncomingBody
from service.api.upload_locks import UploadLocks
from service.errors import ConflictError, UnknownRecordError
from service.receiving.errors import DigestMismatchError, TooLargeError
from service.receiving.file_names import safe_name
from service.receiving.finish_upload import finish_upload
from service.receiving.unfinished import Upload, UploadFolder
from service.store.engine import reading

MOST_UPLOADS = 10_000
SWEEP_EVERY = timedelta(minutes=10)
PATCH_MEDIA_TYPE = "application/offset+octet-stream"
_RETRY_S = 600.0
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)

ALREADY_ARRIVED = ProblemKind(status=409, code="already_arrived", title="It is there already")
OFFSET_MISMATCH = ProblemKind(status=409, code="offset_mismatch", title="Go on elsewhere")
EXPIRED = ProblemKind(status=410, code="upload_expired", title="Its time is over")
NOT_A_PIECE = ProblemKind(
    status=415, code="media_type_not_supported", title="Media type not supported"
)
DAMAGED = ProblemKind(status=460, code="digest_mismatch", title="Damaged on the way")


class PiecewiseUploads:
    """The uploads in pieces of one API process."""

    def __init__(self, parts: ApiParts) -> None:
        """Work in the deployment's `incoming/uploads/`."""
        self._parts = parts
        self.folder = UploadFolder(parts.deployment.incoming / "uploads")
        self._locks = UploadLocks()
        self._swept_at: datetime | None = None

    def begin(self, caller: Caller, metadata: Mapping[str, str], byte_count: int | None) -> Upload:
        """Start an upload, having found out whether it may come.

        Raises:
            ProblemError: The request is not understood, a quota is reached, the file is there.
            UnknownRecordError: No such flight for this caller.
            UnsafeNameError, TooLargeError, ConflictError: It will never be taken.
            DiskFullError: There is no room.
        """
        upload = _parse_creation(caller, metadata, byte_count, now=self._parts.clock())
        self._require_may_come(caller, upload)
        self._sweep()
        if self.folder.count() >= MOST_UPLOADS:
            raise LimitReachedError("too many uploads are unfinished", retry_after_s=_RETRY_S)
        require_room(self._parts, upload.byte_count)
        reserve_quota(self._parts, caller, upload.byte_count)
        try:
            self.folder.begin(upload)
        except BaseException:
            self.give_back(upload)
            raise
        return upload

    @asynccontextmanager
    async def hold(
        self, caller: Caller, upload_id: str, body: IncomingBody | None
    ) -> AsyncIterator[Upload]:
        """Have an upload of the caller's for oneself within the block.

        Raises:
            UnknownRecordError: The caller has none with this id.
            ProblemError: Its time is over, or somebody else does not give it up.
        """
        await anyio.to_thread.run_sync(self._find, caller, upload_id)
        async with self._locks.hold(upload_id, body):
            yield await anyio.to_thread.run_sync(self._find, caller, upload_id)

    def check_piece(self, upload: Upload, headers: Headers) -> None:
        """Find out whether a piece fits, before any of its bytes is read.

        Raises:
            ProblemError: It does not.
            DiskFullError: There is no room.
        """
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != PATCH_MEDIA_TYPE:
            raise ProblemError(NOT_A_PIECE, f"Content-Type has to be {PATCH_MEDIA_TYPE}")
        byte_count = parse_length(headers)
        asked = headers.get("upload-offset", "")
        if not _NUMBER.fullmatch(asked):
            raise ProblemError(BAD_REQUEST, "Upload-Offset has to be a number of bytes")
        offset = self.folder.offset(upload)
        if int(asked) != offset:
            raise ProblemError(OFFSET_MISMATCH, f"{offset} bytes are there, not {asked}")
        if offset + byte_count > upload.byte_count:
            raise ProblemError(BAD_REQUEST, f"more than the {upload.byte_count} announced bytes")
        require_room(self._parts, byte_count)

    def finish_if_whole(self, upload: Upload) -> None:
        """Keep an upload whose last byte is there.

        Raises:
            ProblemError: It is not what was announced; it is gone.
            ConflictError, UnknownRecordError: It can never be kept; it is gone.
            DiskFullError, BlobsUnavailableError: Ask again later.
        """
        if upload.is_kept or self.folder.offset(upload) < upload.byte_count:
            return
        now = self._parts.clock()
        try:
            finish_upload(self._parts.deployment, self.folder, upload, now=now)
        except (DigestMismatchError, ConflictError, UnknownRecordError) as error:
            self.give_back(upload)
            if isinstance(error, DigestMismatchError):
                raise ProblemError(DAMAGED, str(error)) from error
            raise

    def give_back(self, upload: Upload) -> None:
        """Let an upload that will not be kept count for nobody's quota."""
        if not upload.is_kept:
            self._parts.quota.give_back(
                upload.caller_id, upload.byte_count, reserved_at=upload.created_at
            )

    def _require_may_come(self, caller: Caller, upload: Upload) -> None:
        limits = self._parts.deployment.settings.limits
        if upload.byte_count > limits.max_file_bytes:
            most = limits.max_file_bytes
            raise TooLargeError(
                f"{upload.byte_count} bytes were announced; at most {most} are taken"
            )
        with reading(self._parts.deployment.engine) as session:
            find_flight(session, caller, Permission.WRITE_FLIGHTS, upload.flight_id)
        known = find_known(
            self._parts,
            upload.flight_id,
            name=upload.name,
            byte_count=upload.byte_count,
            sha256=upload.sha256,
        )
        if known is not None:
            raise ProblemError(ALREADY_ARRIVED, f"{upload.name} is there with these bytes")

    def _find(self, caller: Caller, upload_id: str) -> Upload:
        upload = self.folder.read(upload_id)
        # The message repeats nothing: the id comes from a stranger.
        if upload is None or upload.caller_id != caller.id:
            raise UnknownRecordError("there is no such upload")
        with reading(self._parts.deployment.engine) as session:
            find_flight(session, caller, Permission.WRITE_FLIGHTS, upload.flight_id)
        if upload.expires_at <= self._parts.clock():
            raise ProblemError(EXPIRED, f"it was begun at {upload.created_at.isoformat()}")
        return upload

    def _sweep(self) -> None:
        """End the uploads whose time is over, now and then."""
        now = self._parts.clock()
        if self._swept_at is not None and now - self._swept_at < SWEEP_EVERY:
            return
        self._swept_at = now
        for upload in list(self.folder.expired(now=now)):
            self.folder.remove(upload.id)
        self.folder.sweep(now=now)


def parse_metadata(field: str) -> dict[str, str]:
    """Return what `Upload-Metadata` says: names, and values in base64 of UTF-8.

    Raises:
        ProblemError: It is not written as the protocol says.
    """
    found = {}
    for pair in field.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = b64decode(value.strip(), validate=True).decode()
        except (Base64Error, UnicodeDecodeError) as error:
            raise ProblemError(
                BAD_REQUEST, "Upload-Metadata: values are base64 of UTF-8"
            ) from error
    return found


def _parse_creation(
    caller: Caller, metadata: Mapping[str, str], byte_count: int | None, *, now: datetime
) -> Upload:
    if byte_count is None or byte_count < 0:
        raise ProblemError(BAD_REQUEST, "Upload-Length has to be a number of bytes")
    missing = {"flight", "name", "sha256"} - metadata.keys()
    if missing:
        raise ProblemError(BAD_REQUEST, f"Upload-Metadata lacks {', '.join(sorted(missing))}")
    if not _SHA256.fullmatch(metadata["sha256"]):
        raise ProblemError(BAD_REQUEST, "Upload-Metadata: sha256 has 64 hexadecimal digits")
    try:
        flight_id = str(uuid.UUID(metadata["flight"]))
    except ValueError:
        raise UnknownRecordError("there is no such flight") from None
    return Upload(
        id=uuid.uuid4().hex,
        caller_id=caller.id,
        flight_id=flight_id,
        name=safe_name(metadata["name"]),
        sha256=metadata["sha256"],
        byte_count=byte_count,
        created_at=now,
    )
