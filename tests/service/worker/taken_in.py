"""Folders taken in as the API takes them in, and the work that is left done to its end."""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from service.deployment import Deployment
from service.file_hash import hash_file
from service.receiving.keep_file import keep_file
from service.receiving.kinds import find_kind
from service.receiving.part_file import ArrivedFile
from service.store.conclusions import want_conclusion
from service.store.engine import reading, writing
from service.store.events import FlightEvent, read_events
from service.store.files import FlightFile, read_receipt
from service.store.findings import read_findings
from service.store.flights import Flight, FlightState, create_flight, read_flight, set_flight_state
from service.store.jobs import JobState, count_jobs
from service.worker.run import work
from service.worker.workshop import Workshop

LEFT = (JobState.WAITING, JobState.CLAIMED)


def now() -> datetime:
    return datetime.now(UTC)


def declare(deployment: Deployment, flight_id: str, **details: Any) -> str:
    with writing(deployment.engine) as session:
        create_flight(
            session, Flight(id=flight_id, name=flight_id, created_at=now(), details=details)
        )
    return flight_id


def send(deployment: Deployment, flight_id: str, path: Path, name: str) -> FlightFile:
    """Let a file arrive."""
    deployment.incoming.mkdir(parents=True, exist_ok=True)
    part = deployment.incoming / f"{abs(hash((flight_id, name)))}.part"
    shutil.copy(path, part)
    sha256, byte_count = hash_file(part)
    head = part.read_bytes()[:4096]
    arrived = ArrivedFile(path=part, sha256=sha256, byte_count=byte_count, head=head, digests={})
    media_type = find_kind(head).media_type
    return keep_file(deployment, flight_id, arrived, name=name, media_type=media_type, now=now())


def send_folder(
    deployment: Deployment, flight_id: str, folder: Path, *, order: Iterable[Path] | None = None
) -> None:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in paths if order is None else order:
        send(deployment, flight_id, path, path.relative_to(folder).as_posix())


def complete(deployment: Deployment, flight_id: str) -> None:
    with writing(deployment.engine) as session:
        if read_flight(session, flight_id).state is FlightState.OPEN:
            set_flight_state(session, flight_id, FlightState.UPLOADED, now=now())
        want_conclusion(session, flight_id, now=now())


def jobs_left(deployment: Deployment) -> int:
    with reading(deployment.engine) as session:
        counts = count_jobs(session, now=now()).by_state
    return sum(count for (_, state), count in counts.items() if state in LEFT)


def work_off(shop: Workshop, *, further: int = 0) -> None:
    """Work until nothing, or only so much, is left."""
    work(shop, Event(), is_done=lambda: jobs_left(shop.deployment) <= further)


def features(deployment: Deployment, flight_id: str) -> list[dict[str, Any]]:
    """Return the findings' records, without their pictures, by id."""
    with reading(deployment.engine) as session:
        flight = read_flight(session, flight_id)
        assert flight.run_id is not None
        findings = read_findings(session, flight_id, flight.run_id)
    return [
        {**{key: value for key, value in one.record.items() if key != "evidence"}, "id": one.id}
        for one in sorted(findings, key=lambda one: one.id)
    ]


def receipt(deployment: Deployment, flight_id: str) -> dict[str, FlightFile]:
    with reading(deployment.engine) as session:
        return {file.name: file for file in read_receipt(session, flight_id)}


def events(deployment: Deployment, flight_id: str, kind: str) -> list[FlightEvent]:
    with reading(deployment.engine) as session:
        found = read_events(session, flight_id, limit=100_000)
    assert [event.seq for event in found] == list(range(1, len(found) + 1))
    return [event for event in found if event.kind == kind]
