"""Metrics as Prometheus' own parser reads them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from service.observing.metrics import Metrics
from service.store.blobs import BlobKind
from service.store.jobs import JobKind, JobState
from service.store.statistics import KeptBytes, StoreStatistics

NOW = datetime(2026, 12, 1, tzinfo=UTC)
STATISTICS = StoreStatistics(
    jobs={(JobKind.INSPECT, JobState.WAITING): 3, (JobKind.RECEIVE, JobState.FAILED): 1},
    oldest_due={JobKind.INSPECT: NOW - timedelta(minutes=2)},
    flights={"open": 2},
    files={"accepted": 7, "rejected": 1},
    reasons={("rejected", "truncated"): 1},
    uploaded_bytes=5 << 32,
    inspected={"accepted": 6},
    kept={BlobKind.ORIGINAL: KeptBytes(count=7, byte_count=123)},
    workers=2,
    last_done={"backup": NOW},
)


def read(metrics: Metrics, now: datetime = NOW) -> Mapping[tuple[str, ...], float]:
    """Return all samples by name and the values of their labels."""
    text = metrics.render(now=now).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def make_metrics(folders: Mapping[str, Path] | None = None) -> Metrics:
    return Metrics(lambda now: STATISTICS, folders=folders or {})


def test_the_queue_is_told_by_kind_with_its_age() -> None:
    found = read(make_metrics())
    assert found["skypatrol_jobs", "inspect", "waiting"] == 3
    assert found["skypatrol_jobs", "receive", "failed"] == 1
    assert found["skypatrol_jobs", "conclude", "waiting"] == 0
    assert found["skypatrol_queue_oldest_seconds", "inspect"] == 120
    assert found["skypatrol_queue_oldest_seconds", "receive"] == 0


def test_files_refusals_and_bytes_are_told() -> None:
    found = read(make_metrics())
    assert found["skypatrol_files", "accepted"] == 7
    assert found["skypatrol_files", "announced"] == 0
    assert found["skypatrol_files_refused", "rejected", "truncated"] == 1
    assert found["skypatrol_upload_bytes_total",] == 5 << 32
    assert found["skypatrol_photos_inspected_total", "accepted"] == 6
    assert found["skypatrol_blob_bytes", "original"] == 123
    assert found["skypatrol_blob_bytes", "evidence"] == 0
    assert found["skypatrol_store_up",] == 1
    assert found["skypatrol_workers_alive",] == 2
    assert found["skypatrol_last_done_timestamp_seconds", "backup"] == NOW.timestamp()
    assert found["skypatrol_last_done_timestamp_seconds", "purge"] == 0


def test_requests_are_counted_by_route_and_strange_methods_together() -> None:
    metrics = make_metrics()
    for number in range(50):
        metrics.observe_request(method=f"M{number}", route=None, status=404, seconds=0.001)
    metrics.observe_request(method="GET", route="/v1/flights/{id}", status=200, seconds=0.3)
    found = read(metrics)
    assert found["skypatrol_http_request_seconds_count", "other", "none", "404"] == 50
    bucket, route = "skypatrol_http_request_seconds_bucket", "/v1/flights/{id}"
    assert found[bucket, "0.25", "GET", route, "200"] == 0
    assert found[bucket, "0.5", "GET", route, "200"] == 1


def test_room_on_disks_is_told_of_folders_that_are_there(tmp_path: Path) -> None:
    found = read(make_metrics({"data": tmp_path, "absent": tmp_path / "absent"}))
    assert (
        0 < found["skypatrol_disk_free_bytes", "data"] < found["skypatrol_disk_size_bytes", "data"]
    )
    assert ("skypatrol_disk_free_bytes", "absent") not in found


def test_a_store_that_does_not_answer_is_told_beside_the_rest() -> None:
    def fail(now: datetime) -> StoreStatistics:
        raise OperationalError("SELECT", {}, Exception("gone"))

    metrics = Metrics(fail, folders={})
    metrics.observe_request(method="GET", route="/healthz", status=200, seconds=0.001)
    found = read(metrics)
    assert found["skypatrol_store_up",] == 0
    assert not [key for key in found if key[0] == "skypatrol_jobs"]
    assert found["skypatrol_http_request_seconds_count", "GET", "/healthz", "200"] == 1


def test_the_store_is_not_read_at_each_scrape_but_soon_again() -> None:
    reads = []

    def count(now: datetime) -> StoreStatistics:
        reads.append(now)
        return STATISTICS

    metrics = Metrics(count, folders={}, cache_s=5)
    for seconds in (0, 4, 6, 7):
        metrics.render(now=NOW + timedelta(seconds=seconds))
    assert reads == [NOW, NOW + timedelta(seconds=6)]


def test_a_clock_that_is_set_back_does_not_freeze_the_counts() -> None:
    reads = []

    def count(now: datetime) -> StoreStatistics:
        reads.append(now)
        return STATISTICS

    metrics = Metrics(count, folders={})
    metrics.render(now=NOW)
    metrics.render(now=NOW - timedelta(hours=1))
    assert len(reads) == 2


@pytest.mark.parametrize("kind", ["HELP", "TYPE"])
def test_each_family_is_described_once(kind: str, tmp_path: Path) -> None:
    lines = make_metrics({"data": tmp_path}).render(now=NOW).decode().splitlines()
    names = [line.split()[2] for line in lines if line.startswith(f"# {kind}")]
    assert len(names) == len(set(names))
