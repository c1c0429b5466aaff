"""What every place to keep bytes does, on a folder and on an S3 server."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.blobs.blob_store import BlobStore, blob_key, clip_range
from service.blobs.errors import BlobDamagedError, BlobNotFoundError
from service.blobs.s3_blobs import PART_BYTES

ABC = hashlib.sha256(b"abc").hexdigest()


def make_file(folder: Path, data: bytes) -> tuple[Path, str]:
    path = folder / "arrived"
    path.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


def make_large() -> bytes:
    # More than one part, the last one short, no two parts alike.
    return b"".join(bytes([n % 251]) * 65_536 for n in range(2 * PART_BYTES // 65_536)) + b"end"


@pytest.mark.parametrize("data", [b"", b"abc", make_large()], ids=["empty", "small", "parts"])
def test_a_kept_file_comes_back(blobs: BlobStore, tmp_path: Path, data: bytes) -> None:
    path, sha256 = make_file(tmp_path, data)
    blobs.put_file(path, sha256=sha256)
    assert path.read_bytes() == data
    assert blobs.size(sha256) == len(data)
    assert blobs.read(sha256) == data
    with blobs.local_path(sha256) as copy:
        assert copy.read_bytes() == data


def test_a_moved_file_is_kept_and_gone_from_where_it_was(blobs: BlobStore, tmp_path: Path) -> None:
    path, sha256 = make_file(tmp_path, b"abc")
    blobs.put_file(path, sha256=sha256, move=True)
    assert not path.exists()
    assert blobs.read(ABC) == b"abc"


def test_keeping_twice_is_keeping_once(blobs: BlobStore, tmp_path: Path) -> None:
    path, sha256 = make_file(tmp_path, b"abc")
    blobs.put_file(path, sha256=sha256)
    blobs.put_file(path, sha256=sha256, move=True)
    assert blobs.put_bytes(b"abc") == sha256
    assert not path.exists()
    assert blobs.read(sha256) == b"abc"


@pytest.mark.parametrize("data", [b"abd", make_large()], ids=["small", "parts"])
def test_bytes_with_another_hash_are_not_kept(
    blobs: BlobStore, tmp_path: Path, data: bytes
) -> None:
    path, _ = make_file(tmp_path, data)
    with pytest.raises(BlobDamagedError, match=ABC):
        blobs.put_file(path, sha256=ABC)
    assert not blobs.exists(ABC)
    assert path.exists()


def test_a_link_is_not_kept(blobs: BlobStore, tmp_path: Path) -> None:
    path, sha256 = make_file(tmp_path, b"abc")
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(ValueError, match="regular"):
        blobs.put_file(link, sha256=sha256, move=True)
    assert not blobs.exists(sha256)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 3, b"012"), (4, None, b"456789"), (8, 99, b"89"), (10, None, b""), (3, 3, b"")],
)
def test_a_range_is_read(blobs: BlobStore, start: int, end: int | None, expected: bytes) -> None:
    sha256 = blobs.put_bytes(b"0123456789")
    assert blobs.read(sha256, start=start, end=end) == expected


def test_a_range_that_is_none_is_refused(blobs: BlobStore) -> None:
    sha256 = blobs.put_bytes(b"0123456789")
    for start, end in ((-1, None), (5, 4)):
        with pytest.raises(ValueError, match="range"):
            blobs.stream(sha256, start=start, end=end)


def test_large_bytes_come_in_pieces(blobs: BlobStore) -> None:
    data = make_large()
    pieces = list(blobs.stream(blobs.put_bytes(data)))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) < PART_BYTES


def test_absent_bytes_are_told_at_once(blobs: BlobStore) -> None:
    assert blobs.size(ABC) is None
    assert not blobs.exists(ABC)
    with pytest.raises(BlobNotFoundError):
        blobs.stream(ABC)
    with pytest.raises(BlobNotFoundError), blobs.local_path(ABC):
        pass


def test_deleted_bytes_are_gone_and_may_be_deleted_again(blobs: BlobStore) -> None:
    sha256 = blobs.put_bytes(b"abc")
    blobs.delete(sha256)
    blobs.delete(sha256)
    assert not blobs.exists(sha256)
    with pytest.raises(BlobNotFoundError), blobs.local_path(sha256):
        pass


@pytest.mark.parametrize("name", ["", "../secret", ABC.upper(), ABC + "0", "ab/" + ABC, ABC + "\n"])
def test_what_is_no_hash_is_never_a_path(blobs: BlobStore, name: str, tmp_path: Path) -> None:
    path, _ = make_file(tmp_path, b"abc")
    calls: list[Callable[[], object]] = [
        lambda: blobs.put_file(path, sha256=name),
        lambda: blobs.size(name),
        lambda: blobs.stream(name),
        lambda: blobs.delete(name),
        lambda: blobs.local_path(name).__enter__(),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="SHA-256"):
            call()


def test_a_place_that_can_be_reached_passes_its_check(blobs: BlobStore) -> None:
    blobs.check()
    assert blobs.sweep(now=datetime.now(UTC), max_age=timedelta(days=1)) == 0


def test_keys_spread_over_folders() -> None:
    assert blob_key(ABC) == f"ba/{ABC}"


def test_ranges_are_clipped_to_what_is_there() -> None:
    assert clip_range(2, None, size=5) == (2, 5)
    assert clip_range(7, 9, size=5) == (5, 5)


def test_all_that_is_kept_is_listed_with_its_size(blobs: BlobStore) -> None:
    assert list(blobs.list_all()) == []
    before = datetime.now(UTC) - timedelta(minutes=1)
    hashes = {blobs.put_bytes(b"a" * size): size for size in range(3)}
    found = list(blobs.list_all())
    assert {one.sha256: one.byte_count for one in found} == hashes
    assert all(before < one.changed_at < datetime.now(UTC) + timedelta(minutes=1) for one in found)
