"""Bytes on their way in: streamed to the disk in constant memory, and checked when they end."""

import asyncio
import hmac
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from service.receiving.errors import DigestMismatchError, IncompleteError, TooLargeError
from service.receiving.part_file import ArrivedFile, PartFile, check_room

BATCH_BYTES = 1 << 20
STANDARD_RESERVE_BYTES = 1 << 30  # for the store and its log: they must go on when uploads stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a client says of the bytes it sends; None is not said.

    Attributes:
        digests: By hashlib's name, as `parse_content_digest` returns them.
    """

    byte_count: int | None = None
    sha256: str | None = None
    digests: Mapping[str, bytes] = field(default_factory=dict)


NOTHING_SAID = Expected()


async def receive_stream(
    chunks: AsyncIterable[bytes],
    folder: Path,
    *,
    max_bytes: int,
    expected: Expected = NOTHING_SAID,
    reserve_bytes: int = STANDARD_RESERVE_BYTES,
) -> ArrivedFile:
    """Write a stream of bytes to a file in the folder and return it, checked.

    Whatever goes wrong, nothing stays in the folder: an error of the stream itself (such as a
    client that went away) and a cancellation pass on. Only a kill leaves a part, for `sweep_parts`.

    Args:
        chunks: Bytes as they arrive.
        folder: `incoming/`; need not exist.
        max_bytes: The most that is taken.
        expected: What they should be.
        reserve_bytes: Room that must stay free, where the client says how much it sends.

    Raises:
        TooLargeError: More than allowed came or was announced.
        IncompleteError: Not as many bytes as announced.
        DigestMismatchError: They do not hash to what was announced.
        DiskFullError: There is no room.
    """
    if expected.byte_count is not None:
        _check_size(expected.byte_count, max_bytes)
        check_room(folder, byte_count=expected.byte_count, reserve_bytes=reserve_bytes)
    most = max_bytes if expected.byte_count is None else expected.byte_count
    part = PartFile(folder, algorithms=expected.digests)
    arrived = None
    try:
        async with aclosing(_batches(chunks)) as batches:
            async for batch in batches:
                if part.byte_count + len(batch) > most:
                    _refuse_size(part.byte_count + len(batch), expected, max_bytes)
                await asyncio.to_thread(part.write, batch)
        _check_arrived(finished := part.finish(), expected)
        arrived = finished
    finally:
        if arrived is None:
            part.discard()
    return arrived


async def _batches(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Join small chunks, so that not each of them takes a turn of a thread."""
    batch, size = list[bytes](), 0
    async for chunk in chunks:
        batch.append(chunk)
        size += len(chunk)
        if size >= BATCH_BYTES:
            yield b"".join(batch)
            batch, size = [], 0
    if size:
        yield b"".join(batch)


def _check_size(byte_count: int, max_bytes: int) -> None:
    if byte_count < 0:
        raise IncompleteError(f"{byte_count} bytes were announced")
    if byte_count > max_bytes:
        raise TooLargeError(f"{byte_count} bytes were announced; at most {max_bytes} are taken")


def _refuse_size(byte_count: int, expected: Expected, max_bytes: int) -> None:
    if byte_count > max_bytes:
        raise TooLargeError(f"more than {max_bytes} bytes")
    raise IncompleteError(f"more than the {expected.byte_count} bytes that were announced")


def _check_arrived(arrived: ArrivedFile, expected: Expected) -> None:
    if expected.byte_count not in (None, arrived.byte_count):
        raise IncompleteError(
            f"{arrived.byte_count} of {expected.byte_count} announced bytes arrived"
        )
    if expected.sha256 not in (None, arrived.sha256):
        raise DigestMismatchError(f"SHA-256 is {arrived.sha256} in place of {expected.sha256}")
    for name, digest in expected.digests.items():
        if not hmac.compare_digest(arrived.digests[name], digest):
            raise DigestMismatchError(f"{name} is {arrived.digests[name].hex()}, not as announced")
