"""How tests send files."""

import hashlib
from base64 import b64encode

from fastapi.testclient import TestClient
from httpx import Response

FLIGHT = "0198c7a0-0000-7000-8000-000000000001"


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(data: bytes) -> dict[str, str]:
    digest = b64encode(hashlib.sha256(data).digest()).decode()
    return {"Content-Digest": f"sha-256=:{digest}:"}


def declare(
    client: TestClient, key: dict[str, str], flight_id: str = FLIGHT, **more: object
) -> str:
    answer = client.post("/v1/flights", json={"id": flight_id, "name": "x"} | more, headers=key)
    assert answer.status_code in (200, 201), answer.text
    return flight_id


def announce(
    client: TestClient, key: dict[str, str], *files: tuple[str, bytes], flight_id: str = FLIGHT
) -> list[dict[str, object]]:
    lines = [{"name": name, "bytes": len(data), "sha256": sha256_of(data)} for name, data in files]
    answer = client.post(f"/v1/flights/{flight_id}/files", json={"files": lines}, headers=key)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["files"]
    return found


def send(
    client: TestClient,
    key: dict[str, str],
    name: str,
    data: bytes,
    *,
    flight_id: str = FLIGHT,
    headers: dict[str, str] | None = None,
) -> Response:
    """Send a file; `headers` go before those that belong to it."""
    return client.put(
        f"/v1/flights/{flight_id}/files/{name}",
        content=data,
        headers=key | digest_of(data) | (headers or {}),
    )
