"""The tables of the service."""

import sqlalchemy as sa
from alembic import op

from service.store.migrations.special_0001 import CREATE, DROP

revision = "0001"
down_revision = None

# As they were at this version: a migration never changes any more.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go on to this version."""
    op.create_table(
        "access_log",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("object", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("access_to_an_object", "access_log", ["object"], unique=False)
    op.create_index("ix_access_log_at", "access_log", ["at"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("secret_sha256", TEXT, nullable=False),
        sa.Column("roles_json", TEXT, nullable=False),
        sa.Column("units_json", TEXT, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "blobs",
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_needed_at", TIME, nullable=False),
        sa.Column("stored_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("sha256", "kind"),
    )
    op.create_index("blobs_by_need", "blobs", ["kind", "last_needed_at"], unique=False)
    op.create_table(
        "flights",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("created_at", TIME, nullable=True),
        sa.Column("created_by", TEXT, nullable=True),
        sa.Column("details_json", TEXT, nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_flights_unit", "flights", ["unit"], unique=False)
    op.create_table(
        "grids",
        sa.Column("code", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=True),
        sa.Column("unit", TEXT, nullable=True),
        sa.Column("division", TEXT, nullable=True),
        sa.Column("shape", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("ix_grids_unit", "grids", ["unit"], unique=False)
    op.create_table(
        "photos",
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("band", TEXT, nullable=False),
        sa.Column("captured_at", TEXT, nullable=True),
        sa.Column("latitude_deg", sa.Double(), nullable=True),
        sa.Column("longitude_deg", sa.Double(), nullable=True),
        sa.Column("metadata_json", TEXT, nullable=False),
        sa.Column("read_as", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("ix_photos_captured_at", "photos", ["captured_at"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("model_name", TEXT, nullable=False),
        sa.Column("model_version", TEXT, nullable=False),
        sa.Column("model_sha256", TEXT, nullable=False),
        sa.Column("settings_hash", TEXT, nullable=False),
        sa.Column("pipeline_version", TEXT, nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "blob_uses",
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("used_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256", "kind"],
            ["blobs.sha256", "blobs.kind"],
        ),
        sa.PrimaryKeyConstraint("sha256", "kind", "used_by"),
    )
    op.create_index("blobs_of_a_user", "blob_uses", ["used_by"], unique=False)
    op.create_table(
        "features",
        sa.Column("photo_sha256", TEXT, nullable=False),
        sa.Column("described_as", TEXT, nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["photo_sha256"], ["photos.sha256"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_sha256"),
    )
    op.create_table(
        "files",
        sa.Column("flight_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=True),
        sa.Column("sha256", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=True),
        sa.Column("reasons_json", TEXT, nullable=False),
        sa.Column("duplicate_of", TEXT, nullable=True),
        sa.Column("part_of", TEXT, nullable=True),
        sa.Column("media_type", TEXT, nullable=True),
        sa.Column("changed_at", TIME, nullable=True),
        sa.Column("override_json", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flight_id", "name"),
    )
    op.create_index("ix_files_sha256", "files", ["sha256"], unique=False)
    op.create_table(
        "findings",
        sa.Column("flight_id", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("class_name", TEXT, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("record_json", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flight_id", "run_id", "id"),
    )
    op.create_table(
        "flight_events",
        sa.Column("flight_id", TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("data_json", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flight_id", "seq"),
    )
    op.create_table(
        "inspections",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("photo_sha256", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("gsd_m", sa.Double(), nullable=True),
        sa.Column("reasons_json", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["photo_sha256"], ["photos.sha256"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "photo_sha256"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("flight_id", TEXT, nullable=True),
        sa.Column("payload_json", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("is_wanted_again", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("worker", TEXT, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("detail", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("jobs_of_a_flight", "jobs", ["flight_id"], unique=False)
    op.create_index("jobs_to_claim", "jobs", ["state", "kind", "due_at", "id"], unique=False)
    op.create_index("one_job_a_key", "jobs", ["kind", "key"], unique=True)
    op.create_table(
        "places",
        sa.Column("id", COUNTER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("object_id", TEXT, nullable=False),
        sa.Column("flight_id", TEXT, nullable=True),
        sa.Column("run_id", TEXT, nullable=True),
        sa.Column("west_deg", sa.Double(), nullable=False),
        sa.Column("south_deg", sa.Double(), nullable=False),
        sa.Column("east_deg", sa.Double(), nullable=False),
        sa.Column("north_deg", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["flight_id"], ["flights.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("places_of_a_flight", "places", ["flight_id", "run_id"], unique=False)
    op.create_index("places_of_an_object", "places", ["kind", "object_id"], unique=False)
    op.create_table(
        "detections",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("photo_sha256", TEXT, nullable=False),
        sa.Column("class_name", TEXT, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("x_min", sa.Double(), nullable=False),
        sa.Column("y_min", sa.Double(), nullable=False),
        sa.Column("x_max", sa.Double(), nullable=False),
        sa.Column("y_max", sa.Double(), nullable=False),
        sa.Column("appearance", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "photo_sha256"],
            ["inspections.run_id", "inspections.photo_sha256"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "id"),
    )
    op.create_index("detections_of_a_photo", "detections", ["run_id", "photo_sha256"], unique=False)
    for statement in CREATE[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Go back to an empty database."""
    for statement in DROP[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
    op.drop_table("detections")
    op.drop_table("places")
    op.drop_table("jobs")
    op.drop_table("inspections")
    op.drop_table("flight_events")
    op.drop_table("findings")
    op.drop_table("files")
    op.drop_table("features")
    op.drop_table("blob_uses")
    op.drop_table("runs")
    op.drop_table("photos")
    op.drop_table("grids")
    op.drop_table("flights")
    op.drop_table("blobs")
    op.drop_table("api_keys")
    op.drop_table("access_log")
