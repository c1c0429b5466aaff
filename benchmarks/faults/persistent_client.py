"""A client that asks until it is answered, and notes answers that show what they should not."""

import base64
import hashlib
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.running_server import RunningServer

PATIENCE_S = 900.0


class NoAnswerError(Exception):
    """The server was away for longer than anybody waits."""


@dataclass
class PersistentClient:
    """Sends files until each is there, whatever happens to the server.

    Attributes:
        sent: What has arrived: SHA-256 by flight and name.
        leaks: Answers that show a traceback, or 5xx that are no problem document.
        tries: Requests, those in vain counted.
        full: Set by the first 507.
        given_up: Why nobody needs to wait for the server any more.
    """

    server: RunningServer
    sent: dict[tuple[str, str], str] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    tries: int = 0
    full: threading.Event = field(default_factory=threading.Event)
    given_up: str | None = None

    def give_up(self, why: str) -> None:
        """Let no request wait for the server any more."""
        self.given_up = why

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **content: Any,  # as httpx takes it
    ) -> httpx.Response:
        """Return the answer; ask again as long as the server is away or says that it is.

        Raises:
            NoAnswerError: It stayed away.
        """
        ends_at_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at_s:
            if self.given_up is not None:
                raise NoAnswerError(self.given_up)
            self.tries += 1
            known = {"Authorization": f"Bearer {self.server.key}"} | dict(headers or {})
            url = self.server.url + path
            try:
                answer = httpx.request(method, url, headers=known, timeout=30, **content)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            self._look_for_leaks(answer)
            if answer.status_code == 507:
                self.full.set()
            if answer.status_code < 500 and answer.status_code != 429:
                return answer
            time.sleep(0.3)
        raise NoAnswerError(f"{method} {path}: no answer for {PATIENCE_S:.0f} s")

    def send_flight(self, files: Mapping[str, bytes]) -> str:
        """Declare a flight, send its files, say that all are there; return its id.

        Raises:
            NoAnswerError: A file was refused, or nobody answered.
        """
        flight = str(_uuid7())
        self.ask("POST", "/v1/flights", json={"id": flight, "name": flight, "kind": "drone"})
        for name, data in files.items():
            self.put_file(flight, name, data)
        self.ask("POST", f"/v1/flights/{flight}/complete")
        return flight

    def put_file(self, flight: str, name: str, data: bytes) -> None:
        """Send one file of a flight.

        Raises:
            NoAnswerError: It was refused, or nobody answered.
        """
        digest = hashlib.sha256(data).digest()
        headers = {"Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:"}
        path = f"/v1/flights/{flight}/files/{name}"
        answer = self.ask("PUT", path, content=data, headers=headers)
        if answer.status_code not in (200, 201):
            raise NoAnswerError(f"{name}: {answer.status_code} {answer.text}")
        self.sent[flight, name] = digest.hex()

    def wait_for(self, flight: str, *, drawn: bool = True) -> bool:
        """Return whether a flight is concluded in time, and nothing of it is left to do.

        Pictures may still be left to draw where `drawn` is False.
        """
        ends_at_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at_s:
            state = self.ask("GET", f"/v1/flights/{flight}").json()
            if state["state"] == "concluded" and not (drawn and state["jobs_left"]):
                return True
            time.sleep(0.1)
        return False

    def read_receipt(self, flight: str) -> Iterator[dict[str, Any]]:
        """Yield all lines of a flight's receipt."""
        cursor = ""
        while True:
            page = self.ask("GET", f"/v1/flights/{flight}/receipt?limit=500{cursor}").json()
            yield from page["files"]
            if page["next"] is None:
                return
            cursor = f"&cursor={page['next']}"

    def read_findings(self, flight: str) -> list[dict[str, Any]]:
        """Return what was found, as GeoJSON features."""
        features: list[dict[str, Any]]
        features = self.ask("GET", f"/v1/flights/{flight}/findings").json()["features"]
        return features

    def _look_for_leaks(self, answer: httpx.Response) -> None:
        kind = answer.headers.get("content-type", "")
        shown = answer.text if "json" in kind or "text" in kind else ""
        if "Traceback" in shown or (answer.status_code >= 500 and "problem+json" not in kind):
            self.leaks.append(f"{answer.status_code} {answer.text[:200]}")


def _uuid7() -> uuid.UUID:
    stamp = int(time.time() * 1000) << 80
    rest = uuid.uuid4().int & ((1 << 76) - 1) & ~(3 << 62) | (2 << 62)
    return uuid.UUID(int=stamp | (7 << 76) | rest)
