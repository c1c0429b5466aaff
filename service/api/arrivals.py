"""A file that comes as the body of one request: refused before its first byte, or kept whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import anyio.to_thread
from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from service.access.errors import LimitReachedError
from service.access.roles import Caller
from service.api.parts import ApiParts
from service.api.problems import ProblemError, ProblemKind
from service.errors import ConflictError, UnknownRecordError
from service.receiving.content_digest import parse_content_digest
from service.receiving.errors import BadDigestError, IncompleteError, TooLargeError
from service.receiving.incoming import Expected, receive_stream
from service.receiving.keep_file import keep_file
from service.receiving.kinds import find_kind
from service.receiving.part_file import ArrivedFile, check_room
from service.store.engine import reading
from service.store.files import AnnouncedFile, FileState, FlightFile, find_other_bytes, read_file

QUOTA_REACHED = ProblemKind(status=429, code="quota_reached", title="No bytes left for today")
LENGTH_REQUIRED = ProblemKind(status=411, code="length_required", title="Length required")
MOST_DIGITS = 19  # of a length: more than any disk holds
ENCODED = ProblemKind(status=415, code="encoding_not_supported", title="Send bytes as they are")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a request says of the file in its body.

    Attributes:
        sha256: None where the client gave another digest only.
    """

    expected: Expected
    byte_count: int
    sha256: str | None


def parse_arrival(headers: Headers, *, max_bytes: int) -> Arrival:
    """Return what the headers say of a body.

    Raises:
        ProblemError: No length, or the body is packed.
        BadDigestError: No digest that we can check.
        TooLargeError: It is larger than allowed.
    """
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(ENCODED, "Content-Encoding is not taken: a file's bytes are hashed")
    byte_count = parse_length(headers)
    given = headers.getlist("content-digest")
    digests = parse_content_digest(", ".join(given)) if given else {}
    if not digests:
        raise BadDigestError("Content-Digest: sha-256=:base64: is needed")
    if byte_count > max_bytes:
        raise TooLargeError(f"{byte_count} bytes were announced; at most {max_bytes} are taken")
    sha256 = digests.get("sha256")
    return Arrival(
        expected=Expected(byte_count=byte_count, digests=digests),
        byte_count=byte_count,
        sha256=None if sha256 is None else sha256.hex(),
    )


def parse_length(headers: Headers) -> int:
    """Return how many bytes a body has.

    Raises:
        ProblemError: It does not say so.
    """
    text = headers.get("content-length", "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    if "transfer-encoding" in headers or not is_number:
        raise ProblemError(LENGTH_REQUIRED, "Content-Length is needed; chunked bodies tell none")
    return int(text)


def find_known(
    parts: ApiParts, flight_id: str, *, name: str, byte_count: int, sha256: str
) -> FlightFile | None:
    """Return the file of this name where its bytes are there already, or None.

    Raises:
        ConflictError: It has arrived with other bytes.
    """
    asked = AnnouncedFile(name=name, byte_count=byte_count, sha256=sha256)
    with reading(parts.deployment.engine) as session:
        if other := find_other_bytes(session, flight_id, [asked]):
            raise ConflictError(f"{name} has arrived with other bytes: SHA-256 {other[name]}")
        try:
            file = read_file(session, flight_id, name)
        except UnknownRecordError:
            return None
    is_there = file.state is not FileState.ANNOUNCED and file.sha256 == sha256
    return file if is_there else None


async def take_in(
    request: Request,
    parts: ApiParts,
    caller: Caller,
    flight_id: str,
    *,
    name: str,
    arrival: Arrival,
) -> FlightFile:
    """Write the body of a request to the disk, check it, keep it, and return its line.

    Whatever goes wrong, nothing of it stays in `incoming/`, and it does not count for the quota.

    Raises:
        ProblemError: The caller's quota of this day is reached.
        IncompleteError: Fewer or more bytes than announced; the line was cut.
        DigestMismatchError: The bytes have another hash.
        ConflictError: A file of this name has arrived with other bytes.
        DiskFullError: There is no room.
    """
    with reserved_quota(parts, caller, arrival.byte_count):
        arrived = await _receive(request, parts, arrival)
        keep = partial(
            keep_file,
            parts.deployment,
            flight_id,
            arrived,
            name=name,
            media_type=find_kind(arrived.head).media_type,
            now=parts.clock(),
        )
        try:
            return await anyio.to_thread.run_sync(keep)
        finally:
            await anyio.to_thread.run_sync(partial(arrived.path.unlink, missing_ok=True))


async def _receive(request: Request, parts: ApiParts, arrival: Arrival) -> ArrivedFile:
    limits = parts.deployment.settings.limits
    try:
        return await receive_stream(
            request.stream(),
            parts.deployment.incoming,
            max_bytes=limits.max_file_bytes,
            expected=arrival.expected,
            reserve_bytes=limits.reserve_bytes,
        )
    except ClientDisconnect as error:
        raise IncompleteError("the line was cut, or gave no byte for too long") from error


@contextmanager
def reserved_quota(parts: ApiParts, caller: Caller, byte_count: int) -> Iterator[None]:
    """Count bytes for a caller; those of a block that fails are given back.

    Raises:
        ProblemError: They would go past the quota of this day.
    """
    reserved_at = parts.clock()
    reserve_quota(parts, caller, byte_count)
    try:
        yield
    except BaseException:
        parts.quota.give_back(caller.id, byte_count, reserved_at=reserved_at)
        raise


def reserve_quota(parts: ApiParts, caller: Caller, byte_count: int) -> None:
    """Count bytes that will come.

    Raises:
        ProblemError: They would go past the quota of this day.
    """
    try:
        parts.quota.reserve(caller.id, byte_count, now=parts.clock())
    except LimitReachedError as error:
        wait_s = max(1, int(error.retry_after_s) + 1)
        headers = {"Retry-After": str(wait_s)}
        raise ProblemError(QUOTA_REACHED, str(error), headers=headers) from error


def require_room(parts: ApiParts, byte_count: int) -> None:
    """Find out whether so many bytes fit into `incoming/`.

    Raises:
        DiskFullError: They don't.
    """
    reserve_bytes = parts.deployment.settings.limits.reserve_bytes
    check_room(parts.deployment.incoming, byte_count=byte_count, reserve_bytes=reserve_bytes)
