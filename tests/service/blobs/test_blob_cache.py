"""Copies of far bytes: within a bound, and never taken away from who uses them."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.blobs.blob_cache import KEPT, BlobCache
from service.blobs.errors import DiskFullError

KEYS = [hashlib.sha256(bytes([n])).hexdigest() for n in range(5)]


class Downloads:
    """Writes four bytes for each download, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, path: Path) -> None:
        self.count += 1
        path.write_bytes(b"data")


def kept(folder: Path) -> set[str]:
    return {path.name for path in (folder / KEPT).iterdir()}


def test_a_copy_is_fetched_once(tmp_path: Path) -> None:
    cache, downloads = BlobCache(tmp_path, max_bytes=100), Downloads()
    for _ in range(2):
        with cache.lend(KEYS[0], downloads) as path:
            assert path.read_bytes() == b"data"
    assert downloads.count == 1


def test_the_copy_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache, downloads = BlobCache(tmp_path, max_bytes=8), Downloads()
    for age_s, key in enumerate(reversed(KEYS[:2])):
        with cache.lend(key, downloads):
            pass
        os.utime(tmp_path / KEPT / key, (1000 - age_s, 1000 - age_s))
    # The second is older now; using it makes it the younger one.
    with cache.lend(KEYS[0], downloads):
        pass
    with cache.lend(KEYS[2], downloads):
        pass
    assert kept(tmp_path) == {KEYS[0], KEYS[2]}
    assert downloads.count == 3


def test_a_copy_in_use_outlives_its_place_in_the_cache(tmp_path: Path) -> None:
    cache, downloads = BlobCache(tmp_path, max_bytes=4), Downloads()
    with cache.lend(KEYS[0], downloads) as first:
        with cache.lend(KEYS[1], downloads):
            pass
        cache.drop(KEYS[1])
        assert kept(tmp_path) == set()
        assert first.read_bytes() == b"data"
    assert not first.exists()


def test_what_is_larger_than_the_cache_is_lent_all_the_same(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path, max_bytes=3)
    with cache.lend(KEYS[0], Downloads()) as path:
        assert path.read_bytes() == b"data"
        assert kept(tmp_path) == set()


def test_a_download_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"da")
        raise ConnectionError

    with pytest.raises(ConnectionError), BlobCache(tmp_path, max_bytes=9).lend(KEYS[0], fail):
        pass
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_disk_empties_the_cache_for_the_next_try(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise DiskFullError

    cache = BlobCache(tmp_path, max_bytes=100)
    with cache.lend(KEYS[0], Downloads()):
        pass
    with pytest.raises(DiskFullError), cache.lend(KEYS[1], fail):
        pass
    assert kept(tmp_path) == set()


def test_names_of_killed_users_are_swept(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path, max_bytes=100)
    lent = cache.lend(KEYS[0], Downloads())
    lent.__enter__()
    later = datetime.now(UTC) + timedelta(days=2)
    assert cache.sweep(now=later, max_age=timedelta(days=1)) == 1
    assert kept(tmp_path) == {KEYS[0]}
