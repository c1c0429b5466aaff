"""What Prometheus fetches from `/metrics`.

What the store knows is read from it at each scrape: it is the same whichever process is asked, and
no restart loses it. What only this process knows (its requests, its memory) is counted here and
begins anew with it, as Prometheus expects of counters.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from service.observing.store_metrics import store_metrics
from service.store.statistics import StoreStatistics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From a health check to an original on its way over a thin line.
LATENCY_BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600)
UNKNOWN_ROUTE = "none"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_logger = logging.getLogger(__name__)


class Metrics:
    """Counts of one API process, and those of the store at the time of a scrape."""

    def __init__(
        self,
        read_statistics: Callable[[datetime], StoreStatistics],
        *,
        folders: Mapping[str, Path],
        cache_s: float = 5.0,
    ) -> None:
        """Begin to count.

        Args:
            read_statistics: Reads the store; called in the thread that calls `render`.
            folders: Whose disks' room is told, by the name it is told under.
            cache_s: The store is not read again so soon: scrapes must not become a load.
        """
        self._read_statistics = read_statistics
        self._folders = dict(folders)
        self._cache_s = cache_s
        self._cached: tuple[datetime, StoreStatistics] | None = None
        self._lock = Lock()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "skypatrol_http_request_seconds",
            "Time from a request's first line to the end of its answer.",
            ("method", "route", "status"),
            buckets=LATENCY_BUCKETS_S,
            registry=self._registry,
        )
        built = Gauge(
            "skypatrol_build_info",
            "Version that runs; always 1.",
            ("version",),
            registry=self._registry,
        )
        built.labels(version=version("skypatrol")).set(1)

    def observe_request(
        self, *, method: str, route: str | None, status: int, seconds: float
    ) -> None:
        """Count a request.

        Args:
            method: As it came; unknown ones count together, or a caller could fill the memory.
            route: Template such as `/v1/flights/{id}`, never the path itself; None: no route.
            status: Of the answer.
            seconds: How long it took.
        """
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route or UNKNOWN_ROUTE, str(status)).observe(seconds)

    def render(self, *, now: datetime) -> bytes:
        """Return all metrics as text of CONTENT_TYPE; it reads the store, so call it in a thread.

        A store that does not answer is told as `skypatrol_store_up 0`; the rest is there.
        """
        families = [*self._read_store(now), *_disk_metrics(self._folders)]
        return generate_latest(self._registry) + generate_latest(_Given(families))

    def _read_store(self, now: datetime) -> list[Metric]:
        up = GaugeMetricFamily("skypatrol_store_up", "Whether the store could be read.")
        try:
            statistics = self._statistics(now)
        except (SQLAlchemyError, OSError):
            _logger.warning("the store cannot be read for metrics", exc_info=True)
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *store_metrics(statistics, now=now)]

    def _statistics(self, now: datetime) -> StoreStatistics:
        with self._lock:  # two scrapes at once read the store once
            if self._cached is not None:
                at, statistics = self._cached
                if 0 <= (now - at).total_seconds() < self._cache_s:
                    return statistics
            statistics = self._read_statistics(now)
            self._cached = (now, statistics)
            return statistics


class _Given(CollectorRegistry):
    """A registry of families that are ready; registering them would describe them again."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__()
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        return self._families


def _disk_metrics(folders: Mapping[str, Path]) -> list[Metric]:
    free = GaugeMetricFamily(
        "skypatrol_disk_free_bytes", "Room left where a folder lies.", labels=["folder"]
    )
    size = GaugeMetricFamily(
        "skypatrol_disk_size_bytes", "Size of the disk where a folder lies.", labels=["folder"]
    )
    for name, folder in folders.items():
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            continue  # not made yet; absent tells more than 0 would
        free.add_metric([name], usage.free)
        size.add_metric([name], usage.total)
    return [free, size]
