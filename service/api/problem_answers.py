"""Problems in the description of a route (OpenAPI)."""

from http import HTTPStatus
from typing import Any, TypeAlias

from pydantic import BaseModel

from service.api.problems import PROBLEM_MEDIA_TYPE, ProblemBody

TUS_CHECKSUM_MISMATCH = 460  # of the tus protocol; no status of HTTP's own


Answers: TypeAlias = dict[int | str, dict[str, Any]]  # Any: as FastAPI takes it


def also(status: int, model: type[BaseModel], description: str) -> Answers:
    """Return the `responses` of a route that has another success beside its usual one."""
    return {status: {"model": model, "description": description}}


def as_media(status: int, *media_types: str) -> Answers:
    """Return the `responses` of a route whose success is, or may be, no JSON."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {status: {"content": dict.fromkeys(media_types, binary)}}


def as_geojson(status: int, about: str) -> Answers:
    """Return the `responses` of a route whose success is a collection of features (RFC 7946)."""
    schema = {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": {"type": "object"}, "description": about},
        },
    }
    return {status: {"content": {"application/geo+json": {"schema": schema}}}}


def problems(*statuses: int) -> Answers:
    """Return the `responses` of a route for answers that are no success."""
    schema = ProblemBody.model_json_schema()
    return {
        status: {
            "description": _phrase(status),
            "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def _phrase(status: int) -> str:
    return "Checksum mismatch" if status == TUS_CHECKSUM_MISMATCH else HTTPStatus(status).phrase
