"""Whether flights can be taken in: looked at part by part, and remembered for a moment.

A balancer asks often and from anywhere: that must not become a load.
"""

import logging
import shutil
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from service.blobs.disk import write_folder
from service.blobs.errors import BlobsUnavailableError, DiskFullError
from service.deployment import Deployment
from service.store.engine import reading
from service.store.workers import list_workers

WORKER_SILENCE = timedelta(minutes=2)
_TOLD_FOR_S = 2.0
_LOG = logging.getLogger(__name__)


class Check(StrEnum):
    """How a part is."""

    OK = "ok"
    FAILED = "failed"
    NONE = "none"  # of workers: nobody inspects, and flights can be sent all the same


class Readiness(BaseModel):
    """Whether flights can be taken in."""

    ready: bool
    store: Check
    blobs: Check
    disk: Check
    workers: Check


class ReadinessBook:
    """What was found last; threads may share it."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._found: tuple[float, Readiness] | None = None

    def read(self, check: Callable[[], Readiness], *, now_s: float) -> Readiness:
        """Return what was found a moment ago, or look."""
        with self._lock:  # many that ask at once look once
            if self._found is None or not 0 <= now_s - self._found[0] < _TOLD_FOR_S:
                self._found = (now_s, check())
            return self._found[1]


def check_readiness(deployment: Deployment, *, now: datetime) -> Readiness:
    """Look at each part; why one failed is told to the log, not to strangers."""
    store, workers = _check_store(deployment, now=now)
    blobs, disk = _check_blobs(deployment), _check_disk(deployment)
    ready = store is blobs is disk is Check.OK
    return Readiness(ready=ready, store=store, blobs=blobs, disk=disk, workers=workers)


def _check_store(deployment: Deployment, *, now: datetime) -> tuple[Check, Check]:
    try:
        with reading(deployment.engine) as session:
            seen = list_workers(session, seen_since=now - WORKER_SILENCE)
    except SQLAlchemyError as error:
        _LOG.warning("not ready: the store: %s", error)
        return Check.FAILED, Check.FAILED
    return Check.OK, Check.OK if seen else Check.NONE


def _check_blobs(deployment: Deployment) -> Check:
    try:
        deployment.blobs.check()
    except BlobsUnavailableError as error:
        _LOG.warning("not ready: the place for bytes: %s", error)
        return Check.FAILED
    return Check.OK


def _check_disk(deployment: Deployment) -> Check:
    try:
        write_folder(deployment.incoming)
        free = shutil.disk_usage(deployment.incoming).free
    except (OSError, DiskFullError) as error:
        _LOG.warning("not ready: the folder of arrivals: %s", error)
        return Check.FAILED
    if free < deployment.settings.limits.reserve_bytes:
        _LOG.warning("not ready: %d bytes are free in %s", free, deployment.incoming)
        return Check.FAILED
    return Check.OK
