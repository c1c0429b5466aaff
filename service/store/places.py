"""Where things are: boxes on the map, found by R*Tree on SQLite and by PostGIS on PostgreSQL.

A box whose west is larger than its east lies across the antimeridian.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import and_, delete, or_, select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from service.store.tables import PlaceRow

# Rounding outwards does not help with numbers too small for 32 bits.
_SLACK_DEG = 1e-6
_THROUGH_INDEX = {
    "sqlite": (
        "places.id IN (SELECT id FROM place_boxes"
        " WHERE west <= :{e} AND east >= :{w} AND south <= :{n} AND north >= :{s})"
    ),
    "postgresql": "places.box && ST_MakeEnvelope(:{w}, :{s}, :{e}, :{n}, 4326)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box on the map in degrees, its edges included; west > east across the antimeridian."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    def __post_init__(self) -> None:
        # Written so that NaN is refused too.
        if not (-90.0 <= self.south_deg <= self.north_deg <= 90.0) or not all(
            -180.0 <= edge <= 180.0 for edge in (self.west_deg, self.east_deg)
        ):
            raise ValueError(f"{self} is no box on the map")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Placed:
    """Something that has a place; flight and run are None where it belongs to none."""

    kind: str
    object_id: str
    flight_id: str | None = None
    run_id: str | None = None


def save_place(session: Session, placed: Placed, box: Box) -> None:
    """Keep where something is, in place of where it was."""
    remove_place(session, placed)
    session.add_all(
        PlaceRow(
            kind=placed.kind,
            object_id=placed.object_id,
            flight_id=placed.flight_id,
            run_id=placed.run_id,
            west_deg=west,
            south_deg=box.south_deg,
            east_deg=east,
            north_deg=box.north_deg,
        )
        for west, east in _spans(box)
    )
    session.flush()


def remove_place(session: Session, placed: Placed) -> None:
    """Forget where something is."""
    session.execute(
        delete(PlaceRow).where(
            PlaceRow.kind == placed.kind,
            PlaceRow.object_id == placed.object_id,
            PlaceRow.flight_id.is_not_distinct_from(placed.flight_id),
            PlaceRow.run_id.is_not_distinct_from(placed.run_id),
        )
    )


def find_in_box(
    session: Session,
    box: Box,
    *,
    kinds: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Placed]:
    """Return what lies in the box or touches it, in a fixed order.

    Args:
        session: An open transaction.
        box: Where to look.
        kinds: Only these; None for all.
        limit: At most so many.
    """
    columns = (PlaceRow.kind, PlaceRow.object_id, PlaceRow.flight_id, PlaceRow.run_id)
    # SQLite puts an absent value first, PostgreSQL last.
    order = [column.asc().nulls_first() for column in columns]
    found = select(*columns).where(_touches(session, box)).distinct().order_by(*order).limit(limit)
    if kinds is not None:
        found = found.where(PlaceRow.kind.in_(list(kinds)))
    return [
        Placed(kind=kind, object_id=object_id, flight_id=flight_id, run_id=run_id)
        for kind, object_id, flight_id, run_id in session.execute(found)
    ]


def _spans(box: Box) -> list[tuple[float, float]]:
    """Return the box as one or two spans of longitude, from west to east."""
    if box.west_deg <= box.east_deg:
        return [(box.west_deg, box.east_deg)]
    return [(box.west_deg, 180.0), (-180.0, box.east_deg)]


def _searched_spans(box: Box) -> list[tuple[float, float]]:
    """Return the spans to look in: the meridian of 180 degrees has two names."""
    spans = _spans(box)
    if len(spans) == 1 and box.west_deg == -180.0:
        spans.append((180.0, 180.0))
    if len(spans) == 1 and box.east_deg == 180.0:
        spans.append((-180.0, -180.0))
    return spans


def _touches(session: Session, box: Box) -> ColumnElement[bool]:
    dialect = session.get_bind().dialect.name
    spans = _searched_spans(box)
    boxes = [replace(box, west_deg=west, east_deg=east) for west, east in spans]
    return or_(*(_touches_one(dialect, number, one) for number, one in enumerate(boxes)))


def _touches_one(dialect: str, number: int, box: Box) -> ColumnElement[bool]:
    """Return the condition for a box within one span, through the index of this database.

    Both indexes keep 32-bit numbers and are asked for a little more: the exact edges are
    compared again.
    """
    edges = {
        f"w{number}": box.west_deg - _SLACK_DEG,
        f"s{number}": box.south_deg - _SLACK_DEG,
        f"e{number}": box.east_deg + _SLACK_DEG,
        f"n{number}": box.north_deg + _SLACK_DEG,
    }
    west, south, east, north = edges
    rough = _THROUGH_INDEX[dialect].format(w=west, s=south, e=east, n=north)
    return and_(
        text(rough).bindparams(**edges),
        PlaceRow.west_deg <= box.east_deg,
        PlaceRow.east_deg >= box.west_deg,
        PlaceRow.south_deg <= box.north_deg,
        PlaceRow.north_deg >= box.south_deg,
    )
