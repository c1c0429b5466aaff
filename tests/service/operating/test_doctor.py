"""What the doctor finds where something is wrong, on a folder with SQLite and on S3."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from models.registry import Registry
from service.blobs.local_blobs import LocalBlobs
from service.blobs.s3_blobs import S3Blobs
from service.deployment import Deployment
from service.operating.doctor import Finding, examine
from service.operating.doctor_parts import PARTS, Level
from service.server_settings import Limits, ServerSettings
from service.store.access_log import Access, log_access
from service.store.engine import writing
from service.store.jobs import JobKind, NewJob, enqueue
from service.store.migrate import downgrade
from service.store.workers import WorkerNote, note_worker
from tests.service.operating.conftest import NewSettings, RunCommand
from tests.service.operating.filled_store import fill

NOW = datetime.now(UTC)
QUICK = [part for part in PARTS if part not in ("model", "privacy")]  # no networks to load


@pytest.fixture
def sound(deployment: Deployment) -> Deployment:
    """Give a deployment with which all is well."""
    fill(deployment, now=NOW - timedelta(days=1))
    log(deployment, "backup", at=NOW - timedelta(hours=20))
    worker = WorkerNote(
        id="w", host="h", pid=1, run_id="r", started_at=NOW, seen_at=datetime.now(UTC)
    )
    with writing(deployment.engine) as session:
        note_worker(session, worker)
    return deployment


def log(deployment: Deployment, what: str, *, at: datetime) -> None:
    with writing(deployment.engine) as session:
        log_access(session, Access(at=at, who="me", action=what, object=what))


def look(settings: ServerSettings, parts: Collection[str] = QUICK) -> dict[str, Finding]:
    """Return what was found of each part."""
    registry = Registry(own=settings.data / "models")
    found = examine(settings, registry, now=datetime.now(UTC), parts=parts)
    return {finding.part: finding for finding in found}


def test_where_all_is_well_all_is_well(sound: Deployment, run: RunCommand) -> None:
    found = look(sound.settings, PARTS)
    assert [finding for finding in found.values() if finding.level is not Level.OK] == []
    assert found["kept"].text == "3 looked at, all as they were"
    code, told, _ = run(sound.settings, "doctor", "disk", "store")
    assert (code, [line.split()[:2] for line in told.splitlines()]) == (
        0,
        [["ok", "store"], ["ok", "disk"]],
    )
    assert run(sound.settings, "doctor", "heart")[0] == 1


def test_before_the_first_start_nothing_is_made(new_settings: NewSettings, run: RunCommand) -> None:
    settings = new_settings()
    found = look(settings)
    assert found["store"].level is Level.FAILED
    assert "skypatrol store upgrade" in found["store"].text
    unknown = {part for part, finding in found.items() if finding.level is Level.UNKNOWN}
    assert unknown == {"clock", "kept", "workers", "backup"}
    assert not settings.data.exists()
    assert run(settings, "doctor", *QUICK)[0] == 1


def test_a_store_of_another_version_is_named(sound: Deployment) -> None:
    downgrade(sound.engine, "0001")
    assert "at version 0001" in look(sound.settings)["store"].text


def test_damaged_and_missing_bytes_are_named(sound: Deployment) -> None:
    [sha256] = [listed.sha256 for listed in sound.blobs.list_all() if listed.byte_count == 11]
    sound.blobs.delete(sha256)
    found = look(sound.settings)["kept"]
    assert found.level is Level.FAILED
    assert "1 of 3 are missing or damaged" in found.text
    assert sha256 in found.text
    if isinstance(sound.blobs, LocalBlobs):
        path = Path(sound.settings.blobs_url) / sha256[:2] / sha256
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"other bytes")
        assert look(sound.settings)["kept"].level is Level.FAILED


def test_a_full_disk_fails_and_a_fuller_one_warns(sound: Deployment) -> None:
    for reserve_bytes, level in ((2**62, Level.FAILED), (0, Level.OK)):
        limits = replace(Limits(), reserve_bytes=reserve_bytes)
        assert look(replace(sound.settings, limits=limits))["disk"].level is level


def test_a_clock_that_is_behind_the_store_fails(sound: Deployment) -> None:
    log(sound, "purge", at=datetime.now(UTC) + timedelta(minutes=5))
    found = look(sound.settings)["clock"]
    assert found.level is Level.FAILED
    assert "NTP" in found.text


def test_work_that_nobody_does_and_old_backups_are_warned_of(deployment: Deployment) -> None:
    before = datetime.now(UTC) - timedelta(days=3)
    log(deployment, "backup", at=before)
    with writing(deployment.engine) as session:
        enqueue(session, NewJob(kind=JobKind.CONCLUDE, key="f"), now=before)
    found = look(deployment.settings)
    assert found["workers"].level is Level.WARNING
    assert "waits for 3 days" in found["workers"].text
    assert found["backup"].level is Level.WARNING
    assert "skypatrol backup" in found["backup"].text


def test_privacy_that_is_off_is_warned_of(sound: Deployment) -> None:
    assert (
        look(replace(sound.settings, privacy=False), ["privacy"])["privacy"].level is Level.WARNING
    )


def test_a_model_that_is_not_there_fails_alone(sound: Deployment) -> None:
    found = look(replace(sound.settings, model="no-such-model"), ["store", "model", "disk"])
    failed = [part for part, finding in found.items() if finding.level is not Level.OK]
    assert failed == ["model"]
    assert "no-such-model" in found["model"].text


def test_a_bucket_that_is_not_there_fails_without_its_secret(sound: Deployment) -> None:
    if not isinstance(sound.blobs, S3Blobs):
        pytest.skip("a folder has no bucket")
    found = look(replace(sound.settings, blobs="s3://no-such-bucket/city"))
    assert found["bytes"].level is Level.FAILED
    assert sound.settings.s3.secret_access_key is not None
    assert sound.settings.s3.endpoint is not None
    assert httpx.get(sound.settings.s3.endpoint).status_code == 200  # the server itself is there
    assert not any(sound.settings.s3.secret_access_key in one.text for one in found.values())


def test_a_folder_that_nobody_may_write_to_fails(tmp_path: Path, run: RunCommand) -> None:
    parent = tmp_path / "a-file"
    parent.write_bytes(b"")
    settings = ServerSettings(data=parent / "data")
    assert look(settings)["bytes"].level is Level.FAILED
