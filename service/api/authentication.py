"""The door: nobody gets to a route unknown, and nobody asks too often.

It stands before all routes, so that a route which forgets to ask is closed, not open, and before
any body is read.
"""

from functools import partial

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.access.authenticate import authenticate
from service.access.errors import AccessError, NotAuthenticatedError
from service.access.keys import should_note_use
from service.access.rate_limit import address_id
from service.access.roles import Caller
from service.api.answers import answer_error, read_request_id
from service.api.browser_login import BROWSER_CHALLENGE, BROWSER_PATHS, as_bearer
from service.api.parts import ApiParts
from service.store.engine import reading, writing
from service.store.keys import ApiKey, note_key_used, read_key

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
# What a wrong credential takes from the address it came from, in requests.
_COST_OF_FAILURE = 20.0


class Authentication:
    """Finds out who calls and puts it into the request's state as `caller`."""

    def __init__(self, app: ASGIApp, *, parts: ApiParts) -> None:
        """Wrap an app."""
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            scope["state"]["caller"] = await self._let_in(scope)
        except AccessError as error:
            response = answer_error(error, request_id=read_request_id(scope))
            if scope["path"] in BROWSER_PATHS and response.status_code == 401:
                response.headers.append("WWW-Authenticate", BROWSER_CHALLENGE)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope) -> Caller:
        now_s = self._parts.monotonic_s()
        client = scope.get("client")
        address = address_id(client[0] if client else "")
        self._parts.addresses.require(address, now_s=now_s)
        given = Headers(scope=scope).getlist("authorization")
        if scope["path"] in BROWSER_PATHS:
            given = [as_bearer(header) for header in given]
        try:
            if len(given) > 1:
                raise NotAuthenticatedError("several Authorization headers")
            find = partial(self._find_caller, given[0] if given else None)
            caller = await anyio.to_thread.run_sync(find)
        except NotAuthenticatedError:
            self._parts.addresses.wait_s(address, now_s=now_s, cost=_COST_OF_FAILURE - 1)
            raise
        self._parts.callers.require(caller.id, now_s=now_s)
        return caller

    def _find_caller(self, authorization: str | None) -> Caller:
        now = self._parts.clock()
        used: list[ApiKey] = []

        def find_key(key_id: str) -> ApiKey | None:
            with reading(self._parts.deployment.engine) as session:
                key = read_key(session, key_id)
            if key is not None:
                used.append(key)
            return key

        caller = authenticate(
            authorization, find_key=find_key, verify_token=self._parts.verify_token, now=now
        )
        for key in used:
            if should_note_use(key, now=now):
                with writing(self._parts.deployment.engine) as session:
                    note_key_used(session, key.id, now=now)
        return caller
