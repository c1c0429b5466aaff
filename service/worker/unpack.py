"""Archives and videos are taken apart; what was done before a kill is not done again."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from inference.errors import PhotoRejectedError
from inference.receipt import Outcome, Reason, ReasonCode
from service.errors import ConflictError
from service.inspecting.found_files import FoundFile
from service.inspecting.intake import ReceivedFile, receive_hashed
from service.receiving.archive import EntryAnswer, unpack_archive
from service.receiving.keep_file import keep_file
from service.receiving.kinds import FileKind, find_kind, read_kind
from service.store.engine import reading, writing
from service.store.files import (
    FileState,
    FlightFile,
    add_part,
    find_equal,
    read_file,
    read_receipt,
    remove_parts,
    settle_file,
)
from service.store.inspections import read_photos, save_photo
from service.store.jobs import Job, enqueue
from service.worker.endings import Effect
from service.worker.errors import UnreadableError
from service.worker.flight_photos import kept_photo, plan_line
from service.worker.job_payload import read_payload, unpack_job
from service.worker.lend import frame_source, lend_named
from service.worker.receive import find_partner, inspect_job, write_nothing
from service.worker.workshop import Workshop

# After so long the job begins anew with all its attempts: what was unpacked proves that it goes on.
SLICE = timedelta(seconds=20)


def unpack(shop: Workshop, job: Job, should_stop: Callable[[], bool]) -> Effect:
    """Take a file apart and return what is to be written of it in the end.

    Args:
        shop: What it is done with.
        job: Which file.
        should_stop: Asks whether to leave the rest for another time.

    Raises:
        UnknownRecordError: The flight or the file was removed.
        UnreadableError: Its bytes cannot be read.
        TemporaryError: A disk is full, or a place does not answer.
    """
    payload, flight_id = read_payload(job), job.flight_id or ""
    with reading(shop.deployment.engine) as session:
        file = read_file(session, flight_id, payload.name)
        if file.sha256 != payload.sha256 or file.state is FileState.ANNOUNCED:
            return write_nothing
        partner = find_partner(session, file)
    with ExitStack() as lent:
        blobs = shop.deployment.blobs
        path = lent.enter_context(lend_named(blobs, payload.sha256, name=file.name))
        if _kind(path) is FileKind.ZIP:
            return _unpack_archive(shop, file, path, should_stop)
        telemetry = None
        if partner is not None:
            telemetry = lent.enter_context(
                lend_named(blobs, partner.sha256 or "", name=partner.name)
            )
        return _unpack_video(shop, file, path, telemetry)


def _kind(path: Path) -> FileKind:
    try:
        return read_kind(path).kind
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error


def _unpack_archive(
    shop: Workshop, file: FlightFile, path: Path, should_stop: Callable[[], bool]
) -> Effect:
    with reading(shop.deployment.engine) as session:
        parts = read_receipt(session, file.flight_id)
    answered = {one.name for one in parts if one.part_of == file.name}
    deadline = shop.now() + SLICE
    count = len(answered)
    try:
        answers = unpack_archive(
            path,
            shop.deployment.incoming,
            is_done=lambda name: _part_name(file, name) in answered,
            reserve_bytes=shop.deployment.settings.limits.reserve_bytes,
        )
        for answer in answers:
            _keep_part(shop, file, answer)
            count += 1
            if should_stop() or shop.now() > deadline:
                answers.close()  # type: ignore[attr-defined]  # it is a generator
                return _go_on_later(file)
    except PhotoRejectedError as error:
        return _settle(file, Outcome.REJECTED, error.reason)
    reason = Reason(code=ReasonCode.ARCHIVE_UNPACKED, detail=f"{count} files")
    return _settle(file, Outcome.ACCEPTED, reason)


def _keep_part(shop: Workshop, archive: FlightFile, answer: EntryAnswer) -> None:
    """Keep what became of one entry: its bytes, or why there are none."""
    name = _part_name(archive, answer.name)
    if answer.arrived is None:
        part = FlightFile(
            flight_id=archive.flight_id,
            name=name,
            byte_count=answer.byte_count,
            sha256=None,
            state=FileState.SETTLED,
            outcome=Outcome.REJECTED,
            reasons=() if answer.reason is None else (answer.reason,),
            part_of=archive.name,
        )
        with writing(shop.deployment.engine) as session:
            add_part(session, archive.flight_id, part, now=shop.now())
        return
    kind = find_kind(answer.arrived.head)
    while True:
        try:
            keep_file(
                shop.deployment,
                archive.flight_id,
                answer.arrived,
                name=name,
                media_type=kind.media_type,
                now=shop.now(),
                part_of=archive.name,
            )
        except ConflictError:  # a file that was sent by itself has this name
            name += "#"
        else:
            return


def _part_name(archive: FlightFile, entry_name: str) -> str:
    """Return what an entry is called in the flight: as if the archive were a folder."""
    return f"{archive.name}/{entry_name}"


def _go_on_later(file: FlightFile) -> Effect:
    def write(session: Session, now: datetime) -> None:
        job = unpack_job(file.flight_id, file.name, file.sha256 or "")
        enqueue(session, job, now=now, again=True)

    return write


def _settle(file: FlightFile, outcome: Outcome, *reasons: Reason) -> Effect:
    def write(session: Session, now: datetime) -> None:
        settle_file(session, file.flight_id, file.name, outcome, reasons, now=now)

    return write


def _unpack_video(shop: Workshop, file: FlightFile, path: Path, telemetry: Path | None) -> Effect:
    with reading(shop.deployment.engine) as session:
        known = read_photos(session, read_as=shop.basis.read_as, flight_id=file.flight_id)
        equal = [
            one
            for one in find_equal(session, file.flight_id, file.sha256 or "")
            if one.name < file.name and one.outcome is Outcome.ACCEPTED
        ]
        names = {
            one.name
            for one in read_receipt(session, file.flight_id)
            if one.part_of != file.name or one.frame_number is None
        }
    if equal:
        return _as_duplicate(file, equal[0])
    video, *frames = receive_hashed(
        FoundFile(path=path, name=file.name, partner=telemetry),
        file.byte_count or 0,
        file.sha256 or "",
        known=known,
        assumed=shop.basis.assumed,
    )
    for reason in video.stored.reasons:
        if reason.code is ReasonCode.UNREADABLE_FILE:
            raise UnreadableError(reason.detail or reason.code.value)
    parts = [_frame_part(file, frame, names) for frame in frames]
    pairs = list(zip(parts, frames, strict=True))

    def write(session: Session, now: datetime) -> None:
        settled = video.stored
        settle_file(session, file.flight_id, file.name, settled.outcome, settled.reasons, now=now)
        keep = {part.name for part in parts}
        remove_parts(session, file.flight_id, part_of=file.name, keep=keep, now=now)
        for part, frame in pairs:
            _add_frame(shop, session, file, part, frame, now=now)

    return write


def _add_frame(
    shop: Workshop,
    session: Session,
    video: FlightFile,
    part: FlightFile,
    frame: ReceivedFile,
    *,
    now: datetime,
) -> None:
    if frame.metadata is None or part.sha256 is None:
        return
    save_photo(session, part.sha256, frame.metadata, read_as=shop.basis.read_as)
    line, registered = plan_line(part, frame.metadata, cameras=shop.basis.cameras)
    add_part(session, video.flight_id, part, now=now)
    if line.outcome is Outcome.ACCEPTED:
        photo = kept_photo(part, registered, outcome=line.outcome, bytes_sha256=video.sha256 or "")
        enqueue(session, inspect_job(shop, video.flight_id, photo), now=now)


def _frame_part(video: FlightFile, frame: ReceivedFile, taken: set[str]) -> FlightFile:
    name = frame.stored.name
    while name in taken:  # files may be called like frames
        name += "#"
    source = frame.frame or frame_source(0)
    return FlightFile(
        flight_id=video.flight_id,
        name=name,
        byte_count=None,
        sha256=frame.stored.sha256,
        state=FileState.SETTLED,
        outcome=frame.stored.outcome,
        reasons=frame.stored.reasons,
        part_of=video.name,
        frame_number=None if source is None else source.number,
    )


def _as_duplicate(file: FlightFile, original: FlightFile) -> Effect:
    def write(session: Session, now: datetime) -> None:
        settle_file(
            session,
            file.flight_id,
            file.name,
            original.outcome or Outcome.ACCEPTED,
            [Reason(code=ReasonCode.DUPLICATE)],
            duplicate_of=original.name,
            now=now,
        )
        remove_parts(session, file.flight_id, part_of=file.name, keep=(), now=now)

    return write
