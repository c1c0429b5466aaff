"""Pictures of findings: cut out of a photo, with faces and plates hidden, kept as bytes."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from inference.receipt import Outcome, Reason
from inference.sighting import Detection
from service.inspecting.evidence import (
    JPEG_QUALITY,
    PictureMaker,
    WantedPicture,
    describe_picture,
    plan_pictures,
)
from service.inspecting.intake import read_or_reason
from service.inspecting.photo_pixels import read_photo_pixels
from service.report.model import EvidenceFile, EvidenceRole
from service.report.thumbnails import encode_jpeg
from service.store import inspections as kept
from service.store.blobs import BlobKind, confirm_blob, reserve_blob, use_blob
from service.store.engine import reading, writing
from service.store.files import read_file
from service.store.findings import StoredFinding, change_record, read_findings
from service.store.flights import lock_flight
from service.store.jobs import Job, NewJob, enqueue
from service.store.json_text import JsonObject
from service.worker.endings import Effect
from service.worker.errors import UnreadableError
from service.worker.flight_photos import kept_photo
from service.worker.job_payload import read_payload
from service.worker.lend import lend_photo
from service.worker.receive import write_nothing
from service.worker.workshop import Workshop

Record = Mapping[str, Any]  # Any: JSON, as `service.inspecting.issue_record` writes it

ROLE_ORDER = list(EvidenceRole)
PORTION_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """A picture that was made, and what its finding tells of it."""

    finding_id: str
    kind: BlobKind
    data: bytes
    file: EvidenceFile


def depict(shop: Workshop, job: Job) -> Effect:
    """Make the pictures of a flight's findings that a photo has to show, and keep them.

    Those of a photo with many findings take minutes: they are written portion by portion, each by
    an attempt of its own, so that workers that die again and again get on all the same.

    Raises:
        UnknownRecordError: The flight or the file was removed.
        TemporaryError: The place where bytes are kept does not answer, or is full.
    """
    payload, flight_id, run_id = read_payload(job), job.flight_id or "", shop.basis.run.id
    with reading(shop.deployment.engine) as session:
        findings = read_findings(session, flight_id, run_id)
        file = read_file(session, flight_id, payload.name)
        metadata = kept.read_photo(session, payload.sha256, read_as=shop.basis.read_as)
    wanted = [
        one for one in missing_pictures(findings) if one.detection.photo_sha256 == payload.sha256
    ]
    if not wanted or metadata is None or file.sha256 != payload.sha256:
        return write_nothing
    photo = kept_photo(file, metadata, outcome=Outcome.ACCEPTED, bytes_sha256=payload.bytes_sha256)
    with lend_photo(shop.deployment.blobs, photo) as lent:
        pixels = read_or_reason(lambda _: read_photo_pixels(lent), lent.path)
    if isinstance(pixels, Reason):
        raise UnreadableError(pixels.detail or pixels.code.value)
    maker = PictureMaker(pixels, orientation=metadata.orientation, hide=shop.privacy.hide)
    drawn = _draw_portion(maker, wanted)
    for picture in drawn:
        _keep(shop, picture)
    names = {payload.sha256: payload.name}

    def write(session: Session, now: datetime) -> None:
        lock_flight(session, flight_id)
        records: dict[str, JsonObject] = {
            one.id: one.record for one in read_findings(session, flight_id, run_id)
        }
        for picture in drawn:
            record = records.get(picture.finding_id)
            if record is None:
                continue  # concluded anew meanwhile
            confirm_blob(session, picture.file.sha256, picture.kind, now=now)
            use_blob(session, picture.file.sha256, picture.kind, used_by=f"flight:{flight_id}")
            records[picture.finding_id] = add_evidence(record, picture.file, names)
        if len(drawn) < len(wanted):
            enqueue(session, _anew(job), now=now, again=True)
        for finding_id in {picture.finding_id for picture in drawn} & set(records):
            change_record(session, flight_id, run_id, finding_id, records[finding_id])

    return write


def missing_pictures(findings: Iterable[StoredFinding]) -> list[WantedPicture]:
    """Return the pictures that findings should have and have not."""
    return [
        wanted
        for finding in findings
        for wanted in plan_pictures(finding.id, _views(finding.record))
        if _key(wanted.role.value, wanted.detection.id) not in _shown(finding.record)
    ]


def photos_to_depict(findings: Iterable[StoredFinding]) -> list[str]:
    """Return the SHA-256 of the photos that missing pictures are to be cut out of."""
    return list(
        dict.fromkeys(wanted.detection.photo_sha256 for wanted in missing_pictures(findings))
    )


def carry_evidence(record: Record, before: Record | None) -> JsonObject:
    """Return a finding's record with those of its earlier pictures that still show it."""
    if before is None:
        return dict(record)
    wanted = {_key(one.role.value, one.detection.id) for one in plan_pictures("", _views(record))}
    stays = [one for one in before["evidence"] if _key(one["role"], one["detection_id"]) in wanted]
    return {**record, "evidence": stays}


