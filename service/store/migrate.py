"""Migrations: from any version of the store to any other, on both databases.

Each call is one transaction, and only one runs at a time: it is done as a whole, or nothing is.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from service.errors import CannotStartError
from service.store.engine import writing
from service.store.schema import HEAD, read_revision

_LOCK = 0x736B79  # any number of ours: an advisory lock of PostgreSQL


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the database to a version; nothing happens where it is there.

    Raises:
        CannotStartError: The database was made by a later version of skypatrol.
    """
    with _alembic(engine) as config:
        command.upgrade(config, to)


def downgrade(engine: Engine, to: str) -> None:
    """Take the database back to an earlier version; `base` removes all tables and what is in them.

    Raises:
        CannotStartError: The database was made by a later version of skypatrol.
    """
    with _alembic(engine) as config:
        command.downgrade(config, to)


def current(engine: Engine) -> str | None:
    """Return the version that the database is at, or None for an empty one."""
    with engine.connect() as connection:
        return read_revision(connection)


def is_current(engine: Engine) -> bool:
    """Return whether the database is at the version that this code works with."""
    return current(engine) == HEAD


def newest_revision() -> str:
    """Return the newest version that there is a migration to."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise LookupError("the package holds no migrations")
    return head


def is_known(revision: str) -> bool:
    """Return whether this code has a migration to this version."""
    known = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {script.revision for script in known}


@contextmanager
def _alembic(engine: Engine) -> Iterator[Config]:
    with writing(engine) as session:
        connection = session.connection()
        _lock(connection)
        config = _config()
        config.attributes["connection"] = connection
        try:
            yield config
        except CommandError as error:
            raise CannotStartError(f"the store cannot be migrated: {error}") from error


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    return config
