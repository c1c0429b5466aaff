"""One request at a time for each upload; a new one ends an older that hangs on a dead line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from service.api.problems import ProblemError, ProblemKind
from service.api.request_bodies import IncomingBody

WAIT_S = 30.0  # for one that hashes a whole file
BUSY = ProblemKind(status=423, code="upload_busy", title="Another request has the upload")


class _Hold:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.body: IncomingBody | None = None


class UploadLocks:
    """Who has which upload, within this process: an upload's file lies on one machine."""

    def __init__(self, *, wait_s: float = WAIT_S) -> None:
        """Start with nobody having any."""
        self._wait_s = wait_s
        self._holds: WeakValueDictionary[str, _Hold] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, upload_id: str, body: IncomingBody | None) -> AsyncIterator[None]:
        """Have an upload for oneself within the block.

        Whoever has it now is cut off where it waits for bytes: after a cut line, the client is
        back long before the system has noticed that the old connection is dead.

        Raises:
            ProblemError: It is not given up in time.
        """
        hold = self._holds.setdefault(upload_id, _Hold())
        if hold.body is not None:
            hold.body.cut()
        try:
            async with asyncio.timeout(self._wait_s):
                await hold.lock.acquire()
        except TimeoutError as error:
            headers = {"Retry-After": "5"}
            raise ProblemError(BUSY, "the upload is being worked on", headers=headers) from error
        hold.body = body
        try:
            yield
        finally:
            hold.body = None
            hold.lock.release()
