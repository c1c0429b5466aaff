"""A file that has arrived gets its answer: a photo, something to take apart, or nothing of use."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlalchemy.orm import Session

from inference.errors import PhotoRejectedError
from inference.pipeline import plan_flights
from inference.reading.content_type import HEAD_BYTES, VIDEO_SUFFIXES
from inference.reading.metadata import PhotoMetadata
from inference.receipt import Outcome, Reason, ReasonCode
from service.inspecting.found_files import FoundFile
from service.inspecting.intake import ReceivedFile, read_or_reason, receive_hashed
from service.inspecting.photo_tasks import plan_gsd_m
from service.inspecting.received_photos import as_flight_photo
from service.inspecting.result import Photo
from service.inspecting.video_pairs import TELEMETRY_SUFFIX, pair_videos
from service.receiving.archive import read_plan
from service.receiving.file_names import is_hidden
from service.receiving.kinds import FileKind, find_kind
from service.store.engine import reading
from service.store.files import (
    FileState,
    FlightFile,
    find_equal,
    list_arrived,
    read_file,
    receive_job,
    settle_file,
)
from service.store.inspections import read_photo, save_photo
from service.store.jobs import Job, JobKind, NewJob, enqueue
from service.worker.endings import Effect
from service.worker.errors import UnreadableError
from service.worker.flight_photos import kept_photo, plan_line
from service.worker.job_payload import Payload, photo_job, read_payload, unpack_job
from service.worker.lend import lend_named
from service.worker.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a file is.

    Attributes:
        outcome: None while it is to be taken apart.
        metadata: Of a photo, as it says itself.
        jobs: That are left to do with it.
    """

    outcome: Outcome | None
    reasons: tuple[Reason, ...] = ()
    duplicate_of: str | None = None
    metadata: PhotoMetadata | None = None
    jobs: tuple[NewJob, ...] = ()


def receive(shop: Workshop, job: Job) -> Effect:
    """Look at a file and return what is to be written of it.

    Raises:
        UnknownRecordError: The flight or the file was removed.
        UnreadableError: Its bytes cannot be read.
        TemporaryError: The place where bytes are kept does not answer.
    """
    payload = read_payload(job)
    flight_id = job.flight_id or ""
    with reading(shop.deployment.engine) as session:
        file = read_file(session, flight_id, payload.name)
        if file.sha256 != payload.sha256 or file.state is FileState.ANNOUNCED:
            return write_nothing  # other bytes have taken its place: they have a job of their own
        partner = find_partner(session, file)
        known = read_photo(session, payload.sha256, read_as=shop.basis.read_as)
        equal = _find_original(session, file)
    answer = _answer(shop, file, known=known, partner=partner, equal=equal)
    beside = _jobs_beside(file, partner)

    def write(session: Session, now: datetime) -> None:
        if answer.metadata is not None and known is None:
            save_photo(session, payload.sha256, answer.metadata, read_as=shop.basis.read_as)
        if answer.outcome is not None:
            settle_file(
                session,
                flight_id,
                file.name,
                answer.outcome,
                answer.reasons,
                duplicate_of=answer.duplicate_of,
                now=now,
            )
        for one in answer.jobs:
            enqueue(session, one, now=now, again=one.kind is JobKind.UNPACK)
        for one in beside:
            enqueue(session, one, now=now, again=True)

    return write


def inspect_job(shop: Workshop, flight_id: str, photo: Photo) -> NewJob:
    """Return the job that inspects a photo, with its tiles planned from what it says alone."""
    (plan,) = plan_flights([as_flight_photo(photo)], ground=shop.basis.ground)
    payload = Payload(
        name=photo.name,
        sha256=photo.sha256,
        bytes_sha256=photo.path.name,
        frame_number=None if photo.frame is None else photo.frame.number,
        gsd_m=plan_gsd_m(plan.views[photo.sha256]),
    )
    return photo_job(JobKind.INSPECT, payload, flight_id=flight_id, run_id=shop.basis.run.id)


def write_nothing(session: Session, now: datetime) -> None:
    """Write nothing: the end of a job that has become pointless."""
    del session, now


def _answer(
    shop: Workshop,
    file: FlightFile,
    *,
    known: PhotoMetadata | None,
    partner: FlightFile | None,
    equal: FlightFile | None,
) -> Answer:
    if is_hidden(file.name):
        return _refusal(Reason(code=ReasonCode.NOT_A_PHOTO, detail="hidden file or folder"))
    if file.frame_number is not None:
        return _photo_answer(shop, file, known) if known else Answer(outcome=None)
    if known is not None:
        return _duplicate(equal) if equal else _photo_answer(shop, file, known)
    blobs = shop.deployment.blobs
    with lend_named(blobs, file.sha256 or "", name=file.name) as path:
        kind = _read_kind(path)
        if kind is FileKind.ZIP:
            return _archive_answer(file, path)
        if kind is FileKind.VIDEO and partner is not None:
            return Answer(
                outcome=None, jobs=(unpack_job(file.flight_id, file.name, file.sha256 or ""),)
            )
        limit = shop.deployment.settings.limits.max_photo_bytes
        if kind is FileKind.PHOTO and (file.byte_count or 0) > limit:
            detail = f"{file.byte_count} bytes, at most {limit}"
            return _refusal(Reason(code=ReasonCode.TOO_MANY_BYTES, detail=detail))
        received = _receive_alone(shop, file, path, has_partner=partner is not None)
    if received.metadata is not None:
        return _photo_answer(shop, file, received.metadata)
    return Answer(outcome=received.stored.outcome, reasons=received.stored.reasons)


