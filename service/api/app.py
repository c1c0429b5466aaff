"""The API put together: routers, what stands around them, how errors are told."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from service.access.authenticate import VerifyToken
from service.access.oidc import OidcVerifier
from service.access.outgoing import OutgoingRules, fetch_body
from service.access.quota import QuotaBook
from service.access.rate_limit import Rate, RateLimiter
from service.api import (
    access_log,
    documents,
    events,
    files,
    findings,
    flights,
    grids,
    health,
    jobs,
    keys,
    metrics,
    originals,
    patrol_photos,
    pictures,
    receipt,
)
from service.api.answers import install_problem_answers
from service.api.authentication import Authentication
from service.api.body_limit import BodyLimit
from service.api.description import install_description
from service.api.event_hub import make_event_hub
from service.api.known_query import KNOWN_QUERY
from service.api.parts import ApiParts, read_utc_clock
from service.api.request_bodies import RequestBodies
from service.api.requests import RequestFrame
from service.api.uploads import make_upload_router
from service.deployment import Deployment
from service.observing.metrics import Metrics
from service.server_settings import ServerSettings
from service.store.engine import reading
from service.store.statistics import StoreStatistics, read_statistics

# Behind one address there may be a whole office.
_CALLERS_AN_ADDRESS = 4
# Method and beginning of the path of routes that stream their bodies under limits of their own.
_STREAMED = (
    ("PUT", "/v1/flights/"),
    ("POST", "/v1/patrol-photos"),
    ("POST", "/v1/uploads"),
    ("PATCH", "/v1/uploads/"),
    ("PUT", "/v1/grids"),
)


def create_app(
    deployment: Deployment,
    *,
    clock: Callable[[], datetime] = read_utc_clock,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Return the API of a deployment, which must stay open as long as it."""
    app = FastAPI(
        title="skypatrol",
        version=version("skypatrol"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # Where a redirect leads would be taken from the Host that a client writes.
        redirect_slashes=False,
    )
    app.state.parts = parts = replace(_make_parts(deployment), clock=clock, monotonic_s=monotonic_s)
    app.state.event_hub = make_event_hub(deployment.engine, is_stopping=parts.stopping.is_set)
    app.include_router(health.router)
    for router in (
        flights.router,
        files.router,
        patrol_photos.router,
        make_upload_router(parts),
        receipt.router,
        events.router,
        findings.router,
        pictures.router,
        originals.router,
        keys.router,
        grids.router,
        access_log.router,
        jobs.router,
        metrics.router,
        documents.router,
    ):
        app.include_router(router, dependencies=[KNOWN_QUERY])
    install_problem_answers(app)
    install_description(app, deployment.settings)
    _surround(app, parts)
    return app


def _make_parts(deployment: Deployment) -> ApiParts:
    limits = deployment.settings.limits
    shared = Rate(
        per_second=_CALLERS_AN_ADDRESS * limits.rate.per_second,
        burst=_CALLERS_AN_ADDRESS * limits.rate.burst,
    )
    return ApiParts(
        deployment=deployment,
        quota=QuotaBook(limit=limits.quota_bytes_a_day),
        callers=RateLimiter(limits.rate),
        addresses=RateLimiter(shared),
        verify_token=_make_verifier(deployment.settings),
        metrics=_make_metrics(deployment),
    )


def _make_metrics(deployment: Deployment) -> Metrics:
    def read(now: datetime) -> StoreStatistics:
        with reading(deployment.engine) as session:
            return read_statistics(session, now=now)

    folders = {"data": deployment.settings.data, "incoming": deployment.incoming}
    return Metrics(read, folders=folders)


def _make_verifier(settings: ServerSettings) -> VerifyToken | None:
    if settings.oidc is None:
        return None
    rules = OutgoingRules(allowed=settings.outgoing)
    return OidcVerifier(settings.oidc, fetch_body=partial(fetch_body, rules=rules)).verify


def _surround(app: FastAPI, parts: ApiParts) -> None:
    """Put what stands before the routes in its order; what is added last is the outermost."""
    app.add_middleware(BodyLimit, is_streamed=_is_streamed)
    app.add_middleware(Authentication, parts=parts)
    if parts.deployment.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(parts.deployment.settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"],
            allow_headers=["Authorization", "Content-Digest", "Content-Type", "Last-Event-ID"],
            expose_headers=["ETag", "Link", "Location", "Retry-After", "X-Request-Id"],
        )
    app.add_middleware(RequestFrame, observe=parts.metrics.observe_request)
    app.add_middleware(RequestBodies)


def _is_streamed(method: str, path: str) -> bool:
    return any(method == one and path.startswith(start) for one, start in _STREAMED)
