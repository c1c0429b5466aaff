"""Findings of a flight, as one run sees them; they are replaced as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.store.json_text import JsonObject, parse_object, to_json
from service.store.places import Box, Placed, save_place
from service.store.tables import FindingRow, PlaceRow

FINDING = "finding"  # kind of its place


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """One physical object within a flight.

    Attributes:
        record: All that is told of it.
        box: Where it is; None where it has no place.
    """

    id: str
    class_name: str
    confidence: float
    record: JsonObject
    box: Box | None = None


def replace_findings(
    session: Session, flight_id: str, run_id: str, findings: Sequence[StoredFinding]
) -> None:
    """Keep these as the findings of a flight and run, with their places, and no others."""
    session.execute(
        delete(PlaceRow).where(
            PlaceRow.kind == FINDING, PlaceRow.flight_id == flight_id, PlaceRow.run_id == run_id
        )
    )
    session.execute(
        delete(FindingRow).where(FindingRow.flight_id == flight_id, FindingRow.run_id == run_id)
    )
    session.add_all(
        FindingRow(
            flight_id=flight_id,
            run_id=run_id,
            id=finding.id,
            class_name=finding.class_name,
            confidence=finding.confidence,
            record_json=to_json(finding.record),
        )
        for finding in findings
    )
    session.flush()
    for finding in findings:
        if finding.box is not None:
            placed = Placed(kind=FINDING, object_id=finding.id, flight_id=flight_id, run_id=run_id)
            save_place(session, placed, finding.box)


def read_findings(session: Session, flight_id: str, run_id: str) -> list[StoredFinding]:
    """Return the findings of a flight and run without their boxes, the surest first."""
    statement = (
        select(FindingRow)
        .where(FindingRow.flight_id == flight_id, FindingRow.run_id == run_id)
        .order_by(FindingRow.confidence.desc(), FindingRow.id)
    )
    return [
        StoredFinding(
            id=row.id,
            class_name=row.class_name,
            confidence=row.confidence,
            record=parse_object(row.record_json),
        )
        for row in session.scalars(statement)
    ]


def change_record(
    session: Session, flight_id: str, run_id: str, finding_id: str, record: JsonObject
) -> None:
    """Keep something else of a finding; one that is no more is no error."""
    row = session.get(FindingRow, (flight_id, run_id, finding_id), populate_existing=True)
    if row is not None:
        row.record_json = to_json(record)
        session.flush()
