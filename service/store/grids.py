"""Cells of the city's management grid, and the units that look after them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import shapely
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.store.tables import GridRow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredGrid:
    """A cell as it is kept; `inference.merging.areas.GridCell` is what findings are compared with.

    Attributes:
        shape: Polygon or multipolygon in WGS 84, longitude first.
        unit: Responsible unit; None where nobody is named.
    """

    code: str
    name: str | None
    unit: str | None
    shape: shapely.Geometry
    division: str | None = None


def replace_grids(session: Session, grids: Iterable[StoredGrid]) -> None:
    """Keep these cells in place of all earlier ones.

    Raises:
        sqlalchemy.exc.IntegrityError: Two have the same code.
    """
    session.execute(delete(GridRow))
    session.add_all(
        GridRow(
            code=grid.code,
            name=grid.name,
            unit=grid.unit,
            division=grid.division,
            shape=shapely.to_wkb(grid.shape),
        )
        for grid in grids
    )
    session.flush()


def read_grids(
    session: Session,
    *,
    units: Collection[str] | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[StoredGrid]:
    """Return cells, by code.

    Args:
        session: An open transaction.
        units: Only those that these look after; None for all.
        after: Code of the last cell of the page before.
        limit: At most so many; None for all.
    """
    statement = select(GridRow).order_by(GridRow.code).limit(limit)
    if units is not None:
        statement = statement.where(GridRow.unit.in_(list(units)))
    if after:
        statement = statement.where(GridRow.code > after)
    return [
        StoredGrid(
            code=row.code,
            name=row.name,
            unit=row.unit,
            division=row.division,
            shape=shapely.from_wkb(row.shape),
        )
        for row in session.scalars(statement)
    ]


def list_units(session: Session) -> list[str]:
    """Return the units that look after any cell, by name."""
    statement = select(GridRow.unit).where(GridRow.unit.is_not(None)).distinct()
    return sorted(unit for unit in session.scalars(statement) if unit is not None)
