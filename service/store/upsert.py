"""Rows that are written whether they are there or not, in one step on both databases."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from service.store.tables import Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert_or_update(
    session: Session,
    row: type[Table],
    values: Mapping[str, object],
    *,
    update: Collection[str] | None = None,
) -> None:
    """Write a row in place of the one with its primary key, if there is one.

    Two processes that write the same new row at once both succeed, one after the other.

    Args:
        session: An open transaction that writes.
        row: Table.
        values: By column.
        update: Columns that are changed in a row that is there; None for all that are given.
    """
    keys = [column.name for column in inspect(row).primary_key]
    changed = [name for name in (values if update is None else update) if name not in keys]
    statement = _insert(session, row).values(**values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_={name: statement.excluded[name] for name in changed}
        )
    )


def insert_if_absent(session: Session, row: type[Table], values: Mapping[str, object]) -> bool:
    """Write a row unless one with its primary or unique key is there; return whether it was new."""
    statement = _insert(session, row).values(**values).on_conflict_do_nothing()
    keys = inspect(row).primary_key
    return session.execute(statement.returning(*keys)).first() is not None


def insert_absent(session: Session, row: type[Table], many: Sequence[Mapping[str, object]]) -> None:
    """Write those of many rows that are not there, all with the same columns."""
    if many:
        session.execute(_insert(session, row).on_conflict_do_nothing(), list(many))


def _insert(session: Session, row: type[Table]) -> "sqlite.Insert | postgresql.Insert":
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(row)
    from sqlalchemy.dialects import postgresql  # here: `inspect` starts sooner without

    return postgresql.insert(row)
