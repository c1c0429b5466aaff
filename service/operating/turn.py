"""One backup or purge at a time: a purge must not remove what a backup is about to copy."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from service.errors import TemporaryError

_LOCK = 0x736B79_6F7073  # any number of ours: an advisory lock of PostgreSQL


class TurnTakenError(TemporaryError):
    """A backup or a purge of the same store is going on."""


@contextmanager
def turn(engine: Engine) -> Iterator[None]:
    """Let nobody else back up or purge this store within the block; it ends with the process.

    Raises:
        TurnTakenError: Somebody else does.
    """
    if engine.dialect.name == "postgresql":
        with _turn_on_server(engine):
            yield
    else:
        with _turn_on_file(engine):
            yield


@contextmanager
def _turn_on_server(engine: Engine) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            raise TurnTakenError("a backup or a purge of this store is going on")
        try:
            yield
        finally:
            _give_back(connection)


def _give_back(connection: Connection) -> None:
    try:
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    except DBAPIError:
        connection.invalidate()  # a lost one has given the lock back; in its pool it must not stay


@contextmanager
def _turn_on_file(engine: Engine) -> Iterator[None]:
    name = engine.url.database
    if not name or name == ":memory:":
        yield
        return
    path = Path(f"{name}-turn")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TurnTakenError(f"a backup or a purge of {name} is going on") from error
        yield
    finally:
        os.close(descriptor)
