"""Opening the store's database: one SQLite file, or PostgreSQL with PostGIS."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from service.errors import CannotStartError

BUSY_TIMEOUT_S = 30  # how long a writer waits for another one on SQLite
WRITES = "skypatrol_writes"  # option of connections whose transactions may write


def open_engine(url: str | URL, *, durable: bool = True) -> Engine:
    """Return the database at this address; nothing is connected yet.

    Args:
        url: `sqlite:///path` or `postgresql://user:password@host/name`.
        durable: What was written outlives a power cut; without, only a killed process.

    Raises:
        CannotStartError: The address names no database that is supported. The message does not
            repeat it: it may hold a password.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:  # ValueError: of a port that is no number
        raise CannotStartError("the store's address is no URL of a database") from error
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address.set(drivername="sqlite"), durable=durable)
    if address.get_backend_name() == "postgresql":
        return create_engine(
            address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True
        )
    raise CannotStartError(
        f"the store can be sqlite:// or postgresql://, not {address.drivername}://"
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Give a transaction that only reads; on SQLite it waits for nobody."""
    with Session(engine) as session, session.begin():
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """Give a transaction that may write; all of it is kept, or nothing after an error.

    On SQLite it is the only one from its first statement on. Otherwise two that have both read
    would wait for each other to write.
    """
    options = {WRITES: True}
    with Session(engine.execution_options(**options)) as session, session.begin():
        yield session


def _open_sqlite(address: URL, *, durable: bool) -> Engine:
    engine = create_engine(address, connect_args={"timeout": BUSY_TIMEOUT_S}, hide_parameters=True)

    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Python's driver would begin and end transactions as it thinks best: `_begin` does.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
