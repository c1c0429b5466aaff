"""Photos are searched: read ahead in threads, one after the other by the detector."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from inference.geometry.uncertainty import circular_error_90_m, full_covariance
from inference.merging.reconcile import CandidateIssue
from inference.pipeline import FlightPlan, conclude, plan_flights
from inference.reading.metadata import PhotoKind
from inference.receipt import NotPlaced, Outcome, Reason, ReasonCode
from inference.sighting import Placement
from service.inspecting.issue_record import degrees, metres
from service.inspecting.photo_tasks import (
    DESCRIBED_AS,
    PhotoTask,
    ReadPhoto,
    is_inspected,
    read_photo,
)
from service.inspecting.received_photos import as_flight_photo
from service.inspecting.steps import inspect_photo
from service.store import inspections as kept
from service.store.engine import reading
from service.store.events import append_event
from service.store.files import FlightFile, read_file, settle_file
from service.store.inspections import Inspection, save_features, save_inspection
from service.store.jobs import Job
from service.store.json_text import Json
from service.worker.endings import Effect
from service.worker.errors import UnreadableError
from service.worker.flight_photos import kept_photo, plan_line
from service.worker.job_payload import Payload, read_payload
from service.worker.lend import lend_photo
from service.worker.receive import write_nothing
from service.worker.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadJob:
    """A job whose photo was read.

    Attributes:
        task: None where nothing is to be done any more, such as for a file that was removed.
        found: None where nothing had to be read.
    """

    payload: Payload
    file: FlightFile
    plan: FlightPlan
    task: PhotoTask
    found: ReadPhoto | None


def read_job(shop: Workshop, job: Job) -> ReadJob | None:
    """Read the photo of a job; runs in a thread beside the detector.

    Returns:
        None where nothing is left to do, such as for a file with other bytes by now.

    Raises:
        UnknownRecordError: The flight or the file was removed.
        UnreadableError: Its bytes cannot be read.
        TemporaryError: The place where bytes are kept does not answer.
    """
    payload = read_payload(job)
    with reading(shop.deployment.engine) as session:
        file = read_file(session, job.flight_id or "", payload.name)
        metadata = kept.read_photo(session, payload.sha256, read_as=shop.basis.read_as)
        done = kept.read_inspection(session, shop.basis.run.id, payload.sha256)
        features = kept.read_features(session, payload.sha256, described_as=DESCRIBED_AS)
    if metadata is None or file.sha256 != payload.sha256:
        return None
    _, registered = plan_line(file, metadata, cameras=shop.basis.cameras)
    photo = kept_photo(
        file, registered, outcome=Outcome.ACCEPTED, bytes_sha256=payload.bytes_sha256
    )
    (plan,) = plan_flights([as_flight_photo(photo)], ground=shop.basis.ground)
    may_overlap = photo.metadata.kind is PhotoKind.DRONE and not isinstance(
        plan.views[photo.sha256], NotPlaced
    )
    task = PhotoTask(
        photo=photo,
        gsd_m=payload.gsd_m,
        is_to_inspect=not is_sound(done, payload.gsd_m),
        is_to_describe=features is None
        and (payload.is_to_describe or (shop.basis.refine and may_overlap)),
    )
    found = None
    if task.is_to_inspect or task.is_to_describe:
        found = _read(shop, task)
    return ReadJob(payload=payload, file=file, plan=plan, task=task, found=found)


def finish_reading(shop: Workshop, read: ReadJob | None) -> Effect:
    """Search a photo that was read, and return what is to be written of it."""
    if read is None:
        return write_nothing
    task, found = read.task, read.found
    sha256, run_id = read.payload.sha256, shop.basis.run.id
    with reading(shop.deployment.engine) as session:
        inspection = kept.read_inspection(session, run_id, sha256)
        # Of another flight, perhaps a moment ago.
        is_done = not task.is_to_inspect or is_sound(inspection, task.gsd_m)
        detections = kept.read_photo_detections(session, run_id, sha256) if is_done else []
    if not is_done and found is not None:
        inspection, searched = inspect_photo(
            task, found.pixels, detector=shop.detector, basis=shop.basis
        )
        detections = list(searched)
    if inspection is None:
        return write_nothing
    outcome, reasons = inspection.outcome, inspection.reasons
    conclusion = conclude([read.plan], {sha256: detections}, permits=(), grids=())
    event: dict[str, Json] = {
        "name": read.payload.name,
        "sha256": sha256,
        "outcome": outcome.value,
        "sightings": [_sighting(issue) for issue in conclusion.issues],
    }

    def write(session: Session, now: datetime) -> None:
        flight_id = read.file.flight_id
        if outcome is Outcome.REJECTED:
            settle_file(session, flight_id, read.payload.name, outcome, reasons, now=now)
        append_event(session, flight_id, kind="photo_inspected", data=event, now=now)
        if task.is_to_describe:
            # Nothing, where the photo cannot be read: so nobody asks for it again.
            features = (found.features if found else None) or b""
            save_features(session, sha256, features, described_as=DESCRIBED_AS)
        if not is_done:
            save_inspection(session, run_id, inspection, detections)

    return write


def is_sound(inspection: Inspection | None, gsd_m: float | None) -> bool:
    """Tell whether a photo needs no look; one that was given up gets another if asked for."""
    return is_inspected(inspection, gsd_m) and all(
        reason.code is not ReasonCode.INSPECTION_FAILED
        for reason in (inspection.reasons if inspection else ())
    )


def _read(shop: Workshop, task: PhotoTask) -> ReadPhoto:
    with lend_photo(shop.deployment.blobs, task.photo) as lent:
        found = read_photo(lent, is_to_describe=task.is_to_describe)
    reason = found.pixels if isinstance(found.pixels, Reason) else None
    if reason is not None and reason.code is ReasonCode.UNREADABLE_FILE:
        raise UnreadableError(reason.detail or reason.code.value)
    if not task.is_to_inspect and reason is None:
        return replace(found, pixels=Reason(code=ReasonCode.DUPLICATE))  # free the memory
    return found


def _sighting(issue: CandidateIssue) -> Json:
    place = issue.position
    position: dict[str, Json] = {"latitude": None, "longitude": None, "ce90_m": None}
    if isinstance(place, Placement):
        position = {
            "latitude": degrees(place.latitude_deg),
            "longitude": degrees(place.longitude_deg),
            "ce90_m": metres(circular_error_90_m(full_covariance(place))),
        }
    return {"class": issue.class_name, "confidence": round(issue.confidence, 4), **position}
