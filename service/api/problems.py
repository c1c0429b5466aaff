"""Errors as the API tells them: problem details (RFC 9457), from one table.

A problem's `type` is `/problems/<code>`; `code` is for programs, `detail` for people. What is not
in the table is a fault of ours: 500, of which the caller learns the request's id and no more.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.access.errors import (
    IssuerUnavailableError,
    LimitReachedError,
    NotAllowedError,
    NotAuthenticatedError,
    OutgoingRefusedError,
)
from service.blobs.errors import BlobNotFoundError, BlobsUnavailableError, DiskFullError
from service.errors import ConflictError, ServiceError, TemporaryError, UnknownRecordError
from service.receiving.errors import (
    BadDigestError,
    DigestMismatchError,
    IncompleteError,
    TooLargeError,
    UnsafeNameError,
)

PROBLEM_MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = 5.0  # of what may work a little later, where nobody knows better


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """What a kind of problem is called.

    Attributes:
        title: The same for all of a kind.
        tells: Whether the error's own message is for the caller.
    """

    status: int
    code: str
    title: str
    tells: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One answer that is no success.

    Attributes:
        headers: Beside the usual ones.
        errors: What is wrong with which part of the request.
    """

    kind: ProblemKind
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[Mapping[str, str], ...] = ()


class ProblemError(ServiceError):
    """Raised by a route for a problem that no error of the rooms below stands for."""

    def __init__(
        self, kind: ProblemKind, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep what is to be told."""
        super().__init__(detail)
        self.kind = kind
        self.headers = headers or {}


class ProblemBody(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/problems/not_found",
                "title": "Not found",
                "status": 404,
                "detail": "there is no flight 019ad3c5-7a10-7f6e-8d7b-3c1f5f0c9a11",
                "code": "not_found",
                "instance": "/requests/5f0c9a113c1f8d7b",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: list[dict[str, str]] | None = None


BAD_REQUEST = ProblemKind(status=400, code="bad_request", title="Bad request")
NOT_AUTHENTICATED = ProblemKind(status=401, code="not_authenticated", title="Not authenticated")
NOT_ALLOWED = ProblemKind(status=403, code="not_allowed", title="Not allowed")
NOT_FOUND = ProblemKind(status=404, code="not_found", title="Not found")
METHOD_NOT_ALLOWED = ProblemKind(status=405, code="method_not_allowed", title="Method not allowed")
CONFLICT = ProblemKind(status=409, code="conflict", title="Conflict")
TOO_LARGE = ProblemKind(status=413, code="too_large", title="Too large")
INVALID = ProblemKind(status=422, code="invalid", title="The request is not valid")
TOO_MUCH = ProblemKind(status=429, code="too_much", title="Too much")
OUR_FAULT = ProblemKind(status=500, code="internal", title="The service has a fault", tells=False)
UNAVAILABLE = ProblemKind(status=503, code="unavailable", title="Not available now")

# The first that fits counts: what is special stands before what is general.
TABLE: tuple[tuple[type[Exception], ProblemKind], ...] = (
    (NotAuthenticatedError, NOT_AUTHENTICATED),
    (NotAllowedError, NOT_ALLOWED),
    (UnknownRecordError, NOT_FOUND),
    (BlobNotFoundError, ProblemKind(status=404, code="bytes_gone", title="Not kept any more")),
    (ConflictError, CONFLICT),
    (BadDigestError, ProblemKind(status=400, code="bad_digest", title="No usable digest")),
    (IncompleteError, ProblemKind(status=400, code="incomplete", title="Not all bytes arrived")),
    (UnsafeNameError, ProblemKind(status=400, code="unsafe_name", title="Name not usable")),
    (TooLargeError, TOO_LARGE),
    (
        DigestMismatchError,
        ProblemKind(status=422, code="digest_mismatch", title="Damaged on the way"),
    ),
    (OutgoingRefusedError, ProblemKind(status=422, code="url_refused", title="URL refused")),
    (LimitReachedError, TOO_MUCH),
    (DiskFullError, ProblemKind(status=507, code="disk_full", title="No room", tells=False)),
    (BlobsUnavailableError, ProblemKind(status=503, code="blobs_unavailable",
     title="The place for bytes does not answer", tells=False)),
    (IssuerUnavailableError, ProblemKind(status=503, code="issuer_unavailable",
     title="Tokens cannot be checked now", tells=False)),
    (TemporaryError, UNAVAILABLE),
    *(
        (error, ProblemKind(status=503, code="store_unavailable",
         title="The store does not answer", tells=False))
        for error in (OperationalError, InterfaceError, PoolTimeoutError)
    ),
)  # fmt: skip
_BY_STATUS = {
    kind.status: kind
    for kind in (BAD_REQUEST, NOT_AUTHENTICATED, NOT_ALLOWED, NOT_FOUND, METHOD_NOT_ALLOWED,
                 CONFLICT, TOO_LARGE, INVALID, TOO_MUCH, OUR_FAULT, UNAVAILABLE)
}  # fmt: skip


def find_problem(error: Exception) -> Problem:
    """Return what is told of an error; of one that nobody foresaw, that there was one."""
    if isinstance(error, ProblemError):
        return Problem(kind=error.kind, detail=str(error), headers=error.headers)
    kind = next((kind for known, kind in TABLE if isinstance(error, known)), OUR_FAULT)
    detail = str(error) if kind.tells else kind.title
    return Problem(kind=kind, detail=detail, headers=_headers(error, kind))


def kind_of_status(status: int) -> ProblemKind:
    """Return the kind of a status that the framework chose."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    title = HTTPStatus(status).phrase
    return ProblemKind(status=status, code=title.lower().replace(" ", "_"), title=title)


def problem_body(problem: Problem, *, request_id: str) -> ProblemBody:
    """Return the body of an answer."""
    return ProblemBody(
        type=f"/problems/{problem.kind.code}",
        title=problem.kind.title,
        status=problem.kind.status,
        detail=problem.detail,
        code=problem.kind.code,
        instance=f"/requests/{request_id}",
        errors=[dict(error) for error in problem.errors] or None,
    )


def _headers(error: Exception, kind: ProblemKind) -> dict[str, str]:
    if kind is NOT_AUTHENTICATED:
        return {"WWW-Authenticate": 'Bearer realm="skypatrol"'}
    if isinstance(error, LimitReachedError):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    if kind.status in (503, 507):
        return {"Retry-After": str(int(_RETRY_AFTER_S))}
    return {}
