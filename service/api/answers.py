"""Problems as answers: what the framework and the rooms below raise, in one form."""

import logging
from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from service.access.errors import NotAuthenticatedError
from service.api.problems import (
    INVALID,
    OUR_FAULT,
    PROBLEM_MEDIA_TYPE,
    Problem,
    find_problem,
    kind_of_status,
    problem_body,
)
from service.errors import ServiceError

_LOG = logging.getLogger(__name__)
_MOST_ERRORS = 20
_LONGEST_TEXT = 300


def install_problem_answers(app: FastAPI) -> None:
    """Let an app answer errors with problems; those of no known kind pass on."""
    app.add_exception_handler(ServiceError, _answer_error)
    app.add_exception_handler(SQLAlchemyError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)


def answer_problem(problem: Problem, *, request_id: str) -> Response:
    """Return the answer that tells a problem."""
    body = problem_body(problem, request_id=request_id)
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status_code=problem.kind.status,
        headers=dict(problem.headers),
        media_type=PROBLEM_MEDIA_TYPE,
    )


def answer_error(error: Exception, *, request_id: str) -> Response:
    """Return the answer to an error, and log what its caller does not learn."""
    problem = find_problem(error)
    if problem.kind is OUR_FAULT:
        _LOG.error("request %s failed", request_id, exc_info=error)
    elif isinstance(error, NotAuthenticatedError):
        _LOG.info("request %s: not authenticated: %s", request_id, error.reason)
    elif problem.kind.status >= 500:
        _LOG.warning("request %s: %s: %s", request_id, problem.kind.code, error)
    return answer_problem(problem, request_id=request_id)


def read_request_id(scope: Mapping[str, object]) -> str:
    """Return the id that a request was given."""
    state = scope.get("state")
    found = state.get("request_id") if isinstance(state, dict) else None
    return found if isinstance(found, str) else "unknown"


async def _answer_error(request: Request, error: Exception) -> Response:
    return answer_error(error, request_id=read_request_id(request.scope))


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for these only
    errors = tuple(_describe(one) for one in error.errors()[:_MOST_ERRORS])
    detail = "; ".join(f"{one['at']}: {one['what']}" for one in errors[:3])
    problem = Problem(kind=INVALID, detail=detail or INVALID.title, errors=errors)
    return answer_problem(problem, request_id=read_request_id(request.scope))


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for these only
    kind = kind_of_status(error.status_code)
    problem = Problem(kind=kind, detail=str(error.detail), headers=error.headers or {})
    return answer_problem(problem, request_id=read_request_id(request.scope))


def _describe(error: Mapping[str, object]) -> Mapping[str, str]:
    """Return where and what, without the value: it may be long, or a secret."""
    place = error.get("loc")
    parts: Sequence[object] = place if isinstance(place, tuple | list) else ()
    at = ".".join(str(part) for part in parts)
    return {"at": at[:_LONGEST_TEXT], "what": str(error.get("msg", ""))[:_LONGEST_TEXT]}
