"""Bodies that stall, bodies that are left unread, bodies that somebody else wants to end.

The server below us waits for the next byte of a body for ever, and reads a refused body to its end.
"""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STALL_S = 60.0
LINGER_S = 2.0
LINGER_BYTES = 1 << 20
_SMALL_BYTES = 64 << 10
_SCOPE_KEY = "skypatrol.body"


class IncomingBody:
    """The body of one request as it comes in."""

    def __init__(self, receive: Receive, *, stall_s: float) -> None:
        """Wrap what the server gives."""
        self._receive = receive
        self._stall_s = stall_s
        self._is_cut = False
        self._deadline: asyncio.Timeout | None = None
        self.is_over = False
        self.byte_count = 0

    def cut(self) -> None:
        """End the body here, as if the line had been cut."""
        self._is_cut = True
        if self._deadline is not None:
            self._deadline.reschedule(0.0)

    async def receive(self) -> Message:
        """Return the next message; a body that stalls or was cut ends like a lost connection."""
        if self.is_over:
            return await self._receive()
        message = await self._next_or_cut()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self.is_over = True
        self.byte_count += len(message.get("body", b""))
        return message

    async def drain(self, *, max_bytes: int, timeout_s: float) -> None:
        """Read and forget what comes, for a while."""
        left = max_bytes
        try:
            async with asyncio.timeout(timeout_s):
                while not self.is_over and left > 0:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass

    async def _next_or_cut(self) -> Message:
        if self._is_cut:
            return {"type": "http.disconnect"}
        try:
            async with asyncio.timeout(self._stall_s) as self._deadline:
                return await self._receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        finally:
            self._deadline = None


class RequestBodies:
    """Ends bodies that give no byte for too long; answers at once without reading on.

    An answer that goes out before its request's body was read tells that the connection closes.
    It is closed a little later, after some of the rest was thrown away: closed at once, the system
    would reset the connection, and some clients would lose the answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        stall_s: float = STALL_S,
        linger_s: float = LINGER_S,
        linger_bytes: int = LINGER_BYTES,
    ) -> None:
        """Wrap an app."""
        self._app = app
        self._stall_s = stall_s
        self._linger_s = linger_s
        self._linger_bytes = linger_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        body = IncomingBody(receive, stall_s=self._stall_s)
        scope[_SCOPE_KEY] = body
        is_early = False

        async def send_early(message: Message) -> None:
            nonlocal is_early
            if message["type"] == "http.response.start":
                is_early = await self._is_early(scope, body)
                if is_early:
                    MutableHeaders(scope=message)["Connection"] = "close"
            elif is_early and not message.get("more_body", False):
                await send({**message, "more_body": True})
                if not _waits_for_leave(scope, body):
                    await body.drain(max_bytes=self._linger_bytes, timeout_s=self._linger_s)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self._app(scope, body.receive, send_early)

    async def _is_early(self, scope: Scope, body: IncomingBody) -> bool:
        """Tell whether the body is not over, having read on where little is left."""
        length = Headers(scope=scope).get("content-length", "")
        is_small = length.isdecimal() and int(length[:20]) <= _SMALL_BYTES
        if is_small and not _waits_for_leave(scope, body):
            await body.drain(max_bytes=_SMALL_BYTES, timeout_s=self._linger_s)
        return not body.is_over


def find_body(scope: Scope) -> IncomingBody | None:
    """Return the body of a request, or None where it has none."""
    body = scope.get(_SCOPE_KEY)
    return body if isinstance(body, IncomingBody) else None


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _waits_for_leave(scope: Scope, body: IncomingBody) -> bool:
    """Tell whether the client sends no byte before it is told to go on (`100 Continue`)."""
    expects = Headers(scope=scope).get("expect", "").lower() == "100-continue"
    return expects and body.byte_count == 0
