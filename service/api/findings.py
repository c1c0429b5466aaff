"""What was found in a flight, as GeoJSON."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from service.access.roles import Permission
from service.api.flight_access import find_flight
from service.api.flight_models import FlightId
from service.api.flights import Reader
from service.api.parts import DeploymentPart
from service.api.problem_answers import as_geojson, problems
from service.inspecting.feature import issue_feature
from service.report.model import EvidenceRole
from service.store.engine import reading
from service.store.findings import StoredFinding, read_findings

GEOJSON = "application/geo+json"
# What clients get, by the role of the evidence it is.
PICTURES = {EvidenceRole.CROP.value: "crop", EvidenceRole.PHOTO.value: "context"}

router = APIRouter(prefix="/v1/flights/{flight_id}/findings", tags=["findings"])


@router.get(
    "",
    response_class=Response,
    responses=as_geojson(200, "What was found, the surest first.") | problems(404),
)
def show_findings(
    flight_id: FlightId,
    caller: Reader,
    deployment: DeploymentPart,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """Show what was found, the surest first; nothing before the flight is concluded."""
    with reading(deployment.engine) as session:
        flight = find_flight(session, caller, Permission.READ_FLIGHTS, flight_id)
        run = flight.run_id
        findings = [] if run is None else read_findings(session, flight_id, run)
    body = render_findings(findings)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=GEOJSON, headers=headers)


def render_findings(findings: Sequence[StoredFinding]) -> bytes:
    """Return findings as a feature collection in UTF-8, the same bytes for the same findings."""
    features = [_feature(finding) for finding in findings]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode()


def matches(if_none_match: str, tag: str) -> bool:
    """Tell whether a client has what carries this tag (RFC 9110, 13.1.2)."""
    tags = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return tag in tags or "*" in tags


def _feature(finding: StoredFinding) -> dict[str, Any]:  # Any: JSON
    feature = issue_feature(finding.record, finding.id)
    return feature | {"properties": {**finding.record, "pictures": _pictures(finding.record)}}


def _pictures(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Return where the pictures of a finding are; of several of a role, the best view's."""
    found: dict[str, str | None] = dict.fromkeys(PICTURES.values())
    for file in reversed(record.get("evidence") or ()):
        if (name := PICTURES.get(file["role"])) is not None:
            found[name] = f"/v1/pictures/{file['sha256']}"
    return found
