"""Files of a flight from their announcement to their answer: the receipt.

announced → received → settled (accepted, held or rejected). Each step writes what follows from
it in the same transaction: the job that is left to do, the event that tells it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inference.receipt import Outcome, Reason
from service.errors import ConflictError, UnknownRecordError
from service.store.blobs import renew_blobs
from service.store.events import append_event
from service.store.jobs import JobKind, NewJob, enqueue
from service.store.json_text import JsonObject
from service.store.reasons_text import format_reasons, parse_reasons
from service.store.tables import BlobRow, FileRow, FlightRow
from service.store.upsert import insert_absent, insert_if_absent


class FileState(StrEnum):
    """How far a file is."""

    ANNOUNCED = "announced"
    RECEIVED = "received"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedFile:
    """What a client says it will send. The name is checked by whoever takes it in."""

    name: str
    byte_count: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Who let a file through in spite of a hold."""

    who: str
    why: str
    at: datetime


_OVERRIDE: TypeAdapter[Override] = TypeAdapter(Override)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightFile:
    """One line of a receipt.

    Attributes:
        outcome: None until it is settled.
        part_of: Name of the archive or video that it comes from.
        frame_number: Of a video's frame. Its `sha256` is an id of ours, no hash of bytes.
    """

    flight_id: str
    name: str
    byte_count: int | None
    sha256: str | None
    state: FileState
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()
    duplicate_of: str | None = None
    part_of: str | None = None
    media_type: str | None = None
    override: Override | None = None
    frame_number: int | None = None


def announce_files(
    session: Session, flight_id: str, files: Sequence[AnnouncedFile], *, now: datetime
) -> set[str]:
    """Keep what a client says it will send; return the names that need not be sent.

    A file that was rejected may come again under its name with other bytes.

    Those have arrived before: in this flight, or in another of the same unit whose bytes are
    still kept; the latter count as received by this. Across units a hash proves nothing, since
    reports show hashes.

    Raises:
        UnknownRecordError: There is no such flight.
        ConflictError: A file of this name has arrived with other bytes, or two have one name.
    """
    if len({file.name for file in files}) < len(files):
        raise ConflictError("two of the announced files have the same name")
    unit = _read_unit(session, flight_id)
    kept = _kept_of_unit(session, unit, {file.sha256 for file in files})
    # Before the files' rows are locked: an arrival locks in this order, too.
    renewed = renew_blobs(session, kept, now=now)
    rows = _lay_down(session, flight_id, files, now=now)
    for row in rows.values():
        if row.state == FileState.ANNOUNCED.value and row.sha256 in renewed:
            _arrive(session, row, media_type=kept[row.sha256], now=now)
    session.flush()
    return {name for name, row in rows.items() if row.state != FileState.ANNOUNCED.value}


def receive_file(
    session: Session,
    flight_id: str,
    file: AnnouncedFile,
    *,
    media_type: str,
    now: datetime,
    part_of: str | None = None,
) -> FlightFile:
    """Note that a file has arrived whole and is kept; a job of kind `receive` will look at it.

    It need not have been announced. A second arrival of the same bytes changes nothing.

    Args:
        session: An open transaction that writes.
        flight_id: Whose file it is.
        file: As it has arrived.
        media_type: By content.
        now: Aware.
        part_of: Name of the archive that it comes from.

    Raises:
        UnknownRecordError: There is no such flight.
        ConflictError: A file of this name has arrived with other bytes.
    """
    _read_unit(session, flight_id)
    row = _lay_down(session, flight_id, [file], now=now)[file.name]
    if row.state == FileState.ANNOUNCED.value:
        row.part_of = part_of
        _arrive(session, row, media_type=media_type, now=now)
    return _file(row)


def add_part(session: Session, flight_id: str, part: FlightFile, *, now: datetime) -> None:
    """Keep an entry of an archive or a frame of a video with its answer, replacing earlier ones.

    Raises:
        UnknownRecordError: There is no such flight.
        ValueError: The part has no outcome, or is part of nothing.
    """
    if part.outcome is None or part.part_of is None:
        raise ValueError(f"{part.name} is no settled part of another file")
    _read_unit(session, flight_id)
    values = {"flight_id": flight_id, "name": part.name, "reasons_json": "[]"}
    insert_if_absent(session, FileRow, values | {"state": FileState.RECEIVED.value})
    row = _lock_file(session, flight_id, part.name)
    row.byte_count, row.sha256, row.part_of = part.byte_count, part.sha256, part.part_of
    row.media_type, row.frame_number = part.media_type, part.frame_number
    _settle(session, row, part.outcome, part.reasons, duplicate_of=part.duplicate_of, now=now)


