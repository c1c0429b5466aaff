"""Backups by giving them back: a folder with SQLite, S3 with PostgreSQL."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from service.blobs.blob_store import BlobStore
from service.blobs.local_blobs import LocalBlobs
from service.blobs.open_blobs import open_blobs
from service.deployment import Deployment
from service.errors import CannotStartError, StoppedError
from service.operating.backup import BackupReport, back_up, drop_old_snapshots
from service.operating.purge import purge
from service.operating.restore import RestoreReport, check_backup, restore
from service.operating.snapshot import list_snapshot_names, read_snapshot
from service.operating.store_copy import database_of
from service.operating.turn import TurnTakenError, turn
from service.store.access_log import Access, log_access, read_access_log
from service.store.engine import open_engine, reading, writing
from service.store.migrate import current, downgrade, upgrade
from service.store.places import find_in_box
from service.store.schema import HEAD
from tests.service.operating.conftest import NewSettings
from tests.service.operating.filled_store import (
    BOX,
    NOW,
    PHOTOS,
    damaged_bytes,
    fill,
    keep_photo,
    read_rows,
)

OURS = frozenset({"backup", "restore"})


@dataclass(frozen=True)
class Target:
    """A new place for a store and its bytes."""

    engine: Engine
    blobs: BlobStore


@pytest.fixture
def target(new_settings: NewSettings) -> Iterator[Target]:
    settings = new_settings()
    engine = open_engine(settings.database_url)
    yield Target(engine, open_blobs(settings.blobs_url, cache=settings.cache, s3=settings.s3))
    engine.dispose()


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def back(deployment: Deployment, destination: Path, *, minutes: int = 0) -> BackupReport:
    now = NOW + timedelta(minutes=minutes)
    return back_up(deployment.engine, deployment.blobs, destination, now=now, who="me")


def give_back(destination: Path, target: Target, name: str | None = None) -> RestoreReport:
    return restore(target.engine, target.blobs, destination, name=name, now=NOW, who="me")


def test_what_was_backed_up_comes_back_as_it_was(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    hashes = fill(deployment)
    report = back(deployment, destination)
    assert report.is_whole
    assert report.copied == len(PHOTOS) == report.snapshot.manifest.blob_count

    assert not give_back(destination, target).needs_upgrade
    assert read_rows(target.engine, without=OURS) == read_rows(deployment.engine, without=OURS)
    assert [target.blobs.read(sha256) for sha256 in hashes] == list(PHOTOS)
    assert current(target.engine) == HEAD


def test_a_store_that_came_back_works_on(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    fill(deployment)
    back(deployment, destination)
    give_back(destination, target)
    with writing(target.engine) as session:  # numbers go on where they were
        log_access(session, Access(at=NOW, who="ann", action="a", object="o"))
    with reading(target.engine) as session:
        assert [access.action for _, access in read_access_log(session)] == ["a", "restore", "a"]
        found = find_in_box(session, BOX, kinds=["finding"])
    assert [placed.object_id for placed in found] == ["x"]


def test_a_backup_while_others_write_is_consistent(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    fill(deployment)
    stop = Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            keep_photo(deployment, f"{number}.jpg", b"photo %d" % number)
            number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        reports = [back(deployment, destination, minutes=minutes) for minutes in range(3)]
    finally:
        stop.set()
        writer.join()
    assert all(report.is_whole for report in reports)
    give_back(destination, target)
    assert damaged_bytes(target.engine, target.blobs) == []
    rows = read_rows(target.engine)
    assert len(rows["blobs"]) >= len(rows["files"]) >= len(PHOTOS)


def test_only_new_bytes_are_copied_again(deployment: Deployment, destination: Path) -> None:
    fill(deployment)
    back(deployment, destination)
    new = keep_photo(deployment, "new.jpg", b"new")
    report = back(deployment, destination, minutes=1)
    assert report.copied == 1
    assert LocalBlobs(destination / "blobs").read(new) == b"new"
    assert list_snapshot_names(destination) == ["20261201T083015Z", "20261201T083115Z"]


def test_an_earlier_time_comes_back_by_its_name(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    fill(deployment)
    before = read_rows(deployment.engine)
    back(deployment, destination)
    keep_photo(deployment, "new.jpg", b"new")
    back(deployment, destination, minutes=1)
    give_back(destination, target, "20261201T083015Z")
    assert read_rows(target.engine, without=OURS) == before


def test_what_is_purged_later_is_in_the_backup(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    hashes = fill(deployment)
    with turn(deployment.engine), pytest.raises(TurnTakenError):
        back(deployment, destination)
    back(deployment, destination)
    for sha256 in hashes:
        deployment.blobs.delete(sha256)
    purge(deployment, now=NOW + timedelta(days=9), who="me")
    give_back(destination, target)
    assert damaged_bytes(target.engine, target.blobs) == []


def test_a_target_in_use_is_refused_and_stays_as_it_is(
    deployment: Deployment, destination: Path
) -> None:
    fill(deployment)
    back(deployment, destination)
    before = read_rows(deployment.engine)
    with pytest.raises(CannotStartError, match="in use"):
        restore(deployment.engine, deployment.blobs, destination, now=NOW, who="me")
    assert read_rows(deployment.engine) == before


def test_an_empty_store_may_be_there_already(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    fill(deployment)
    back(deployment, destination)
    if target.engine.dialect.name == "sqlite":
        Path(str(target.engine.url.database)).parent.mkdir()
    upgrade(target.engine)
    give_back(destination, target)
    assert read_rows(target.engine, without=OURS) == read_rows(deployment.engine, without=OURS)


def test_a_restore_that_broke_off_is_simply_done_again(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    hashes = fill(deployment)
    back(deployment, destination)
    aside = destination / "blobs" / hashes[1][:2]
    aside.rename(destination / "aside")
    with pytest.raises(StoppedError, match=hashes[1]):
        give_back(destination, target)
    assert target.engine.dialect.name != "postgresql" or current(target.engine) is None
    (destination / "aside").rename(aside)
    give_back(destination, target)
    assert damaged_bytes(target.engine, target.blobs) == []


@pytest.mark.parametrize("broken", ["store", "blobs"])
def test_damaged_files_of_a_snapshot_are_refused(
    deployment: Deployment, destination: Path, target: Target, broken: str
) -> None:
    fill(deployment)
    snapshot = back(deployment, destination).snapshot
    name = getattr(snapshot.manifest, broken).name
    with (snapshot.folder / name).open("r+b") as file:
        file.seek(10)
        file.write(b"?")
    with pytest.raises(CannotStartError, match=f"{name} is damaged"):
        give_back(destination, target)
    with pytest.raises(CannotStartError, match="damaged"):
        check_backup(destination)


def test_damaged_bytes_are_found_before_the_store_is_written(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    hashes = fill(deployment)
    back(deployment, destination)
    assert check_backup(destination).manifest.blob_count == 3
    path = destination / "blobs" / hashes[1][:2] / hashes[1]
    path.write_bytes(b"first phot0")  # of the same size
    with pytest.raises(StoppedError, match=f"1 files .*{hashes[1]}"):
        check_backup(destination)
    with pytest.raises(StoppedError, match=hashes[1]):
        give_back(destination, target)
    path.write_bytes(PHOTOS[1])
    give_back(destination, target)


def test_bytes_that_the_service_has_lost_are_named_and_the_rest_is_kept(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    hashes = fill(deployment)
    deployment.blobs.delete(hashes[1])
    report = back(deployment, destination)
    assert not report.is_whole
    assert report.snapshot.manifest.lost == (hashes[1],)
    give_back(destination, target)
    assert damaged_bytes(target.engine, target.blobs) == [hashes[1]]


def test_a_damaged_copy_is_not_taken_into_the_backup(
    deployment: Deployment, destination: Path, tmp_path: Path
) -> None:
    if not isinstance(deployment.blobs, LocalBlobs):
        pytest.skip("S3 keeps its own checksums")
    hashes = fill(deployment)
    (deployment.settings.data / "blobs" / hashes[1][:2] / hashes[1]).write_bytes(b"other")
    assert back(deployment, destination).snapshot.manifest.lost == (hashes[1],)
    assert not LocalBlobs(destination / "blobs").exists(hashes[1])


def test_a_killed_backup_is_none_and_the_next_one_is_whole(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    fill(deployment)

    def die(count: int) -> None:
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(deployment.engine, deployment.blobs, destination, now=NOW, who="me", tell=die)
    with pytest.raises(CannotStartError, match="holds no backup"):
        give_back(destination, target)
    assert back(deployment, destination).copied == 1
    give_back(destination, target)
    assert {path.name for path in destination.iterdir()} == {"blobs", "20261201T083015Z"}


def test_old_snapshots_go_with_the_bytes_that_only_they_need(
    deployment: Deployment, destination: Path
) -> None:
    hashes = fill(deployment)
    back(deployment, destination)
    purged = hashes[1]
    with writing(deployment.engine) as session:
        from service.store.blobs import release_blobs
        from service.store.tables import BlobRow

        release_blobs(session, used_by="flight:019ad3c5-7a10-7f6e-8d7b-3c1f5f0c9a11")
        session.delete(session.get_one(BlobRow, (purged, "original")))
    back(deployment, destination, minutes=1)
    back(deployment, destination, minutes=2)
    assert drop_old_snapshots(destination, keep=2) == ("20261201T083015Z",)
    kept = LocalBlobs(destination / "blobs")
    assert not kept.exists(purged)
    assert kept.exists(hashes[2])
    assert check_backup(destination, "20261201T083115Z").manifest.blob_count == 2
    with pytest.raises(ValueError, match="one snapshot"):
        drop_old_snapshots(destination, keep=0)


def test_a_backup_is_logged(deployment: Deployment, destination: Path) -> None:
    back(deployment, destination)
    with reading(deployment.engine) as session:
        [(_, access)] = read_access_log(session, object="backup")
    assert (access.who, access.at, access.detail) == ("me", NOW, "20261201T083015Z")


def test_two_backups_within_a_second_are_one_too_many(
    deployment: Deployment, destination: Path
) -> None:
    back(deployment, destination)
    with pytest.raises(CannotStartError, match="of this second"):
        back(deployment, destination)


def test_a_store_without_tables_is_no_store(deployment: Deployment, destination: Path) -> None:
    downgrade(deployment.engine, "base")
    with pytest.raises(CannotStartError, match="holds no store"):
        back(deployment, destination)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": 2}, "later version"),
        ({"revision": "9999"}, "later than this"),
        ({"store": {"name": "../store", "byte_count": 1, "sha256": "0"}}, "no name of a file"),
        ({"format": "x"}, "no manifest"),
    ],
)
def test_manifests_that_cannot_be_are_refused(
    deployment: Deployment,
    destination: Path,
    target: Target,
    changes: dict[str, object],
    complaint: str,
) -> None:
    folder = back(deployment, destination).snapshot.folder
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    with pytest.raises(CannotStartError, match=complaint):
        give_back(destination, target)


def test_a_backup_of_the_other_database_is_refused(
    deployment: Deployment, destination: Path, target: Target
) -> None:
    folder = back(deployment, destination).snapshot.folder
    text = (folder / "manifest.json").read_text()
    mine = database_of(deployment.engine)
    other = "postgresql" if mine == "sqlite" else "sqlite"
    (folder / "manifest.json").write_text(text.replace(f'"{mine}"', f'"{other}"'))
    with pytest.raises(CannotStartError, match=f"is of {other}, the store here is {mine}"):
        give_back(destination, target)


def test_without_postgresqls_programs_there_is_advice(
    deployment: Deployment, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if deployment.engine.dialect.name != "postgresql":
        pytest.skip("SQLite needs none")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotStartError, match="apt install postgresql-client"):
        back(deployment, destination)


def test_the_copy_of_sqlite_is_one_file(deployment: Deployment, destination: Path) -> None:
    if deployment.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's copy is one file anyway")
    folder = back(deployment, destination).snapshot.folder
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json",
        "store.sqlite",
        "blobs.txt",
    }
    shutil.copy(folder / "store.sqlite", destination / "alone.sqlite")
    alone = sqlite3.connect(destination / "alone.sqlite")
    assert alone.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    alone.close()
    assert read_snapshot(destination).folder == folder
