"""All tables at once, as the newest migration leaves them."""

from sqlalchemy import Connection, inspect, text

from service.store.special_tables import SPECIAL_TABLES
from service.store.tables import Table

HEAD = "0002"  # the newest migration; a test compares


def create_tables(connection: Connection) -> None:
    """Make all tables in an empty database, with the mark of the newest migration.

    It is what the migrations amount to, without loading Alembic: `inspect` starts with it.
    """
    Table.metadata.create_all(connection)
    for statement in SPECIAL_TABLES[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    connection.execute(
        text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
            " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def read_revision(connection: Connection) -> str | None:
    """Return the migration that the database is at, or None where there was none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return version
