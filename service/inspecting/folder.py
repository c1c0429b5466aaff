"""The output folder: made, checked, and lent to one writer at a time."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import CannotStartError

STORE_NAME = "skypatrol.sqlite"  # a folder that holds one is the output of an inspection
LOCK_NAME = "skypatrol.lock"


@contextmanager
def lock_output(folder: Path, *, fresh: bool) -> Iterator[Path]:
    """Lend the output folder, made if needed; gives the path of its store.

    Args:
        folder: Where results go.
        fresh: Forget what an earlier inspection left in the store.

    Raises:
        CannotStartError: The folder cannot be written, is another inspection's at this moment,
            or holds files that no inspection wrote.
    """
    _make_folder(folder)
    try:
        # SQLite's own lock works on every system, and a killed process lets go of it.
        lock = sqlite3.connect(folder / LOCK_NAME, timeout=0, isolation_level=None)
    except sqlite3.Error as error:
        raise CannotStartError(f"--out {folder} cannot be written: {error}") from error
    try:
        _take(lock, folder)
        store = folder / STORE_NAME
        if fresh:
            _forget(store)
        yield store
    finally:
        lock.close()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees all of it or the earlier one, also after a crash."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Hidden files such as .DS_Store are the system's: they say nothing.
        names = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
    except OSError as error:
        raise CannotStartError(f"--out {folder} cannot be used: {error.strerror}") from error
    if names and not names & {STORE_NAME, LOCK_NAME}:
        raise CannotStartError(
            f"--out {folder} holds other files; name a new folder or an empty one"
        )


def _forget(store: Path) -> None:
    try:
        for suffix in ("", "-wal", "-shm"):
            store.with_name(STORE_NAME + suffix).unlink(missing_ok=True)
    except OSError as error:
        raise CannotStartError(f"{store} cannot be removed: {error.strerror}") from error


def _take(lock: sqlite3.Connection, folder: Path) -> None:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise CannotStartError(f"another inspection is writing {folder}") from error
        raise CannotStartError(f"--out {folder} cannot be written: {error}") from error
