"""Pictures of findings: crops and photos with the box drawn, faces and plates hidden."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from sqlalchemy.orm import Session

from service.access.roles import Caller, Permission
from service.api.byte_ranges import RangeHeader, answer_bytes
from service.api.findings import matches
from service.api.flight_access import find_flight
from service.api.flights import Reader
from service.api.parts import DeploymentPart
from service.api.problem_answers import as_media, problems
from service.errors import UnknownRecordError
from service.store.blobs import BlobKind, list_blob_users
from service.store.engine import reading

# Never originals, though they lie beside these under their hash.
SHOWN_KINDS = (BlobKind.CROP, BlobKind.EVIDENCE)
FLIGHT_USER = "flight:"  # of a blob: who uses it
MEDIA_TYPE = "image/jpeg"  # of all pictures that we draw
_FOR_EVER = "private, max-age=31536000, immutable"

PictureHash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]

router = APIRouter(prefix="/v1/pictures", tags=["findings"])


@router.get(
    "/{sha256}",
    response_class=Response,
    responses=as_media(200, MEDIA_TYPE) | as_media(206, MEDIA_TYPE) | problems(404, 416),
)
def show_picture(
    sha256: PictureHash,
    caller: Reader,
    deployment: DeploymentPart,
    if_none_match: Annotated[str, Header()] = "",
    range_field: RangeHeader = None,
) -> Response:
    """Show a picture of a flight that the caller may see."""
    with reading(deployment.engine) as session:
        _require_seen(session, caller, sha256)
    tag = f'"{sha256}"'
    headers = {"ETag": tag, "Cache-Control": _FOR_EVER}
    if matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return answer_bytes(
        deployment.blobs,
        sha256,
        media_type=MEDIA_TYPE,
        headers=headers,
        range_field=range_field,
    )


def _require_seen(session: Session, caller: Caller, sha256: str) -> None:
    """Do nothing where the caller may see a flight with this picture.

    Raises:
        UnknownRecordError: There is no such picture, or none for this caller.
    """
    for user in list_blob_users(session, sha256, SHOWN_KINDS):
        if not user.startswith(FLIGHT_USER):
            continue
        try:
            find_flight(session, caller, Permission.READ_FLIGHTS, user.removeprefix(FLIGHT_USER))
        except UnknownRecordError:
            continue
        return
    raise UnknownRecordError(f"there is no picture {sha256}")