def add_evidence(record: Record, file: EvidenceFile, names: Mapping[str, str]) -> JsonObject:
    """Return a finding's record with one more picture, in the order of the views."""
    order = {view.id: index for index, view in enumerate(_views(record))}
    entry = {
        "role": file.role.value,
        "path": file.path,
        "sha256": file.sha256,
        "photo": names[file.photo_sha256],
        "photo_sha256": file.photo_sha256,
        "detection_id": file.detection_id,
        "width_px": file.width_px,
        "height_px": file.height_px,
        "box_px": [round(edge, 1) for edge in file.box_px],
    }
    others = [
        one
        for one in record["evidence"]
        if _key(one["role"], one["detection_id"]) != _key(file.role.value, file.detection_id)
    ]
    evidence = sorted(
        [*others, entry],
        key=lambda one: (
            ROLE_ORDER.index(EvidenceRole(one["role"])),
            order.get(one["detection_id"], len(order)),
        ),
    )
    return {**record, "evidence": evidence}


def _views(record: Record) -> Sequence[Detection]:
    """Return what was seen of a finding, the best first, as its record tells it."""
    return [
        Detection(
            id=one["detection_id"],
            photo_sha256=one["photo_sha256"],
            class_name=record["class"],
            confidence=one["confidence"],
            box_photo=tuple(one["box_photo_px"]),
            appearance=np.zeros(0, dtype=np.float32),
        )
        for one in record["observations"]
    ]


def _shown(record: Record) -> set[tuple[str, str]]:
    return {_key(one["role"], one["detection_id"]) for one in record["evidence"]}


def _key(role: str, detection_id: str) -> tuple[str, str]:
    return role, detection_id


def _draw_portion(maker: PictureMaker, wanted: Sequence[WantedPicture]) -> list[_Drawn]:
    """Return as many pictures as a portion's time allows, those of the whole photo first.

    These share most of their work, so they come in one portion.
    """
    ordered = sorted(wanted, key=lambda one: one.role is not EvidenceRole.PHOTO)
    started_s, drawn = time.monotonic(), list[_Drawn]()
    for one in ordered:
        is_over = time.monotonic() - started_s >= PORTION_S
        if drawn and is_over and one.role is not EvidenceRole.PHOTO:
            break
        drawn.append(_draw(maker, one))
    return drawn


def _anew(job: Job) -> NewJob:
    return NewJob(
        kind=job.kind,
        key=job.key,
        flight_id=job.flight_id,
        payload=job.payload,
        max_attempts=job.max_attempts,
    )


def _draw(maker: PictureMaker, wanted: WantedPicture) -> _Drawn:
    image, box_px = maker.draw(wanted)
    data = encode_jpeg(image, JPEG_QUALITY)
    described = describe_picture(wanted, data, image, box_px, "")
    is_photo = wanted.role is EvidenceRole.PHOTO
    return _Drawn(
        finding_id=wanted.issue_id,
        kind=BlobKind.EVIDENCE if is_photo else BlobKind.CROP,
        data=data,
        file=describe_picture(wanted, data, image, box_px, f"/v1/pictures/{described.sha256}"),
    )


def _keep(shop: Workshop, picture: _Drawn) -> None:
    with writing(shop.deployment.engine) as session:
        reserve_blob(
            session,
            picture.file.sha256,
            picture.kind,
            byte_count=len(picture.data),
            now=shop.now(),
        )
    shop.deployment.blobs.put_bytes(picture.data)
