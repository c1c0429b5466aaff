"""Around every request: its id, a line in the log, headers that close what nobody asked for."""

import logging
import re
import time
import uuid
from typing import Protocol

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.roles import Caller
from service.api.answers import answer_error
from service.observing.log_context import log_context

ACCESS_LOG = logging.getLogger("service.api.access")
_ID_FORM = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_A_YEAR = "max-age=31536000"


class Observe(Protocol):
    """Counts a request: `service.observing.metrics.Metrics.observe_request`."""

    def __call__(self, *, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count it."""


class RequestFrame:
    """Gives a request its id, and its answer the headers; tells the log what came of it.

    An error that nobody foresaw ends here: logged with its traceback once, told as 500.
    """

    def __init__(self, app: ASGIApp, *, observe: Observe) -> None:
        """Wrap an app; `observe` counts a request and how long it took."""
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _read_id(scope) or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(scope, send, request_id)
        begun_s = time.perf_counter()
        try:
            with log_context(request=request_id):
                await self._app(scope, receive, answer.send)
        except Exception as error:
            response = answer_error(error, request_id=request_id)
            if answer.status is None:
                await response(scope, receive, answer.send)
        finally:
            seconds = time.perf_counter() - begun_s
            _log(scope, answer, seconds=seconds)
            self._observe(
                method=scope["method"],
                route=getattr(scope.get("route"), "path", None),
                status=answer.status or 0,
                seconds=seconds,
            )


class _Answer:
    """What is sent to the caller, on its way."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self._is_secure = scope.get("scheme") == "https"
        self.status: int | None = None
        self.byte_count = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._add_headers(MutableHeaders(scope=message))
        elif message["type"] == "http.response.body":
            self.byte_count += len(message.get("body", b""))
        await self._send(message)

    def _add_headers(self, headers: MutableHeaders) -> None:
        for name, value in _SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        if self._is_secure:
            headers.setdefault("Strict-Transport-Security", _A_YEAR)
        headers["X-Request-Id"] = self._request_id


def _read_id(scope: Scope) -> str | None:
    """Return the id that the caller gave, so that it is found in both logs; None: none usable."""
    given = [value for name, value in scope["headers"] if name == b"x-request-id"]
    text = given[0].decode("latin-1") if len(given) == 1 else ""
    return text if _ID_FORM.fullmatch(text) else None


def _log(scope: Scope, answer: _Answer, *, seconds: float) -> None:
    """Write one line; of the URL its path only, since a query may hold what is not for logs."""
    caller = scope["state"].get("caller")
    client = scope.get("client")
    fields = {
        "request_id": scope["state"]["request_id"],
        "method": scope["method"],
        "path": scope["path"][:500],
        "status": answer.status or 0,
        "sent_bytes": answer.byte_count,
        "duration_ms": round(seconds * 1000, 1),
        "caller": caller.id if isinstance(caller, Caller) else None,
        "address": client[0] if client else None,
    }
    ACCESS_LOG.info(
        "%s %s %s", fields["method"], ascii(fields["path"])[1:-1], fields["status"], extra=fields
    )
