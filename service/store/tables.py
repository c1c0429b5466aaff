"""The tables of the store: the same on a laptop and behind the server.

Texts called `_json` hold values of ours; no database looks into them. What only one of the two
databases knows (R*Tree, PostGIS, triggers) is in `service.store.special_tables`.
"""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.store.column_types import Counter, SortedText, UtcTime


class Table(DeclarativeBase):
    """Parent of all tables."""

    # 64 bits for every number: PostgreSQL's INTEGER would end at files of 2 GB.
    type_annotation_map = {int: BigInteger(), datetime: UtcTime(), str: SortedText}  # noqa: RUF012


class FlightRow(Table):
    """What an operator declares and uploads: a card, a patrol; `inspect` has one."""

    __tablename__ = "flights"
    id: Mapped[str] = mapped_column(primary_key=True)  # UUIDv7: in the order they were created
    name: Mapped[str]
    unit: Mapped[str | None] = mapped_column(index=True)  # whose it is; None: the whole city's
    state: Mapped[str]
    created_at: Mapped[datetime | None]
    created_by: Mapped[str | None]
    details_json: Mapped[str]
    last_event: Mapped[int]  # the number of its latest event
    run_id: Mapped[str | None]  # that its findings are of; None before it was concluded


class FileRow(Table):
    """A file as found or announced, photo or not."""

    __tablename__ = "files"
    flight_id: Mapped[str] = mapped_column(
        ForeignKey("flights.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    byte_count: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[str]
    outcome: Mapped[str | None]  # None until it is settled
    reasons_json: Mapped[str]
    duplicate_of: Mapped[str | None]
    part_of: Mapped[str | None]  # name of the archive or video that it comes from
    frame_number: Mapped[int | None]  # of a video's frame, whose `sha256` is an id of ours
    media_type: Mapped[str | None]
    changed_at: Mapped[datetime | None]
    override_json: Mapped[str | None]  # who let it through in spite of a hold, when and why


class FlightEventRow(Table):
    """What happened to a flight, numbered without gaps."""

    __tablename__ = "flight_events"
    flight_id: Mapped[str] = mapped_column(
        ForeignKey("flights.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str]
    data_json: Mapped[str]


class RunRow(Table):
    """A model with its settings: another model or setting is another run, never a mixture."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    model_name: Mapped[str]
    model_version: Mapped[str]
    model_sha256: Mapped[str]
    settings_hash: Mapped[str]
    pipeline_version: Mapped[str]
    begun: Mapped[int]  # the run that was begun, or taken up again, last has the highest


class PhotoRow(Table):
    """A readable photo, once for all files with its bytes."""

    __tablename__ = "photos"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    band: Mapped[str]
    captured_at: Mapped[str | None] = mapped_column(index=True)
    latitude_deg: Mapped[float | None]
    longitude_deg: Mapped[float | None]
    metadata_json: Mapped[str]
    read_as: Mapped[str]  # version of the reader and assumed time zone


class FeaturesRow(Table):
    """The points by which a photo is recognised in others; no row: not looked for."""

    __tablename__ = "features"
    photo_sha256: Mapped[str] = mapped_column(
        ForeignKey("photos.sha256", ondelete="CASCADE"), primary_key=True
    )
    described_as: Mapped[str]  # version of the description
    features: Mapped[bytes]


class InspectionRow(Table):
    """What became of a photo in a run; no row: still to be done."""

    __tablename__ = "inspections"
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    photo_sha256: Mapped[str] = mapped_column(
        ForeignKey("photos.sha256", ondelete="CASCADE"), primary_key=True
    )
    outcome: Mapped[str]
    gsd_m: Mapped[float | None]  # what the tiles were planned for
    reasons_json: Mapped[str]


class DetectionRow(Table):
    """A box in the pixels of a photo, unturned."""

    __tablename__ = "detections"
    __table_args__ = (
        ForeignKeyConstraint(
            ["run_id", "photo_sha256"],
            ["inspections.run_id", "inspections.photo_sha256"],
            ondelete="CASCADE",
        ),
        Index("detections_of_a_photo", "run_id", "photo_sha256"),
    )
    # An id does not tell the pipeline's version, which makes another run.
    run_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    photo_sha256: Mapped[str]
    class_name: Mapped[str]
    confidence: Mapped[float]
    x_min: Mapped[float]
    y_min: Mapped[float]
    x_max: Mapped[float]
    y_max: Mapped[float]
    appearance: Mapped[bytes]  # float32, little end first


class FindingRow(Table):
    """One physical object within a flight, as a run sees it."""

    __tablename__ = "findings"
    flight_id: Mapped[str] = mapped_column(
        ForeignKey("flights.id", ondelete="CASCADE"), primary_key=True
    )
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    class_name: Mapped[str]
    confidence: Mapped[float]
    record_json: Mapped[str]


class PlaceRow(Table):
    """A box on the map around an object; two for one that lies across the antimeridian."""

    __tablename__ = "places"
    __table_args__ = (
        Index("places_of_an_object", "kind", "object_id"),
        Index("places_of_a_flight", "flight_id", "run_id"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    kind: Mapped[str]
    object_id: Mapped[str]
    flight_id: Mapped[str | None] = mapped_column(ForeignKey("flights.id", ondelete="CASCADE"))
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    west_deg: Mapped[float]
    south_deg: Mapped[float]
    east_deg: Mapped[float]
    north_deg: Mapped[float]


class JobRow(Table):
    """Something that is left to do, or was."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("one_job_a_key", "kind", "key", unique=True),
        Index("jobs_to_claim", "state", "kind", "due_at", "id"),
        Index("jobs_of_a_flight", "flight_id"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    flight_id: Mapped[str | None] = mapped_column(ForeignKey("flights.id", ondelete="CASCADE"))
    payload_json: Mapped[str]
    state: Mapped[str]
    is_wanted_again: Mapped[bool]  # asked for anew while it was being done
    attempts: Mapped[int]
    max_attempts: Mapped[int]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]  # of a claimed job: when its lease ends
    worker: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    code: Mapped[str | None]
    detail: Mapped[str | None]


class WorkerRow(Table):
    """A process that does jobs, as long as it lives."""

    __tablename__ = "workers"
    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]  # the machine and its list of processes, see `service.worker.this_process`
    pid: Mapped[int]
    run_id: Mapped[str]  # that it inspects for
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class ApiKeyRow(Table):
    """Who may come in; of the secret only the hash."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str]
    roles_json: Mapped[str]
    units_json: Mapped[str | None]  # None: all units
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class GridRow(Table):
    """A cell of the city's management grid."""

    __tablename__ = "grids"
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    unit: Mapped[str | None] = mapped_column(index=True)
    division: Mapped[str | None]
    shape: Mapped[bytes]  # WKB, WGS 84, longitude first


class AccessRow(Table):
    """Who did or saw what; rows are only ever added."""

    __tablename__ = "access_log"
    __table_args__ = (
        Index("access_to_an_object", "object"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(Counter, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    detail: Mapped[str | None]


class BlobRow(Table):
    """Bytes kept under their hash; the same bytes may be there for two reasons."""

    __tablename__ = "blobs"
    __table_args__ = (Index("blobs_by_need", "kind", "last_needed_at"),)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    byte_count: Mapped[int]
    created_at: Mapped[datetime]
    last_needed_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]  # None: on its way in, or on its way out


class BlobUseRow(Table):
    """What still needs a blob; it stays as long as there is a row."""

    __tablename__ = "blob_uses"
    __table_args__ = (
        ForeignKeyConstraint(["sha256", "kind"], ["blobs.sha256", "blobs.kind"]),
        Index("blobs_of_a_user", "used_by"),
    )
    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    used_by: Mapped[str] = mapped_column(primary_key=True)  # such as `issue:…`
