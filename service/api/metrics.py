"""The route that Prometheus fetches."""

from typing import Annotated

from fastapi import APIRouter, Response

from service.access.roles import Caller, Permission, require
from service.api.caller import needs
from service.api.parts import Clock, PartsPart
from service.api.problem_answers import as_media
from service.observing.metrics import CONTENT_TYPE

router = APIRouter(tags=["running"])


@router.get("/metrics", response_class=Response, responses=as_media(200, "text/plain"))
def metrics(
    caller: Annotated[Caller, needs(Permission.RUN_SERVICE)], parts: PartsPart, now: Clock
) -> Response:
    """Return figures for Prometheus: queue, photos, rejects by reason, requests."""
    require(caller, Permission.RUN_SERVICE, unit=None)
    return Response(parts.metrics.render(now=now), media_type=CONTENT_TYPE)
