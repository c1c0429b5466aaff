"""Bodies that are held in memory end early; those that are streamed have limits of their own."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.answers import answer_error, read_request_id
from service.receiving.errors import TooLargeError

MAX_BODY_BYTES = 4 << 20


class BodyLimit:
    """Refuses bodies that are too large, by what is announced and by what comes."""

    def __init__(self, app: ASGIApp, *, is_streamed: Callable[[str, str], bool]) -> None:
        """Wrap an app; `is_streamed` tells of method and path whether a route streams the body."""
        self._app = app
        self._is_streamed = is_streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it is too large."""
        if scope["type"] != "http" or self._is_streamed(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > MAX_BODY_BYTES:
            response = answer_error(_too_large(), request_id=read_request_id(scope))
            await response(scope, receive, send)
            return
        await self._app(scope, _counting(receive), send)


def _counting(receive: Receive) -> Receive:
    """Return the same body, which raises where it gets too large."""
    count = 0

    async def counted() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > MAX_BODY_BYTES:
            # What reads bodies lets no other exception through as it is.
            raise HTTPException(413, str(_too_large()))
        return message

    return counted


def _too_large() -> TooLargeError:
    return TooLargeError(f"more than {MAX_BODY_BYTES} bytes")