def settle_file(
    session: Session,
    flight_id: str,
    name: str,
    outcome: Outcome,
    reasons: Sequence[Reason] = (),
    *,
    now: datetime,
    duplicate_of: str | None = None,
) -> FlightFile:
    """Give a file its answer, with an event; the same answer again changes nothing.

    A hold that a person has overridden does not come back: such a file stays accepted.

    Raises:
        UnknownRecordError: There is no such file.
    """
    row = _lock_file(session, flight_id, name)
    _settle(session, row, outcome, tuple(reasons), duplicate_of=duplicate_of, now=now)
    return _file(row)


def override_hold(
    session: Session, flight_id: str, name: str, *, who: str, why: str, now: datetime
) -> FlightFile:
    """Let a held file through, with an event; the reasons for the hold stay in the receipt.

    The job `receive` looks at it once more, and sees to it that it is inspected.

    Raises:
        UnknownRecordError: There is no such file.
        ConflictError: It is not held.
    """
    row = _lock_file(session, flight_id, name)
    if row.override_json is not None:
        return _file(row)
    if row.outcome != Outcome.HELD.value:
        raise ConflictError(f"{name} is not held")
    override = Override(who=who, why=why, at=now)
    row.override_json = _OVERRIDE.dump_json(override).decode()
    row.outcome, row.changed_at = Outcome.ACCEPTED.value, now
    _tell(session, row, kind="hold_overridden", now=now)
    enqueue(session, receive_job(flight_id, name, sha256=row.sha256), now=now, again=True)
    return _file(row)


def receive_job(flight_id: str, name: str, *, sha256: str | None) -> NewJob:
    """Return the job that looks at a file of this name and these bytes."""
    return NewJob(
        kind=JobKind.RECEIVE,
        key=f"{flight_id}/{name}/{sha256}",
        flight_id=flight_id,
        payload={"name": name, "sha256": sha256},
    )


def remove_parts(
    session: Session, flight_id: str, *, part_of: str, keep: Collection[str], now: datetime
) -> int:
    """Forget the parts of a video or archive but for these names; return how many went.

    A video has other frames when other flight data comes to lie beside it.
    """
    statement = select(FileRow).where(FileRow.flight_id == flight_id, FileRow.part_of == part_of)
    rows = session.scalars(statement.order_by(FileRow.name).with_for_update()).all()
    gone = [row for row in rows if row.name not in keep]
    for row in gone:
        data: JsonObject = {"name": row.name}
        session.delete(row)
        session.flush()
        append_event(session, flight_id, kind="file_removed", data=data, now=now)
    return len(gone)


def lock_receipt(session: Session, flight_id: str) -> list[FlightFile]:
    """Return the files of a flight by name; nobody else changes them until the transaction ends."""
    statement = select(FileRow).where(FileRow.flight_id == flight_id).order_by(FileRow.name)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    return [_file(row) for row in session.scalars(locked)]


def list_arrived(session: Session, flight_id: str) -> list[FlightFile]:
    """Return the files of a flight that have arrived, without frames of videos, by name."""
    statement = select(FileRow).where(
        FileRow.flight_id == flight_id,
        FileRow.state != FileState.ANNOUNCED.value,
        FileRow.frame_number.is_(None),
    )
    return [_file(row) for row in session.scalars(statement.order_by(FileRow.name))]


def find_equal(session: Session, flight_id: str, sha256: str) -> list[FlightFile]:
    """Return the files of a flight that have arrived with these bytes, by name."""
    statement = select(FileRow).where(
        FileRow.flight_id == flight_id,
        FileRow.sha256 == sha256,
        FileRow.state != FileState.ANNOUNCED.value,
    )
    return [_file(row) for row in session.scalars(statement.order_by(FileRow.name))]


def last_arrival(session: Session, flight_id: str) -> datetime | None:
    """Return when a file of the flight last changed, or None where it has none."""
    statement = select(func.max(FileRow.changed_at)).where(FileRow.flight_id == flight_id)
    return session.scalar(statement)


