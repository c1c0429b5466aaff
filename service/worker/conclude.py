"""A flight whose photos are all inspected is merged into findings, as `inspect` does it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from inference.geometry.uncertainty import circular_error_90_m, full_covariance
from inference.identity import settings_hash
from inference.merging.areas import GridCell
from inference.merging.reconcile import CandidateIssue
from inference.pipeline import Comparisons, FlightPlan, plan_flights
from inference.refinement.features import Features
from inference.sighting import Detection, Placement
from service.inspecting.basis import Basis
from service.inspecting.issue_record import Record, issue_record
from service.inspecting.photo_tasks import (
    DESCRIBED_AS,
    PhotoTask,
    parse_stored_features,
    plan_tasks,
)
from service.inspecting.received_photos import as_flight_photo
from service.inspecting.result import InspectionResult, Photo
from service.inspecting.steps import (
    compared_photos,
    conclude_photos,
    plan_all_comparisons,
    refine_flights,
)
from service.store import inspections as kept
from service.store.conclusions import quiet_time
from service.store.engine import reading
from service.store.events import read_latest_event
from service.store.files import (
    FlightFile,
    last_arrival,
    lock_receipt,
    read_receipt,
    receive_job,
    settle_file,
)
from service.store.findings import StoredFinding, read_findings, replace_findings
from service.store.flights import Flight, FlightState, lock_flight, note_conclusion, read_flight
from service.store.grids import read_grids
from service.store.inspections import Inspection
from service.store.jobs import Job, JobKind, JobState, NewJob, count_jobs, enqueue
from service.store.json_text import JsonObject
from service.worker.depict import carry_evidence, photos_to_depict
from service.worker.endings import PARTS_OF_A_FLIGHT, Effect
from service.worker.errors import NotYetError
from service.worker.flight_photos import FlightContents, plan_contents
from service.worker.job_payload import Payload, photo_job, unpack_job
from service.worker.place_box import box_around
from service.worker.receive import write_nothing
from service.worker.workshop import Workshop

# Hiding faces in a photo's pictures takes long, and what it reads was decoded when it was
# inspected: a worker that dies meanwhile is hardly the photo's fault.
DEPICT_ATTEMPTS = 25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Known:
    """What the store knows of a flight, read at one moment."""

    flight: Flight
    files: Sequence[FlightFile]
    contents: FlightContents
    inspections: Mapping[str, Inspection]
    detections: Mapping[str, Sequence[Detection]]
    described: frozenset[str]
    grids: tuple[GridCell, ...]
    last_inputs: str | None


def conclude_flight(shop: Workshop, job: Job) -> Effect:
    """Merge a flight's detections, or find out what is missing, and return what is to be written.

    Whatever ends of the flight while this goes on asks for another conclusion: none is lost.

    Raises:
        NotYetError: Files still come in, of a flight that nobody says to be complete.
        UnknownRecordError: The flight was removed.
    """
    known = _read(shop, job.flight_id or "")
    if known is None:
        return write_nothing
    basis = replace(shop.basis, grids=known.grids)
    photos = known.contents.photos
    plans = plan_flights(map(as_flight_photo, photos.values()), ground=basis.ground)
    comparisons = plan_all_comparisons(plans, basis=basis)
    missing = _missing(shop, known, plans, comparisons)
    if missing:
        return _ask_for(missing)
    inputs = _inputs(known, basis)
    if known.flight.state is FlightState.CONCLUDED and inputs == known.last_inputs:
        return write_nothing
    refined = refine_flights(
        plans,
        comparisons,
        basis=basis,
        read_features=lambda sha256: _read_features(shop, sha256),
    )
    result = conclude_photos(
        basis,
        files=known.contents.files,
        photos=photos,
        plans=refined,
        inspections=known.inspections,
        detections=known.detections,
    )
    return _write_result(shop, known.flight.id, result, inputs)


def _read(shop: Workshop, flight_id: str) -> _Known | None:
    """Return what is known of a flight, or None where something of it is still to be done."""
    basis, run_id = shop.basis, shop.basis.run.id
    with reading(shop.deployment.engine) as session:
        flight = read_flight(session, flight_id)
        _check_quiet(shop, session, flight)
        by_state = count_jobs(session, now=shop.now(), flight_id=flight_id).by_state
        if any(
            by_state.get((kind, state), 0)
            for kind in PARTS_OF_A_FLIGHT
            for state in (JobState.WAITING, JobState.CLAIMED)
        ):
            return None  # the last of them asks for a conclusion
        files = read_receipt(session, flight_id)
        inspections = kept.read_inspections(session, run_id, flight_id=flight_id)
        metadata = kept.read_photos(session, read_as=basis.read_as, flight_id=flight_id)
        last = read_latest_event(session, flight_id, kind=FlightState.CONCLUDED.value)
        inputs = None if last is None else last.data.get("inputs")
        return _Known(
            flight=flight,
            files=files,
            contents=plan_contents(files, metadata, inspections=inspections, cameras=basis.cameras),
            inspections=inspections,
            detections=kept.read_detections(session, run_id, flight_id=flight_id),
            described=frozenset(
                kept.read_described(session, described_as=DESCRIBED_AS, flight_id=flight_id)
            ),
            grids=tuple(
                GridCell(
                    id=grid.code,
                    shape=grid.shape,
                    responsible_unit=grid.unit,
                    division=grid.division,
                )
                for grid in read_grids(session)
            ),
            last_inputs=inputs if isinstance(inputs, str) else None,
        )


def _check_quiet(shop: Workshop, session: Session, flight: Flight) -> None:
    """Raise where the files of a flight that concludes itself are still coming in."""
    quiet = quiet_time(flight)
    changed_at = last_arrival(session, flight.id)
    if flight.state is FlightState.UPLOADED or quiet is None or changed_at is None:
        return
    if changed_at + quiet > shop.now():
        raise NotYetError("files_still_come", until=changed_at + quiet)


def _missing(
    shop: Workshop,
    known: _Known,
    plans: Sequence[FlightPlan],
    comparisons: Iterable[Comparisons],
) -> list[NewJob]:
    """Return what is to be done before the flight can be concluded."""
    flight_id, videos = known.flight.id, {file.name: file for file in known.files}
    again = list[NewJob]()
    for file in known.contents.unread:
        video = videos.get(file.part_of or "") if file.frame_number is not None else None
        if video is not None:
            again.append(unpack_job(flight_id, video.name, video.sha256 or ""))
        else:
            again.append(receive_job(flight_id, file.name, sha256=file.sha256))
    tasks = plan_tasks(
        known.contents.photos.values(),
        plans,
        inspections=known.inspections,
        to_describe=compared_photos(comparisons) - known.described,
    )
    return again + [_inspect_job(shop, flight_id, task) for task in tasks]


def _inspect_job(shop: Workshop, flight_id: str, task: PhotoTask) -> NewJob:
    photo = task.photo
    payload = Payload(
        name=photo.name,
        sha256=photo.sha256,
        bytes_sha256=photo.path.name,
        frame_number=None if photo.frame is None else photo.frame.number,
        gsd_m=task.gsd_m,
        is_to_describe=task.is_to_describe,
    )
    return photo_job(JobKind.INSPECT, payload, flight_id=flight_id, run_id=shop.basis.run.id)


def _ask_for(jobs: Sequence[NewJob]) -> Effect:
    def write(session: Session, now: datetime) -> None:
        for job in jobs:
            enqueue(session, job, now=now, again=True)

    return write


def _read_features(shop: Workshop, sha256: str) -> Features | None:
    with reading(shop.deployment.engine) as session:
        stored = kept.read_features(session, sha256, described_as=DESCRIBED_AS)
    return parse_stored_features(stored)


def _inputs(known: _Known, basis: Basis) -> str:
    """Return a hash of all that the findings depend on: the same again need not be concluded."""
    return settings_hash(
        {
            "run": basis.run.id,
            "read_as": basis.read_as,
            "ground": basis.ground_file and str(basis.ground_file),
            "cameras": [str(camera) for camera in basis.cameras],
            "grids": [
                [grid.id, grid.responsible_unit, grid.division, grid.shape.wkb_hex]
                for grid in basis.grids
            ],
            "files": [
                [file.name, file.sha256, file.outcome.value] for file in known.contents.files
            ],
            "inspections": sorted(
                [one.photo_sha256, one.outcome.value, str(one.gsd_m)]
                for one in known.inspections.values()
            ),
        }
    )


def _write_result(shop: Workshop, flight_id: str, result: InspectionResult, inputs: str) -> Effect:
    run_id = shop.basis.run.id
    fresh = [_stored_finding(issue, result) for issue in result.issues]

    def write(session: Session, now: datetime) -> None:
        _settle_files(session, flight_id, result, now=now)
        lock_flight(session, flight_id)
        before = {
            finding.id: finding.record for finding in read_findings(session, flight_id, run_id)
        }
        findings = [
            replace(one, record=carry_evidence(one.record, before.get(one.id))) for one in fresh
        ]
        replace_findings(session, flight_id, run_id, findings)
        data: JsonObject = {"findings": len(findings), "inputs": inputs}
        note_conclusion(session, flight_id, run_id=run_id, data=data, now=now)
        for sha256 in photos_to_depict(findings):
            job = _depict_job(shop, flight_id, result.photos[sha256])
            enqueue(session, job, now=now, again=True)

    return write


def _settle_files(
    session: Session, flight_id: str, result: InspectionResult, *, now: datetime
) -> None:
    """Write the final answers; files that have changed meanwhile are of the next conclusion."""
    there = {file.name: file for file in lock_receipt(session, flight_id)}
    for line in result.files:
        file = there.get(line.name)
        if file is None or file.sha256 != line.sha256 or file.outcome is None:
            continue
        settle_file(
            session,
            flight_id,
            line.name,
            line.outcome,
            line.reasons,
            duplicate_of=line.duplicate_of,
            now=now,
        )


def _stored_finding(issue: CandidateIssue, result: InspectionResult) -> StoredFinding:
    record: Record = issue_record(issue, result, ())
    place, box = issue.position, None
    if isinstance(place, Placement):
        radius_m = circular_error_90_m(full_covariance(place))
        box = box_around(place.latitude_deg, place.longitude_deg, radius_m=radius_m)
    return StoredFinding(
        id=issue.id,
        class_name=issue.class_name,
        confidence=issue.confidence,
        record=record,
        box=box,
    )


def _depict_job(shop: Workshop, flight_id: str, photo: Photo) -> NewJob:
    payload = Payload(
        name=photo.name,
        sha256=photo.sha256,
        bytes_sha256=photo.path.name,
        frame_number=None if photo.frame is None else photo.frame.number,
    )
    job = photo_job(JobKind.DEPICT, payload, flight_id=flight_id, run_id=shop.basis.run.id)
    return replace(job, max_attempts=DEPICT_ATTEMPTS)
