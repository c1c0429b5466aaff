"""The tables of the store: the same on a laptop and behind the server."""

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Table(DeclarativeBase):
    """Parent of all tables."""


class RunRow(Table):
    """A model with its settings: another model or setting is another run, never a mixture."""

    __tablename__ = "runs"
    id: Mapped[str] = mapped_column(primary_key=True)
    model_name: Mapped[str]
    model_version: Mapped[str]
    model_sha256: Mapped[str]
    settings_hash: Mapped[str]
    pipeline_version: Mapped[str]


class FileRow(Table):
    """A file as found, photo or not."""

    __tablename__ = "files"
    name: Mapped[str] = mapped_column(primary_key=True)
    byte_count: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(index=True)
    outcome: Mapped[str]
    reasons_json: Mapped[str]
    duplicate_of: Mapped[str | None]


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
    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str]
    photo_sha256: Mapped[str]
    class_name: Mapped[str]
    confidence: Mapped[float]
    x_min: Mapped[float]
    y_min: Mapped[float]
    x_max: Mapped[float]
    y_max: Mapped[float]
    appearance: Mapped[bytes]  # float32, little end first