def find_other_bytes(
    session: Session, flight_id: str, files: Sequence[AnnouncedFile]
) -> Mapping[str, str]:
    """Return the SHA-256 by name of files that have arrived with other bytes than these.

    Those are what `announce_files` refuses; a rejected file is none of them.
    """
    announced = {file.name: file.sha256 for file in files}
    found = {}
    for some in _portions(sorted(announced)):
        statement = select(FileRow.name, FileRow.sha256).where(
            FileRow.flight_id == flight_id,
            FileRow.name.in_(some),
            FileRow.state != FileState.ANNOUNCED.value,
            func.coalesce(FileRow.outcome, "") != Outcome.REJECTED.value,
        )
        rows = session.execute(statement)
        found.update({name: str(sha256) for name, sha256 in rows if sha256 != announced[name]})
    return found


def list_announced(session: Session, flight_id: str, *, limit: int) -> list[str]:
    """Return the names of files that were announced and have not arrived, sorted."""
    statement = (
        select(FileRow.name)
        .where(FileRow.flight_id == flight_id, FileRow.state == FileState.ANNOUNCED.value)
        .order_by(FileRow.name)
        .limit(limit)
    )
    return list(session.scalars(statement))


def find_file_of_bytes(session: Session, flight_id: str, sha256: str) -> FlightFile | None:
    """Return the first file, by name, that has arrived in a flight with these bytes, or None."""
    statement = (
        select(FileRow)
        .where(
            FileRow.flight_id == flight_id,
            FileRow.sha256 == sha256,
            FileRow.state != FileState.ANNOUNCED.value,
        )
        .order_by(FileRow.name)
        .limit(1)
    )
    row = session.scalars(statement).first()
    return None if row is None else _file(row)


def read_file(session: Session, flight_id: str, name: str) -> FlightFile:
    """Return one line of the receipt.

    Raises:
        UnknownRecordError: There is no such file.
    """
    row = session.get(FileRow, (flight_id, name), populate_existing=True)
    if row is None:
        raise UnknownRecordError(f"flight {flight_id} has no file {name}")
    return _file(row)


def read_receipt(
    session: Session, flight_id: str, *, after: str = "", limit: int | None = None
) -> list[FlightFile]:
    """Return what became of the flight's files, by name.

    Args:
        session: An open transaction.
        flight_id: Whose files.
        after: Name of the last file of the page before.
        limit: At most so many; None for all.

    Raises:
        UnknownRecordError: There is no such flight.
    """
    _read_unit(session, flight_id)
    statement = select(FileRow).where(FileRow.flight_id == flight_id)
    if after:
        statement = statement.where(FileRow.name > after)
    rows = session.scalars(statement.order_by(FileRow.name).limit(limit))
    return [_file(row) for row in rows]


def count_files(session: Session, flight_id: str) -> Mapping[str, int]:
    """Return how many files are announced, received, accepted, held and rejected."""
    answer = func.coalesce(FileRow.outcome, FileRow.state)
    statement = select(answer, func.count()).where(FileRow.flight_id == flight_id).group_by(answer)
    found = {str(name): count for name, count in session.execute(statement)}
    names = (FileState.ANNOUNCED, FileState.RECEIVED, *Outcome)
    return {name.value: found.get(name.value, 0) for name in names}


def _lay_down(
    session: Session, flight_id: str, files: Sequence[AnnouncedFile], *, now: datetime
) -> dict[str, FileRow]:
    """Return the files' locked rows by name, made if needed, with what is announced now."""
    by_name = {file.name: file for file in files}
    names = sorted(by_name)  # rows are locked in one order: no deadlock
    new = [_announced_values(flight_id, by_name[name], now=now) for name in names]
    insert_absent(session, FileRow, new)
    rows = {}
    for some in _portions(names):
        statement = select(FileRow).where(FileRow.flight_id == flight_id, FileRow.name.in_(some))
        locked = statement.order_by(FileRow.name).with_for_update()
        for row in session.scalars(locked.execution_options(populate_existing=True)):
            rows[row.name] = row
    for file in files:
        _announce_anew(rows[file.name], file)
    return rows


def _announced_values(flight_id: str, file: AnnouncedFile, *, now: datetime) -> dict[str, object]:
    return {
        "flight_id": flight_id,
        "name": file.name,
        "byte_count": file.byte_count,
        "sha256": file.sha256,
        "state": FileState.ANNOUNCED.value,
        "reasons_json": "[]",
        "changed_at": now,
    }


