"""The store as one file, made while others go on writing; and that file as a store again."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, inspect, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from service.blobs.disk import telling_full_disk, write_contents, write_folder, write_folder_names
from service.errors import CannotStartError, StoppedError
from service.operating.postgres_programs import dump_tables, restore_tables
from service.operating.snapshot import BLOB_LIST, Database, write_blob_list
from service.operating.store_state import find_sqlite_file, read_revision_of, require_store
from service.store.blobs import list_stored
from service.store.engine import BUSY_TIMEOUT_S, reading
from service.store.migrate import current, downgrade, upgrade
from service.store.schema import read_revision
from service.store.tables import Table

STORE_NAMES = {Database.SQLITE: "store.sqlite", Database.POSTGRESQL: "store.pgdump"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCopy:
    """A copy of the store as it was at one moment.

    Attributes:
        revision: Of its tables.
        blobs: List of the bytes that it counts on.
    """

    store: Path
    revision: str
    blobs: Path
    blob_count: int
    blob_bytes: int


def database_of(engine: Engine) -> Database:
    """Return what the store lies in."""
    return Database(engine.dialect.name)


def copy_store(engine: Engine, folder: Path) -> StoreCopy:
    """Write a copy of the store as it is at one moment; nobody waits for it.

    Args:
        engine: The store.
        folder: For the new files.

    Raises:
        CannotStartError: The store has no tables, or PostgreSQL's programs are missing.
        StoppedError: The copy is not sound.
        DiskFullError: There is no room.
    """
    require_store(engine, advice="check SKYPATROL_DATA and SKYPATROL_DATABASE")
    database = database_of(engine)
    copy = _copy_sqlite if database is Database.SQLITE else _copy_postgresql
    with telling_full_disk(folder):
        made = copy(engine, folder / STORE_NAMES[database])
    write_contents(made.store)
    write_contents(made.blobs)
    return made


def refuse_used(engine: Engine) -> None:
    """Do nothing where a store may be written without losing anything.

    Raises:
        CannotStartError: There is something in it.
    """
    if read_revision_of(engine) is None:
        return
    tables = set(inspect(engine).get_table_names())
    with reading(engine) as session:
        for name, table in Table.metadata.tables.items():
            if name in tables and session.execute(select(1).select_from(table).limit(1)).first():
                raise CannotStartError(
                    f"the store is in use: its table {name} is not empty; a backup is given back "
                    "only to a new place"
                )


def restore_store(engine: Engine, path: Path, *, revision: str) -> None:
    """Write a copy back, as a whole or not at all; `refuse_used` has been asked before.

    Raises:
        CannotStartError: The copy is of tables that this version does not know.
        StoppedError: It cannot be written.
        DiskFullError: There is no room.
    """
    if database_of(engine) is Database.SQLITE:
        _restore_sqlite(engine, path)
    else:
        _restore_postgresql(engine, path, revision=revision)


def _copy_sqlite(engine: Engine, path: Path) -> StoreCopy:
    source_path = _sqlite_path(engine)
    with (
        closing(sqlite3.connect(source_path, timeout=BUSY_TIMEOUT_S)) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        source.backup(target)  # in one step: in pieces it would begin anew after each write
        # A file of its own: in WAL mode two more would lie beside it.
        target.execute("PRAGMA journal_mode = DELETE")
        answer = target.execute("PRAGMA quick_check").fetchone()[0]
    if answer != "ok":
        raise StoppedError(f"the copy of {source_path} is damaged: {answer}")
    # Not by `open_engine`, which would turn WAL on again.
    copy = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    with Session(copy) as session:
        return _describe_copy(session, path)


def _copy_postgresql(engine: Engine, path: Path) -> StoreCopy:
    as_it_is = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(as_it_is) as session:
        snapshot = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        dump_tables(engine.url, list(Table.metadata.tables), path, snapshot=snapshot)
        return _describe_copy(session, path)


def _describe_copy(session: Session, path: Path) -> StoreCopy:
    revision = read_revision(session.connection())
    if revision is None:
        raise CannotStartError("the store holds no tables")
    listed = path.parent / BLOB_LIST
    count, byte_count = write_blob_list(listed, list_stored(session))
    return StoreCopy(
        store=path, revision=revision, blobs=listed, blob_count=count, blob_bytes=byte_count
    )


def _restore_sqlite(engine: Engine, path: Path) -> None:
    target = _sqlite_path(engine)
    write_folder(target.parent)
    engine.dispose()
    part = target.with_name(f"{target.name}-restoring")
    with telling_full_disk(target.parent):
        part.unlink(missing_ok=True)
        shutil.copyfile(path, part)
        part.chmod(0o600)
    write_contents(part)
    for ending in ("-wal", "-shm"):  # of an empty store that was there
        target.with_name(f"{target.name}{ending}").unlink(missing_ok=True)
    part.replace(target)
    write_folder_names(target.parent)


def _restore_postgresql(engine: Engine, path: Path, *, revision: str) -> None:
    there = current(engine)
    if there is not None and there != revision:
        downgrade(engine, "base")
    upgrade(engine, revision)
    restore_tables(engine.url, path)


def _sqlite_path(engine: Engine) -> Path:
    path = find_sqlite_file(engine)
    if path is None:
        raise CannotStartError("a store in memory has no backup")
    return path
