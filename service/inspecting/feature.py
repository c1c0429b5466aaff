"""An issue's record as a feature of GeoJSON (RFC 7946); longitude comes first."""

from collections.abc import Mapping
from typing import Any


def issue_feature(record: Mapping[str, Any], issue_id: str) -> dict[str, Any]:
    """Return the feature of an issue or finding; its geometry is null without a place.

    Args:
        record: As `service.inspecting.issue_record.issue_record` gives it.
        issue_id: Of the issue or finding.
    """
    position = record["position"]
    point = position and {
        "type": "Point",
        "coordinates": [position["longitude"], position["latitude"]],
    }
    return {"type": "Feature", "id": issue_id, "geometry": point, "properties": record}