def _announce_anew(row: FileRow, file: AnnouncedFile) -> None:
    """Let a row say what is announced now, unless other bytes have arrived."""
    if row.sha256 == file.sha256:
        return
    if row.state != FileState.ANNOUNCED.value and row.outcome != Outcome.REJECTED.value:
        raise ConflictError(f"{file.name} has arrived with other bytes: SHA-256 {row.sha256}")
    # Rejected ones too: a card may have given a photo damaged the first time.
    row.state, row.outcome, row.reasons_json = FileState.ANNOUNCED.value, None, "[]"
    row.byte_count, row.sha256 = file.byte_count, file.sha256
    row.duplicate_of, row.override_json, row.frame_number = None, None, None


def _portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield values by 500: a statement takes a limited number."""
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


def _arrive(session: Session, row: FileRow, *, media_type: str | None, now: datetime) -> None:
    row.state, row.media_type, row.changed_at = FileState.RECEIVED.value, media_type, now
    session.flush()
    # Again: the same bytes may have come before, been rejected and replaced by others meanwhile.
    enqueue(session, receive_job(row.flight_id, row.name, sha256=row.sha256), now=now, again=True)
    _tell(session, row, kind="received", now=now)


def _settle(
    session: Session,
    row: FileRow,
    outcome: Outcome,
    reasons: tuple[Reason, ...],
    *,
    duplicate_of: str | None,
    now: datetime,
) -> None:
    if row.override_json is not None and outcome is Outcome.HELD:
        outcome = Outcome.ACCEPTED
    answer = (
        FileState.SETTLED.value,
        outcome.value,
        format_reasons(reasons),
        duplicate_of,
    )
    if (row.state, row.outcome, row.reasons_json, row.duplicate_of) == answer:
        return
    row.state, row.outcome, row.reasons_json, row.duplicate_of = answer
    row.changed_at = now
    _tell(session, row, kind="settled", now=now)


def _tell(session: Session, row: FileRow, *, kind: str, now: datetime) -> None:
    codes = sorted({reason.code.value for reason in parse_reasons(row.reasons_json)})
    session.flush()
    append_event(
        session,
        row.flight_id,
        kind=f"file_{kind}",
        data={"name": row.name, "outcome": row.outcome, "reasons": [*codes]},
        now=now,
    )


def _read_unit(session: Session, flight_id: str) -> str | None:
    row = session.execute(select(FlightRow.unit).where(FlightRow.id == flight_id)).first()
    if row is None:
        raise UnknownRecordError(f"there is no flight {flight_id}")
    unit: str | None = row[0]
    return unit


def _kept_of_unit(session: Session, unit: str | None, hashes: set[str]) -> dict[str, str | None]:
    """Return the media types by SHA-256 of those that came in flights of the unit and are kept."""
    statement = (
        select(FileRow.sha256, func.max(FileRow.media_type))
        .join(FlightRow, FlightRow.id == FileRow.flight_id)
        .join(BlobRow, BlobRow.sha256 == FileRow.sha256)
        .where(
            FlightRow.unit.is_not_distinct_from(unit),
            FileRow.state != FileState.ANNOUNCED.value,
            BlobRow.stored_at.is_not(None),
        )
        .group_by(FileRow.sha256)
    )
    kept: dict[str, str | None] = {}
    for some in _portions(sorted(hashes)):
        found = session.execute(statement.where(FileRow.sha256.in_(some)))
        kept.update({str(sha256): kind for sha256, kind in found})
    return kept


def _lock_file(session: Session, flight_id: str, name: str) -> FileRow:
    row = session.get(FileRow, (flight_id, name), with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownRecordError(f"flight {flight_id} has no file {name}")
    return row


def _file(row: FileRow) -> FlightFile:
    return FlightFile(
        flight_id=row.flight_id,
        name=row.name,
        byte_count=row.byte_count,
        sha256=row.sha256,
        state=FileState(row.state),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        reasons=parse_reasons(row.reasons_json),
        duplicate_of=row.duplicate_of,
        part_of=row.part_of,
        media_type=row.media_type,
        frame_number=row.frame_number,
        override=None if row.override_json is None else _OVERRIDE.validate_json(row.override_json),
    )
