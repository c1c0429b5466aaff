"""Files as `inspect` finds them in folders: all at once, each with its answer."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from inference.receipt import Outcome, Reason
from service.store.files import FileState
from service.store.reasons_text import format_reasons, parse_reasons
from service.store.tables import FileRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What became of one file found.

    Attributes:
        name: Stable text of its path below the folders given, see `service.inspecting.found_files`.
        duplicate_of: Name of the file with the same bytes that is used instead.
    """

    name: str
    byte_count: int | None
    sha256: str | None
    outcome: Outcome
    reasons: tuple[Reason, ...]
    duplicate_of: str | None = None


def save_files(session: Session, flight_id: str, files: Iterable[StoredFile]) -> None:
    """Keep these files as what the flight consists of, in place of all earlier ones."""
    session.execute(delete(FileRow).where(FileRow.flight_id == flight_id))
    session.add_all(
        FileRow(
            flight_id=flight_id,
            name=file.name,
            byte_count=file.byte_count,
            sha256=file.sha256,
            state=FileState.SETTLED.value,
            outcome=file.outcome.value,
            reasons_json=format_reasons(file.reasons),
            duplicate_of=file.duplicate_of,
        )
        for file in files
    )
    session.flush()


def read_files(session: Session, flight_id: str) -> list[StoredFile]:
    """Return the settled files of a flight by name."""
    statement = select(FileRow).where(FileRow.flight_id == flight_id).order_by(FileRow.name)
    return [
        StoredFile(
            name=row.name,
            byte_count=row.byte_count,
            sha256=row.sha256,
            outcome=Outcome(row.outcome),
            reasons=parse_reasons(row.reasons_json),
            duplicate_of=row.duplicate_of,
        )
        for row in session.scalars(statement)
        if row.outcome is not None
    ]
