"""What whoever runs the service looks at: health, jobs, access log, figures."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.access.roles import Role
from service.api.app import create_app
from service.deployment import Deployment
from service.server_settings import Limits
from service.store.access_log import Access, log_access
from service.store.engine import writing
from service.store.jobs import JobKind, NewJob, claim, enqueue, fail
from service.store.workers import WorkerNote, note_worker
from tests.service.api.conftest import NewKey, TestClock


@pytest.fixture
def database_url(url: str) -> str:
    return url


def add_failed_jobs(deployment: Deployment, clock: TestClock, count: int) -> None:
    with writing(deployment.engine) as session:
        for number in range(count):
            job = NewJob(kind=JobKind.INSPECT, key=f"photo {number}", max_attempts=1)
            enqueue(session, job, now=clock.now)
        lease = timedelta(minutes=2)
        for job in claim(
            session, worker="w", kinds=[JobKind.INSPECT], lease=lease, now=clock.now, limit=count
        ):
            fail(session, job, code="inspection_failed", detail="no memory", now=clock.now)


def test_the_queue_is_told_with_reasons_and_failed_jobs_are_retried(
    client: TestClient, new_key: NewKey, deployment: Deployment, clock: TestClock
) -> None:
    add_failed_jobs(deployment, clock, 3)
    admin = new_key(Role.ADMIN)

    first = client.get("/v1/jobs?limit=2", headers=admin)
    second = client.get(first.links["next"]["url"], headers=admin).json()

    assert first.json()["counts"] == [{"kind": "inspect", "state": "failed", "count": 3}]
    assert [job["about"] for job in first.json()["jobs"]] == ["photo 2", "photo 1"]
    assert [job["about"] for job in second["jobs"]] == ["photo 0"]
    assert second["next"] is None
    assert (second["jobs"][0]["code"], second["jobs"][0]["detail"]) == (
        "inspection_failed",
        "no memory",
    )

    place = f"/v1/jobs/{second['jobs'][0]['id']}/retry"
    assert client.post(place, headers=admin).json()["state"] == "waiting"
    assert client.post(place, headers=admin).status_code == 409
    assert client.post("/v1/jobs/4711/retry", headers=admin).status_code == 404
    assert len(client.get("/v1/jobs", headers=admin).json()["jobs"]) == 2
    waiting = client.get("/v1/jobs?state=waiting", headers=admin).json()
    assert [job["about"] for job in waiting["jobs"]] == ["photo 0"]
    assert waiting["oldest_due_at"] == "2026-12-01T08:00:00Z"


def test_the_queue_is_the_whole_citys(client: TestClient, new_key: NewKey) -> None:
    for headers in (new_key(Role.ADMIN, units=["west"]), new_key(Role.OPERATOR)):
        assert client.get("/v1/jobs", headers=headers).status_code == 403
        assert client.post("/v1/jobs/1/retry", headers=headers).status_code == 403
        assert client.get("/metrics", headers=headers).status_code == 403


def test_the_access_log_is_read_page_by_page(
    client: TestClient, new_key: NewKey, deployment: Deployment, clock: TestClock
) -> None:
    with writing(deployment.engine) as session:
        for number in range(3):
            line = Access(
                at=clock.now, who="key:1", action="view_original", object=f"photo/{number}"
            )
            log_access(session, line)
    auditor = new_key(Role.AUDITOR)

    first = client.get("/v1/access-log?limit=2", headers=auditor)
    second = client.get(first.links["next"]["url"], headers=auditor).json()
    about = client.get("/v1/access-log", params={"object": "photo/1"}, headers=auditor).json()

    assert [line["object"] for line in first.json()["lines"]] == ["photo/0", "photo/1"]
    assert [line["object"] for line in second["lines"]] == ["photo/2"]
    assert second["next"] is None
    assert [line["number"] for line in about["lines"]] == [2]
    assert about["lines"][0]["at"] == "2026-12-01T08:00:00Z"
    limited = new_key(Role.AUDITOR, units=["west"])
    assert client.get("/v1/access-log", headers=limited).status_code == 403
    assert client.get("/v1/access-log?cursor=nonsense", headers=auditor).status_code == 422
    assert client.get("/v1/access-log?object=%00", headers=auditor).status_code == 422


def test_it_is_ready_also_while_nobody_inspects(
    client: TestClient, deployment: Deployment, clock: TestClock
) -> None:
    assert client.get("/readyz").json() == {
        "ready": True, "store": "ok", "blobs": "ok", "disk": "ok", "workers": "none",
    }  # fmt: skip
    worker = WorkerNote(
        id="w", host="h", pid=1, run_id="r", started_at=clock.now, seen_at=clock.now
    )
    with writing(deployment.engine) as session:
        note_worker(session, worker)

    clock.advance(seconds=3)
    assert client.get("/readyz").json()["workers"] == "ok"
    clock.advance(minutes=3)
    assert client.get("/readyz").json()["workers"] == "none"


def test_without_room_or_a_place_for_bytes_it_is_not_ready(
    deployment: Deployment, tmp_path: Path
) -> None:
    limits = replace(Limits(), reserve_bytes=2**60)
    full = replace(deployment, settings=replace(deployment.settings, limits=limits))
    with TestClient(create_app(full)) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["disk"]) == (503, "failed")

    blobs = tmp_path / "data" / "blobs"
    blobs.rename(tmp_path / "away")
    blobs.write_text("a file in the place of a folder")
    with TestClient(create_app(deployment)) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["blobs"]) == (503, "failed")
        assert str(tmp_path) not in answer.text


def test_a_store_that_is_gone_is_told_by_readiness_and_by_routes(
    client: TestClient, new_key: NewKey, deployment: Deployment
) -> None:
    key = new_key(Role.ADMIN)
    address = deployment.engine.url
    if address.get_backend_name() == "sqlite":
        assert address.database is not None
        deployment.engine.dispose()
        Path(address.database).write_bytes(b"no database any more" * 500)
    else:
        pytest.skip("a PostgreSQL server is not ended for one test")

    assert client.get("/readyz").json()["store"] == "failed"
    assert client.get("/healthz").status_code == 200
    answer = client.get("/v1/keys", headers=key)
    assert answer.status_code in (500, 503)
    assert "Traceback" not in answer.text
    assert "sqlite" not in answer.text.lower()


def test_prometheus_gets_figures_by_route(client: TestClient, new_key: NewKey) -> None:
    admin = new_key(Role.ADMIN)
    client.get("/v1/keys/0011223344556677", headers=admin)

    answer = client.get("/metrics", headers=admin)

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "skypatrol_store_up 1.0" in answer.text
    labels = 'method="GET",route="/v1/keys/{key_id}",status="404"'
    assert f"skypatrol_http_request_seconds_count{{{labels}}} 1.0" in answer.text
    assert "0011223344556677" not in answer.text
