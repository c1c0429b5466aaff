"""Counts of the store as Prometheus' families; nothing is read here."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from inference.receipt import Outcome
from service.store.blobs import BlobKind
from service.store.files import FileState
from service.store.flights import FlightState
from service.store.jobs import JobKind, JobState
from service.store.statistics import UPKEEP, StoreStatistics


def store_metrics(statistics: StoreStatistics, *, now: datetime) -> list[Metric]:
    """Return the families; kinds and states that have nothing are there with 0.

    A series that comes and goes would make alerts on it fall silent.
    """
    return [
        *_queue_metrics(statistics, now=now),
        *_file_metrics(statistics),
        *_kept_metrics(statistics),
        *_upkeep_metrics(statistics),
    ]


def _queue_metrics(statistics: StoreStatistics, *, now: datetime) -> list[Metric]:
    jobs = GaugeMetricFamily("skypatrol_jobs", "Jobs by kind and state.", labels=["kind", "state"])
    oldest = GaugeMetricFamily(
        "skypatrol_queue_oldest_seconds",
        "How long the job that has waited longest could have been done; 0: none waits.",
        labels=["kind"],
    )
    for kind in JobKind:
        for state in JobState:
            jobs.add_metric([kind, state], statistics.jobs.get((kind, state), 0))
        since = statistics.oldest_due.get(kind, now)
        oldest.add_metric([kind], max(0.0, (now - since).total_seconds()))
    return [jobs, oldest]


def _file_metrics(statistics: StoreStatistics) -> list[Metric]:
    states = (FileState.ANNOUNCED, FileState.RECEIVED, *Outcome)
    reasons = GaugeMetricFamily(
        "skypatrol_files_refused",
        "Files held or rejected by reason; one with two reasons counts for both.",
        labels=["outcome", "reason"],
    )
    for (outcome, code), count in sorted(statistics.reasons.items()):
        reasons.add_metric([outcome, code], count)
    inspected = CounterMetricFamily(
        "skypatrol_photos_inspected", "Photos inspected so far.", labels=["outcome"]
    )
    for outcome in Outcome:
        inspected.add_metric([outcome], statistics.inspected.get(outcome, 0))
    uploaded = CounterMetricFamily("skypatrol_upload_bytes", "Bytes of files that have arrived.")
    uploaded.add_metric([], statistics.uploaded_bytes)
    return [
        _gauge("skypatrol_flights", "Flights by state.", "state", FlightState, statistics.flights),
        _gauge("skypatrol_files", "Files by state or answer.", "state", states, statistics.files),
        reasons,
        inspected,
        uploaded,
    ]


def _kept_metrics(statistics: StoreStatistics) -> list[Metric]:
    count = {kind.value: kept.count for kind, kept in statistics.kept.items()}
    size = {kind.value: kept.byte_count for kind, kept in statistics.kept.items()}
    return [
        _gauge("skypatrol_blobs", "Files kept, by what for.", "kind", BlobKind, count),
        _gauge("skypatrol_blob_bytes", "Bytes kept, by what for.", "kind", BlobKind, size),
    ]


def _upkeep_metrics(statistics: StoreStatistics) -> list[Metric]:
    workers = GaugeMetricFamily("skypatrol_workers_alive", "Workers seen within two minutes.")
    workers.add_metric([], statistics.workers)
    last = GaugeMetricFamily(
        "skypatrol_last_done_timestamp_seconds",
        "When a backup or a purge last ended well; 0: never.",
        labels=["what"],
    )
    for what in UPKEEP:
        at = statistics.last_done.get(what)
        last.add_metric([what], 0 if at is None else at.timestamp())
    return [workers, last]


def _gauge(
    name: str, text: str, label: str, values: Iterable[str], counts: Mapping[str, int]
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value in values:
        family.add_metric([value], counts.get(value, 0))
    return family
