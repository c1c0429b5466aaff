"""Long lists page by page: an opaque cursor, and a link to the next page."""

import base64
import binascii
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from service.api.problems import INVALID, ProblemError

LARGEST_PAGE = 1000
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="At most so many.")]
Cursor = Annotated[
    str | None,
    Query(max_length=4000, description="From the `Link` header of the page before; opaque."),
]


def make_cursor(last: str) -> str:
    """Return the cursor of the page that follows this entry."""
    return base64.urlsafe_b64encode(last.encode()).rstrip(b"=").decode()


def parse_cursor(cursor: str | None) -> str | None:
    """Return the last entry of the page before; None for the first page.

    Raises:
        ProblemError: It is none of ours.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        last = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ProblemError(INVALID, "the cursor is none of ours") from error
    if "\0" in last or make_cursor(last) != cursor:
        raise ProblemError(INVALID, "the cursor is none of ours")
    return last


def parse_number_cursor(cursor: str | None) -> int | None:
    """Return the number of the last entry of the page before; None for the first page.

    Raises:
        ProblemError: It is none of ours.
    """
    last = parse_cursor(cursor)
    if last is None:
        return None
    if not (last.isascii() and last.isdecimal() and len(last) <= 18):
        raise ProblemError(INVALID, "the cursor is none of ours")
    return int(last)


def link_next(request: Request, response: Response, *, last: str) -> str:
    """Tell in the answer's `Link` header where the next page is; return its cursor."""
    cursor = make_cursor(last)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    query = urlencode([*kept, ("cursor", cursor)])
    response.headers["Link"] = f'<{request.url.path}?{query}>; rel="next"'
    return cursor
