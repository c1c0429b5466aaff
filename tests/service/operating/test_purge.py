"""What goes and what stays, on a folder with SQLite and on S3 with PostgreSQL."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.blobs.local_blobs import LocalBlobs
from service.deployment import Deployment
from service.operating.purge import (
    LOGGED_AS,
    describe_purge,
    preview_purge,
    purge,
    purge_if_due,
)
from service.operating.turn import turn
from service.receiving.part_file import PartFile
from service.store.access_log import read_access_log
from service.store.blobs import BlobKind, confirm_blob, read_blob, reserve_blob, use_blob
from service.store.engine import reading, writing
from service.store.statistics import KeptBytes

# Bytes in S3 are as old as they are, so the tests' clock begins now.
NOW = datetime.now(UTC)
KEEP = {BlobKind.ORIGINAL: 30, BlobKind.CROP: 90}


def keeping(deployment: Deployment, days: Mapping[BlobKind, int] = KEEP) -> Deployment:
    return replace(deployment, settings=replace(deployment.settings, keep_days=days))


def keep(
    deployment: Deployment, data: bytes, kind: BlobKind = BlobKind.ORIGINAL, used_by: str = ""
) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    with writing(deployment.engine) as session:
        reserve_blob(session, sha256, kind, byte_count=len(data), now=NOW)
    deployment.blobs.put_bytes(data)
    with writing(deployment.engine) as session:
        confirm_blob(session, sha256, kind, now=NOW)
        if used_by:
            use_blob(session, sha256, kind, used_by=used_by)
    return sha256


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)


def test_each_kind_goes_when_its_own_time_is_over(deployment: Deployment) -> None:
    deployment = keeping(deployment)
    original = keep(deployment, b"photo")
    crop = keep(deployment, b"a crop", BlobKind.CROP)
    evidence = keep(deployment, b"evidence", BlobKind.EVIDENCE)

    first = purge(deployment, now=after(31), who="me")
    assert first.kept_long_enough[BlobKind.ORIGINAL] == KeptBytes(count=1, byte_count=5)
    assert first.kept_long_enough[BlobKind.CROP].count == 0
    assert not deployment.blobs.exists(original)
    assert deployment.blobs.exists(crop)

    second = purge(deployment, now=after(91), who="me")
    assert second.kept_long_enough[BlobKind.CROP] == KeptBytes(count=1, byte_count=6)
    purge(deployment, now=after(9999), who="me")
    assert deployment.blobs.read(evidence) == b"evidence"  # no number of days: for ever


def test_evidence_lives_as_long_as_its_issue(deployment: Deployment) -> None:
    deployment = keeping(deployment, {BlobKind.EVIDENCE: 1})
    used = keep(deployment, b"used", BlobKind.EVIDENCE, used_by="issue:1")
    unused = keep(deployment, b"unused", BlobKind.EVIDENCE)
    purge(deployment, now=after(1000), who="me")
    assert deployment.blobs.exists(used)
    assert not deployment.blobs.exists(unused)


def test_orphans_go_when_they_are_old_and_what_has_a_row_stays(deployment: Deployment) -> None:
    orphan = deployment.blobs.put_bytes(b"nobody's")
    known = keep(deployment, b"photo")
    assert purge(deployment, now=after(0), who="me").orphans.count == 0
    assert deployment.blobs.exists(orphan)
    report = purge(deployment, now=after(2), who="me")
    assert report.orphans == KeptBytes(count=1, byte_count=8)
    assert not deployment.blobs.exists(orphan)
    assert deployment.blobs.exists(known)


def test_arrivals_that_were_killed_midway_are_swept(deployment: Deployment) -> None:
    sha256 = deployment.blobs.put_bytes(b"photo")
    with writing(deployment.engine) as session:
        reserve_blob(session, sha256, BlobKind.ORIGINAL, byte_count=5, now=NOW)
    part = PartFile(deployment.incoming)
    part.write(b"half")
    assert purge(deployment, now=after(0.5), who="me").unfinished.count == 0
    assert part.path.exists()

    report = purge(deployment, now=after(2), who="me")
    assert report.unfinished == KeptBytes(count=1, byte_count=5)
    assert report.parts == 1
    assert not part.path.exists()
    assert not deployment.blobs.exists(sha256)
    with reading(deployment.engine) as session:
        assert read_blob(session, sha256, BlobKind.ORIGINAL) is None


def test_a_preview_tells_the_same_and_changes_nothing(deployment: Deployment) -> None:
    deployment = keeping(deployment)
    original = keep(deployment, b"photo")
    orphan = deployment.blobs.put_bytes(b"nobody's")
    with writing(deployment.engine) as session:
        reserve_blob(session, "0" * 64, BlobKind.ORIGINAL, byte_count=9, now=NOW)

    preview = preview_purge(deployment, now=after(31))
    assert deployment.blobs.exists(original)
    assert deployment.blobs.exists(orphan)
    # The reserved row is over its time as an original, too.
    assert preview.kept_long_enough[BlobKind.ORIGINAL] == KeptBytes(count=2, byte_count=14)
    report = purge(deployment, now=after(31), who="me")
    assert report.kept_long_enough == preview.kept_long_enough
    assert report.orphans == preview.orphans == KeptBytes(count=1, byte_count=8)
    with reading(deployment.engine) as session:
        assert len(read_access_log(session)) == 1


def test_a_purge_is_logged_with_who_and_what(deployment: Deployment) -> None:
    deployment = keeping(deployment)
    keep(deployment, b"photo")
    report = purge(deployment, now=after(31), who="command:ann")
    with reading(deployment.engine) as session:
        [(_, access)] = read_access_log(session, object=LOGGED_AS)
    assert (access.who, access.at) == ("command:ann", after(31))
    assert access.detail == ", ".join(describe_purge(report))
    assert "original kept long enough: 1 (5 bytes)" in access.detail


def test_the_daily_purge_runs_once_a_day_whoever_asks(deployment: Deployment) -> None:
    assert purge_if_due(deployment, now=after(0)) is not None
    assert purge_if_due(deployment, now=after(0.9)) is None
    assert purge_if_due(deployment, now=after(1)) is not None
    with reading(deployment.engine) as session:
        assert len(read_access_log(session, object=LOGGED_AS)) == 2


def test_no_purge_during_a_backup(deployment: Deployment) -> None:
    with turn(deployment.engine):
        assert purge_if_due(deployment, now=after(0)) is None
    assert purge_if_due(deployment, now=after(0)) is not None


def test_more_than_a_page_of_bytes_goes(deployment: Deployment) -> None:
    if not isinstance(deployment.blobs, LocalBlobs):
        pytest.skip("the same on S3, and slower")
    with writing(deployment.engine) as session:
        for number in range(1003):
            sha256 = hashlib.sha256(str(number).encode()).hexdigest()
            reserve_blob(session, sha256, BlobKind.ARCHIVE, byte_count=1, now=NOW)
            confirm_blob(session, sha256, BlobKind.ARCHIVE, now=NOW)
    deployment = keeping(deployment, {BlobKind.ARCHIVE: 0})
    report = purge(deployment, now=after(1), who="me")
    assert report.kept_long_enough[BlobKind.ARCHIVE].count == 1003
    assert purge(deployment, now=after(1), who="me").kept_long_enough[BlobKind.ARCHIVE].count == 0
