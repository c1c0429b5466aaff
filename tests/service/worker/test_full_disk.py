"""A disk that is full while a worker writes: the work waits for room, and nothing is done twice."""

import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from inference.receipt import Outcome
from service.deployment import Deployment
from service.file_hash import hash_file
from service.server_settings import Limits
from service.store.engine import reading, writing
from service.store.findings import StoredFinding, read_findings
from service.store.inspections import save_run
from service.store.jobs import Job, JobKind, JobState, list_jobs
from service.worker.claims import Claims
from service.worker.conclude import conclude_flight
from service.worker.depict import depict, missing_pictures
from service.worker.endings import Effect, Ending, do_job
from service.worker.inspect_photos import finish_reading, read_job
from service.worker.receive import receive
from service.worker.unpack import unpack
from service.worker.workshop import Workshop
from tests.service.worker.stand_in_worker import open_data, open_shop
from tests.service.worker.taken_in import complete, declare, events, receipt, send

WriteDronePhoto = Callable[..., Path]
NO_ROOM = Limits(reserve_bytes=10**18)  # more than any disk has free
COMPUTE: Mapping[JobKind, Callable[[Workshop, Job], Effect]] = {
    JobKind.RECEIVE: receive,
    JobKind.UNPACK: lambda shop, job: unpack(shop, job, lambda: False),
    JobKind.INSPECT: lambda shop, job: finish_reading(shop, read_job(shop, job)),
    JobKind.CONCLUDE: conclude_flight,
    JobKind.DEPICT: depict,
}
BEFORE_PICTURES = [kind for kind in JobKind if kind in COMPUTE and kind is not JobKind.DEPICT]


def do_due(shop: Workshop, *kinds: JobKind, later: timedelta = timedelta(minutes=10)) -> list[str]:
    """Do the jobs that are due after a while, one after the other; return how each ended."""
    # A conclusion waits a second after the last photo: this clock moves on whenever it is read.
    times = (datetime.now(UTC) + later + n * timedelta(seconds=1) for n in count())
    shop = replace(shop, now=lambda: next(times))
    with writing(shop.deployment.engine) as session:
        save_run(session, shop.basis.run)
    claims, ended = Claims(shop, worker="w"), list[str]()
    while jobs := claims.take(kinds, tried=False):
        for job in jobs:
            ended.append(do_job(shop, job, lambda job=job: COMPUTE[job.kind](shop, job)))  # type: ignore[misc]
            claims.drop(job)
        if ended[-1] is Ending.PUT_OFF:
            break
    return ended


def why_waiting(deployment: Deployment, kind: JobKind) -> list[str | None]:
    with reading(deployment.engine) as session:
        jobs = list_jobs(session, state=JobState.WAITING)
    return [job.code for job in jobs if job.kind is kind]


def test_an_archive_waits_for_room_and_its_photos_come_once(
    tmp_path: Path, write_drone_photo: WriteDronePhoto
) -> None:
    with zipfile.ZipFile(tmp_path / "card.zip", "w") as card:
        for number in range(2):
            name = f"{number}.jpg"
            card.write(write_drone_photo(tmp_path / name, number=number), name)
    roomy = open_data(tmp_path / "data")
    send(roomy, declare(roomy, "f"), tmp_path / "card.zip", "card.zip")
    full = open_data(tmp_path / "data", limits=NO_ROOM)
    shop = open_shop(full)
    assert do_due(shop, JobKind.RECEIVE) == [Ending.DONE]
    assert do_due(shop, JobKind.UNPACK, later=timedelta(hours=1)) == [Ending.PUT_OFF]
    assert why_waiting(full, JobKind.UNPACK) == ["disk_full"]
    assert list(receipt(full, "f")) == ["card.zip"]
    full.close()
    complete(roomy, "f")
    ended = do_due(open_shop(roomy), *BEFORE_PICTURES, later=timedelta(hours=2))
    assert set(ended) == {Ending.DONE}
    lines = receipt(roomy, "f")
    assert {name: line.outcome for name, line in lines.items()} == dict.fromkeys(
        ("card.zip", "card.zip/0.jpg", "card.zip/1.jpg"), Outcome.ACCEPTED
    )
    assert len(events(roomy, "f", "photo_inspected")) == 2
    roomy.close()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Give a folder a file system of 2 MB of its own."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on a folder's disk; return the file that takes it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while shutil.disk_usage(folder).free:
            file.write(bytes(4096))
    return filler


def test_pictures_of_findings_wait_for_room(
    tmp_path: Path, write_drone_photo: WriteDronePhoto
) -> None:
    photo = write_drone_photo(tmp_path / "1.jpg", number=1, spots_px=((300, 145),))
    with small_disk(tmp_path / "data/blobs"):
        deployment = open_data(tmp_path / "data")
        send(deployment, declare(deployment, "f"), photo, "1.jpg")
        complete(deployment, "f")
        shop = open_shop(deployment)
        assert set(do_due(shop, *BEFORE_PICTURES)) == {Ending.DONE}
        filler = fill(tmp_path / "data/blobs")
        assert do_due(shop, JobKind.DEPICT, later=timedelta(hours=1)) == [Ending.PUT_OFF]
        assert why_waiting(deployment, JobKind.DEPICT) == ["disk_full"]
        (finding,) = found(shop)
        assert finding.record["evidence"] == []  # told of no picture that is not there
        filler.unlink()
        assert do_due(shop, JobKind.DEPICT, later=timedelta(hours=2)) == [Ending.DONE]
        (finding,) = found(shop)
        assert missing_pictures([finding]) == []
        pictures: list[Any] = list(finding.record["evidence"])  # type: ignore[arg-type]
        for one in pictures:
            with deployment.blobs.local_path(one["sha256"]) as path:
                assert hash_file(path)[0] == one["sha256"]
        deployment.close()


def found(shop: Workshop) -> list[StoredFinding]:
    with reading(shop.deployment.engine) as session:
        return read_findings(session, "f", shop.basis.run.id)
