"""Migrations, up and down, and the tables that `create_tables` makes without them."""

import multiprocessing
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from service.errors import CannotStartError
from service.store.engine import open_engine, reading, writing
from service.store.flights import Flight, create_flight, list_flights
from service.store.migrate import current, downgrade, is_current, newest_revision, upgrade
from service.store.schema import HEAD, create_tables
from service.store.tables import Table

NOW = datetime(2026, 12, 1, tzinfo=UTC)
FORK = multiprocessing.get_context("fork")

# Besides tables, columns, indexes and keys, which Alembic compares.
PARTS = {
    "sqlite": """
      SELECT type, name, sql FROM sqlite_master WHERE name LIKE 'place_boxes' OR type = 'trigger'
      """,
    "postgresql": """
      SELECT 'column', table_name || '.' || column_name,
        concat_ws(' ', udt_name, is_nullable, collation_name, generation_expression)
        FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL SELECT 'key', conrelid::regclass || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal
      """,
}

KNOWN_NAMES = {
    *Table.metadata.tables,
    *(index.name for table in Table.metadata.tables.values() for index in table.indexes),
}


def read_parts(connection: Connection) -> set[tuple[str, ...]]:
    rows = connection.execute(text(PARTS[connection.dialect.name]))
    return {tuple(" ".join(str(value).split()) for value in row) for row in rows}


def test_an_empty_database_is_brought_to_the_newest_version(empty_engine: Engine) -> None:
    assert current(empty_engine) is None
    upgrade(empty_engine)
    assert current(empty_engine) == newest_revision()
    assert is_current(empty_engine)


def test_tables_made_at_once_are_marked_with_the_newest_migration() -> None:
    assert newest_revision() == HEAD


def is_known_to_the_models(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
    if kind in ("table", "index"):  # PostGIS and the R*Tree bring some of their own
        return name in KNOWN_NAMES
    return (name, parents.get("table_name")) != ("box", "places")  # PostGIS alone has it


@pytest.mark.filterwarnings("ignore:Did not recognize type 'geometry'")
def test_migrations_amount_to_the_tables_that_the_code_uses(engine: Engine) -> None:
    options = {"compare_type": True, "include_name": is_known_to_the_models}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Table.metadata) == []


def test_tables_made_at_once_are_those_of_the_migrations(empty_engine: Engine) -> None:
    upgrade(empty_engine)
    with empty_engine.connect() as connection:
        migrated = read_parts(connection)
    downgrade(empty_engine, "base")
    with empty_engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        create_tables(connection)
        assert read_parts(connection) == migrated
    assert is_current(empty_engine)


def test_going_down_removes_all_tables_and_going_up_again_works(engine: Engine) -> None:
    with writing(engine) as session:
        create_flight(session, Flight(id="a", name="card", created_at=NOW))
    downgrade(engine, "base")
    assert current(engine) is None
    assert not set(inspect(engine).get_table_names()) & set(Table.metadata.tables)
    upgrade(engine)
    with reading(engine) as session:
        assert list_flights(session) == []


def test_upgrading_again_keeps_what_is_there(engine: Engine) -> None:
    flight = Flight(id="a", name="card", created_at=NOW)
    with writing(engine) as session:
        create_flight(session, flight)
    upgrade(engine)
    with reading(engine) as session:
        assert list_flights(session) == [flight]


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_engine: Engine) -> None:
    with empty_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE runs (id INTEGER)")  # in the way of ours
    with pytest.raises(DBAPIError):
        upgrade(empty_engine)
    assert current(empty_engine) is None
    assert "flights" not in inspect(empty_engine).get_table_names()


def test_a_database_of_a_later_version_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CannotStartError, match="9999"):
        upgrade(engine)
    assert not is_current(engine)


def _upgrade(url: str) -> None:
    upgrade(open_engine(url, durable=False))


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_one_after_the_other(empty_url: str) -> None:
    starters = [FORK.Process(target=_upgrade, args=(empty_url,)) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    assert [starter.exitcode for starter in starters] == [0, 0, 0]
    engine = open_engine(empty_url)
    assert is_current(engine)
    engine.dispose()
