"""A folder of bytes: nothing half written, nothing open to others, a full disk told."""

import errno
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import service.blobs.local_blobs
from service.blobs.disk import sweep_old_files, telling_full_disk
from service.blobs.errors import BlobDamagedError, BlobsUnavailableError, DiskFullError
from service.blobs.local_blobs import WRITING, LocalBlobs

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def test_bytes_are_for_the_services_user_alone(tmp_path: Path) -> None:
    sha256 = LocalBlobs(tmp_path / "data" / "blobs").put_bytes(b"abc")
    file = tmp_path / "data" / "blobs" / sha256[:2] / sha256
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for folder in (file.parent, file.parent.parent, tmp_path / "data"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_on_another_disk_is_copied_and_checked(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk")
    blobs = LocalBlobs(tmp_path)
    with TemporaryDirectory(dir=elsewhere) as folder:
        arrived = Path(folder) / "arrived"
        arrived.write_bytes(b"abc")
        with pytest.raises(BlobDamagedError):
            blobs.put_file(arrived, sha256="0" * 64, move=True)
        assert arrived.exists()
        blobs.put_file(arrived, sha256=hashlib.sha256(b"abc").hexdigest(), move=True)
        assert not arrived.exists()
    assert blobs.read(hashlib.sha256(b"abc").hexdigest()) == b"abc"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces_until_the_disk_is_full(path: Path) -> Iterator[bytes]:
        yield b"a" * 100_000
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    blobs = LocalBlobs(tmp_path / "blobs")
    arrived = tmp_path / "arrived"
    arrived.write_bytes(b"abc")
    monkeypatch.setattr(service.blobs.local_blobs, "read_pieces", pieces_until_the_disk_is_full)
    with pytest.raises(DiskFullError, match="room"):
        blobs.put_file(arrived, sha256=hashlib.sha256(b"abc").hexdigest())
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
    assert arrived.read_bytes() == b"abc"


def test_a_disk_that_is_really_full_is_told() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(DiskFullError), telling_full_disk(full), full.open("wb") as file:
        file.write(b"abc")


def test_other_errors_of_the_disk_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), telling_full_disk(tmp_path):
        (tmp_path / "absent").read_bytes()


def test_a_kill_in_mid_write_leaves_no_bytes_under_their_name(tmp_path: Path) -> None:
    data = b"abc" * 1000
    sha256 = hashlib.sha256(data).hexdigest()
    (tmp_path / "arrived").write_bytes(data)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_MID_WRITE, str(tmp_path), sha256], check=False
    )
    assert killed.returncode == -9
    blobs = LocalBlobs(tmp_path / "blobs")
    assert not blobs.exists(sha256)
    assert len(list((tmp_path / "blobs" / WRITING).iterdir())) == 1
    later = datetime.now(UTC) + timedelta(hours=2)
    assert blobs.sweep(now=later, max_age=timedelta(hours=3)) == 0
    assert blobs.sweep(now=later, max_age=timedelta(hours=1)) == 1
    blobs.put_file(tmp_path / "arrived", sha256=sha256)
    assert blobs.read(sha256) == data


KILLED_IN_MID_WRITE = """
import os, signal, sys
from pathlib import Path
import service.blobs.local_blobs as local_blobs

def pieces(path):
    yield path.read_bytes()[:1000]
    os.kill(os.getpid(), signal.SIGKILL)

local_blobs.read_pieces = pieces
folder = Path(sys.argv[1])
local_blobs.LocalBlobs(folder / "blobs").put_file(folder / "arrived", sha256=sys.argv[2])
"""


def test_a_folder_that_cannot_be_made_fails_its_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BlobsUnavailableError, match="file"):
        LocalBlobs(tmp_path / "file" / "blobs").check()


def test_sweeping_keeps_folders_young_files_and_what_links_lead_to(tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside.part"
    (folder / "inner.part").mkdir(parents=True)
    outside.write_bytes(b"kept")
    (folder / "link.part").symlink_to(outside)
    for name, age in (("old.part", 5), ("young.part", 1), ("old.jpg", 5)):
        (folder / name).write_bytes(b"")
        seconds = (NOW - timedelta(hours=age)).timestamp()
        os.utime(folder / name, (seconds, seconds))
    seconds = (NOW - timedelta(hours=9)).timestamp()
    os.utime(folder / "link.part", (seconds, seconds), follow_symlinks=False)
    swept = sweep_old_files(folder, pattern="*.part", now=NOW, max_age=timedelta(hours=3))
    assert swept == 2
    assert {path.name for path in folder.iterdir()} == {"inner.part", "young.part", "old.jpg"}
    assert outside.read_bytes() == b"kept"


def test_only_what_lies_in_its_place_is_listed(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    sha256 = blobs.put_bytes(b"photo")
    other = sha256[:2] if sha256[:2] != "00" else "01"
    (tmp_path / "00").mkdir(exist_ok=True)
    (tmp_path / "00" / f"ff{sha256[2:]}").write_bytes(b"elsewhere")
    (tmp_path / other / "notes.txt").write_bytes(b"not ours")
    (tmp_path / "writing" / "half").write_bytes(b"half")
    assert [found.sha256 for found in blobs.list_all()] == [sha256]
