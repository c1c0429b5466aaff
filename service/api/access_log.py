"""The route of the access log: who did or saw what."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from service.access.roles import Caller, Permission, require
from service.api.caller import needs
from service.api.pages import Cursor, Limit, link_next, parse_number_cursor
from service.api.parts import DeploymentPart
from service.store.access_log import read_access_log
from service.store.engine import reading

router = APIRouter(prefix="/v1/access-log", tags=["access log"])


class AccessLine(BaseModel):
    """One line; none is ever changed or removed."""

    number: int
    at: datetime
    who: str = Field(description="Id of a key or account; `machine`: at the service's own shell.")
    action: str
    object: str
    detail: str | None


class AccessPage(BaseModel):
    """Lines, the oldest first."""

    lines: list[AccessLine]
    next: str | None


@router.get("")
def read_lines(
    caller: Annotated[Caller, needs(Permission.READ_ACCESS_LOG)],
    deployment: DeploymentPart,
    request: Request,
    response: Response,
    object: Annotated[
        str | None,
        Query(max_length=2000, pattern=r"^[^\x00]*$", description="Only lines about it."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> AccessPage:
    """Return who did or saw what: looks at originals, overrides, keys made and revoked."""
    require(caller, Permission.READ_ACCESS_LOG, unit=None)  # it tells of all units
    after = parse_number_cursor(cursor) or 0
    with reading(deployment.engine) as session:
        found = read_access_log(session, after=after, limit=limit + 1, object=object)
    is_more, found = len(found) > limit, found[:limit]
    following = link_next(request, response, last=str(found[-1][0])) if is_more else None
    lines = [
        AccessLine(
            number=number,
            at=line.at,
            who=line.who,
            action=line.action,
            object=line.object,
            detail=line.detail,
        )
        for number, line in found
    ]
    return AccessPage(lines=lines, next=following)
