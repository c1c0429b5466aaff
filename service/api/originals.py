"""Sealed originals: nothing hidden in them, and every look at one is a line in the access log."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from service.access.roles import Caller, Permission
from service.api.byte_ranges import RangeHeader, answer_bytes
from service.api.caller import needs
from service.api.flight_access import find_flight
from service.api.flight_models import FlightId, Why
from service.api.parts import Clock, DeploymentPart
from service.api.pictures import PictureHash
from service.api.problem_answers import as_media, problems
from service.blobs.errors import BlobNotFoundError
from service.errors import UnknownRecordError
from service.receiving.kinds import OCTETS
from service.store.access_log import Access, log_access
from service.store.engine import reading, writing
from service.store.files import FlightFile, find_file_of_bytes

VIEW_ORIGINAL = "view_original"

router = APIRouter(prefix="/v1/flights/{flight_id}/originals", tags=["findings"])


@router.get(
    "/{sha256}",
    response_class=Response,
    responses=as_media(200, OCTETS) | as_media(206, OCTETS) | problems(404, 416),
)
def show_original(
    flight_id: FlightId,
    sha256: PictureHash,
    why: Annotated[Why, Query(description="What the look is for: it stands in the log.")],
    caller: Annotated[Caller, needs(Permission.READ_ORIGINALS)],
    deployment: DeploymentPart,
    now: Clock,
    range_field: RangeHeader = None,
) -> Response:
    """Show an original. The look is logged before the first byte goes out."""
    with reading(deployment.engine) as session:
        find_flight(session, caller, Permission.READ_ORIGINALS, flight_id)
        file = find_file_of_bytes(session, flight_id, sha256)
    if file is None:
        raise UnknownRecordError(f"flight {flight_id} has no original {sha256}")
    if not deployment.blobs.exists(sha256):
        raise BlobNotFoundError(f"the bytes of {file.name} are not kept any more")
    access = Access(
        at=now,
        who=caller.id,
        action=VIEW_ORIGINAL,
        object=f"flight/{flight_id}/{file.name}",
        detail=f"{sha256}: {why}",
    )
    with writing(deployment.engine) as session:
        log_access(session, access)
    return answer_bytes(
        deployment.blobs,
        sha256,
        media_type=file.media_type or OCTETS,
        headers=_headers(file),
        range_field=range_field,
    )


def _headers(file: FlightFile) -> dict[str, str]:
    """Return headers by which a browser saves the file and never runs it as a page."""
    name = quote(file.name.rpartition("/")[2], safe="")
    return {
        "Cache-Control": "no-store",
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
