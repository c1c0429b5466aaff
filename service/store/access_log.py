"""Who did or saw what. The database refuses to change or remove a line."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.tables import AccessRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One line of the log.

    Attributes:
        who: Id of a key or account, never a secret.
        action: Such as `view_original`.
        object: Such as `photo/…`.
    """

    at: datetime
    who: str
    action: str
    object: str
    detail: str | None = None


def log_access(session: Session, access: Access) -> None:
    """Add a line, in the transaction of what it tells of."""
    session.add(
        AccessRow(
            at=access.at,
            who=access.who,
            action=access.action,
            object=access.object,
            detail=access.detail,
        )
    )
    session.flush()


def read_access_log(
    session: Session, *, after: int = 0, limit: int = 1000, object: str | None = None
) -> list[tuple[int, Access]]:
    """Return lines with their numbers, in the order they were added.

    Args:
        session: An open transaction.
        after: Number of the last line of the page before.
        limit: At most so many.
        object: Only lines about it.
    """
    statement = select(AccessRow).where(AccessRow.id > after).order_by(AccessRow.id).limit(limit)
    if object is not None:
        statement = statement.where(AccessRow.object == object)
    return [
        (
            row.id,
            Access(at=row.at, who=row.who, action=row.action, object=row.object, detail=row.detail),
        )
        for row in session.scalars(statement)
    ]


def read_last_access(session: Session, *, object: str) -> Access | None:
    """Return the latest line about an object, or None where there is none."""
    statement = (
        select(AccessRow).where(AccessRow.object == object).order_by(AccessRow.id.desc()).limit(1)
    )
    row = session.scalar(statement)
    if row is None:
        return None
    return Access(at=row.at, who=row.who, action=row.action, object=row.object, detail=row.detail)
