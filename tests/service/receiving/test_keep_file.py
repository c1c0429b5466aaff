import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.access.secrets import Secret
from service.deployment import Deployment, open_deployment
from service.errors import ConflictError, UnknownRecordError
from service.receiving.errors import DigestMismatchError
from service.receiving.keep_file import keep_file
from service.receiving.part_file import ArrivedFile, PartFile
from service.server_settings import ServerSettings
from service.store.blobs import BlobKind, read_blob
from service.store.engine import reading, writing
from service.store.files import FileState, read_receipt
from service.store.flights import Flight, create_flight
from service.store.jobs import JobKind, read_job

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
FLIGHT = "019ad3c5-7a10-7f6e-8d7b-3c1f5f0c9a11"


@pytest.fixture
def deployment(tmp_path: Path, url: str) -> Iterator[Deployment]:
    deployment = open_deployment(ServerSettings(data=tmp_path / "data", database=Secret(url)))
    with writing(deployment.engine) as session:
        create_flight(session, Flight(id=FLIGHT, name="card 7", created_at=NOW))
    yield deployment
    deployment.close()


def arrive(deployment: Deployment, data: bytes = b"photo") -> ArrivedFile:
    part = PartFile(deployment.incoming)
    part.write(data)
    return part.finish()


def keep(deployment: Deployment, arrived: ArrivedFile, **changes: str) -> None:
    options = {"name": "a.jpg", "media_type": "image/jpeg"} | changes
    keep_file(deployment, FLIGHT, arrived, now=NOW, **options)  # type: ignore[arg-type]


def test_bytes_blob_line_and_job_are_there(deployment: Deployment) -> None:
    arrived = arrive(deployment)
    file = keep_file(
        deployment, FLIGHT, arrived, name="a.jpg", media_type="image/jpeg", now=NOW, part_of="b.zip"
    )

    sha256 = hashlib.sha256(b"photo").hexdigest()
    assert (file.state, file.sha256, file.part_of) == (FileState.RECEIVED, sha256, "b.zip")
    assert deployment.blobs.read(sha256) == b"photo"
    assert not arrived.path.exists()
    with reading(deployment.engine) as session:
        blob = read_blob(session, sha256, BlobKind.ORIGINAL)
        assert read_job(session, JobKind.RECEIVE, f"{FLIGHT}/a.jpg/{sha256}")
    assert blob is not None
    assert blob.stored_at == NOW


def test_an_archive_is_kept_as_one(deployment: Deployment) -> None:
    arrived = arrive(deployment)
    keep(deployment, arrived, media_type="application/zip")

    with reading(deployment.engine) as session:
        assert read_blob(session, arrived.sha256, BlobKind.ARCHIVE)
        assert read_blob(session, arrived.sha256, BlobKind.ORIGINAL) is None


def test_the_same_bytes_twice_are_one_line(deployment: Deployment) -> None:
    keep(deployment, arrive(deployment))
    keep(deployment, arrive(deployment))

    with reading(deployment.engine) as session:
        assert [file.name for file in read_receipt(session, FLIGHT)] == ["a.jpg"]
    assert list(deployment.incoming.iterdir()) == []


def test_it_goes_on_after_a_kill_behind_the_move(deployment: Deployment) -> None:
    arrived = arrive(deployment)
    deployment.blobs.put_file(arrived.path, sha256=arrived.sha256, move=True)

    keep(deployment, arrived)

    with reading(deployment.engine) as session:
        assert len(read_receipt(session, FLIGHT)) == 1


def test_other_bytes_under_a_name_are_a_conflict(deployment: Deployment) -> None:
    keep(deployment, arrive(deployment))

    with pytest.raises(ConflictError):
        keep(deployment, arrive(deployment, b"another"))


def test_what_cannot_be_kept_leaves_nothing(deployment: Deployment) -> None:
    arrived = arrive(deployment)

    with pytest.raises(UnknownRecordError):
        keep_file(deployment, "nobody's", arrived, name="a", media_type="image/jpeg", now=NOW)
    with pytest.raises(DigestMismatchError):
        keep(deployment, arrived, announced_sha256="0" * 64)
    with pytest.raises(FileNotFoundError):
        keep(deployment, replace(arrived, path=deployment.incoming / "gone.part"))

    assert not deployment.blobs.exists(arrived.sha256)
    with reading(deployment.engine) as session:
        assert read_receipt(session, FLIGHT) == []
