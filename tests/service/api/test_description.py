import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from inference.receipt import Outcome, Reason, ReasonCode
from service.access.oidc import OidcSettings
from service.access.roles import Role
from service.api.authentication import OPEN_PATHS
from service.api.code_samples import write_sample
from service.api.description import describe_api
from service.deployment import Deployment
from service.server_settings import ServerSettings
from service.store.blobs import BlobKind, confirm_blob, reserve_blob, use_blob
from service.store.engine import writing
from service.store.files import AnnouncedFile, receive_file, settle_file
from service.store.jobs import JobKind, NewJob, claim, enqueue, fail
from service.store.keys import ApiKey, add_key
from tests.service.api.conftest import NewKey, TestClock

FLIGHT = "0198c7a0-0000-7000-8000-000000000001"
HELLO = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"


@dataclass
class Command:
    """A command line of the description, taken apart as a shell does."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def parse_command(line: str, *, key: str) -> Command:
    words = shlex.split(line.replace("$SERVER", "").replace("$KEY", key))
    body = b""
    if words[0] == "printf":
        assert words[2] == "|"
        body, words = words[1].encode().replace(b"\\n", b"\n"), words[3:]
    assert words[:2] == ["curl", "-s"]
    command = Command(method="GET", url=words[-1], headers={}, body=body)
    options: Iterator[str] = iter(words[2:-1])
    for option in options:
        if option == "--head":
            command.method = "HEAD"
            continue
        value = next(options)
        if option == "-X":
            command.method = value
        elif option == "-H":
            name, _, text = value.partition(": ")
            command.headers[name] = text
        elif option == "-d":
            command.body = value.encode()
        else:
            assert (option, value) == ("--data-binary", "@-")
    return command


def make_world(deployment: Deployment, clock: TestClock) -> None:
    """Keep what the examples talk about, beside the flight that one of them declares."""
    now = clock.now
    with writing(deployment.engine) as session:
        deployment.blobs.put_bytes(b"hello\n")
        for kind in (BlobKind.ORIGINAL, BlobKind.CROP):
            reserve_blob(session, HELLO, kind, byte_count=6, now=now)
            confirm_blob(session, HELLO, kind, now=now)
        use_blob(session, HELLO, BlobKind.CROP, used_by=f"flight:{FLIGHT}")
        for name in ("DCIM/hello.jpg", "DCIM/DJI_0001.JPG"):
            file = AnnouncedFile(name=name, byte_count=6, sha256=HELLO)
            receive_file(session, FLIGHT, file, media_type="image/jpeg", now=now)
        reasons = [Reason(code=ReasonCode.NOT_VISUAL_BAND)]
        settle_file(session, FLIGHT, "DCIM/DJI_0001.JPG", Outcome.HELD, reasons, now=now)
        key = ApiKey(
            id="3f9a1c5d7e2b4a60", name="laptop", secret_sha256="0" * 64, roles=("operator",),
            units=None, created_at=now,
        )  # fmt: skip
        add_key(session, key)
        add_failed_jobs(session, now, count=10)


def add_failed_jobs(session: Session, now: datetime, *, count: int) -> None:
    """Add failed jobs: the example retries number 7."""
    for number in range(count):
        enqueue(session, NewJob(kind=JobKind.INSPECT, key=f"{number}", max_attempts=1), now=now)
    lease = timedelta(minutes=1)
    for job in claim(
        session, worker="w", kinds=[JobKind.INSPECT], lease=lease, now=now, limit=count
    ):
        fail(session, job, code="inspection_failed", now=now)


def test_every_operation_has_a_command_that_works_when_pasted(
    app: FastAPI,
    client: TestClient,
    new_key: NewKey,
    deployment: Deployment,
    clock: TestClock,
) -> None:
    app.state.parts.stopping.set()  # so that streams of events end
    key = new_key(*Role)["Authorization"].partition(" ")[2]
    samples = [
        operation["x-codeSamples"][0]["source"]
        for operations in app.openapi()["paths"].values()
        for operation in operations.values()
    ]
    assert len(samples) > 30
    upload = "/v1/uploads/0198c7a000007000800000000000000a"
    flight = next(sample for sample in samples if "Friday" in sample)
    # First what makes something, last what ends it.
    for sample in sorted(samples, key=lambda one: (one != flight, "DELETE" in one, upload in one)):
        command = parse_command(sample, key=key)
        answer = client.request(
            command.method, command.url, headers=command.headers, content=command.body
        )
        if sample == flight:
            make_world(deployment, clock)
        if command.method == "POST" and "Upload-Length" in command.headers:
            created = answer.headers["Location"]
        elif upload in command.url:
            assert answer.status_code == 404, sample  # the example's number is nobody's
            url = command.url.replace(upload, created)
            answer = client.request(
                command.method, url, headers=command.headers, content=command.body
            )
        assert answer.status_code < 400, f"{sample}\n{answer.text}"


def test_an_example_that_is_missing_is_told() -> None:
    parameter = {"name": "colour", "in": "query", "required": True, "schema": {"type": "string"}}
    with pytest.raises(LookupError, match="colour"):
        write_sample("get", "/v1/x", {"parameters": [parameter]}, schemas={}, is_open=True)
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    operation = {"operationId": "make_x", "requestBody": body}
    with pytest.raises(LookupError, match="make_x"):
        write_sample("post", "/v1/x", operation, schemas={}, is_open=True)


def test_quotes_in_examples_are_for_the_shell() -> None:
    body = {"content": {"application/json": {"schema": {}, "example": {"name": "it's"}}}}
    operation: dict[str, Any] = {"operationId": "make_x", "requestBody": body}
    sample = write_sample("post", "/v1/x", operation, schemas={}, is_open=True)

    assert parse_command(sample, key="").body == b'{"name": "it\'s"}'


def test_all_problems_are_described(app: FastAPI) -> None:
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            answers = operation["responses"]
            assert {"500", "503"} <= set(answers), place
            for status, answer in answers.items():
                if status >= "400" and path != "/readyz":
                    assert list(answer["content"]) == ["application/problem+json"], place
            if operation["security"]:
                assert {"401", "429"} <= set(answers), place
            else:
                assert path in OPEN_PATHS


def test_tokens_are_described_where_there_is_an_issuer(
    app: FastAPI, server_settings: ServerSettings
) -> None:
    oidc = OidcSettings(issuer="https://login.city.example/realm", audience="skypatrol")
    document = describe_api(app, replace(server_settings, oidc=oidc))

    schemes = document["components"]["securitySchemes"]
    assert schemes["token"] == {
        "type": "openIdConnect",
        "openIdConnectUrl": "https://login.city.example/realm/.well-known/openid-configuration",
    }
    assert document["paths"]["/v1/keys"]["get"]["security"] == [{"key": []}, {"token": []}]
    assert "token" not in app.openapi()["components"]["securitySchemes"]


def test_browsers_open_the_page_with_the_key_as_password(
    client: TestClient, new_key: NewKey
) -> None:
    key = new_key(Role.TRACKER)["Authorization"].partition(" ")[2]

    closed = client.get("/v1/docs")
    page = client.get("/v1/docs", auth=("me", key))

    assert closed.status_code == 401
    assert "Basic" in closed.headers["WWW-Authenticate"]
    assert page.status_code == 200
    assert "/v1/flights/{flight_id}" in page.text
    assert "<script" not in page.text
    assert "http" not in page.text.replace("http-equiv", "").partition("<body>")[0]
    assert client.get("/v1/openapi.json", auth=("me", key)).status_code == 401
    assert client.get("/v1/docs", auth=("me", "wrong")).status_code == 401