def _read_kind(path: Path) -> FileKind:
    try:
        with path.open("rb") as opened:
            return find_kind(opened.read(HEAD_BYTES)).kind
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error


def _receive_alone(
    shop: Workshop, file: FlightFile, path: Path, *, has_partner: bool
) -> ReceivedFile:
    """Return what `inspect` would say of the file, a video's frames left aside."""
    found = FoundFile(path=path, name=file.name, partner=path if has_partner else None)
    received, *_ = receive_hashed(
        found,
        file.byte_count or 0,
        file.sha256 or "",
        known={},
        assumed=shop.basis.assumed,
    )
    for reason in received.stored.reasons:
        if reason.code is ReasonCode.UNREADABLE_FILE:
            raise UnreadableError(reason.detail or reason.code.value)
    return received


def _photo_answer(shop: Workshop, file: FlightFile, metadata: PhotoMetadata) -> Answer:
    line, registered = plan_line(file, metadata, cameras=shop.basis.cameras)
    # A person has let it through; in the receipt it stays so whatever is written here.
    outcome = Outcome.ACCEPTED if file.override is not None else line.outcome
    jobs: tuple[NewJob, ...] = ()
    if outcome is Outcome.ACCEPTED and file.frame_number is None:
        photo = kept_photo(file, registered, outcome=outcome, bytes_sha256=file.sha256 or "")
        jobs = (inspect_job(shop, file.flight_id, photo),)
    return Answer(outcome=outcome, reasons=line.reasons, metadata=metadata, jobs=jobs)


def _archive_answer(file: FlightFile, path: Path) -> Answer:
    try:
        count = len(read_or_raise(path))
    except PhotoRejectedError as error:
        return _refusal(error.reason)
    reason = Reason(code=ReasonCode.ARCHIVE_UNPACKED, detail=f"{count} files")
    job = unpack_job(file.flight_id, file.name, file.sha256 or "")
    return Answer(outcome=Outcome.ACCEPTED, reasons=(reason,), jobs=(job,))


def read_or_raise(path: Path) -> list[object]:
    """Return the plan of an archive.

    Raises:
        PhotoRejectedError: It is no whole archive.
        UnreadableError: It cannot be read.
    """
    plan = read_or_reason(read_plan, path)
    if not isinstance(plan, Reason):
        return [*plan]
    if plan.code is ReasonCode.UNREADABLE_FILE:
        raise UnreadableError(plan.detail or plan.code.value)
    raise PhotoRejectedError(plan)


def _duplicate(original: FlightFile) -> Answer:
    return Answer(
        outcome=original.outcome,
        reasons=(Reason(code=ReasonCode.DUPLICATE),),
        duplicate_of=original.name,
    )


def _refusal(reason: Reason) -> Answer:
    return Answer(outcome=Outcome.REJECTED, reasons=(reason,))


def _find_original(session: Session, file: FlightFile) -> FlightFile | None:
    """Return the photo of the flight with the same bytes that counts for now.

    The conclusion chooses by name, whichever came first.
    """
    for one in find_equal(session, file.flight_id, file.sha256 or ""):
        counts = one.state is FileState.SETTLED and one.outcome is not Outcome.REJECTED
        if one.name != file.name and counts and one.duplicate_of is None and file.override is None:
            return one
    return None


def find_partner(session: Session, file: FlightFile) -> FlightFile | None:
    """Return the flight data of a video, or the video of flight data, told by their names."""
    if PurePosixPath(file.name).suffix.lower() not in {*VIDEO_SUFFIXES, TELEMETRY_SUFFIX}:
        return None
    arrived = {Path(one.name): one for one in list_arrived(session, file.flight_id)}
    partner = pair_videos(arrived).get(Path(file.name))
    return None if partner is None else arrived[partner]


def _jobs_beside(file: FlightFile, partner: FlightFile | None) -> list[NewJob]:
    """Return what is left to do with a partner that had come alone before."""
    if partner is None or file.state is not FileState.RECEIVED:
        return []
    if PurePosixPath(file.name).suffix.lower() == TELEMETRY_SUFFIX:
        return [unpack_job(partner.flight_id, partner.name, partner.sha256 or "")]
    return [receive_job(partner.flight_id, partner.name, sha256=partner.sha256)]
