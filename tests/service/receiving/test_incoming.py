"""Streams on their way in: whole and checked, or gone."""

import asyncio
import errno
import hashlib
import os
import stat
import tracemalloc
from collections import namedtuple
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from service.blobs.errors import DiskFullError
from service.file_hash import hash_file
from service.receiving import part_file
from service.receiving.errors import DigestMismatchError, IncompleteError, TooLargeError
from service.receiving.incoming import NOTHING_SAID, Expected, receive_stream
from service.receiving.part_file import ArrivedFile, PartFile, sweep_parts

DATA = b"\xff\xd8\xff" + bytes(range(256)) * 20
SHA256 = hashlib.sha256(DATA).hexdigest()


async def stream(
    chunks: Iterable[bytes], *, error: Exception | None = None
) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)
    if error is not None:
        raise error


def receive(
    folder: Path,
    chunks: Iterable[bytes],
    *,
    expected: Expected = NOTHING_SAID,
    max_bytes: int = 1 << 30,
    error: Exception | None = None,
) -> ArrivedFile:
    coming = receive_stream(
        stream(chunks, error=error),
        folder,
        max_bytes=max_bytes,
        expected=expected,
        reserve_bytes=0,
    )
    return asyncio.run(coming)


def in_pieces(size: int) -> list[bytes]:
    return [DATA[start : start + size] for start in range(0, len(DATA), size)]


@pytest.mark.parametrize("size", [1, 700, 10_000])
def test_a_stream_arrives_whole(tmp_path: Path, size: int) -> None:
    digests = {"sha512": hashlib.sha512(DATA).digest()}
    expected = Expected(byte_count=len(DATA), sha256=SHA256, digests=digests)
    arrived = receive(tmp_path / "incoming", in_pieces(size), expected=expected)
    assert arrived.path.read_bytes() == DATA
    assert (arrived.sha256, arrived.byte_count) == (SHA256, len(DATA))
    assert arrived.head == DATA[:512]
    assert hash_file(arrived.path) == (SHA256, len(DATA))
    assert stat.S_IMODE(arrived.path.stat().st_mode) == 0o600


def test_nothing_may_be_sent(tmp_path: Path) -> None:
    arrived = receive(tmp_path, [], expected=Expected(byte_count=0))
    assert arrived.path.read_bytes() == b""
    assert arrived.sha256 == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (Expected(byte_count=len(DATA) + 1), IncompleteError),
        (Expected(byte_count=len(DATA) - 1), IncompleteError),
        (Expected(byte_count=-1), IncompleteError),
        (Expected(byte_count=100_001), TooLargeError),
        (Expected(sha256="0" * 64), DigestMismatchError),
        (Expected(digests={"sha256": bytes(32)}), DigestMismatchError),
        (Expected(sha256=SHA256, digests={"sha512": bytes(64)}), DigestMismatchError),
    ],
)
def test_what_is_not_as_announced_leaves_nothing(
    tmp_path: Path, expected: Expected, error: type[Exception]
) -> None:
    with pytest.raises(error):
        receive(tmp_path, in_pieces(700), expected=expected, max_bytes=100_000)
    assert list(tmp_path.iterdir()) == []


def test_too_much_is_refused_before_all_of_it_came(tmp_path: Path) -> None:
    seen = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            seen.append(1)
            yield bytes(1 << 20)

    with pytest.raises(TooLargeError):
        asyncio.run(receive_stream(endless(), tmp_path, max_bytes=5 << 20))
    assert len(seen) == 6
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError):
        receive(tmp_path, in_pieces(700), error=ConnectionResetError())
    assert list(tmp_path.iterdir()) == []


def test_a_request_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield bytes(2 << 20)
        await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(receive_stream(slow(), tmp_path, max_bytes=1 << 30))
        while not any(path.stat().st_size for path in tmp_path.iterdir()):
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_comes_after_the_end_does_nothing(tmp_path: Path) -> None:
    part = PartFile(tmp_path)
    part.write(b"abc")
    part.discard()
    part.write(b"def")
    part.discard()
    assert part.byte_count == 3
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Event()

    def write(self: PartFile, data: bytes) -> None:
        full.set()
        with part_file.telling_full_disk(tmp_path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(PartFile, "write", write)
    with pytest.raises(DiskFullError):
        receive(tmp_path, in_pieces(700))
    assert full.is_set()
    assert list(tmp_path.iterdir()) == []


def test_what_will_not_fit_is_refused_before_a_byte_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(part_file.shutil, "disk_usage", lambda _: usage(1000))
    with pytest.raises(DiskFullError, match="1000"):
        receive(tmp_path, in_pieces(700), expected=Expected(byte_count=len(DATA)))
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_constant(tmp_path: Path) -> None:
    tracemalloc.start()
    receive(tmp_path, (bytes(65_536) for _ in range(800)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20  # of 50 MB


def test_parts_of_the_dead_are_swept_by_age(tmp_path: Path) -> None:
    PartFile(tmp_path)._file.close()
    (tmp_path / "tus-upload").write_bytes(b"of somebody else")
    now = datetime.now(UTC)
    assert sweep_parts(tmp_path, now=now, max_age=timedelta(hours=1)) == 0
    assert sweep_parts(tmp_path, now=now + timedelta(hours=2), max_age=timedelta(hours=1)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tus-upload"]
