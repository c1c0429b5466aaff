"""The server's routes for flights and their files, as docs/api.md has them."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from service.printable import printable_text
from service.receiving.content_digest import format_content_digest
from service.upload.connection import Answer, Connection
from service.upload.errors import RefusedError, UploadStoppedError
from service.upload.state import KnownFile, KnownFlight

ANNOUNCED_AT_ONCE = 1000
TUS_VERSION = "1.0.0"
UPLOADS = "/v1/uploads"


class AnnouncedState(StrEnum):
    """What the server says of an announced file."""

    MISSING = "missing"
    ARRIVED = "arrived"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The server's word on one announced file.

    Attributes:
        problem: Why it is refused; None where it is not.
        code: Of the problem.
    """

    state: AnnouncedState
    problem: str | None = None
    code: str = ""


class FlightApi:
    """What the client asks the server. Threads may share it; errors are those of `Connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def declare(self, flight: KnownFlight) -> None:
        """Tell the server of a flight; again is all right."""
        answer = self._connection.ask(
            "POST", "/v1/flights", data={"id": flight.id} | flight.declared
        )
        if _member(answer, "id") != flight.id:
            raise UploadStoppedError("no_skypatrol", detail="a flight without its id")

    def announce(self, flight_id: str, files: Sequence[KnownFile]) -> dict[str, Announced]:
        """Return by name whether the server has each file, wants it or does not take it."""
        lines = [
            {"name": file.name, "bytes": file.byte_count, "sha256": file.sha256} for file in files
        ]
        answer = self._connection.ask(
            "POST", f"/v1/flights/{flight_id}/files", data={"files": lines}
        )
        said = [_announced(line) for line in _lines(answer, "files")]
        if len(said) != len(files):
            raise UploadStoppedError("no_skypatrol", detail="not all files were answered")
        # By position: it may spell a name that it refuses otherwise.
        return {file.name: line for file, line in zip(files, said, strict=True)}

    def put_file(self, flight_id: str, file: KnownFile, body: Iterable[bytes]) -> None:
        """Send a whole file in a single request."""
        self._connection.ask(
            "PUT",
            f"/v1/flights/{flight_id}/files/{quote(file.name)}",
            body=body,
            headers={
                "Content-Length": str(file.byte_count),
                "Content-Type": "application/octet-stream",
                "Content-Digest": format_content_digest(file.sha256),
            },
        )

    def create_upload(self, flight_id: str, file: KnownFile) -> str:
        """Return the address where a file can be sent in pieces."""
        metadata = {
            "flight": flight_id,
            "name": file.name,
            "sha256": file.sha256,
        }
        answer = self._connection.ask(
            "POST",
            UPLOADS,
            headers={
                "Tus-Resumable": TUS_VERSION,
                "Upload-Length": str(file.byte_count),
                "Upload-Metadata": ",".join(
                    f"{key} {base64.b64encode(value.encode()).decode()}"
                    for key, value in metadata.items()
                ),
                "Content-Length": "0",
            },
        )
        location = answer.headers.get("Location")
        if not location:
            raise RefusedError("the server made no place for an upload", status=answer.status)
        return self._connection.follow(location, path=UPLOADS)

    def upload_offset(self, url: str) -> int:
        """Return how many bytes of an upload the server has."""
        answer = self._connection.ask("HEAD", url, headers={"Tus-Resumable": TUS_VERSION})
        return _offset(answer)

    def patch_upload(self, url: str, offset: int, byte_count: int, body: Iterable[bytes]) -> int:
        """Send a piece and return how many bytes the server has now."""
        answer = self._connection.ask(
            "PATCH",
            url,
            body=body,
            headers={
                "Tus-Resumable": TUS_VERSION,
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(byte_count),
            },
        )
        return _offset(answer)

    def complete(self, flight_id: str, *, anyway: bool) -> list[str]:
        """Tell that all is there; return the names that the server still waits for."""
        query = "?anyway=true" if anyway else ""
        answer = self._connection.ask("POST", f"/v1/flights/{flight_id}/complete{query}")
        return [str(name) for name in _items(answer, "missing")]

    def receipt(self, flight_id: str) -> Iterator[Mapping[str, object]]:
        """Yield the lines of the receipt, page by page."""
        cursor: object = ""
        while cursor is not None:
            query = {"limit": str(ANNOUNCED_AT_ONCE)} | ({"cursor": str(cursor)} if cursor else {})
            path = f"/v1/flights/{flight_id}/receipt?{urlencode(query)}"
            answer = self._connection.ask("GET", path)
            yield from _lines(answer, "files")
            cursor = _member(answer, "next")

    def flight(self, flight_id: str) -> Mapping[str, object]:
        """Return what the server says of the flight."""
        answer = self._connection.ask("GET", f"/v1/flights/{flight_id}")
        return answer.data if isinstance(answer.data, dict) else {}

    def findings(self, flight_id: str) -> list[Mapping[str, object]]:
        """Return the features of the flight's findings."""
        answer = self._connection.ask("GET", f"/v1/flights/{flight_id}/findings")
        return list(_lines(answer, "features"))


def _announced(line: Mapping[str, object]) -> Announced:
    state = line.get("state")
    if state in (AnnouncedState.MISSING, AnnouncedState.ARRIVED):
        return Announced(state=AnnouncedState(str(state)))
    problem = line.get("problem")
    words, code = str(state), ""
    if isinstance(problem, dict):
        code = str(problem.get("code", ""))
        words = str(problem.get("detail") or code)
    return Announced(state=AnnouncedState.REFUSED, problem=printable_text(words), code=code)


def _offset(answer: Answer) -> int:
    text = answer.headers.get("Upload-Offset", "")
    if not text.isdecimal():
        raise RefusedError("the server does not say how much it has", status=answer.status)
    return int(text)


def _member(answer: Answer, name: str) -> object:
    return answer.data.get(name) if isinstance(answer.data, dict) else None


def _items(answer: Answer, name: str) -> list[object]:
    found = _member(answer, name)
    if not isinstance(found, list):
        raise UploadStoppedError("no_skypatrol", detail=f"no {name} in its answer")
    return found


def _lines(answer: Answer, name: str) -> list[Mapping[str, object]]:
    return [line for line in _items(answer, name) if isinstance(line, dict)]
