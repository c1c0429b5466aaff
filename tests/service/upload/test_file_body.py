"""A file's bytes are sent as they were hashed, or not to the end."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.file_hash import hash_file
from service.upload.errors import FileChangedError, HaltedError
from service.upload.file_body import PIECE_BYTES, FileBody
from service.upload.state import KnownFile


def known(path: Path) -> KnownFile:
    sha256, byte_count = hash_file(path)
    modified_ns = path.stat().st_mtime_ns
    return KnownFile(
        name=path.name, byte_count=byte_count, modified_ns=modified_ns, sha256=sha256, flight_id="f"
    )


def send(
    path: Path,
    file: KnownFile,
    *,
    start: int = 0,
    meanwhile: Callable[[], object] = lambda: None,
    halted: Callable[[], bool] = lambda: False,
) -> bytes:
    sent = list[bytes]()
    with FileBody(path, file) as body:
        count = file.byte_count - start
        for piece in body.pieces(start, count, note_sent=lambda _: None, halted=halted):
            sent.append(piece)
            meanwhile()
    return b"".join(sent)


@given(data=st.binary(max_size=3000), start=st.integers(0, 3000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_all_bytes_from_an_offset(tmp_path: Path, data: bytes, start: int) -> None:
    path = tmp_path / "photo"
    path.write_bytes(data)
    start = min(start, len(data))
    assert send(path, known(path), start=start) == data[start:]


def test_a_file_changed_since_it_was_hashed_is_not_begun(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"one")
    file = known(path)
    path.write_bytes(b"other")
    with pytest.raises(FileChangedError):
        send(path, file)


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written over"])
def test_a_file_that_changes_while_it_is_sent_is_not_ended(tmp_path: Path, change: str) -> None:
    path = tmp_path / "photo"
    size = 3 * PIECE_BYTES
    path.write_bytes(bytes(size))
    file = known(path)

    def meanwhile() -> None:
        if change == "grows":
            with path.open("ab") as end:
                end.write(b"more")
        elif change == "shrinks":
            os.truncate(path, PIECE_BYTES)
        else:
            path.write_bytes(b"x" * size)

    with pytest.raises(FileChangedError):
        send(path, file, meanwhile=meanwhile)


def test_it_stops_when_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"abc")
    with pytest.raises(HaltedError):
        send(path, known(path), halted=lambda: True)


def test_sent_bytes_are_noted_once_they_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(bytes(PIECE_BYTES + 1))
    file, noted = known(path), list[int]()
    with FileBody(path, file) as body:
        pieces = body.pieces(0, file.byte_count, note_sent=noted.append, halted=lambda: False)
        next(pieces)
        assert noted == []
        next(pieces)
        assert noted == [PIECE_BYTES]
        assert list(pieces) == []
    assert noted == [PIECE_BYTES, 1]
