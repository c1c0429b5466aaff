"""Whether the service lives, and whether it can work: open to everybody, and telling little."""

import asyncio
import logging

from fastapi import APIRouter, Response
from pydantic import BaseModel

from service.api.parts import PartsPart
from service.api.readiness import Check, Readiness, check_readiness

_PATIENCE_S = 10.0
_LOG = logging.getLogger(__name__)

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


@router.get("/healthz")
async def healthz() -> Alive:
    """Tell that the process answers."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready."}})
async def readyz(parts: PartsPart, response: Response) -> Readiness:
    """Tell whether flights can be taken in: store, place for bytes, room on the disk.

    Whether anybody inspects them is told beside it: they can be sent while nobody does.
    """

    def check() -> Readiness:
        return check_readiness(parts.deployment, now=parts.clock())

    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await asyncio.to_thread(parts.readiness.read, check, now_s=parts.monotonic_s())
    except TimeoutError:
        _LOG.warning("not ready: the checks take longer than %g s", _PATIENCE_S)
        failed = Check.FAILED
        found = Readiness(ready=False, store=failed, blobs=failed, disk=failed, workers=failed)
    if not found.ready:
        response.status_code = 503
    return found
