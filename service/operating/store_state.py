"""Which version a store is at, without making one where there is none."""

from pathlib import Path

from sqlalchemy import Engine

from service.errors import CannotStartError
from service.store.migrate import current


def find_sqlite_file(engine: Engine) -> Path | None:
    """Return the store's file, whether it is there or not; None for PostgreSQL and in memory."""
    name = engine.url.database
    is_file = engine.dialect.name == "sqlite" and name and name != ":memory:"
    return Path(str(name)).absolute() if is_file else None


def read_revision_of(engine: Engine) -> str | None:
    """Return the version of the store's tables, or None where there is no store.

    Merely connecting to a SQLite file that is not there would make it.
    """
    path = find_sqlite_file(engine)
    if path is not None and (not path.exists() or path.stat().st_size == 0):
        return None
    return current(engine)


def require_store(engine: Engine, *, advice: str) -> str:
    """Return the version of the store's tables.

    Raises:
        CannotStartError: There is no store; the message ends with the advice.
    """
    revision = read_revision_of(engine)
    if revision is None:
        where = find_sqlite_file(engine) or "the database"
        raise CannotStartError(f"{where} holds no store: {advice}")
    return revision
