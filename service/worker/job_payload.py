"""What a job about a file or photo needs to know."""

from dataclasses import dataclass

from service.store.jobs import Job, JobKind, NewJob
from service.store.json_text import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """About which photo or file a job is.

    Attributes:
        name: Of its line in the receipt.
        sha256: Of the file; of a video's frame its id.
        bytes_sha256: Of the bytes that it is read from: its own, or those of the video.
        frame_number: Of a video's frame.
        gsd_m: What its tiles are planned for.
        is_to_describe: Whether it is known that it is to be compared with others.
    """

    name: str
    sha256: str
    bytes_sha256: str
    frame_number: int | None = None
    gsd_m: float | None = None
    is_to_describe: bool = False


def read_payload(job: Job) -> Payload:
    """Return what a job of any kind but `conclude` is about."""
    values = job.payload
    sha256 = str(values["sha256"])
    number, gsd_m = values.get("frame_number"), values.get("gsd_m")
    return Payload(
        name=str(values["name"]),
        sha256=sha256,
        bytes_sha256=str(values.get("bytes_sha256") or sha256),
        frame_number=number if isinstance(number, int) else None,
        gsd_m=float(gsd_m) if isinstance(gsd_m, int | float) else None,
        is_to_describe=values.get("is_to_describe") is True,
    )


def photo_job(kind: JobKind, payload: Payload, *, flight_id: str, run_id: str) -> NewJob:
    """Return the job that inspects or depicts a photo in a run.

    A photo of two flights has two jobs, so that each flight knows what is left of it; the second
    finds the photo inspected.
    """
    values: dict[str, Json] = {
        "name": payload.name,
        "sha256": payload.sha256,
        "bytes_sha256": payload.bytes_sha256,
        "frame_number": payload.frame_number,
    }
    key = f"{flight_id}/{run_id}/{payload.sha256}"
    if kind is JobKind.INSPECT:
        key += f"/{payload.gsd_m}"
        values |= {"gsd_m": payload.gsd_m, "is_to_describe": payload.is_to_describe}
    return NewJob(kind=kind, key=key, flight_id=flight_id, payload=values)


def unpack_job(flight_id: str, name: str, sha256: str) -> NewJob:
    """Return the job that takes an archive or a video apart."""
    return NewJob(
        kind=JobKind.UNPACK,
        key=f"{flight_id}/{name}/{sha256}",
        flight_id=flight_id,
        payload={"name": name, "sha256": sha256},
    )
