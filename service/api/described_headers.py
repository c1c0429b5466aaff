"""Headers that operations read before any route of theirs runs, for the API's description."""

from collections.abc import Mapping
from typing import Any

JsonObject = dict[str, Any]

PIECES = "/v1/uploads"


def _header(name: str, schema: JsonObject, *, example: str, about: str) -> JsonObject:
    return {
        "name": name, "in": "header", "required": True, "schema": schema, "example": example,
        "description": about,
    }  # fmt: skip


_DIGEST = _header(
    "Content-Digest",
    {"type": "string"},
    example="sha-256=:WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=:",
    about="Of the body (RFC 9530): `sha-256=:base64:`.",
)
_TUS = _header(
    "Tus-Resumable", {"type": "string", "enum": ["1.0.0"]}, example="1.0.0", about="Of tus."
)
_LENGTH = _header(
    "Upload-Length",
    {"type": "integer", "minimum": 0, "maximum": 2**62},
    example="6",
    about="Bytes of the whole file.",
)
_METADATA = _header(
    "Upload-Metadata",
    {"type": "string"},
    # `flight`, `name` and `sha256` of the other examples
    example="flight MDE5OGM3YTAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAx,name Y2xpcC5tcDQ=,sha256 "
    "NTg5MWI1YjUyMmQ1ZGYwODZkMGZmMGIxMTBmYmQ5ZDIxYmI0ZmM3MTYzYWYzNGQwODI4NmEyZTg0NmY2YmUwMw==",
    about="`flight`, `name` and `sha256` of the whole file, each in base64.",
)
_OFFSET = _header(
    "Upload-Offset",
    {"type": "integer", "minimum": 0, "maximum": 2**62},
    example="0",
    about="Bytes that the server has: what HEAD told.",
)

HEADERS: Mapping[tuple[str, str], tuple[JsonObject, ...]] = {
    ("put", "/v1/flights/{flight_id}/files/{name}"): (_DIGEST,),
    ("post", "/v1/patrol-photos"): (_DIGEST,),
    ("post", PIECES): (_TUS, _LENGTH, _METADATA),
    ("head", f"{PIECES}/{{uuid}}"): (_TUS,),
    ("patch", f"{PIECES}/{{uuid}}"): (_TUS, _OFFSET),
    ("delete", f"{PIECES}/{{uuid}}"): (_TUS,),
}
# Headers of successes of tus, by method.
TOLD: Mapping[str, tuple[str, ...]] = {
    "options": ("Tus-Version", "Tus-Extension", "Tus-Max-Size"),
    "post": ("Location", "Upload-Expires"),
    "head": ("Upload-Offset", "Upload-Length", "Upload-Expires"),
    "patch": ("Upload-Offset", "Upload-Expires"),
    "delete": ("Tus-Resumable",),
}
PIECE_BODY: JsonObject = {
    "required": True,
    "content": {
        "application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}
    },
}


def describe_headers(operation: JsonObject, *, method: str, path: str) -> None:
    """Put the headers of an operation, which FastAPI knows nothing of, into its description."""
    parameters = operation.get("parameters", [])
    if path.startswith(PIECES):
        # The library's own parameters are how it reads these headers; we read them before it.
        parameters = [one for one in parameters if one["in"] == "path"]
        if method == "patch":
            operation["requestBody"] = PIECE_BODY
        _describe_answers(operation["responses"], method)
    parameters = [_without_null(one) for one in parameters]
    if found := [*parameters, *HEADERS.get((method, path), ())]:
        operation["parameters"] = found
    else:
        operation.pop("parameters", None)


def _describe_answers(answers: JsonObject, method: str) -> None:
    """Say what successes tell in headers: none has a body."""
    for status in (status for status in answers if str(status) < "400"):
        answers[status].pop("content", None)
        answers[status]["headers"] = {
            name: {"schema": {"type": "string"}, "required": True} for name in TOLD[method]
        }


def _without_null(parameter: JsonObject) -> JsonObject:
    """Return a parameter without null among its values: none can be sent, but left out."""
    schema = dict(parameter["schema"])
    kinds = [one for one in schema.pop("anyOf", ()) if one != {"type": "null"}]
    if kinds:
        (kind,) = kinds
        schema |= kind
    return {**parameter, "schema": schema}
