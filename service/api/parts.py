"""What routes work with, as dependencies: `deployment: DeploymentPart`, `now: Clock`, ...

Routes open their own transactions (`reading(deployment.engine)`, `writing(...)`) and end them
before they answer: what a client was told is kept. They are plain `def` functions, which run in
threads, where they touch the store or bytes; `async def` only where they stream, with `to_thread`
around each such step.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from service.access.authenticate import VerifyToken
from service.access.quota import QuotaBook
from service.access.rate_limit import RateLimiter
from service.api.readiness import ReadinessBook
from service.deployment import Deployment
from service.observing.metrics import Metrics


def read_utc_clock() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What the API holds beside the deployment, for its one process.

    Attributes:
        quota: Bytes of each caller today: reserve before the first byte, give back what did not
            come.
        callers, addresses: Requests of each caller; of each address before anybody knows who calls.
        verify_token: None where no issuer is set up.
        clock: Returns the time, aware.
        readiness: What was found last.
        stopping: Set when the process was asked to stop: streams end then, so that it can.
        monotonic_s: Returns seconds of a clock that is never set, for rates.
    """

    deployment: Deployment
    quota: QuotaBook
    callers: RateLimiter
    addresses: RateLimiter
    verify_token: VerifyToken | None
    metrics: Metrics
    clock: Callable[[], datetime] = read_utc_clock
    readiness: ReadinessBook = field(default_factory=ReadinessBook)
    stopping: threading.Event = field(default_factory=threading.Event)
    monotonic_s: Callable[[], float] = time.monotonic


def get_parts(request: Request) -> ApiParts:
    """Return the parts of the app that a request came to."""
    parts: ApiParts = request.app.state.parts
    return parts


PartsPart = Annotated[ApiParts, Depends(get_parts)]


def _get_deployment(parts: PartsPart) -> Deployment:
    return parts.deployment


def _get_quota(parts: PartsPart) -> QuotaBook:
    return parts.quota


def _get_now(parts: PartsPart) -> datetime:
    return parts.clock()


DeploymentPart = Annotated[Deployment, Depends(_get_deployment)]
QuotaPart = Annotated[QuotaBook, Depends(_get_quota)]
Clock = Annotated[datetime, Depends(_get_now)]
