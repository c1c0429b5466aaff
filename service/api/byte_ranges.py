"""Parts of kept bytes: the Range field of HTTP (RFC 9110, section 14), one range at a time."""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import Header
from starlette.responses import Response, StreamingResponse

from service.api.problems import ProblemError, ProblemKind
from service.blobs.blob_store import BlobStore
from service.blobs.errors import BlobNotFoundError

RANGE_REFUSED = ProblemKind(status=416, code="range_not_satisfiable", title="Beyond the last byte")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)

RangeHeader = Annotated[str | None, Header(alias="Range", max_length=200)]


def parse_range(field: str | None, *, size: int) -> tuple[int, int] | None:
    """Return the part that is asked, from its first byte up to and without its last.

    Args:
        field: The field; several ranges, other units and what is not understood count as not
            said, as the RFC allows.
        size: Of the whole.

    Raises:
        ProblemError: It begins behind the last byte.
    """
    match = _RANGE.fullmatch(field.replace(" ", "")) if field else None
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= size:
        headers = {"Content-Range": f"bytes */{size}"}
        raise ProblemError(RANGE_REFUSED, f"there are {size} bytes", headers=headers)
    return start, end


def answer_bytes(
    blobs: BlobStore,
    sha256: str,
    *,
    media_type: str,
    headers: Mapping[str, str],
    range_field: str | None,
) -> Response:
    """Return an answer with kept bytes, or the asked part of them.

    Raises:
        BlobNotFoundError: They are not kept any more.
        ProblemError: The part lies behind the last byte.
    """
    size = blobs.size(sha256)
    if size is None:
        raise BlobNotFoundError(f"the bytes of {sha256} are not kept any more")
    part = parse_range(range_field, size=size)
    start, end = part or (0, size)
    told = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(end - start)}
    if part is not None:
        told["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(
        blobs.stream(sha256, start=start, end=end),
        status_code=200 if part is None else 206,
        media_type=media_type,
        headers=told,
    )
