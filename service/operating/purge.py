"""What has been kept long enough goes, and what killed processes left behind.

Kept bytes have a clock by kind (SKYPATROL_KEEP_…_DAYS); a kind without one is kept for ever. What
an issue or a flight's findings use stays, and so does what a flight with jobs left needs.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from service.blobs.blob_store import ListedBytes
from service.deployment import Deployment
from service.operating.turn import TurnTakenError, turn
from service.receiving.part_file import sweep_parts
from service.store.access_log import Access, log_access, read_last_access
from service.store.blobs import (
    BlobKind,
    count_purgeable,
    delete_unknown,
    forget_unfinished,
    known_bytes,
    list_unfinished,
    purge_blobs,
)
from service.store.engine import reading, writing
from service.store.statistics import KeptBytes

# Far longer than any upload's last step takes, or a transaction stays open.
SAFE_AGE = timedelta(days=1)
INTERVAL = timedelta(days=1)
LOGGED_AS = "purge"  # object and action in the access log
BY_ITSELF = "system:purge"
_HASHES_AT_ONCE = 500
NOTHING = KeptBytes(count=0, byte_count=0)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReport:
    """What went, or would go.

    Attributes:
        kept_long_enough: By kind of those that have a number of days.
        unfinished: Bytes on their way in or out when their process was killed.
        orphans: Bytes that no row of the store knows.
        parts: Half written files.
    """

    kept_long_enough: Mapping[BlobKind, KeptBytes] = field(default_factory=dict)
    unfinished: KeptBytes = NOTHING
    orphans: KeptBytes = NOTHING
    parts: int = 0


def purge(deployment: Deployment, *, now: datetime, who: str) -> PurgeReport:
    """Remove what is over, tell it to the access log, and return what it was.

    Killed in between, the next purge ends it.

    Args:
        deployment: Whose bytes.
        now: Aware.
        who: For the access log.

    Raises:
        TurnTakenError: A backup or another purge is going on.
        BlobsUnavailableError: The place of the bytes does not answer.
    """
    with turn(deployment.engine):
        report = PurgeReport(
            kept_long_enough=_purge_kinds(deployment, now=now),
            unfinished=_forget_unfinished(deployment, now=now),
            orphans=_delete_orphans(deployment, now=now),
            parts=_sweep_parts(deployment, now=now),
        )
        _log_purge(deployment, report, now=now, who=who)
    return report


def preview_purge(deployment: Deployment, *, now: datetime) -> PurgeReport:
    """Return what `purge` would remove now; half written files are not counted."""
    with reading(deployment.engine) as session:
        counted = count_purgeable(session, keep_days=deployment.settings.keep_days, now=now)
        unfinished = list_unfinished(session, before=now - SAFE_AGE, limit=1_000_000)
    return PurgeReport(
        kept_long_enough={
            kind: KeptBytes(count=count, byte_count=byte_count)
            for kind, (count, byte_count) in counted.items()
        },
        unfinished=_sum(blob.byte_count for blob in unfinished),
        orphans=_sum(found.byte_count for found in _find_orphans(deployment, now=now)),
    )


def purge_if_due(deployment: Deployment, *, now: datetime) -> PurgeReport | None:
    """Purge once a day, whoever calls: for a clock of each process that serves.

    Returns:
        None where it was done less than a day ago, or where a backup or a purge is going on.
    """
    with reading(deployment.engine) as session:
        last = read_last_access(session, object=LOGGED_AS)
    if last is not None and timedelta(0) <= now - last.at < INTERVAL:
        return None
    try:
        return purge(deployment, now=now, who=BY_ITSELF)
    except TurnTakenError:
        return None


def _purge_kinds(deployment: Deployment, *, now: datetime) -> dict[BlobKind, KeptBytes]:
    def purge_some(kind: BlobKind, days: int) -> Iterator[int]:
        while gone := purge_blobs(
            deployment.engine,
            keep_days={kind: days},
            now=now,
            delete_bytes=deployment.blobs.delete,
        ):
            yield from (blob.byte_count for blob in gone)

    return {
        kind: _sum(purge_some(kind, days)) for kind, days in deployment.settings.keep_days.items()
    }


def _forget_unfinished(deployment: Deployment, *, now: datetime) -> KeptBytes:
    def forget_some() -> Iterator[int]:
        while True:
            with reading(deployment.engine) as session:
                found = list_unfinished(session, before=now - SAFE_AGE)
            gone = forget_unfinished(deployment.engine, found, delete_bytes=deployment.blobs.delete)
            yield from (blob.byte_count for blob in gone)
            if not gone:
                return

    return _sum(forget_some())


def _delete_orphans(deployment: Deployment, *, now: datetime) -> KeptBytes:
    delete: Callable[[str], None] = deployment.blobs.delete
    return _sum(
        found.byte_count
        for found in _find_orphans(deployment, now=now)
        if delete_unknown(deployment.engine, found.sha256, delete_bytes=delete)
    )


def _find_orphans(deployment: Deployment, *, now: datetime) -> Iterator[ListedBytes]:
    """Yield bytes that have lain there for a while without a row."""
    listed = (found for found in deployment.blobs.list_all() if found.changed_at < now - SAFE_AGE)
    while some := list(islice(listed, _HASHES_AT_ONCE)):
        with reading(deployment.engine) as session:
            known = known_bytes(session, [found.sha256 for found in some])
        yield from (found for found in some if found.sha256 not in known)


def _sweep_parts(deployment: Deployment, *, now: datetime) -> int:
    parts = sweep_parts(deployment.incoming, now=now, max_age=SAFE_AGE)
    return parts + deployment.blobs.sweep(now=now, max_age=SAFE_AGE)


def _log_purge(deployment: Deployment, report: PurgeReport, *, now: datetime, who: str) -> None:
    detail = ", ".join(describe_purge(report))
    with writing(deployment.engine) as session:
        access = Access(at=now, who=who, action=LOGGED_AS, object=LOGGED_AS, detail=detail)
        log_access(session, access)
    _logger.info("purged: %s", detail)


def describe_purge(report: PurgeReport) -> list[str]:
    """Return what a report tells, a text for each kind of thing that went."""
    told = [
        (f"{kind.value} kept long enough", gone) for kind, gone in report.kept_long_enough.items()
    ]
    told += [("unfinished", report.unfinished), ("without a row", report.orphans)]
    return [
        *(f"{name}: {gone.count} ({gone.byte_count:,} bytes)" for name, gone in told),
        f"half written: {report.parts}",
    ]


def _sum(byte_counts: Iterable[int]) -> KeptBytes:
    count = total = 0
    for byte_count in byte_counts:
        count, total = count + 1, total + byte_count
    return KeptBytes(count=count, byte_count=total)
